"""Series and years at the desk: looked at, ticked, made."""

import re
from datetime import date, time

from marstraining.core.clock import from_wall
from marstraining.people.models import Person
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import Clock
from tests.programme.desk_pages import SignInAs, error_of

SERIES = {
    "how": "rule", "first": "2026-05-12", "every": "2", "unit": "weeks", "count": "3", "starts": "13:30", "ends": "15:30",
    "delivery": "online", "capacity": "40", "in_terms": "yes",
}  # fmt: skip


async def test_a_series_is_looked_at_made_and_published_at_once(dee: Person, sign_in_as: SignInAs) -> None:
    await makers.make_course("DSL briefing", code="DSL")
    desk = await sign_in_as(dee)
    page = await desk.post("/desk/series?course=DSL", {**SERIES, "do": "look"})
    assert ("This date is in half term" in page.text, _ticked(page.text)) == (True, {"2026-05-12": True, "2026-06-09": True})
    assert await Session.all().count() == 0
    answer = await desk.post("/desk/series?course=DSL", {**SERIES, "take": ["2026-05-12", "2026-06-09"], "do": "create"})
    made = await Session.all().order_by("starts_at")
    assert [session.starts_at for session in made] == [
        from_wall(date(2026, 5, 12), time(13, 30)),
        from_wall(date(2026, 6, 9), time(13, 30)),
    ]
    assert answer.headers["location"] == f"/desk/sessions?series={made[0].series}&done=series"
    await desk.post("/desk/series/publish", {"series": made[0].series}, seen="/desk/courses/new")
    assert [session.state for session in await Session.all()] == ["published", "published"]


def _ticked(page: str) -> dict[str, bool]:
    """The choices of a dry run and whether each is ticked."""
    return {key: bool(checked) for key, checked in re.findall(r'name="take" type="checkbox" value="([^"]+)" form="make"( checked)?', page)}


async def test_dates_of_a_series_are_ticked_on_and_off_before_they_are_made(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await makers.make_course("DSL briefing", code="DSL", audience_codes=["schools"])
    other = await makers.make_course("Neglect", audience_codes=["schools"])
    await makers.make_session(course=other, starts=from_wall(date(2026, 6, 9), time(13)), now=clock.now)
    desk, address = await sign_in_as(dee), "/desk/series?course=DSL"
    page = (await desk.post(address, {**SERIES, "do": "look"})).text
    assert _ticked(page) == {"2026-05-12": True, "2026-06-09": False}
    assert ("“Neglect” is for the same audience at the same time" in page, "1 of 3 dates can be made" in page) == (True, True)
    nothing = await desk.post(address, {**SERIES, "do": "create"})
    assert (nothing.status_code, error_of(nothing.text, "take"), "Check the dates" in nothing.text) == (
        422,
        "Choose at least one date",
        True,
    )
    closed = await desk.post(address, {**SERIES, "take": ["2026-05-26", "2026-06-09"], "do": "create"})
    assert error_of(closed.text, "take") == "Tuesday 26 May 2026 can no longer be used: This date is in half term"
    assert _ticked(closed.text) == {"2026-05-12": False, "2026-06-09": True}
    await desk.post(address, {**SERIES, "take": "2026-06-09", "do": "create"})
    assert await Session.filter(state="draft").values_list("starts_at", flat=True) == [from_wall(date(2026, 6, 9), time(13, 30))]


async def test_a_series_by_list_names_the_line_that_is_no_date(dee: Person, sign_in_as: SignInAs) -> None:
    await makers.make_course("DSL briefing", code="DSL")
    desk = await sign_in_as(dee)
    page = await desk.post("/desk/series?course=DSL", {**SERIES, "how": "list", "dates": "9 June 2026\nsoon", "do": "look"})
    assert (page.status_code, error_of(page.text, "dates")) == (422, "“soon” is not a date like 14/6/2027")
    page = await desk.post("/desk/series?course=DSL", {**SERIES, "how": "list", "dates": "9 June 2026\n16/6/2026", "do": "look"})
    assert _ticked(page.text) == {"2026-06-09": True, "2026-06-16": True}


async def test_a_series_by_list_takes_a_date_that_is_typed_twice_once(dee: Person, sign_in_as: SignInAs) -> None:
    await makers.make_course("DSL briefing", code="DSL")
    desk = await sign_in_as(dee)
    dates = "9 June 2026\n16/6/2026\n9/6/2026\n"
    await desk.post(
        "/desk/series?course=DSL", {**SERIES, "how": "list", "dates": dates, "take": ["2026-06-09", "2026-06-16"], "do": "create"}
    )
    assert await Session.all().order_by("starts_at").values_list("starts_at", flat=True) == [
        from_wall(date(2026, 6, day), time(13, 30)) for day in (9, 16)
    ]


async def test_a_year_is_looked_at_and_what_is_ticked_is_rolled_forward(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    sources = [
        await makers.make_session(
            course=await makers.make_course(title, audience_codes=["schools"]), starts=from_wall(day, time(9, 30)), now=clock.now
        )
        for title, day in (("Neglect", date(2026, 6, 9)), ("Early Help", date(2026, 6, 16)), ("Prevent", date(2026, 6, 23)))
    ]
    taken = await makers.make_course("DSL briefing", audience_codes=["schools"])
    await makers.make_session(course=taken, starts=from_wall(date(2027, 6, 15), time(9)), now=clock.now)
    desk, year = await sign_in_as(dee), {"first": "2026-04-01", "last": "2027-03-31", "in_terms": "yes"}
    page = (await desk.post("/desk/roll-forward", {**year, "do": "look"})).text
    assert _ticked(page) == {sources[1].ref: False, sources[0].ref: True, sources[2].ref: True}
    assert page.index("Skipped unless you tick them") < page.index("Early Help") < page.index("Ready to be made") < page.index("Neglect")
    nothing = await desk.post("/desk/roll-forward", {**year, "do": "create"})
    assert error_of(nothing.text, "take") == "Choose at least one session"
    await desk.post("/desk/roll-forward", {**year, "take": [sources[0].ref, sources[1].ref], "do": "create"})
    made = await Session.filter(state="draft").order_by("starts_at").prefetch_related("course")
    assert [session.course.title for session in made] == ["Neglect", "Early Help"]
