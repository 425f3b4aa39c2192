"""Letters that the desk writes to the learners of a session, in its own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from marstraining.bookings import rules
from marstraining.bookings.letters import Subject, day_sentence, letter_about, where_sentence
from marstraining.bookings.queries import LearnerRow, SessionRow, learner_rows, session_row
from marstraining.bookings.queries.entries import DayEntry, day_entries
from marstraining.bookings.queries.roster import RosterRow, live_bookings
from marstraining.bookings.rules import Note
from marstraining.core import config
from marstraining.core.db import hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letters
from marstraining.messages.rules import Letter
from marstraining.messages.wording import filled
from marstraining.programme.models import Session


@frozen
class NotePreview:
    """What would be sent: the first letter as it will read, how many get one, and who cannot be written to."""

    to_name: str
    subject: str
    text: str
    letters: int
    without_address: tuple[str, ...]


async def preview_note(session_id: int, note: Note) -> NotePreview:
    """The letter as its first reader gets it; refused where nobody would get one or the words cannot be. Nothing is written."""
    rules.check_note(note)
    session, people, learners, days = await _readers(session_id, note)
    reached = [row for row in people if learners[row.learner_id].address]
    if not reached:
        raise Refused("Nobody of these has an email address, so there is nobody to write to.", code="nobody", field="to")
    first = reached[0]
    values = _values(session, first, learners[first.learner_id], days[first.learner_id])
    return NotePreview(
        to_name=first.learner_name,
        subject=filled(note.subject, values, part="subject"),
        text=filled(note.text, values),
        letters=len(reached),
        without_address=tuple(row.learner_name for row in people if not learners[row.learner_id].address),
    )


async def write_to_learners(session_id: int, note: Note, *, by: Viewer, now: datetime) -> int:
    """Queue the letter to each of those it is for, in one transaction; returns how many. The same note twice is sent once.

    Its words are kept in the letters alone, not in history.
    """
    rules.check_note(note)
    async with transaction():
        if not await hold(Session, session_id):
            raise NotFound
        prefix = f"note-{note.key}-"
        sent = await rows("SELECT count(*) AS number FROM messages_letter WHERE substr(key, 1, ?) = ?", len(prefix), prefix)
        if sent[0]["number"]:
            return int(sent[0]["number"])
        session, people, learners, days = await _readers(session_id, note)
        letters = [
            letter
            for row in people
            if (letter := _letter(session, row, learners[row.learner_id], days[row.learner_id], note=note, key=f"{prefix}{row.id}"))
        ]
        if not letters:
            raise Refused("Nobody of these has an email address, so there is nobody to write to.", code="nobody", field="to")
        await queue_letters(letters, now=now)
        detail = {"to": str(note.to), "letters": len(letters)}
        await record("write_to_learners", by=by, now=now, subject_kind="session", subject_id=session_id, detail=detail)
    return len(letters)


async def _readers(
    session_id: int, note: Note
) -> tuple[SessionRow, list[RosterRow], Mapping[int, LearnerRow], Mapping[int, Sequence[DayEntry]]]:
    session = await session_row(session_id)
    if session is None:
        raise NotFound
    people = [row for row in await live_bookings(session_id) if note.is_for(row.state)]
    if not people:
        raise Refused("Nobody is in this list, so there is nobody to write to.", code="nobody", field="to")
    ids = [row.learner_id for row in people]
    return session, people, await learner_rows(ids), await day_entries(session_id, ids)


def _values(session: SessionRow, row: RosterRow, learner: LearnerRow, days: Sequence[DayEntry]) -> dict[str, str]:
    return {
        "name": learner.name,
        "title": session.title,
        "dates": "; ".join(day_sentence(day) for day in days if not day.is_cancelled),
        "place": where_sentence(session),
        "booking_link": f"{config.current().base_url}/bookings/{row.ref}",
    }


def _letter(session: SessionRow, row: RosterRow, learner: LearnerRow, days: Sequence[DayEntry], *, note: Note, key: str) -> Letter | None:
    values = _values(session, row, learner, days)
    text = filled(note.text, values)
    return letter_about(
        "desk_note",
        subject=Subject(row.id, row.ref, row.version, row.nonce),
        session=session,
        learner=learner,
        days=days,
        extra={
            "subject_line": filled(note.subject, values, part="subject"),
            "text": text,
            "link": values["booking_link"],
            "paragraphs": [part.strip() for part in text.split("\n\n") if part.strip()],
        },
        is_ordered=False,
        key=key,
    )
