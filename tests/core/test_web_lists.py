"""Lists, exports, Markdown and the words for dates."""

import csv
import io
from datetime import UTC, date, datetime, time
from pathlib import Path

import httpx2
import openpyxl
import pytest
from starlette.datastructures import QueryParams

from marstraining.core.web import Column, Link, Pager, TableView, Tag, nearest_page, safe_next
from marstraining.core.web.dates import clock_time, day, day_short, plural, span, when
from marstraining.core.web.exports import csv_lines, neutral, write_xlsx
from marstraining.core.web.markdown import markdown
from tests.core.web_gallery import COLUMNS

ORDER = {"title": "c.title", "starts": "s.starts_at", "free": "free"}


def read(query: str) -> TableView:
    return TableView.read(QueryParams(query), path="/desk/sessions", columns=COLUMNS, default="-starts", filters=("q",)).of(120)


def test_a_list_is_shown_as_its_address_says() -> None:
    view = read("sort=title&page=2&q=%20neg%00lect++early")
    assert (view.sort, view.descending, view.page, view.offset, view.limit, view.filters) == (
        "title",
        False,
        2,
        50,
        50,
        {"q": "neglect early"},
    )
    assert view.order_by(ORDER, tie="s.id") == "c.title ASC, s.id"
    assert view.link(page=3) == "/desk/sessions?q=neglect+early&sort=title&page=3"
    assert view.link(export="csv") == "/desk/sessions?q=neglect+early&sort=title&export=csv"


@pytest.mark.parametrize(
    "query", ["", "sort=state", "sort=title; DROP TABLE", "page=-1", "page=9999999999", "page=\u0662", "export=exe", "sort=-"]
)
def test_an_address_that_makes_no_sense_shows_the_list_as_it_begins(query: str) -> None:
    view = read(query)
    assert (view.order_by(ORDER), view.page, view.export) == ("s.starts_at DESC", 1, "")


@pytest.mark.parametrize(
    ("query", "asked", "shown", "page"),
    [
        ("", [(50, 0)], range(50), 1),
        ("page=3", [(50, 100)], range(100, 120), 3),
        ("page=7", [(50, 300), (1, 0), (50, 100)], range(100, 120), 3),
        ("page=7&export=csv", [(None, 0)], range(120), 7),
    ],
)
async def test_a_page_past_the_end_is_the_last_one_and_only_such_a_page_is_read_again(
    query: str, asked: list[tuple[int | None, int]], shown: range, page: int
) -> None:
    seen: list[tuple[int | None, int]] = []

    async def rows(limit: int | None = None, offset: int = 0) -> tuple[list[int], int]:
        seen.append((limit, offset))
        found = list(range(120))[offset : None if limit is None else offset + limit]
        return found, 120 if found else 0

    view, (found, _) = await nearest_page(read(query), rows)
    assert (seen, found, view.page, view.total) == (asked, list(shown), page, 120)


async def test_a_list_without_rows_stays_empty_on_whichever_page() -> None:
    async def rows(**_limits: int) -> tuple[list[int], int]:
        return [], 0

    view, (found, total) = await nearest_page(read("page=7"), rows)
    assert (found, total, view.page, view.pager.page) == ([], 0, 1, 1)


def test_a_heading_turns_its_own_order_round() -> None:
    view = read("sort=title")
    links = [(column.key, view.sort_link(column), view.aria_sort(column)) for column in COLUMNS if column.sort]
    assert links == [
        ("title", "/desk/sessions?sort=-title", "ascending"),
        ("starts", "/desk/sessions?sort=starts", "none"),
        ("free", "/desk/sessions?sort=free", "none"),
    ]


@pytest.mark.parametrize(
    ("page", "total", "numbers"),
    [
        (1, 0, [1]), (1, 50, [1]), (1, 120, [1, 2, 3]), (1, 500, [1, 2, None, 10]), (5, 500, [1, None, 4, 5, 6, None, 10]),
        (3, 500, [1, 2, 3, 4, None, 10]), (99, 500, [1, None, 9, 10]),
    ],
)  # fmt: skip
def test_pages_are_counted_and_the_far_ones_left_out(page: int, total: int, numbers: list[int | None]) -> None:
    assert Pager(page, total, str).within().numbers == numbers


async def test_a_list_says_its_order_and_can_be_taken_away(browser: httpx2.AsyncClient) -> None:
    browser.cookies.set("sid", "dee")
    text = (await browser.get("/desk/sessions?sort=-free")).text
    assert '<th scope="col" class="govuk-table__header govuk-table__header--numeric" aria-sort="descending">' in text
    assert '<th scope="col" class="govuk-table__header">State</th>' in text
    assert "123 sessions" in text
    taken = await browser.get("/desk/sessions?export=csv")
    assert taken.headers["content-disposition"] == 'attachment; filename="sessions.csv"'
    assert list(csv.reader(io.StringIO(taken.content.decode("utf-8-sig")))) == [
        ["Course", "Starts", "Places left", "State", "Note"],
        ["Neglect: seeing it early", "Tue 3 Mar", "4", "Open", "'=1+1"],
        ["DSL briefing, spring", "Thu 12 Mar", "0", "Full", "plain"],
        ["Child exploitation and county lines", "Mon 23 Mar", "", "Draft", ""],
    ]
    sheet = await browser.get("/desk/sessions?export=xlsx")
    book = openpyxl.load_workbook(io.BytesIO(sheet.content))
    assert [cell.value for cell in book["sessions"][2]] == ["Neglect: seeing it early", "Tue 3 Mar", 4, "Open", "=1+1"]
    assert book["sessions"]["E2"].data_type == "s"


