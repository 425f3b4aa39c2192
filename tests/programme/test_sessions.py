"""Sessions and training days: what rises, what stays, what follows."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.clock import from_wall
from marstraining.core.db import rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM, Role
from marstraining.history.models import Entry
from marstraining.people.models import Person
from marstraining.programme import actions
from marstraining.programme.models import Session, TrainingDay
from marstraining.programme.queries import session_facts
from marstraining.programme.rules import DayPlan, SessionDraft, VenueDraft
from tests import makers
from tests.conftest import Clock

TUESDAY = DayPlan(date(2026, 6, 9), time(9, 30), time(12, 30))
WEDNESDAY = DayPlan(date(2026, 6, 10), time(9, 30), time(12, 30))
THURSDAY = DayPlan(date(2026, 6, 11), time(9, 30), time(12, 30))


async def _days(session: Session) -> list[tuple[date, str, int, bool]]:
    days = await TrainingDay.filter(session_id=session.id).order_by("starts_at", "id")
    return [(day.day, day.uid, day.sequence, day.is_cancelled) for day in days]


async def _made(now: datetime, *plans: DayPlan, **draft: Any) -> Session:
    course = await makers.make_course()
    made = await actions.create_session(
        course.id, SessionDraft(**{"delivery": "in person", **draft}), plans or (TUESDAY, WEDNESDAY), by=SYSTEM, now=now
    )
    await actions.publish_session(made.id, by=SYSTEM, now=now)
    return await Session.get(id=made.id)


async def test_a_new_session_is_a_draft_from_its_first_day_to_its_last(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course()
    made = await actions.create_session(course.id, SessionDraft("in person"), (WEDNESDAY, TUESDAY), by=SYSTEM, now=clock.now)
    stored = await Session.get(id=made.id)
    assert (stored.state, stored.starts_at, stored.ends_at) == (
        "draft",
        from_wall(date(2026, 6, 9), time(9, 30)),
        from_wall(date(2026, 6, 10), time(12, 30)),
    )
    assert await Entry.filter(action="create_session", subject_id=made.id).count() == 1


async def test_a_draft_is_nowhere_until_it_is_published(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course()
    made = await actions.create_session(course.id, SessionDraft("in person"), (TUESDAY,), by=SYSTEM, now=clock.now)
    with pytest.raises(NotFound):
        await session_facts(made.ref, now=clock.now)
    assert await actions.publish_session(made.id, by=SYSTEM, now=clock.now) is True
    assert await actions.publish_session(made.id, by=SYSTEM, now=clock.now) is False
    assert (await session_facts(made.ref, now=clock.now)).state == "published"


async def test_the_worker_publishes_what_is_due_and_nothing_else(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course()
    due = await actions.create_session(course.id, SessionDraft("online", publish_at=clock.now), (TUESDAY,), by=SYSTEM, now=clock.now)
    later = SessionDraft("online", publish_at=clock.now + timedelta(seconds=1))
    await actions.create_session(course.id, later, (TUESDAY,), by=SYSTEM, now=clock.now)
    await actions.create_session(course.id, SessionDraft("online"), (TUESDAY,), by=SYSTEM, now=clock.now)
    assert await actions.publish_due_sessions(now=clock.now) == 1
    assert await actions.publish_due_sessions(now=clock.now) == 0
    assert [session.id for session in await Session.filter(state="published")] == [due.id]


async def test_a_session_that_is_over_is_not_published(db: TortoiseContext, clock: Clock) -> None:
    course = await makers.make_course()
    made = await actions.create_session(course.id, SessionDraft("online"), (TUESDAY,), by=SYSTEM, now=clock.now)
    with pytest.raises(Refused, match="already over"):
        await actions.publish_session(made.id, by=SYSTEM, now=clock.travel_to(from_wall(date(2026, 6, 9), time(12, 30))))


async def test_ical_1_uids_survive_inserting_a_training_day(db: TortoiseContext, clock: Clock) -> None:
    session = await _made(clock.now, TUESDAY, THURSDAY)
    before = await _days(session)
    await actions.add_day(session.id, WEDNESDAY, by=SYSTEM, now=clock.now)
    after = await _days(session)
    assert [after[0], after[2]] == before
    assert after[1][2:] == (0, False)


async def test_ical_1_sequence_rises_when_time_place_link_or_state_changes_and_at_nothing_else(db: TortoiseContext, clock: Clock) -> None:
    venue = await makers.make_venue("Hewson House")
    session = await _made(clock.now, TUESDAY)
    day = await TrainingDay.get(session_id=session.id)

    async def sequence() -> int:
        return (await TrainingDay.get(id=day.id)).sequence

    async def edit(**changes: Any) -> bool:
        draft = actions.draft_of(await Session.get(id=session.id))
        values = {name: getattr(draft, name) for name in SessionDraft.__dataclass_fields__}
        return await actions.edit_session(session.id, SessionDraft(**{**values, **changes}), by=SYSTEM, now=clock.forward(minutes=1))

    assert await edit(title="Another title", capacity=40, notes="x", minimum_numbers=3, has_catering=True) is False
    assert await sequence() == 0
    assert await edit(venue_id=venue.id) is True
    assert await sequence() == 1
    assert await edit(joining_link="https://teams.example/x") is True
    assert await edit(joining_link="https://teams.example/x") is False
    assert await sequence() == 2
    assert await actions.move_day(day.id, DayPlan(TUESDAY.day, time(10), time(12, 30)), by=SYSTEM, now=clock.now) is True
    assert await actions.move_day(day.id, DayPlan(TUESDAY.day, time(10), time(12, 30)), by=SYSTEM, now=clock.now) is False
    assert await sequence() == 3
    await actions.save_venue(VenueDraft("Hewson House", parking="Behind the building"), ref=venue.ref, by=SYSTEM, now=clock.now)
    assert await sequence() == 3
    await actions.save_venue(VenueDraft("Hewson House", address="Station Road"), ref=venue.ref, by=SYSTEM, now=clock.now)
    assert await sequence() == 4
    async with transaction():
        await actions.cancel_session(session.id, reason="Illness", by=SYSTEM, now=clock.now)
    assert await sequence() == 5
    assert (await TrainingDay.get(id=day.id)).uid == day.uid


async def test_the_session_follows_its_days(db: TortoiseContext, clock: Clock) -> None:
    session = await _made(clock.now, TUESDAY, WEDNESDAY, THURSDAY)
    first = await TrainingDay.filter(session_id=session.id).order_by("starts_at").first()
    assert first is not None
    assert await actions.cancel_day(first.id, by=SYSTEM, now=clock.now) is True
    assert await actions.cancel_day(first.id, by=SYSTEM, now=clock.now) is False
    moved = await Session.get(id=session.id)
    assert moved.starts_at == from_wall(WEDNESDAY.day, WEDNESDAY.starts)
    assert moved.revision > session.revision
    assert [(sequence, gone) for _, _, sequence, gone in await _days(session)] == [(1, True), (0, False), (0, False)]


async def test_the_last_training_day_is_not_cancelled_by_itself(db: TortoiseContext, clock: Clock) -> None:
    session = await _made(clock.now, TUESDAY)
    with pytest.raises(Refused, match="Call off the session instead"):
        await actions.cancel_day((await TrainingDay.get(session_id=session.id)).id, by=SYSTEM, now=clock.now)


async def test_a_day_is_not_put_over_another(db: TortoiseContext, clock: Clock) -> None:
    session = await _made(clock.now, TUESDAY, WEDNESDAY)
    with pytest.raises(Refused, match="overlaps"):
        await actions.add_day(session.id, DayPlan(TUESDAY.day, time(12), time(14)), by=SYSTEM, now=clock.now)
    second = await TrainingDay.filter(session_id=session.id).order_by("-starts_at").first()
    assert second is not None
    with pytest.raises(Refused, match="overlaps"):
        await actions.move_day(second.id, DayPlan(TUESDAY.day, time(12), time(14)), by=SYSTEM, now=clock.now)
    assert [(day, sequence) for day, _, sequence, _ in await _days(session)] == [(TUESDAY.day, 0), (WEDNESDAY.day, 0)]


async def test_postponing_and_moving_keeps_uids_and_raises_each_sequence_once_a_step(db: TortoiseContext, clock: Clock) -> None:
    session = await _made(clock.now, TUESDAY, WEDNESDAY)
    before = await _days(session)
    async with transaction():
        await actions.postpone_session_dates(session.id, by=SYSTEM, now=clock.now)
    async with transaction():
        await actions.postpone_session_dates(session.id, by=SYSTEM, now=clock.now)
    assert [sequence for _, _, sequence, _ in await _days(session)] == [1, 1]
    async with transaction():
        changed = await actions.move_session_dates(session.id, (WEDNESDAY, THURSDAY), by=SYSTEM, now=clock.now)
    after = await _days(session)
    assert len(changed) == 2
    assert [(day, sequence) for day, _, sequence, _ in after] == [(WEDNESDAY.day, 2), (THURSDAY.day, 2)]
    assert [uid for _, uid, _, _ in after] == [uid for _, uid, _, _ in before]
    assert (await Session.get(id=session.id)).state == "published"


async def test_moving_one_of_two_days_changes_that_day_only(db: TortoiseContext, clock: Clock) -> None:
    session = await _made(clock.now, TUESDAY, WEDNESDAY)
    async with transaction():
        changed = await actions.move_session_dates(session.id, (TUESDAY, THURSDAY), by=SYSTEM, now=clock.now)
    assert len(changed) == 1
    assert [(day, sequence) for day, _, sequence, _ in await _days(session)] == [(TUESDAY.day, 0), (THURSDAY.day, 1)]


async def test_moving_to_fewer_days_cancels_and_to_more_days_adds(db: TortoiseContext, clock: Clock) -> None:
    session = await _made(clock.now, TUESDAY, WEDNESDAY)
    async with transaction():
        await actions.move_session_dates(session.id, (TUESDAY,), by=SYSTEM, now=clock.now)
    assert [(day, gone) for day, _, _, gone in await _days(session)] == [(TUESDAY.day, False), (WEDNESDAY.day, True)]
    async with transaction():
        await actions.move_session_dates(session.id, (TUESDAY, THURSDAY), by=SYSTEM, now=clock.now)
    assert [(day, gone) for day, _, _, gone in await _days(session)] == [
        (TUESDAY.day, False),
        (WEDNESDAY.day, True),
        (THURSDAY.day, False),
    ]


async def test_a_session_run_online_has_no_room(db: TortoiseContext, clock: Clock) -> None:
    venue = await makers.make_venue()
    session = await _made(clock.now, TUESDAY, venue_id=venue.id, has_catering=True)
    async with transaction():
        await actions.make_online(session.id, joining_link="https://teams.example/x", by=SYSTEM, now=clock.now)
    stored = await Session.get(id=session.id)
    assert (stored.delivery, stored.venue_id, stored.has_catering, stored.joining_link) == (
        "online",
        None,
        False,
        "https://teams.example/x",
    )
    assert [sequence for _, _, sequence, _ in await _days(session)] == [1]


@pytest.mark.parametrize("state", ["draft", "called_off"])
async def test_what_is_no_running_session_is_not_called_off(db: TortoiseContext, clock: Clock, state: str) -> None:
    session = await makers.make_session(now=clock.now, state=state)
    with pytest.raises(Refused):
        async with transaction():
            await actions.cancel_session(session.id, reason="x", by=SYSTEM, now=clock.now)


async def test_a_copy_brings_the_arrangement_of_the_course_but_nothing_of_its_date(db: TortoiseContext, clock: Clock) -> None:
    session = await _made(
        clock.now,
        TUESDAY,
        capacity=12,
        joining_link="https://teams.example/x",
        decide_by=date(2026, 6, 1),
        publish_at=clock.now,
        minimum_numbers=4,
    )
    copied = await actions.copy_session(session.id, (THURSDAY,), by=SYSTEM, now=clock.now)
    stored = await Session.get(id=copied.id)
    assert (stored.state, stored.capacity, stored.minimum_numbers) == ("draft", 12, 4)
    assert [stored.joining_link, stored.decide_by, stored.publish_at, stored.code] == ["", None, None, None]
    assert await rows("SELECT id FROM messages_letter") == []


async def test_only_a_draft_is_deleted(db: TortoiseContext, clock: Clock) -> None:
    session = await _made(clock.now, TUESDAY)
    with pytest.raises(Refused, match="Only a draft can be deleted"):
        await actions.delete_draft(session.id, by=SYSTEM, now=clock.now)
    draft = await actions.copy_session(session.id, (THURSDAY,), by=SYSTEM, now=clock.now)
    await actions.delete_draft(draft.id, by=SYSTEM, now=clock.now)
    assert await Session.exists(id=draft.id) is False


async def test_a_trainer_is_asked_by_letter_and_answers(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    session = await _made(clock.now, TUESDAY)
    agency = await makers.make_agency("North Lindsey College")
    tom = await makers.make_person("Tom Reed", agency=agency, roles=(Role.TRAINER,))
    with pytest.raises(Refused, match="no trainer yet"):
        await actions.ask_trainer(session.id, asha.id, agency_id=None, by=SYSTEM, now=clock.now)
    assert await actions.ask_trainer(session.id, tom.id, agency_id=agency.id, by=SYSTEM, now=clock.now) is True
    assert await actions.ask_trainer(session.id, tom.id, agency_id=agency.id, by=SYSTEM, now=clock.now) is False
    letters = await rows("SELECT template, address FROM messages_letter")
    assert letters == [{"template": "trainer_asked", "address": tom.email}]
    assert (await session_facts(session.ref, now=clock.now)).trainer_agencies == ()
    with pytest.raises(NotFound):
        await actions.answer_as_trainer(session.id, is_accepted=True, by=makers.as_learner(asha), now=clock.now)
    assert await actions.answer_as_trainer(session.id, is_accepted=True, by=makers.as_learner(tom), now=clock.now) is True
    assert (await session_facts(session.ref, now=clock.now)).trainer_agencies == ("North Lindsey College",)
