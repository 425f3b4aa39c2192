"""What is written is read back with the icalendar library, and as vdirsyncer divides it."""

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vdirsyncer.vobject import split_collection  # type: ignore[import-untyped]  # ships no types

from marstraining.core.clock import LONDON
from marstraining.core.icalendar_writer import Entry, Method, Status, download, feed, invitation

CHANGED = datetime(2026, 6, 1, 7, 5, tzinfo=UTC)
DAY = Entry(
    uid="day-7@training.example",
    starts_at=datetime(2026, 7, 1, 8, 30, tzinfo=UTC),
    ends_at=datetime(2026, 7, 1, 15, 0, tzinfo=UTC),
    title="Neglect",
    description="Bring a pen.",
    location="Baths Hall, Scunthorpe",
    url="https://training.example/sessions/abcdefghjk",
    sequence=2,
    changed_at=CHANGED,
    status="CONFIRMED",
    categories=("Neglect", "Level 2, core"),
)


def the_feed(entries: Iterable[Entry]) -> bytes:
    return feed(entries, name="Training, all", description="Every session")


def events(data: bytes) -> list[icalendar.Event]:
    return [item for item in icalendar.Calendar.from_ical(data).walk("VEVENT") if isinstance(item, icalendar.Event)]


def the_event(data: bytes) -> icalendar.Event:
    (event,) = events(data)
    return event


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")[:-1]


def line(data: bytes, name: str) -> str:
    (found,) = [each for each in unfolded(data) if each.split(":")[0].split(";")[0] == name]
    return found


def asked(entry: Entry, method: Method = "REQUEST", *, name: str = "Asha Patel", address: str = "asha@school.example") -> bytes:
    return invitation(
        entry,
        organiser_name="Children's MARS",
        organiser_address="training@mars.example",
        attendee_name=name,
        attendee_address=address,
        method=method,
    )


@pytest.mark.parametrize(
    ("instant", "wall", "offset"),
    [
        (datetime(2026, 7, 1, 8, 30, tzinfo=UTC), "20260701T093000", 1),
        (datetime(2026, 12, 1, 9, 30, tzinfo=UTC), "20261201T093000", 0),
        (datetime(2027, 3, 26, 9, 30, tzinfo=UTC), "20270326T093000", 0),
        (datetime(2027, 3, 28, 0, 59, tzinfo=UTC), "20270328T005900", 0),
        (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), "20270328T020000", 1),
        (datetime(2027, 3, 29, 8, 30, tzinfo=UTC), "20270329T093000", 1),
        (datetime(2027, 10, 29, 8, 30, tzinfo=UTC), "20271029T093000", 1),
        (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "20271031T013000", 1),
        (datetime(2027, 10, 31, 2, 0, tzinfo=UTC), "20271031T020000", 0),
        (datetime(2027, 11, 1, 9, 30, tzinfo=UTC), "20271101T093000", 0),
    ],
)
def test_ical_2_times_are_london_wall_times_and_the_same_instant_everywhere(instant: datetime, wall: str, offset: int) -> None:
    entry = replace(DAY, starts_at=instant, ends_at=instant + timedelta(days=1))
    for data in (the_feed([entry]), download([entry]), asked(entry)):
        assert f"DTSTART;TZID=Europe/London:{wall}" in unfolded(data)
        start = the_event(data).start
        assert isinstance(start, datetime)
        assert start.astimezone(UTC) == instant
        assert start.utcoffset() == timedelta(hours=offset)


def test_ical_2_the_second_half_past_one_of_october_is_written_in_utc() -> None:
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    data = download([replace(DAY, starts_at=second, ends_at=second + timedelta(hours=2))])
    assert "DTSTART:20271031T013000Z" in unfolded(data)
    assert "DTEND;TZID=Europe/London:20271031T033000" in unfolded(data)


def test_ical_2_the_timezone_block_itself_gives_londons_offsets_around_every_change() -> None:
    (block,) = icalendar.Calendar.from_ical(download([DAY])).walk("VTIMEZONE")
    assert isinstance(block, icalendar.Timezone)
    zone = block.to_tz(lookup_tzid=False)
    instants = [
        datetime(year, month, day, hour, tzinfo=UTC)
        for year in (2026, 2027, 2028)
        for month, days in ((3, range(24, 32)), (7, (1,)), (10, range(24, 32)), (12, (1,)))
        for day in days
        for hour in (0, 2, 12)
    ]
    assert [each.astimezone(zone).utcoffset() for each in instants] == [each.astimezone(LONDON).utcoffset() for each in instants]
    assert [each for each in unfolded(download([DAY])) if each.startswith("RDATE")] == []


