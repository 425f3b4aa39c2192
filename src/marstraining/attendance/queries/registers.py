"""A register as it stands: its state, its training days, who may be marked, and the marks."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from marstraining.attendance.rules import LEARNERS, Evidence, MarkWord, TakenAs
from marstraining.core.clock import local
from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.programme.queries import run_by

# People sign in before it begins; from then on a register can be taken.
OPENS_BEFORE = timedelta(minutes=45)


@frozen
class RegisterState:
    """The register of a session that somebody has opened."""

    id: int
    session_id: int
    opened_at: datetime
    locked_at: datetime | None
    locked_by_id: int | None
    check_in_nonce: str
    check_in_from: datetime | None
    check_in_until: datetime | None

    @property
    def is_locked(self) -> bool:
        return self.locked_at is not None


@frozen
class RegisterDay:
    """A training day that was not cancelled."""

    id: int
    day: date
    starts_at: datetime
    ends_at: datetime
    break_minutes: int

    @property
    def key(self) -> str:
        """What stands for the day in addresses and on devices: when it starts, as 202603100930."""
        return f"{local(self.starts_at):%Y%m%d%H%M}"

    @property
    def opens_at(self) -> datetime:
        """From when people may be marked on it."""
        return self.starts_at - OPENS_BEFORE


@frozen
class StandingMark:
    """A mark that has not been superseded."""

    id: int
    agency_id: int | None
    mark: MarkWord
    minutes: int | None
    evidence: Evidence
    reason: str
    arrived: str
    left: str
    taken_as: TakenAs
    at: datetime
    by_id: int | None


@frozen
class CompletedSession:
    """What completing a session's course says: the course, the last day, and the minutes taught without breaks."""

    course_id: int
    last_day: date
    taught_minutes: int


async def register_of(session_id: int) -> RegisterState | None:
    """The register, or None where nobody has opened it."""
    found = await rows(
        "SELECT id, session_id, opened_at, locked_at, locked_by_id, check_in_nonce, check_in_from, check_in_until"
        " FROM attendance_register WHERE session_id = ?",
        session_id,
        instants=("opened_at", "locked_at", "check_in_from", "check_in_until"),
    )
    return RegisterState(**found[0]) if found else None


async def check_in_now(session_id: int, *, now: datetime) -> RegisterState:
    """The register whose learners may check themselves in now; NotFound where they may not."""
    register = await register_of(session_id)
    if register is None or register.is_locked or register.check_in_until is None or register.check_in_until <= now:
        raise NotFound
    return register


async def taught_days(session_id: int) -> tuple[RegisterDay, ...]:
    """The training days of a published session in order, without cancelled ones; none for a draft, a postponed or a called-off one."""
    found = await rows(
        "SELECT d.id, d.day, d.starts_at, d.ends_at, c.break_minutes FROM programme_day d"
        " JOIN programme_session s ON s.id = d.session_id JOIN programme_course c ON c.id = s.course_id"
        " WHERE s.id = ? AND s.state = 'published' AND d.is_cancelled = ? ORDER BY d.starts_at, d.id",
        session_id,
        False,
        instants=("starts_at", "ends_at"),
        dates=("day",),
    )
    return tuple(RegisterDay(**row) for row in found)


async def markable(session_id: int) -> dict[int, int | None]:
    """Who may be marked, each with the agency that the mark is for: those booked, those marked already, and who trains."""
    found = await rows(
        "SELECT learner_id AS person_id, agency_id, 1 AS turn FROM bookings_booking WHERE session_id = ? AND state = 'confirmed'"
        " UNION ALL SELECT person_id, agency_id, 2 FROM attendance_mark WHERE session_id = ? AND superseded_at IS NULL"
        " UNION ALL SELECT person_id, agency_id, 3 FROM programme_trainer WHERE session_id = ? AND state = 'accepted' ORDER BY turn DESC",
        session_id,
        session_id,
        session_id,
    )
    return {row["person_id"]: row["agency_id"] for row in found}


async def standing_marks(session_id: int) -> dict[tuple[int, int | None], StandingMark]:
    """The marks that stand, by person and training day (None where the session has one day, or was marked as a whole)."""
    found = await rows(
        'SELECT id, person_id, training_day_id, agency_id, mark, minutes, evidence, reason, arrived, "left", taken_as, at, by_id'
        " FROM attendance_mark WHERE session_id = ? AND superseded_at IS NULL",
        session_id,
        instants=("at",),
    )
    return {
        (row.pop("person_id"), row.pop("training_day_id")): StandingMark(
            **row | {"mark": MarkWord(row["mark"]), "evidence": Evidence(row["evidence"]), "taken_as": TakenAs(row["taken_as"])}
        )
        for row in found
    }


def who_completed(standing: Mapping[tuple[int, int | None], StandingMark], days: Sequence[RegisterDay]) -> dict[int, list[StandingMark]]:
    """Learners who attended the whole of every training day, each with the mark of each day."""
    keys = [None] if len(days) == 1 else [day.id for day in days]
    found: dict[int, list[StandingMark]] = {}
    for person_id in {person_id for person_id, _ in standing}:
        marks = [mark for key in keys if (mark := standing.get((person_id, key)))]
        if len(marks) == len(keys) and all(mark.mark == MarkWord.ATTENDED and mark.taken_as in LEARNERS for mark in marks):
            found[person_id] = marks
    return found


async def runs_session(session_id: int, viewer: Viewer) -> bool:
    """Whether the viewer is the desk, or the partner organiser of the session's course."""
    scope = run_by(viewer)
    found = await rows(
        f"SELECT s.id FROM programme_session s JOIN programme_course c ON c.id = s.course_id WHERE s.id = ? AND ({scope.sql})",
        session_id,
        *scope.params,
    )
    return bool(found)


async def unmarked(session_id: int) -> int:
    """How many who hold a place lack a mark on a training day that was held; one count over rows."""
    days = await taught_days(session_id)
    found = await rows(
        "SELECT count(*) AS n FROM bookings_booking b WHERE b.session_id = ? AND b.state = 'confirmed' AND (SELECT count(*)"
        " FROM attendance_mark m WHERE m.session_id = b.session_id AND m.person_id = b.learner_id AND m.superseded_at IS NULL) < ?",
        session_id,
        len(days),
    )
    return int(found[0]["n"])


async def completed_session(session_id: int) -> CompletedSession:
    """Raises NotFound for a session without training days that were held."""
    days = await taught_days(session_id)
    found = await rows(
        "SELECT course_id FROM programme_session WHERE id = ?",
        session_id,
    )
    if not found or not days:
        raise NotFound
    minutes = sum(max(0, int((day.ends_at - day.starts_at).total_seconds() // 60) - day.break_minutes) for day in days)
    return CompletedSession(course_id=found[0]["course_id"], last_day=days[-1].day, taught_minutes=minutes)
