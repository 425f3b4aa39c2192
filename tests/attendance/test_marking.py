import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.attendance.actions import Marked, lock_register, mark_register, open_register
from marstraining.attendance.models import Mark
from marstraining.attendance.queries import attended_by_session, taught_days
from marstraining.attendance.rules import Evidence, MarkWord, NewMark, TakenAs
from marstraining.bookings.actions import book_place
from marstraining.bookings.models import LedgerEntry
from marstraining.bookings.rules import BookPlace
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.history.models import Entry
from marstraining.people.models import Person
from marstraining.programme.models import Session
from marstraining.record.models import Completion
from tests import makers

pytestmark = pytest.mark.usefixtures("db")

STARTS = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
BEFORE = STARTS - timedelta(days=30)
DURING = STARTS + timedelta(minutes=20)
AFTER = STARTS + timedelta(days=3)


async def a_session(*, days: int = 1, people: int = 1) -> tuple[Session, list[Person], list[int]]:
    session = await makers.make_session(now=BEFORE, starts=STARTS, days=days)
    learners = [await makers.make_person(f"Learner {number}") for number in range(people)]
    for learner in learners:
        await book_place(BookPlace(session_id=session.id, learner_id=learner.id), by=makers.as_learner(learner), now=BEFORE)
    return session, learners, [day.id for day in await taught_days(session.id)]


def a_trainer(person: Person) -> Viewer:
    return Viewer(person_id=person.id, roles=frozenset({Role.LEARNER, Role.TRAINER}))


@pytest.fixture
async def desk(db: TortoiseContext) -> Viewer:
    return makers.as_desk(await makers.make_person("Dee Desk", roles=(Role.DESK,)))


async def standing(session: Session) -> list[tuple[int, str]]:
    found = await Mark.filter(session_id=session.id, superseded_at__isnull=True).order_by("id").values("person_id", "mark")
    return [(row["person_id"], row["mark"]) for row in found]


async def test_a_mark_that_says_otherwise_supersedes_the_one_that_stands_and_overwrites_nothing(desk: Viewer) -> None:
    session, [asha], [day] = await a_session()
    await mark_register(session.id, [NewMark(asha.id, day, MarkWord.ABSENT)], by=desk, now=DURING)
    marked = await mark_register(session.id, [NewMark(asha.id, day, MarkWord.PARTIAL, minutes=100)], by=desk, now=AFTER)
    assert marked == Marked(written=1, unchanged=0)
    assert await standing(session) == [(asha.id, "partial")]
    assert [(row.mark, row.superseded_at) for row in await Mark.all().order_by("id")] == [("absent", AFTER), ("partial", None)]


async def test_a_tap_sent_again_is_one_mark_even_when_another_mark_stands_by_then(desk: Viewer) -> None:
    session, [asha], [day] = await a_session()
    tap = NewMark(asha.id, day, MarkWord.ATTENDED, tap="tap-1")
    await mark_register(session.id, [tap], by=desk, now=DURING)
    await mark_register(session.id, [NewMark(asha.id, day, MarkWord.PARTIAL, tap="tap-2")], by=desk, now=DURING)
    assert await mark_register(session.id, [tap], by=desk, now=AFTER) == Marked(written=0, unchanged=1)
    assert await standing(session) == [(asha.id, "partial")]


async def test_two_trainers_who_mark_the_same_person_at_once_leave_one_mark_and_both_stand_in_the_history(desk: Viewer) -> None:
    session, [asha], [day] = await a_session()
    trainers = [a_trainer(await makers.make_person(name)) for name in ("Tess", "Tom")]
    await asyncio.gather(*(mark_register(session.id, [NewMark(asha.id, day, MarkWord.ATTENDED)], by=by, now=DURING) for by in trainers))
    assert await standing(session) == [(asha.id, "attended")]
    told = await Entry.filter(action="mark_register").values("actor_id")
    assert sorted(row["actor_id"] for row in told) == sorted(by.person_id for by in trainers if by.person_id)


async def test_nobody_is_marked_who_has_no_place_nor_on_a_day_that_has_not_begun(desk: Viewer) -> None:
    session, [asha], [day] = await a_session()
    stranger = await makers.make_person("Ben")
    with pytest.raises(NotFound):
        await mark_register(session.id, [NewMark(stranger.id, day, MarkWord.ATTENDED)], by=desk, now=DURING)
    with pytest.raises(Refused, match="has not begun"):
        await mark_register(session.id, [NewMark(asha.id, day, MarkWord.ATTENDED)], by=desk, now=STARTS - timedelta(hours=2))
    with pytest.raises(NotFound):
        await mark_register(session.id, [NewMark(asha.id, 999, MarkWord.ATTENDED)], by=desk, now=DURING)
    assert await standing(session) == []


async def test_a_register_is_locked_once_everybody_is_marked_and_writes_completions_of_full_attendance_alone(desk: Viewer) -> None:
    session, [asha, ben, cal], [day] = await a_session(people=3)
    marks = [NewMark(asha.id, day, MarkWord.ATTENDED, minutes=175), NewMark(ben.id, day, MarkWord.PARTIAL, minutes=90)]
    await mark_register(session.id, marks, by=desk, now=DURING)
    with pytest.raises(Refused, match="1 person has no mark yet"):
        await lock_register(session.id, by=desk, now=AFTER)
    await mark_register(session.id, [NewMark(cal.id, day, MarkWord.ABSENT)], by=desk, now=AFTER)
    with pytest.raises(Refused, match="has not ended"):
        await lock_register(session.id, by=desk, now=DURING)
    for _ in range(2):
        await lock_register(session.id, by=desk, now=AFTER)
    assert [(row.person_id, row.minutes, row.completed_on) for row in await Completion.all()] == [(asha.id, 175, STARTS.date())]