def test_ical_5_a_feed_says_its_name_and_how_often_to_come_back() -> None:
    data = feed([DAY], name="Training, all", description="Every session; each year", refresh_hours=12)
    head = unfolded(data)[:13]
    assert head == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//marstraining//Safeguarding training//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "NAME:Training\\, all",
        "X-WR-CALNAME:Training\\, all",
        "DESCRIPTION:Every session\\; each year",
        "X-WR-CALDESC:Every session\\; each year",
        "X-WR-TIMEZONE:Europe/London",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
        "X-PUBLISHED-TTL:PT12H",
        "LAST-MODIFIED:20260601T070500Z",
    ]


def test_ical_1_an_event_carries_every_fact_once() -> None:
    lines = unfolded(the_feed([DAY]))
    assert lines[lines.index("BEGIN:VEVENT") :] == [
        "BEGIN:VEVENT",
        "UID:day-7@training.example",
        "DTSTAMP:20260601T070500Z",
        "LAST-MODIFIED:20260601T070500Z",
        "SEQUENCE:2",
        "DTSTART;TZID=Europe/London:20260701T093000",
        "DTEND;TZID=Europe/London:20260701T160000",
        "SUMMARY:Neglect",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "DESCRIPTION:Bring a pen.",
        "LOCATION:Baths Hall\\, Scunthorpe",
        "URL:https://training.example/sessions/abcdefghjk",
        "CATEGORIES:Neglect,Level 2\\, core",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


@pytest.mark.parametrize("month", [1, 3, 7, 10])
def test_a_whole_day_is_that_date_in_london_whatever_the_clock_and_makes_nobody_busy(month: int) -> None:
    first = datetime(2026, month, 25, tzinfo=LONDON)
    entry = replace(DAY, starts_at=first.astimezone(UTC), ends_at=first.replace(day=26).astimezone(UTC), is_all_day=True)
    event = the_event(the_feed([entry]))
    assert (event.start, event.end, str(event["TRANSP"])) == (first.date(), first.replace(day=26).date(), "TRANSPARENT")
    assert f"DTSTART;VALUE=DATE:2026{month:02}25" in unfolded(the_feed([entry]))


def test_ical_5_an_unchanged_feed_is_the_same_bytes() -> None:
    assert the_feed([DAY]) == the_feed([DAY])


def test_an_empty_feed_is_still_a_calendar() -> None:
    calendar = icalendar.Calendar.from_ical(the_feed([]))
    assert (len(calendar.walk("VEVENT")), len(calendar.walk("VTIMEZONE"))) == (0, 1)


def test_ical_3_a_synchroniser_sees_one_item_for_each_day() -> None:
    entries = [replace(DAY, uid=f"day-{number}") for number in range(3)]
    items = list(split_collection(the_feed(entries).decode()))
    assert [item.count("BEGIN:VEVENT") for item in items] == [1, 1, 1]


def test_ical_1_a_cancelled_day_says_so_once_and_frees_the_time() -> None:
    for title in ("Neglect", "CANCELLED: Neglect"):
        event = the_event(the_feed([replace(DAY, status="CANCELLED", title=title)]))
        assert (event["SUMMARY"], event["STATUS"], event["TRANSP"]) == ("CANCELLED: Neglect", "CANCELLED", "TRANSPARENT")


@pytest.mark.parametrize("status", ["CONFIRMED", "TENTATIVE"])
def test_ical_1_an_offer_is_tentative_and_keeps_its_title(status: Status) -> None:
    event = the_event(the_feed([replace(DAY, status=status)]))
    assert (event["SUMMARY"], event["STATUS"]) == ("Neglect", status)


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_ical_7_an_invitation_concerns_one_day_and_one_person(method: Method) -> None:
    calendar = icalendar.Calendar.from_ical(asked(DAY, method))
    event = the_event(asked(DAY, method))
    assert calendar["METHOD"] == method
    attendee, organiser = event["ATTENDEE"], event["ORGANIZER"]
    assert (str(attendee), attendee.params["CN"], attendee.params["RSVP"]) == ("mailto:asha@school.example", "Asha Patel", "FALSE")
    assert (str(organiser), organiser.params["CN"]) == ("mailto:training@mars.example", "Children's MARS")
    assert (event["UID"], event["SEQUENCE"], event.DTSTAMP) == ("day-7@training.example", 2, CHANGED)


def test_ical_7_a_cancellation_to_one_person_says_cancelled_though_the_day_stands() -> None:
    event = the_event(asked(DAY, "CANCEL"))
    assert (event["SUMMARY"], event["STATUS"]) == ("CANCELLED: Neglect", "CANCELLED")


def test_a_name_with_quotation_marks_or_breaks_stays_one_parameter() -> None:
    event = the_event(asked(DAY, name='Ann "Nan"; O\'Neil:\r\nATTENDEE:mailto:evil@x.example, Zoë'))
    assert str(event["ATTENDEE"]) == "mailto:asha@school.example"
    assert event["ATTENDEE"].params["CN"] == "Ann 'Nan'; O'Neil: ATTENDEE:mailto:evil@x.example, Zoë"


@pytest.mark.parametrize("address", ["", "asha", "asha@school.example\r\nX:1", "a@b.example, c@d.example", "asha @school.example", "a@b@c"])
def test_what_is_no_mail_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="mail address"):
        asked(DAY, address=address)


