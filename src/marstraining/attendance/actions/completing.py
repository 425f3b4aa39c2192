"""What follows from the marks of a locked register, and again whenever it is corrected: completions, and the ledger of absences."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from marstraining.attendance import queries
from marstraining.attendance.rules import LEARNERS, NOT_ADMITTED, ExcusedReason, MarkWord
from marstraining.bookings.rules import CancelReason
from marstraining.colleagues.actions import note_absences
from marstraining.colleagues.rules import Absence
from marstraining.core.db import execute, execute_many
from marstraining.core.viewer import Viewer

SOURCE = "attendance"
# The ledger has one list of reasons, that of late cancellations; a mark's column is too short for its longest.
_REASONS: Mapping[str, str] = {ExcusedReason.OPERATIONAL: CancelReason.OPERATIONAL_EMERGENCY}


async def settle_completions(session_id: int, person_ids: Sequence[int] | None = None, *, now: datetime) -> None:
    """Let the record say who completed the session's course: whoever attended the whole of every training day that was held.

    A make-up day counts: a day missed here and attended in another session of the same course is given by the desk as a mark on
    the evidence of the trainer's word. Call it inside the transaction that marked or locked; `person_ids` None is everyone marked.
    """
    session = await queries.completed_session(session_id)
    days = await queries.taught_days(session_id)
    standing = await queries.standing_marks(session_id)
    people = {person for person, _ in standing} if person_ids is None else set(person_ids)
    values = []
    for person_id, marks in queries.who_completed(standing, days).items():
        if person_id in people:
            minutes = [mark.minutes for mark in marks if mark.minutes is not None]
            total = sum(minutes) if len(minutes) == len(marks) else session.taught_minutes
            values.append((person_id, session.course_id, session_id, session.last_day, total, SOURCE, now))
    gone = sorted(people - {value[0] for value in values})
    if gone:
        marks_of = ", ".join("?" * len(gone))
        await execute(f"DELETE FROM record_completion WHERE session_id = ? AND person_id IN ({marks_of})", session_id, *gone)
    if values:
        await execute_many(
            "INSERT INTO record_completion (person_id, course_id, session_id, completed_on, minutes, source, recorded_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person_id, course_id, completed_on) DO UPDATE SET minutes = excluded.minutes,"
            " session_id = excluded.session_id",
            values,
        )


async def settle_absences(session_id: int, *, by: Viewer, now: datetime) -> None:
    """Let the ledger hold who was booked and came on no day; inside the transaction that locked or corrected."""
    by_person: dict[int, list[queries.StandingMark]] = {}
    for (person_id, _), mark in (await queries.standing_marks(session_id)).items():
        if mark.taken_as in LEARNERS:
            by_person.setdefault(person_id, []).append(mark)
    await note_absences(session_id, list(_absences(by_person.items())), by=by, now=now)


def _absences(marked: Iterable[tuple[int, Sequence[queries.StandingMark]]]) -> Iterable[Absence]:
    """Who came on no day. One day without apologies makes it an absence; who came late and was not let in has none."""
    for person_id, marks in marked:
        if any(mark.mark in (MarkWord.ATTENDED, MarkWord.PARTIAL) or mark.reason == NOT_ADMITTED for mark in marks):
            continue
        excuses = [mark.reason for mark in marks if mark.mark == MarkWord.EXCUSED]
        is_excused = len(excuses) == len(marks)
        yield Absence(person_id, reason=_REASONS.get(excuses[0], excuses[0]) if is_excused else "", is_excused=is_excused)