@pytest.mark.parametrize(
    "text", ["=1+1", "+44", "-1", "@SUM(A1)", "\tx", "\rx", "\0x", "\uff1d1", "\uff0b", "\uff0d", "\uff20", "  =1", '"=1', "'=1"]
)
def test_text_that_a_spreadsheet_would_run_is_marked(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plain", "a=b", "O'Neill", "9:30"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text


def test_values_keep_their_kinds_in_files(tmp_path: Path) -> None:
    columns = [Column(key, key) for key in ("number", "day", "at", "time", "yes", "link", "none")]
    row = {
        "number": -3, "day": date(2026, 3, 3), "at": datetime(2026, 7, 1, 8, 30, tzinfo=UTC), "time": time(9, 30), "yes": True,
        "link": Link("=Neglect", "/x"), "none": None,
    }  # fmt: skip
    text = b"".join(csv_lines(columns, [row])).decode("utf-8-sig")
    assert text == "number,day,at,time,yes,link,none\r\n-3,2026-03-03,2026-07-01 09:30,09:30,yes,'=Neglect,\r\n"
    target = tmp_path / "x.xlsx"
    write_xlsx(target, columns, [row])
    cells = [cell.value for cell in openpyxl.load_workbook(target).active[2]]
    assert cells == [-3, datetime(2026, 3, 3), datetime(2026, 7, 1, 9, 30), time(9, 30), True, "=Neglect", None]  # noqa: DTZ001 - a sheet knows no zone


def test_cells_are_escaped() -> None:
    assert Link("<b>", "/x?a=1&b='\"").__html__() == '<a class="govuk-link" href="/x?a=1&amp;b=&#39;&#34;">&lt;b&gt;</a>'
    assert Tag("<b>", "red").__html__() == '<strong class="govuk-tag govuk-tag--red">&lt;b&gt;</strong>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Aims\n\n- one", '<h3 class="govuk-heading-m">Aims</h3>\n<ul class="govuk-list govuk-list--bullet">\n<li>one</li>\n</ul>\n'),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[x](javascript:alert(1))", '<p class="govuk-body">[x](javascript:alert(1))</p>\n'),
        ("[x](http://a.example)", '<p class="govuk-body"><a class="govuk-link" rel="noopener noreferrer">x</a></p>\n'),
        ("![x](https://a.example/x.png)", '<p class="govuk-body"></p>\n'),
        (
            "[x](https://a.example)",
            '<p class="govuk-body"><a href="https://a.example" class="govuk-link" rel="noopener noreferrer">x</a></p>\n',
        ),
    ],
)
def test_markdown_becomes_the_little_html_that_we_allow(text: str, html: str) -> None:
    made = str(markdown(text)).replace('class="govuk-link" href="https://a.example"', 'href="https://a.example" class="govuk-link"')
    assert made.removeprefix('<p class="govuk-body">').removesuffix("</p>\n") == html.removeprefix('<p class="govuk-body">').removesuffix(
        "</p>\n"
    )


def test_dates_and_times_read_as_people_say_them() -> None:
    start, end = datetime(2026, 7, 1, 8, 30, tzinfo=UTC), datetime(2026, 7, 1, 11, 0, tzinfo=UTC)
    assert day(start) == "Wednesday 1 July 2026"
    assert day_short(date(2026, 3, 3)) == "Tue 3 Mar"
    assert when(start) == "Wednesday 1 July 2026, 9:30am"
    assert span(start, end) == "9:30am to midday"
    assert span(start, datetime(2026, 7, 2, 15, 0, tzinfo=UTC)) == "9:30am to 4pm on Thu 2 Jul"
    assert [clock_time(time(*at)) for at in ((0, 0), (0, 5), (12, 30), (14, 0))] == ["midnight", "12:05am", "12:30pm", "2pm"]
    assert [plural(1, "place"), plural(1200, "place"), plural(2, "person", "people")] == ["1 place", "1,200 places", "2 people"]


@pytest.mark.parametrize(
    "address", [None, "", "me", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/a\nb", "/x\\y", "/" + "a" * 500]
)
def test_an_address_to_go_on_to_stays_in_the_house(address: str | None) -> None:
    assert safe_next(address) == "/me"


def test_a_good_address_to_go_on_to_is_kept() -> None:
    assert safe_next("/sessions/abc/book?x=1") == "/sessions/abc/book?x=1"