def test_a_plus_and_an_apostrophe_belong_to_an_address() -> None:
    assert str(the_event(asked(DAY, address="o'neil+mars@school.example"))["ATTENDEE"]) == "mailto:o'neil+mars@school.example"


@pytest.mark.parametrize(
    "text",
    [
        "one, two; three",
        "C:\\new\\file",
        "first\nsecond\n\nthird",
        "a literal \\n stays one",
        "🧑‍🏫 and 👩🏽‍⚕️ meet",
        "é" * 60,
        "🧑🏽" * 60,
        "a" * 75,
        "word " * 200,
        " leading and trailing ",
        "BEGIN:VEVENT",
        'say "hello"',
    ],
)
def test_ical_4_text_survives(text: str) -> None:
    event = the_event(the_feed([replace(DAY, title=text, description=text, location=text)]))
    assert (str(event["SUMMARY"]), str(event["DESCRIPTION"]), str(event["LOCATION"])) == (text, text, text)


@given(text=st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), include_characters="\n")))
def test_ical_4_any_text_survives_in_lines_of_75_octets(text: str) -> None:
    data = the_feed([replace(DAY, title=text, description=text)])
    assert max(len(each) for each in data.split(b"\r\n")) <= 75
    assert [each.decode() for each in data.split(b"\r\n")] == data.decode().split("\r\n")
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    assert line(data, "SUMMARY") == f"SUMMARY:{escaped}"


@given(text=st.text())
def test_ical_3_no_text_breaks_a_feed(text: str) -> None:
    hostile = replace(DAY, title=text, description=text, location=text, url=text, categories=(text,), uid=f"day-8{text}")
    data = the_feed([hostile, DAY])
    assert [str(event["UID"]) for event in events(data)][1] == DAY.uid
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")


def test_ical_3_control_characters_are_left_out_tabs_are_spaces_and_every_kind_of_break_is_one() -> None:
    text = "a\x00b\x07c\x1bd\x7fe\x9ff\ud800g\r\nh\ri\u2028j\x85k\tl"
    assert str(the_event(the_feed([replace(DAY, title=text)]))["SUMMARY"]) == "abcdefg\nh\ni\nj\nk l"


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "https://x.example/a\nATTENDEE:mailto:e@x.example", "https://x.example/a b", "mailto:a@b.c"]
)
def test_ical_3_what_is_no_web_address_is_left_out(url: str) -> None:
    assert "URL" not in the_event(the_feed([replace(DAY, url=url)]))


def test_ical_3_a_line_break_after_a_web_address_is_forgiven() -> None:
    assert line(the_feed([replace(DAY, url=DAY.url + "\r\n")]), "URL") == f"URL:{DAY.url}"


def test_a_day_that_ends_before_it_starts_is_written_without_its_end() -> None:
    event = the_event(the_feed([replace(DAY, ends_at=DAY.starts_at)]))
    assert "DTEND" not in event


NAIVE = datetime(2026, 7, 1, 9, 30)  # noqa: DTZ001 - the fault under test


@pytest.mark.parametrize(
    "bad",
    [replace(DAY, starts_at=NAIVE), replace(DAY, ends_at=NAIVE), replace(DAY, changed_at=NAIVE), replace(DAY, uid=" \x00")],
    ids=["start", "end", "changed", "uid"],
)
def test_ical_3_one_bad_row_is_left_out_of_a_feed_logged_and_refused_in_a_download(bad: Entry, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert [str(event["UID"]) for event in events(the_feed([bad, replace(DAY, uid="other")]))] == ["other"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    with pytest.raises(ValueError, match=r"time zone|UID"):
        download([bad])


def test_a_feed_of_200_days_is_written_far_within_a_tenth_of_a_second() -> None:
    entries = [replace(DAY, uid=f"day-{number}", description="Bring a pen; é\n" * 40) for number in range(200)]
    took = []
    for _ in range(5):
        began = time.perf_counter()
        the_feed(entries)
        took.append(time.perf_counter() - began)
    # Some 8 ms on an idle core; the bound leaves room for a busy one and still fails if the library's way comes back.
    assert min(took) < 0.04
