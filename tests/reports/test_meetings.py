"""The board's calendar: meetings added, changed and removed, with their history, as verbs and as pages."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from icalendar import Calendar
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import rotate_feed
from marstraining.core.db import rows
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.people.models import Person
from marstraining.reports.actions import add_meeting, add_meetings, change_meeting, remove_meeting, sign_off, take_paper
from marstraining.reports.queries.meetings import meeting_by_ref, meetings
from tests import makers
from tests.conftest import Clock, Visitor
from tests.reports.quarters import AT_DESK, QUARTER, a_meeting
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]
READER = Viewer(person_id=1, roles=frozenset({Role.BOARD_READER}))
LEARNER = Viewer(person_id=1, roles=frozenset({Role.LEARNER, Role.TRAINER, Role.AGENCY_LEAD}))


def typed(**changes: str) -> dict[str, str]:
    """The meeting of `a_meeting` as it is typed."""
    days = {"meets_on": "27 3 2026", "paper_due_on": "18 3 2026", "cut_off_on": "11 3 2026"}
    fields = {name: changes.pop(name, said) for name, said in days.items()}
    parts = {
        f"{name}-{part}": one for name, said in fields.items() for part, one in zip(("day", "month", "year"), said.split(), strict=True)
    }
    return {**parts, "period": "2025-3", "place": "Civic Centre", "starts": "", "note": "", **changes}


# ---- verbs -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("db")
async def test_a_meeting_is_added_once_however_often_it_is_sent_and_history_tells(clock: Clock) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    assert await add_meeting(a_meeting(), by=AT_DESK, now=clock.now) == ref
    [meeting] = await meetings(viewer=READER)
    assert (meeting.ref, meeting.draft, meeting.report, meeting.revision) == (ref, a_meeting(), "", 0)
    assert await change_meeting(ref, a_meeting(place="Town Hall"), seen=0, by=AT_DESK, now=clock.now) is True
    assert await change_meeting(ref, a_meeting(place="Town Hall"), seen=0, by=AT_DESK, now=clock.now) is False
    await remove_meeting(ref, "Called off by the chair", by=AT_DESK, now=clock.now)
    told = await rows("SELECT action, subject_kind FROM history_entry ORDER BY id")
    assert [(row["action"], row["subject_kind"]) for row in told] == [
        ("meeting.added", "meeting"), ("meeting.changed", "meeting"), ("meeting.removed", "meeting"),
    ]  # fmt: skip
    assert (await meetings(viewer=READER), await meeting_by_ref(ref, viewer=AT_DESK)) == ([], None)
    [removed] = await meetings(viewer=READER, are_removed=True)
    assert removed.removed_reason == "Called off by the chair"
    # Its day and its quarter are free again.
    assert await add_meeting(a_meeting(), by=AT_DESK, now=clock.now) != ref


@pytest.mark.usefixtures("db")
async def test_who_reads_changes_nothing_and_others_see_no_calendar(clock: Clock) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    assert (len(await meetings(viewer=READER)), await meetings(viewer=LEARNER), await meeting_by_ref(ref, viewer=LEARNER)) == (1, [], None)
    for by in (READER, LEARNER):
        with pytest.raises(NotFound):
            await add_meeting(a_meeting(meets_on=date(2026, 4, 27)), by=by, now=clock.now)
        with pytest.raises(NotFound):
            await change_meeting(ref, a_meeting(place="x"), seen=0, by=by, now=clock.now)
        with pytest.raises(NotFound):
            await remove_meeting(ref, "x", by=by, now=clock.now)
        with pytest.raises(NotFound):
            await take_paper(ref, by=by, now=clock.forward(days=0))


@pytest.mark.usefixtures("db")
async def test_a_year_is_added_whole_or_not_at_all(clock: Clock) -> None:
    good = a_meeting()
    with pytest.raises(Refused, match="reports quarter 3 of 2025/26 already"):
        await add_meetings([good, a_meeting(meets_on=date(2026, 3, 30))], by=AT_DESK, now=clock.now)
    assert await meetings(viewer=AT_DESK) == []


@pytest.mark.usefixtures("db")
async def test_two_people_who_add_a_meeting_of_one_quarter_at_once_leave_one(clock: Clock) -> None:
    drafts = [a_meeting(meets_on=date(2026, 3, 27) + timedelta(days=number)) for number in range(4)]
    results = await asyncio.gather(*(add_meeting(one, by=AT_DESK, now=clock.now) for one in drafts), return_exceptions=True)
    assert (sum(isinstance(one, Refused) for one in results), len(await meetings(viewer=AT_DESK))) == (3, 1)


@pytest.mark.usefixtures("db")
async def test_somebody_elses_change_is_not_overwritten(clock: Clock) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    await change_meeting(ref, a_meeting(place="Town Hall"), seen=0, by=AT_DESK, now=clock.now)
    with pytest.raises(Refused, match="Somebody else changed this meeting"):
        await change_meeting(ref, a_meeting(note="Bring cake"), seen=0, by=AT_DESK, now=clock.now)
    assert await change_meeting(ref, a_meeting(note="Bring cake"), seen=1, by=AT_DESK, now=clock.now) is True


@pytest.mark.usefixtures("db")
async def test_another_cut_off_lets_the_draft_go_and_a_signed_paper_stays(clock: Clock) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    clock.forward(days=3)
    report = await take_paper(ref, by=AT_DESK, now=clock.now)
    assert await change_meeting(ref, a_meeting(cut_off_on=date(2026, 3, 13)), seen=0, by=AT_DESK, now=clock.now) is True
    meeting = await meeting_by_ref(ref, viewer=AT_DESK)
    assert meeting is not None
    assert meeting.report == ""
    clock.forward(days=2)
    again = await take_paper(ref, by=AT_DESK, now=clock.now)
    await sign_off(again, by=AT_DESK, now=clock.now)
    with pytest.raises(Refused, match="signed off"):
        await change_meeting(ref, a_meeting(cut_off_on=date(2026, 3, 16)), seen=1, by=AT_DESK, now=clock.now)
    moved = a_meeting(cut_off_on=date(2026, 3, 13), meets_on=date(2026, 4, 1))
    assert await change_meeting(ref, moved, seen=1, by=AT_DESK, now=clock.now) is True
    held = await meeting_by_ref(ref, viewer=AT_DESK)
    assert held is not None
    assert (report != again, held.report, held.is_signed) == (True, again, True)


@pytest.mark.usefixtures("db")
async def test_removing_wants_a_reason_and_what_has_taken_place_stays(clock: Clock) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    for reason in ("  ", "a" * 501):
        with pytest.raises(Refused):
            await remove_meeting(ref, reason, by=AT_DESK, now=clock.now)
    with pytest.raises(Refused, match="has taken place"):
        await remove_meeting(ref, "Too late", by=AT_DESK, now=clock.forward(days=30))


# ---- pages -------------------------------------------------------------------------------------------------------------


async def test_from_a_date_the_others_are_proposed_and_the_meeting_stands_on_the_boards_page(
    clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    visitor = await sign_in_as(dee)
    assert "No meeting is on the board" in (await visitor.get("/board")).text
    asked = (await visitor.get("/board/meetings/new")).text
    assert "When does the board meet?" in asked
    proposed = (await visitor.get("/board/meetings/new?on-day=14&on-month=5&on-year=2026")).text
    values = dict(
        re.findall(r'name="((?:paper_due_on|cut_off_on|meets_on)-(?:day|month))" type="text" inputmode="numeric" value="(\d+)"', proposed)
    )
    assert values == {
        "meets_on-day": "14", "meets_on-month": "5", "paper_due_on-day": "7", "paper_due_on-month": "5", "cut_off_on-day": "22",
        "cut_off_on-month": "4",
    }  # fmt: skip
    assert '<option value="2025-4" selected>' in proposed
    added = await visitor.post("/board/meetings/new", typed(starts="2pm"), seen="/board/meetings/new?on=2026-03-27")
    assert (added.status_code, added.headers["location"]) == (303, "/board?done=added")
    page = (await visitor.get("/board?done=added")).text
    for words in (
        "Friday 27 March 2026, 2pm", "Civic Centre", "Quarter 3 of 2025/26", "11 March 2026", "18 March 2026",
        "in 7 working days", "Figures not taken yet", "Change this meeting", "The meeting is on the board",
    ):  # fmt: skip
        assert words in page, words


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("on-day=&on-month=&on-year=", "Enter the date of the meeting"),
        ("on-day=31&on-month=2&on-year=2027", "must be a real date"),
        ("on-day=1&on-month=3&on-year=2026", "must be 9 March 2026 or later"),
        ("on=27+March", "must be a real date"),
        ("on-day=1&on-month=1&on-year=2099", "or earlier"),
    ],
)
async def test_what_is_no_date_of_a_meeting_is_refused_in_a_sentence(dee: Person, sign_in_as: SignInAs, query: str, said: str) -> None:
    answer = await (await sign_in_as(dee)).get(f"/board/meetings/new?{query}")
    assert said in unescape(answer.text)


async def test_every_fault_stands_beside_its_field_and_keeps_what_was_typed(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await add_meeting(a_meeting(meets_on=date(2026, 4, 20), period=QUARTER), by=AT_DESK, now=clock.now)
    visitor = await sign_in_as(dee)
    fields = typed(paper_due_on="28 3 2026", cut_off_on="1 3 2026", starts="quarter past", place="Room 5")
    first = await visitor.post("/board/meetings/new", fields, seen="/board/meetings/new?on=2026-03-27")
    assert (first.status_code, "must be a time" in first.text, 'value="Room 5"' in first.text) == (422, True, True)
    second = await visitor.post("/board/meetings/new", {**fields, "starts": "14:00"}, seen="/board/meetings/new?on=2026-03-27")
    text = unescape(second.text)
    assert second.status_code == 422
    for said in ("must be due before the meeting on 27 March 2026", "cannot be taken any more", "The meeting of 20 April 2026 reports"):
        assert text.count(said) == 2, said


async def test_a_meeting_is_changed_and_removed_on_its_page(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    visitor, path = await sign_in_as(dee), f"/board/meetings/{ref}"
    page = (await visitor.get(path)).text
    assert ("Remove this meeting" in page, "Take the figures" in page) == (True, False)
    changed = await visitor.post(path, {**typed(place="Town Hall"), "seen": "0"})
    assert changed.headers["location"] == "/board?done=changed"
    clash = await visitor.post(path, {**typed(place="Library"), "seen": "0"})
    assert (clash.status_code, "Somebody else changed this meeting" in clash.text, 'value="Library"' in clash.text) == (422, True, True)
    unsaid = await visitor.post(f"{path}/remove", {"reason": ""}, seen=path)
    assert (unsaid.status_code, "Say why the meeting is removed" in unsaid.text) == (422, True)
    removed = await visitor.post(f"{path}/remove", {"reason": "Called off"}, seen=path)
    assert removed.headers["location"] == "/board?done=removed"
    page = (await visitor.get("/board")).text
    assert ("Meetings taken off the calendar" in page, "Called off" in page) == (True, True)
    assert (await visitor.get(path)).status_code == 404


async def test_a_year_begins_in_the_first_month_whose_day_is_to_come_at_the_place_of_the_last_meeting(
    clock: Clock, dee: Person, sign_in_as: SignInAs
) -> None:
    await add_meeting(a_meeting(place="Civic Centre"), by=AT_DESK, now=clock.now)
    # The second Thursday of March is the 12th.
    for days, month in ((3, "2026-03"), (1, "2026-04")):
        clock.forward(days=days)
        page = (await (await sign_in_as(dee)).get("/board/meetings/year")).text
        assert (f'value="{month}" selected' in page, 'value="Civic Centre"' in page) == (True, True)


async def test_a_year_by_a_rule_is_looked_at_first_and_then_added(clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    visitor = await sign_in_as(dee)
    await add_meeting(a_meeting(meets_on=date(2026, 4, 9), period=QUARTER), by=AT_DESK, now=clock.now)
    query = "which=2&weekday=3&every=3&first=2026-04&count=4&place=Civic+Centre"
    page = await visitor.get(f"/board/meetings/year?{query}")
    text = unescape(page.text)
    assert (text.count('name="day"'), "There is a meeting on 9 April 2026 already" in text, len(await meetings(viewer=AT_DESK))) == (
        3,
        True,
        1,
    )
    rule = dict(pair.split("=") for pair in query.replace("+", " ").split("&"))
    none = await visitor.post("/board/meetings/year", {**rule, "do": "add"}, seen=f"/board/meetings/year?{query}")
    assert (none.status_code, "Select the meetings to add" in none.text) == (422, True)
    days = re.findall(r'name="day" type="checkbox" value="([^"]*)"', page.text)
    assert days == ["2026-07-09", "2026-10-08", "2027-01-14"]
    added = await visitor.post("/board/meetings/year", {**rule, "do": "add", "day": days[:2]}, seen=f"/board/meetings/year?{query}")
    assert added.headers["location"] == "/board?done=planned"
    assert [(one.meets_on, one.draft.place) for one in await meetings(viewer=AT_DESK)][1:] == [
        (date(2026, 7, 9), "Civic Centre"), (date(2026, 10, 8), "Civic Centre"),
    ]  # fmt: skip
    wrong = await visitor.get("/board/meetings/year?which=9&weekday=&every=3&first=1999-01&count=40")
    for said in (
        "Select which week of the month",
        "Select the day of the week",
        "Select the month of the first meeting",
        "between 1 and 12",
    ):
        assert said in wrong.text


async def test_a_board_reader_sees_the_calendar_and_no_way_to_change_it(clock: Clock, asha: Person, sign_in_as: SignInAs) -> None:
    ref = await add_meeting(a_meeting(note="Only for us"), by=AT_DESK, now=clock.now)
    reader = await sign_in_as(await makers.make_person("Rae Reader", roles=(Role.BOARD_READER,)))
    page = (await reader.get("/board")).text
    assert ("Friday 27 March 2026" in page, "Only for us" in page, "/board/meetings" in page) == (True, False, False)
    paths = ("/board/meetings/new", "/board/meetings/year", f"/board/meetings/{ref}")
    for visitor in (reader, await sign_in_as(asha)):
        assert [(await visitor.get(path)).status_code for path in paths] == [404] * 3
        assert (await visitor.post(f"/board/meetings/{ref}/take", seen="/me/account")).status_code == 404
        assert (await visitor.post(f"/board/meetings/{ref}/remove", {"reason": "x"}, seen="/me/account")).status_code == 404


async def test_the_boards_page_does_not_ask_more_for_more_meetings(
    clock: Clock, dee: Person, sign_in_as: SignInAs, db: TortoiseContext
) -> None:
    visitor = await sign_in_as(dee)
    await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    await visitor.get("/board")
    async with statements(db) as at_one:
        await visitor.get("/board")
    for number in (1, 2):
        shifted = {name: getattr(a_meeting(), name) + timedelta(days=91 * number) for name in ("meets_on", "paper_due_on", "cut_off_on")}
        await add_meeting(a_meeting(**shifted, period=QUARTER.step(number)), by=AT_DESK, now=clock.now)
    async with statements(db) as at_three:
        await visitor.get("/board")
    assert len(at_one) == len(at_three)


# ---- calendars ---------------------------------------------------------------------------------------------------------


async def test_meetings_are_in_the_calendars_of_those_who_read_papers_and_the_day_one_is_due_in_the_desks(
    clock: Clock, asha: Person, dee: Person, client: Visitor
) -> None:
    ref = await add_meeting(a_meeting(), by=AT_DESK, now=clock.now)
    rae = await makers.make_person("Rae Reader", roles=(Role.BOARD_READER,))

    async def shown(person: Person) -> list[tuple[str, object, str, str]]:
        token = await rotate_feed(person.id, by=makers.as_learner(person), now=clock.now)
        events: Any = Calendar.from_ical((await client.get(f"/calendar/{token}.ics")).content).walk("VEVENT")
        return [(str(one["SUMMARY"]), one["DTSTART"].dt, str(one["STATUS"]), str(one["TRANSP"])) for one in events]

    meets, due = date(2026, 3, 27), date(2026, 3, 18)
    meeting = ("Children's MARS board meeting", meets, "CONFIRMED", "TRANSPARENT")
    paper = ("Board paper due: quarter 3 of 2025/26", due, "CONFIRMED", "TRANSPARENT")
    assert (await shown(asha), [one[1:] for one in await shown(rae)]) == ([], [meeting[1:]])
    assert [one[1:] for one in await shown(dee)] == [meeting[1:], paper[1:]]
    await change_meeting(ref, a_meeting(starts=clock.now.time()), seen=0, by=AT_DESK, now=clock.now)
    [timed] = await shown(rae)
    assert (str(timed[1]), timed[3]) == ("2026-03-27 10:00:00+00:00", "OPAQUE")
    await remove_meeting(ref, "Called off", by=AT_DESK, now=clock.now)
    assert [one[2] for one in await shown(dee)] == ["CANCELLED", "CANCELLED"]
