"""Exports that come round: letters with a link and no data, once each time, to everybody with the role."""

from datetime import UTC, date, datetime

import pytest
from tortoise.context import TortoiseContext

from marstraining.attendance.actions.scheduling import schedule_export, send_due_exports, stop_export
from marstraining.attendance.models import ScheduledExport
from marstraining.attendance.schedule import Every, next_time, span_before
from marstraining.core.errors import Refused
from marstraining.core.viewer import Role
from marstraining.messages.models import Message
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock
from tests.reported_marks.reported import SignInAs, words_in

NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "after", "at", "span"),
    [
        (Every.WEEK, "2026-03-09T07:59:00+00:00", "2026-03-09T08:00:00+00:00", (date(2026, 3, 2), date(2026, 3, 8))),
        (Every.WEEK, "2026-03-09T08:00:00+00:00", "2026-03-16T08:00:00+00:00", (date(2026, 3, 9), date(2026, 3, 15))),
        (Every.WEEK, "2026-03-26T12:00:00+00:00", "2026-03-30T07:00:00+00:00", (date(2026, 3, 23), date(2026, 3, 29))),
        (Every.MONTH, "2026-12-31T12:00:00+00:00", "2027-01-01T08:00:00+00:00", (date(2026, 12, 1), date(2026, 12, 31))),
        (Every.QUARTER, "2026-03-09T10:00:00+00:00", "2026-04-01T07:00:00+00:00", (date(2026, 1, 1), date(2026, 3, 31))),
        (Every.QUARTER, "2026-10-01T09:00:00+00:00", "2027-01-01T08:00:00+00:00", (date(2026, 10, 1), date(2026, 12, 31))),
    ],
)
def test_it_comes_round_at_eight_in_london_and_is_of_the_time_that_ended(
    every: Every, after: str, at: str, span: tuple[date, date]
) -> None:
    found = next_time(every, after=datetime.fromisoformat(after))
    assert (found, span_before(every, found)) == (datetime.fromisoformat(at), span)


async def test_everybody_with_the_role_gets_one_letter_with_the_address_and_no_data(dee: Person, asha: Person, clock: Clock) -> None:
    await makers.make_person("Una Other", email="una@council.example", roles=(Role.DESK,))
    by = makers.as_desk(dee)
    await schedule_export("attendance-figures", Every.QUARTER, Role.DESK, {"agency": "STLUKES", "course": ""}, by=by, now=NOW)
    assert await send_due_exports(now=NOW) == 0
    clock.travel_to(datetime(2026, 4, 1, 7, 5, tzinfo=UTC))
    assert [await send_due_exports(now=clock.now) for _ in range(2)] == [2, 0]
    letters = await Message.filter(template="scheduled_export").order_by("id")
    assert [letter.address for letter in letters] == ["dee@council.example", "una@council.example"]
    assert letters[0].context["path"] == "/desk/exports?kind=attendance-figures&agency=STLUKES&from=2026-01-01&to=2026-03-31"
    assert (await ScheduledExport.get()).next_at == datetime(2026, 7, 1, 7, 0, tzinfo=UTC)


async def test_what_came_round_while_the_worker_stood_still_is_made_up_for_once(dee: Person) -> None:
    await schedule_export("ledger", Every.WEEK, Role.DESK, {}, by=makers.as_desk(dee), now=NOW)
    assert await send_due_exports(now=datetime(2026, 4, 8, 9, 0, tzinfo=UTC)) == 1
    [letter] = await Message.filter(template="scheduled_export")
    assert letter.context["path"] == "/desk/exports?kind=ledger&from=2026-03-30&to=2026-04-05"


async def test_what_was_stopped_is_sent_no_more_and_the_same_is_not_scheduled_twice(dee: Person) -> None:
    by = makers.as_desk(dee)
    ref = await schedule_export("ledger", Every.WEEK, Role.DESK, {}, by=by, now=NOW)
    with pytest.raises(Refused, match="sent to them already"):
        await schedule_export("ledger", Every.WEEK, Role.DESK, {}, by=by, now=NOW)
    for _ in range(2):
        await stop_export(ref, by=by, now=NOW)
    assert await send_due_exports(now=datetime(2026, 3, 16, 9, 0, tzinfo=UTC)) == 0


async def test_the_desk_adds_one_and_stops_it_on_a_page(db: TortoiseContext, dee: Person, asha: Person, sign_in_as: SignInAs) -> None:
    desk, learner = await sign_in_as(dee), await sign_in_as(asha)
    path = "/desk/exports/scheduled"
    assert (await learner.get(path)).status_code == 404
    assert "Select what to send Select how often Select who gets the email" in words_in((await desk.post(path, {})).text)
    await desk.post(path, {"kind": "register", "every": "month", "role": "desk", "agency": "STLUKES"})
    assert "Register (STLUKES) Monthly Training team Wednesday 1 April" in words_in((await desk.get(path)).text)
    export = await ScheduledExport.get()
    await desk.post(f"{path}/{export.ref}/stop", seen=path)
    assert "No export is scheduled." in (await desk.get(path)).text
