import asyncio
from datetime import date, timedelta

import pytest

from marstraining.attendance.rules import MarkWord
from marstraining.certificates import actions, queries
from marstraining.core.errors import NotFound, Refused
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.models import Course
from marstraining.record.models import Accreditation
from tests import makers
from tests.certificates.held import AFTER, held_session, lock, mark
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")


async def gcp2(**columns: object) -> Course:
    return await makers.make_course("Graded Care Profile 2", code="GCP2", grants_accreditation=True, **columns)


async def test_completing_a_course_that_grants_it_accredits_once_however_many_workers_look(asha: Person) -> None:
    session = await held_session(asha, course=await gcp2(accreditation_months=24))
    await mark(session, asha, MarkWord.ATTENDED)
    assert await actions.grant_owed_accreditations(now=AFTER) == 0
    await lock(session)
    granted = await asyncio.gather(*(actions.grant_owed_accreditations(now=AFTER) for _ in range(3)))
    assert sum(granted) == 1
    [held] = await queries.accreditations_of(asha.id)
    assert (held.course_code, held.granted_on, held.expires_on, held.ended_on) == ("GCP2", date(2026, 3, 10), date(2028, 3, 10), None)
    assert (held.is_current(date(2028, 3, 10)), held.is_current(date(2028, 3, 11))) == (True, False)


async def test_one_without_months_lasts_for_good_and_other_courses_grant_none(asha: Person) -> None:
    await makers.complete(asha, await gcp2(), on=date(2020, 1, 6))
    await makers.complete(asha, await makers.make_course("Child Protection"), on=date(2026, 1, 6))
    assert await actions.grant_owed_accreditations(now=AFTER) == 1
    assert [one.expires_on for one in await queries.accreditations_of(asha.id)] == [None]


async def test_a_corrected_register_ends_it_and_a_second_correction_grants_it_again(asha: Person, dee: Person) -> None:
    session, desk = await held_session(asha, course=await gcp2()), makers.as_desk(dee)
    await mark(session, asha, MarkWord.ATTENDED)
    await lock(session)
    await actions.grant_owed_accreditations(now=AFTER)
    await mark(session, asha, MarkWord.PARTIAL, by=desk, why="Left at lunch")
    assert (await actions.end_corrected_accreditations(now=AFTER), await actions.grant_owed_accreditations(now=AFTER)) == (1, 0)
    await mark(session, asha, MarkWord.ATTENDED, by=desk, why="Came back")
    assert (await actions.end_corrected_accreditations(now=AFTER), await actions.grant_owed_accreditations(now=AFTER)) == (0, 1)
    assert [one.ended_reason for one in await queries.accreditations_of(asha.id)] == ["", "The register was corrected."]


async def test_what_the_desk_ends_is_not_granted_again(asha: Person, ben: Person, dee: Person) -> None:
    await makers.complete(asha, await gcp2(), on=date(2026, 1, 6))
    await actions.grant_owed_accreditations(now=AFTER)
    [held] = await Accreditation.all()
    desk = makers.as_desk(dee)
    with pytest.raises(Refused, match="Say why"):
        await actions.end_accreditation(held.id, asha.id, reason="", by=desk, now=AFTER)
    with pytest.raises(NotFound):
        await actions.end_accreditation(held.id, ben.id, reason="Wrong person", by=desk, now=AFTER)
    assert await actions.end_accreditation(held.id, asha.id, reason="Licence given up", by=desk, now=AFTER)
    assert not await actions.end_accreditation(held.id, asha.id, reason="Licence given up", by=desk, now=AFTER)
    assert await actions.grant_owed_accreditations(now=AFTER) == 0


async def test_reminders_go_90_30_and_7_days_before_and_on_the_day_each_once(asha: Person, clock: Clock) -> None:
    await makers.complete(asha, await gcp2(accreditation_months=24), on=date(2024, 7, 1))
    await actions.grant_owed_accreditations(now=clock.now)
    first = date(2026, 7, 1) - timedelta(days=92)
    clock.travel_to(clock.now.replace(year=first.year, month=first.month, day=first.day))
    for _ in range(95):
        for _ in range(2):
            await actions.remind_of_accreditations(now=clock.now)
        clock.forward(days=1)
    sent = await Message.filter(template="accreditation_ends").order_by("id").values("context", "address")
    assert [(row["context"]["days"], row["address"]) for row in sent] == [(left, "asha@stlukes.example") for left in (90, 30, 7, 0)]


async def test_who_has_renewed_is_not_reminded_and_a_late_start_skips_what_is_past_its_use(asha: Person, ben: Person, clock: Clock) -> None:
    course = await gcp2(accreditation_months=24)
    for person, days in ((asha, (date(2024, 3, 20), date(2026, 2, 2))), (ben, (date(2024, 3, 20),))):
        for day in days:
            await makers.complete(person, course, on=day)
    await actions.grant_owed_accreditations(now=clock.now)
    await actions.remind_of_accreditations(now=clock.now)
    sent = await Message.filter(template="accreditation_ends").values("key", "context", "address")
    assert [(row["context"]["days"], row["key"].rpartition("-")[2], row["address"]) for row in sent] == [(11, "30", "ben@police.example")]
