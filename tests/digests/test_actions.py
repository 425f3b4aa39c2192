"""The digest: once a working day at most, what happened once, what waits while it waits, of the lead's own staff alone."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import (
    call_off_session,
    cancel_booking,
    confirm_invitation,
    decline_invitation,
    join_list,
    move_session,
    postpone_session,
    run_online,
)
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.colleagues.actions import approve_booking, invite_colleagues, note_absences, settle_invitations, substitute
from marstraining.colleagues.rules import Absence
from marstraining.core.clock import from_wall
from marstraining.core.db import transaction
from marstraining.core.viewer import ANYBODY, SYSTEM, Role
from marstraining.coverage.actions import seed_rules
from marstraining.digests.actions import choose_digest, write_digests
from marstraining.digests.models import Digest
from marstraining.messages.models import Message
from marstraining.people.models import Agency, Person, Position, RoleGrant
from marstraining.people.rules import DigestChoice
from marstraining.programme.rules import DayPlan
from marstraining.record.models import Accreditation
from tests import makers
from tests.conftest import Clock
from tests.digests.leads import a_lead, as_lead, booked, digests, morning
from tests.statements import statements

# The clock stands on Monday 9 March 2026, 10:00; sessions are 60 days later, on Friday 8 May.
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 3, day) for day in (10, 11, 12, 13))
NEXT_MONDAY = date(2026, 3, 16)
ON = "Child Protection, Friday 8 May 2026"


@pytest.fixture
async def school(db: TortoiseContext, clock: Clock) -> Agency:
    return await makers.make_agency("St Luke's School")


@pytest.fixture
async def lena(school: Agency, clock: Clock) -> Person:
    """A lead whom the job has seen on Monday, when there was nothing to tell."""
    lead = await a_lead(school)
    assert await write_digests(now=clock.now) == 0
    clock.forward(minutes=5)
    return lead


@pytest.fixture
async def dan(school: Agency) -> Person:
    return await makers.make_person("Dan Reed", agency=school)


async def test_a_day_with_news_is_told_the_next_morning_by_one_letter_however_many_workers_and_looks(
    lena: Person, dan: Person, clock: Clock
) -> None:
    await booked(await makers.make_session(now=clock.now), dan, clock, access_needs="A hearing loop", dietary_needs="Halal")
    assert [await morning(clock, TUESDAY, at) for at in (time(0, 5), time(7, 29))] == [0, 0]
    assert [await morning(clock, TUESDAY, at) for at in (time(7, 30), time(7, 35), time(12), time(17, 59))] == [1, 0, 0, 0]
    assert await digests() == [{"Booked": [f"Dan Reed: {ON}. Booked"]}]
    letter = await Message.get(template="digest")
    assert (letter.key, letter.address, letter.person_id) == (f"digest-{lena.id}-2026-03-10", lena.email, lena.id)
    assert [word for word in ("hearing", "Halal") if word in str(letter.context)] == []
    assert [await morning(clock, day) for day in (WEDNESDAY, THURSDAY, FRIDAY, NEXT_MONDAY)] == [0, 0, 0, 0]


async def test_what_happened_while_nobody_wrote_is_told_once_on_the_next_working_day(lena: Person, dan: Person, clock: Clock) -> None:
    assert await morning(clock, date(2026, 4, 2)) == 0
    # Good Friday to Easter Monday, and on the Tuesday the worker starts late in the evening.
    for day in (date(2026, 4, 2), date(2026, 4, 4), date(2026, 4, 6)):
        clock.travel_to(from_wall(day, time(15)))
        await booked(await makers.make_session(now=clock.now, starts=from_wall(day + timedelta(days=60), time(9, 30))), dan, clock)
    assert [await morning(clock, date(2026, 4, day), time(9)) for day in (3, 4, 5, 6)] == [0, 0, 0, 0]
    assert await morning(clock, date(2026, 4, 7), time(22)) == 0
    assert [await morning(clock, date(2026, 4, day)) for day in (8, 9)] == [1, 0]
    [told] = await digests()
    assert [line.partition(":")[0] for line in told["Booked"]] == ["Dan Reed"] * 3


async def test_a_lead_hears_of_their_own_agency_and_its_branches_and_a_lead_of_a_part_of_that_part(
    school: Agency, lena: Person, dan: Person, clock: Clock
) -> None:
    trust, other = await makers.make_agency("The Trust"), await makers.make_agency("Other School")
    sixth_form = await makers.make_agency("Sixth Form", parent_id=school.id)
    await Agency.filter(id=school.id).update(parent_id=trust.id)
    people = {
        "Sam Sixth": await makers.make_person("Sam Sixth", agency=sixth_form),
        "Ben Other": await makers.make_person("Ben Other", agency=other),
        "Nora Nowhere": await makers.make_person("Nora Nowhere"),
        "Dan Reed": dan,
    }
    leads = [lena, await a_lead(trust, "Tess Trust"), await a_lead(sixth_form, "Pat Part"), await a_lead(other, "Otto Other")]
    nobody = await makers.make_person("Nina None", agency=school)
    await RoleGrant.create(person=nobody, role=Role.AGENCY_LEAD, agency=None, granted_at=clock.now)
    desk = await a_lead(school, "Dee Desk")
    await RoleGrant.create(person=desk, role=Role.DESK, granted_at=clock.now)
    await write_digests(now=clock.now)
    clock.forward(minutes=1)
    session = await makers.make_session(now=clock.now)
    for person in people.values():
        await booked(session, person, clock)
    assert await morning(clock, TUESDAY) == 5
    told = {lead.name: [line.partition(":")[0] for one in await digests(lead) for line in one["Booked"]] for lead in [*leads, desk, nobody]}
    assert told == {
        "Lena Lead": ["Sam Sixth", "Dan Reed"],
        "Tess Trust": ["Sam Sixth", "Dan Reed"],
        "Pat Part": ["Sam Sixth"],
        "Otto Other": ["Ben Other"],
        "Dee Desk": ["Sam Sixth", "Dan Reed"],
        "Nina None": [],
    }
    [lenas] = await digests(lena)
    assert lenas["Booked"][0].endswith("Sixth Form. Booked")


async def test_who_moved_away_before_the_morning_is_told_of_no_more(school: Agency, lena: Person, dan: Person, clock: Clock) -> None:
    await booked(await makers.make_session(now=clock.now), dan, clock)
    await Position.filter(person_id=dan.id).update(ends_on=clock.now.date())
    assert await morning(clock, TUESDAY) == 0


async def test_what_the_lead_did_and_their_own_bookings_are_no_news_to_them_and_are_to_another_lead(
    school: Agency, lena: Person, dan: Person, clock: Clock
) -> None:
    second = await a_lead(school, "Sue Second")
    managed = await makers.make_person("Mo Managed", email=None, agency=school, managed_by=school)
    await write_digests(now=clock.now)
    clock.forward(minutes=1)
    session = await makers.make_session(now=clock.now)
    await booked(session, lena, clock)
    await invite_colleagues(session.ref, [managed.ref], by=await as_lead(lena), now=clock.now)
    mine = await booked(session, dan, clock)
    clock.forward(minutes=1)
    await substitute(mine.id, learner_id=(await makers.make_person("Eve Hall", agency=school)).id, by=await as_lead(lena), now=clock.now)
    assert await morning(clock, TUESDAY) == 1
    assert await digests(lena) == []
    assert await digests(second) == [
        {
            "Booked": [f"Lena Lead: {ON}. Booked", f"Mo Managed: {ON}. Booked", f"Eve Hall: {ON}. Booked"],
            "Cancelled or not taken up": [f"Dan Reed: {ON}. A colleague has taken the place"],
        }
    ]


async def test_an_invitation_that_is_over_is_told_at_once_to_who_made_it_and_by_digest_to_the_others(
    school: Agency, lena: Person, dan: Person, clock: Clock
) -> None:
    second = await a_lead(school, "Sue Second")
    eve = await makers.make_person("Eve Hall", agency=school)
    await write_digests(now=clock.now)
    clock.forward(minutes=1)
    session = await makers.make_session(now=clock.now)
    await invite_colleagues(session.ref, [dan.ref, eve.ref], by=await as_lead(lena), now=clock.now)
    assert await morning(clock, TUESDAY) == 2
    both = [
        f"Dan Reed: {ON}. To be confirmed by 10:06am on Monday 16 March 2026",
        f"Eve Hall: {ON}. To be confirmed by 10:06am on Monday 16 March 2026",
    ]
    assert await digests() == [{"Invited and not confirmed yet": both}] * 2
    clock.travel_to(from_wall(TUESDAY, time(9)))
    await decline_invitation((await Booking.get(learner_id=dan.id)).id, by=makers.as_learner(dan), now=clock.now)
    await confirm_invitation((await Booking.get(learner_id=eve.id)).id, by=makers.as_learner(eve), now=clock.now)
    await settle_invitations(now=clock.now)
    assert [one.name for one in await Message.filter(template="invitation_over")] == ["Lena Lead"]
    assert await morning(clock, WEDNESDAY) == 2
    confirmed = {"Booked": [f"Eve Hall: {ON}. Has confirmed the place kept for them"]}
    over = {"Cancelled or not taken up": [f"Dan Reed: {ON}. Has said no to the place kept for them"]}
    assert [(await digests(lead))[-1] for lead in (lena, second)] == [confirmed, confirmed | over]


async def test_what_waits_for_an_answer_is_told_with_its_deadline_each_day_until_it_is_answered(
    lena: Person, dan: Person, clock: Clock
) -> None:
    session = await makers.make_session(course=await makers.make_course(needs_approval=True), now=clock.now)
    booking = await booked(session, dan, clock)
    assert [await morning(clock, day) for day in (TUESDAY, WEDNESDAY)] == [1, 1]
    asked = {"Waiting for your approval": [f"Dan Reed: {ON}. Please answer by 10:05am on Monday 16 March 2026"]}
    assert await digests() == [asked] * 2
    await approve_booking(booking.id, by=ANYBODY, now=clock.now)
    assert [await morning(clock, day) for day in (THURSDAY, FRIDAY)] == [1, 0]
    assert (await digests())[-1] == {"Booked": [f"Dan Reed: {ON}. Approved and booked"]}


async def test_a_place_offered_is_told_until_it_is_answered_and_a_list_only_when_joined_and_on_mondays(
    lena: Person, dan: Person, clock: Clock
) -> None:
    ben = await makers.make_person("Ben Other")
    session = await makers.make_session(now=clock.now, capacity=1)
    held = await booked(session, ben, clock)
    await join_list(BookPlace(session_id=session.id, learner_id=dan.id), by=makers.as_learner(dan), now=clock.now)
    assert [await morning(clock, day) for day in (TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, NEXT_MONDAY)] == [1, 0, 0, 0, 1]
    waits = [{"On waiting lists": [f"Dan Reed: {ON}. {said} 1 in line"]} for said in ("New: number", "Number")]
    assert await digests() == waits
    await cancel_booking(held.id, by=makers.as_learner(ben), now=clock.now)
    assert await morning(clock, date(2026, 3, 17)) == 1
    assert (await digests())[-1] == {"A place is offered": [f"Dan Reed: {ON}. They can take it until 6pm on Wednesday 18 March 2026"]}


async def test_a_session_that_is_moved_put_off_put_online_or_called_off_is_one_line_with_all_of_the_staff_on_it(
    school: Agency, lena: Person, dan: Person, clock: Clock
) -> None:
    eve = await makers.make_person("Eve Hall", agency=school)
    sessions = {name: await makers.make_session(course=await makers.make_course(name), now=clock.now) for name in ("A", "B", "C", "D")}
    for number, session in enumerate(sessions.values()):
        starts = from_wall(date(2026, 5, 8 + number), time(9, 30))
        await move_session(session.id, [DayPlan(starts.date(), time(9, 30), time(12))], by=SYSTEM, now=clock.now)
        for person in (dan, eve):
            await booked(session, person, clock)
    assert await morning(clock, TUESDAY) == 1
    days = [DayPlan(date(2026, 6, 1), time(9, 30), time(12))]
    await move_session(sessions["A"].id, days, by=SYSTEM, now=clock.now)
    await postpone_session(sessions["B"].id, reason="", by=SYSTEM, now=clock.now)
    await run_online(sessions["C"].id, joining_link="https://meet.example/c", by=SYSTEM, now=clock.now)
    await call_off_session(sessions["D"].id, reason="", by=SYSTEM, now=clock.now)
    assert [await morning(clock, day) for day in (WEDNESDAY, THURSDAY)] == [1, 0]
    both = "Dan Reed, Eve Hall"
    assert (await digests())[-1] == {
        "Sessions changed or called off": [
            f"D, Monday 11 May 2026: {both}. Called off",
            f"A: {both}. New date: Monday 1 June 2026",
            f"B: {both}. Postponed: the new date follows",
            f"C: {both}. Runs online instead, on Sunday 10 May 2026",
        ]
    }


async def test_a_booking_swapped_for_another_date_is_one_line_and_what_ended_the_day_it_began_is_told_as_it_ended(
    lena: Person, dan: Person, clock: Clock
) -> None:
    course = await makers.make_course()
    first, second = [
        await makers.make_session(course=course, now=clock.now, starts=from_wall(date(2026, 5, day), time(9, 30))) for day in (8, 15)
    ]
    old = await booked(first, dan, clock)
    assert await morning(clock, TUESDAY) == 1
    new = await booked(second, dan, clock, instead_of=old.id)
    assert await morning(clock, WEDNESDAY) == 1
    assert (await digests())[-1] == {
        "Moved to another date": ["Dan Reed: Child Protection, Friday 15 May 2026. Instead of Friday 8 May 2026"]
    }
    await cancel_booking(new.id, by=makers.as_learner(dan), now=clock.now)
    clock.forward(minutes=1)
    again = await booked(first, dan, clock)
    clock.forward(minutes=1)
    await cancel_booking(again.id, by=makers.as_learner(dan), now=clock.now)
    assert await morning(clock, THURSDAY) == 1
    assert (await digests())[-1] == {
        "Cancelled or not taken up": [
            "Dan Reed: Child Protection, Friday 15 May 2026. Cancelled", "Dan Reed: Child Protection, Friday 8 May 2026. Cancelled",
        ]
    }  # fmt: skip


async def test_who_did_not_attend_is_told_once_the_register_is_locked(school: Agency, lena: Person, dan: Person, clock: Clock) -> None:
    eve = await makers.make_person("Eve Hall", agency=school)
    session = await makers.make_session(now=clock.now, starts=from_wall(TUESDAY, time(9, 30)))
    for person in (dan, eve):
        await booked(session, person, clock, by_desk=True)
    assert await morning(clock, TUESDAY) == 1
    clock.travel_to(from_wall(TUESDAY, time(14)))
    async with transaction():
        absences = [Absence(dan.id, "", is_excused=False), Absence(eve.id, "sickness", is_excused=True)]
        await note_absences(session.id, absences, by=SYSTEM, now=clock.now)
    assert [await morning(clock, day) for day in (WEDNESDAY, THURSDAY)] == [1, 0]
    [*_, told] = await digests()
    assert told == {
        "Did not attend": [
            "Dan Reed: Child Protection, Tuesday 10 March 2026. Did not attend",
            "Eve Hall: Child Protection, Tuesday 10 March 2026. Did not attend, excused",
        ]
    }
    assert "sickness" not in str((await Message.filter(template="digest").order_by("-id").first() or Message()).context).lower()


async def test_who_falls_due_in_30_days_and_whose_tool_is_newly_without_use_is_told_on_mondays_alone(
    school: Agency, lena: Person, dan: Person, clock: Clock
) -> None:
    await seed_rules(now=clock.now)
    yearly = await makers.make_course("Yearly update", counts_as="SCH-ALL")
    for person, day in (
        (dan, date(2025, 4, 15)),
        (lena, date(2025, 4, 16)),
        (await makers.make_person("Eve Hall", agency=school), date(2024, 5, 1)),
    ):
        await makers.complete(person, yearly, on=day)
    tool = await makers.make_course("Graded Care Profile 2", grants_accreditation=True)
    await Accreditation.create(person=dan, course=tool, granted_on=date(2024, 3, 11), flagged_on=WEDNESDAY)
    assert [await morning(clock, day) for day in (TUESDAY, WEDNESDAY, FRIDAY, NEXT_MONDAY, date(2026, 3, 17), date(2026, 3, 23))] == [
        0, 0, 0, 1, 0, 1,
    ]  # fmt: skip
    rule = "Yearly update of all school and college staff"
    due = [f"Dan Reed: {rule}. Due on 15 April 2026"]
    first, second = await digests()
    assert first == {
        "Falls due in the next 30 days": due,
        "No longer used?": ["Dan Reed: Graded Care Profile 2. No use on record since 11 March 2024"],
    }
    assert second == {"Falls due in the next 30 days": [*due, f"Lena Lead: {rule}. Due on 16 April 2026"]}
    letter = await Message.filter(template="digest").order_by("-id").first()
    assert letter is not None
    context: Any = letter.context
    assert (context["summary"], context["sections"][0]["note"]) == ("2 due soon", "1 person has something overdue already.")


async def test_weekly_gathers_the_week_never_gathers_nothing_and_turning_it_on_again_begins_anew(
    lena: Person, dan: Person, clock: Clock
) -> None:
    by = await as_lead(lena)
    await choose_digest(DigestChoice.WEEKLY, by=by, now=clock.now)
    for day in (TUESDAY, WEDNESDAY, THURSDAY):
        assert await morning(clock, day) == 0
        await booked(await makers.make_session(now=clock.now), dan, clock)
    assert [await morning(clock, day) for day in (FRIDAY, NEXT_MONDAY, date(2026, 3, 17))] == [0, 1, 0]
    [told] = await digests()
    assert len(told["Booked"]) == 3
    await choose_digest(DigestChoice.NEVER, by=by, now=clock.now)
    await booked(await makers.make_session(now=clock.now), dan, clock)
    assert await morning(clock, date(2026, 3, 23)) == 0
    await choose_digest(DigestChoice.DAILY, by=by, now=clock.now)
    assert await morning(clock, date(2026, 3, 24)) == 0
    await booked(await makers.make_session(now=clock.now), dan, clock)
    assert await morning(clock, date(2026, 3, 25)) == 1
    assert len((await digests())[-1]["Booked"]) == 1


async def test_a_new_lead_hears_of_what_happens_from_then_on_and_one_without_a_mailbox_once_they_have_one(
    school: Agency, dan: Person, clock: Clock
) -> None:
    await booked(await makers.make_session(now=clock.now), dan, clock)
    clock.forward(hours=1)
    late, quiet = await a_lead(school, "Lou Late"), await a_lead(school, "Quin Quiet")
    await Person.filter(id=quiet.id).update(email=None)
    assert await morning(clock, TUESDAY) == 0
    clock.forward(minutes=1)
    await booked(await makers.make_session(now=clock.now), dan, clock)
    assert await morning(clock, WEDNESDAY) == 1
    await Person.filter(id=quiet.id).update(email="quin@school.example")
    assert await morning(clock, THURSDAY) == 1
    assert [len(told["Booked"]) for lead in (late, quiet) for told in await digests(lead)] == [1, 1]
    await RoleGrant.filter(person_id=late.id).update(ended_at=clock.now)
    await booked(await makers.make_session(now=clock.now), dan, clock)
    assert (await morning(clock, FRIDAY), len(await digests(late))) == (1, 1)


async def test_a_long_list_is_cut_and_leads_to_the_page_that_has_all_of_it(school: Agency, lena: Person, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=100)
    for number in range(43):
        await booked(session, await makers.make_person(f"Colleague {number}", agency=school), clock)
    assert await morning(clock, TUESDAY) == 1
    letter = await Message.get(template="digest")
    context: Any = letter.context
    [section] = context["sections"]
    assert (len(section["lines"]), section["more"], section["path"], context["summary"]) == (40, 3, "/agency/bookings", "43 booked")


@pytest.mark.parametrize("people", [1, 3])
async def test_a_lead_costs_as_many_statements_for_three_changes_as_for_one(
    people: int, db: TortoiseContext, school: Agency, lena: Person, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    for number in range(people):
        await booked(session, await makers.make_person(f"Colleague {number}", agency=school), clock)
    clock.travel_to(from_wall(TUESDAY, time(7, 30)))
    async with statements(db) as heard:
        assert await write_digests(now=clock.now) == 1
    assert len(heard) == 10
    assert await Digest.all().count() == 1
