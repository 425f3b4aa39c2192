import asyncio
from datetime import date, time, timedelta

import pytest

from marstraining.attendance.rules import MarkWord
from marstraining.certificates import actions, queries
from marstraining.core.clock import from_wall, local
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.messages.models import Message
from marstraining.people.models import Agency, Person, Position, RoleGrant
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


async def _a_lead(name: str, agency: Agency) -> Person:
    return await makers.make_person(name, agency=agency, roles=(Role.AGENCY_LEAD,))


async def _told() -> list[tuple[str, list[tuple[str, int]]]]:
    """Each letter to a lead: whose it is, and of whom it tells how many days are left."""
    sent = await Message.filter(template="accreditations_of_staff").order_by("id")
    return [(one.name, [(line["learner"], line["days"]) for line in one.context["lines"]]) for one in sent]  # type: ignore[attr-defined]


async def test_leads_of_an_agency_and_of_those_above_it_are_told_of_all_of_a_day_in_one_letter_at_each_step(
    asha: Person, ben: Person, clock: Clock
) -> None:
    school = await Agency.get(code="STLUKES")
    trust = await makers.make_agency("The Trust")
    await Agency.filter(id=school.id).update(parent_id=trust.id)
    await _a_lead("Lena Lead", school)
    await _a_lead("Tess Trust", trust)
    dan = await makers.make_person("Dan Reed", email=None, agency=school, managed_by=school)
    course = await gcp2(accreditation_months=24)
    for person in (asha, dan, ben):
        await makers.complete(person, course, on=date(2024, 7, 1))
    await actions.grant_owed_accreditations(now=clock.now)
    clock.travel_to(from_wall(date(2026, 3, 31), time(0, 20)))
    for _ in range(95):
        await asyncio.gather(*(actions.remind_of_accreditations(now=clock.now) for _ in range(3)))
        clock.forward(days=1)
    staff = ("Asha Patel", "Dan Reed")
    assert sorted(await _told()) == sorted(
        (lead, [(learner, left) for learner in staff]) for lead in ("Lena Lead", "Tess Trust") for left in (90, 30, 7, 0)
    )
    leaving = await Message.filter(template="accreditations_of_staff").order_by("id").first()
    assert leaving is not None
    assert leaving.not_before is not None
    assert (local(leaving.not_before).date(), local(leaving.not_before).time()) == (date(2026, 4, 2), time(7, 30))
    assert leaving.context["lines"][0]["path"] == f"/agency/staff/{asha.ref}"  # type: ignore[index]


async def test_a_lead_is_told_no_more_of_who_renewed_or_left_and_the_new_agencys_lead_is(asha: Person, ben: Person, clock: Clock) -> None:
    school, police = await Agency.get(code="STLUKES"), await Agency.get(code="POL")
    lena, pia = await _a_lead("Lena Lead", school), await _a_lead("Pia Police", police)
    course = await gcp2(accreditation_months=24)
    dan = await makers.make_person("Dan Reed", agency=school)
    for person in (asha, dan, lena):
        await makers.complete(person, course, on=date(2024, 4, 1))
    await actions.grant_owed_accreditations(now=clock.now)
    await actions.remind_of_accreditations(now=clock.now)
    # 23 days are left, so of the ladder the step of 30 is due; nobody is told twice of their own accreditation.
    assert await _told() == [("Lena Lead", [("Asha Patel", 23), ("Dan Reed", 23)])]
    await makers.complete(dan, course, on=date(2026, 3, 12))
    await Position.filter(person_id=asha.id).update(ends_on=date(2026, 3, 10))
    await Position.create(person=asha, agency=police, job_role="multi_agency", starts_on=date(2026, 3, 11))
    clock.travel_to(from_wall(date(2026, 3, 25), time(9)))
    await actions.grant_owed_accreditations(now=clock.now)
    await actions.remind_of_accreditations(now=clock.now)
    assert (await _told())[1:] == [("Pia Police", [("Asha Patel", 7)])]
    await RoleGrant.filter(person_id=pia.id).update(ended_at=clock.now)
    clock.travel_to(from_wall(date(2026, 4, 1), time(9)))
    await actions.remind_of_accreditations(now=clock.now)
    assert len(await _told()) == 2


async def test_what_was_entered_later_on_a_day_is_told_the_next_so_that_a_day_has_one_letter(asha: Person, clock: Clock) -> None:
    school = await Agency.get(code="STLUKES")
    await _a_lead("Lena Lead", school)
    course = await gcp2(accreditation_months=24)
    await makers.complete(asha, course, on=date(2024, 4, 1))
    await actions.grant_owed_accreditations(now=clock.now)
    await actions.remind_of_accreditations(now=clock.now)
    await makers.complete(await makers.make_person("Dan Reed", agency=school), course, on=date(2024, 4, 2))
    await actions.grant_owed_accreditations(now=clock.now)
    for days in (0, 0, 1, 1):
        clock.forward(days=days, hours=1)
        await actions.remind_of_accreditations(now=clock.now)
    assert await _told() == [("Lena Lead", [("Asha Patel", 23)]), ("Lena Lead", [("Dan Reed", 23)])]