async def test_attendance_on_two_days_of_three_is_no_completion_until_the_third_is_made_up(desk: Viewer) -> None:
    session, [asha], days = await a_session(days=3)
    later = STARTS + timedelta(days=5)
    marks = [NewMark(asha.id, day, MarkWord.ATTENDED) for day in days[:2]] + [NewMark(asha.id, days[2], MarkWord.ABSENT)]
    await mark_register(session.id, marks, by=desk, now=later)
    await lock_register(session.id, by=desk, now=later)
    assert await Completion.all().count() == 0
    made_up = NewMark(asha.id, days[2], MarkWord.ATTENDED, evidence=Evidence.WORD)
    await mark_register(session.id, [made_up], why="Made up on 2 April", by=desk, now=later)
    assert await Completion.filter(person_id=asha.id).values("minutes") == [{"minutes": 540}]


async def test_after_the_lock_only_the_desk_corrects_with_a_reason_and_a_completion_can_be_taken_back(desk: Viewer) -> None:
    session, [asha], [day] = await a_session()
    await mark_register(session.id, [NewMark(asha.id, day, MarkWord.ATTENDED)], by=desk, now=DURING)
    await lock_register(session.id, by=desk, now=AFTER)
    wrong = [NewMark(asha.id, day, MarkWord.ABSENT)]
    trainer = a_trainer(await makers.make_person("Tess"))
    with pytest.raises(Refused, match="locked"):
        await mark_register(session.id, wrong, why="She was not there", by=trainer, now=AFTER)
    with pytest.raises(Refused, match="Say why"):
        await mark_register(session.id, wrong, by=desk, now=AFTER)
    assert await Completion.all().count() == 1
    await mark_register(session.id, wrong, why="She was not there", by=desk, now=AFTER)
    assert await Completion.all().count() == 0


async def test_trainers_who_are_marked_are_not_counted_as_attendances(desk: Viewer) -> None:
    session, [asha], [day] = await a_session()
    tess = await makers.make_person("Tess")
    await makers.make_mark(session, tess, taken_as="trainer")
    await mark_register(session.id, [NewMark(asha.id, day, MarkWord.ATTENDED)], by=desk, now=DURING)
    assert await attended_by_session([session.id]) == {session.id: 1}


async def test_apologies_need_a_reason_and_nothing_else_has_one() -> None:
    with pytest.raises(Refused, match="Choose why"):
        NewMark(1, 1, MarkWord.EXCUSED)
    with pytest.raises(Refused, match="Only apologies"):
        NewMark(1, 1, MarkWord.ATTENDED, reason="sickness")
    assert NewMark(1, 1, MarkWord.ABSENT, reason="not_admitted", taken_as=TakenAs.LEARNER).reason == "not_admitted"


async def test_a_register_is_opened_once_and_only_of_a_published_session(desk: Viewer) -> None:
    session, _, _ = await a_session()
    first, second = await asyncio.gather(open_register(session.id, now=DURING), open_register(session.id, now=DURING))
    assert first == second
    draft = await makers.make_session(now=BEFORE, state="draft")
    with pytest.raises(NotFound):
        await open_register(draft.id, now=DURING)


async def test_the_ledger_holds_who_came_on_no_day_once_the_register_is_locked_and_follows_its_corrections(desk: Viewer) -> None:
    session, learners, days = await a_session(days=2, people=4)
    asha, ben, cal, dan = learners
    words = {
        asha: (NewMark(asha.id, days[0], MarkWord.ABSENT), NewMark(asha.id, days[1], MarkWord.ABSENT)),
        ben: (NewMark(ben.id, days[0], MarkWord.EXCUSED, reason="court"), NewMark(ben.id, days[1], MarkWord.EXCUSED, reason="court")),
        cal: (NewMark(cal.id, days[0], MarkWord.ATTENDED), NewMark(cal.id, days[1], MarkWord.ABSENT)),
        dan: (NewMark(dan.id, days[0], MarkWord.ABSENT, reason="not_admitted"), NewMark(dan.id, days[1], MarkWord.ABSENT)),
    }
    await mark_register(session.id, [mark for marks in words.values() for mark in marks], by=desk, now=AFTER)
    assert await LedgerEntry.all().count() == 0
    await lock_register(session.id, by=desk, now=AFTER)

    async def held() -> list[tuple[int, str, bool]]:
        found = await LedgerEntry.all().order_by("id").values("booking__learner_id", "reason", "is_excused")
        return [(row["booking__learner_id"], row["reason"], row["is_excused"]) for row in found]

    assert await held() == [(asha.id, "", False), (ben.id, "court", True)]
    await mark_register(session.id, [NewMark(asha.id, days[1], MarkWord.PARTIAL)], why="She came after lunch", by=desk, now=AFTER)
    assert await held() == [(ben.id, "court", True)]
