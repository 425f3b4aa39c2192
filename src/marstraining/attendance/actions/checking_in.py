"""Learners check themselves in: a window that the trainer opens, the code on the screen, and the code of one's joining letter."""

from datetime import datetime, timedelta
from typing import Any

from marstraining.attendance import queries
from marstraining.attendance.actions.marking import mark_register, open_register
from marstraining.attendance.check_in_codes import Presented, is_screen_code
from marstraining.attendance.models import Register
from marstraining.attendance.queries import RegisterDay
from marstraining.attendance.rules import MarkWord, NewMark, is_past_admission
from marstraining.core import config
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import Refused
from marstraining.core.tokens import new_nonce
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.history.actions import record
from marstraining.people.actions.limits import check_failures, count_failure

WINDOW = timedelta(minutes=60)
_KIND = "check-in"
# A whole room comes from one network, so only what fails is counted; own codes have six digits.
_BY_NETWORK = (60, timedelta(minutes=15))
_BY_SESSION = (200, timedelta(hours=1))
NO_MATCH = "We could not check you in with that. Look at the screen for its code, and in your joining email for yours, or ask your trainer."


@frozen
class CheckedIn:
    """Who is checked in, by first name; `is_marked_otherwise` where the trainer had marked them as anything but attended."""

    first_name: str
    title: str
    is_marked_otherwise: bool


NOT_NOW = "Learners can check in from 45 minutes before a training day begins until it ends."
TOO_LATE = "Nobody is let in any more, so nobody can check in. Mark who came late on the register."


async def open_check_in(session_id: int, *, last_admission_minutes: int | None, by: Viewer, now: datetime) -> None:
    """Let learners check themselves in for an hour, until the day ends or nobody is let in any more, whichever comes first.

    Opened again, it goes on for another hour under the same codes; after it closed, under new ones. Refused on no training day,
    after the last admission, and once the register is locked.
    """
    register = await open_register(session_id, now=now)
    async with transaction():
        await hold(Register, register.id)
        register = await queries.register_of(session_id) or register
        day = day_now(await queries.taught_days(session_id), now=now)
        if register.is_locked or day is None:
            raise Refused(NOT_NOW, code="not_now")
        if is_past_admission(starts_at=day.starts_at, last_admission_minutes=last_admission_minutes, now=now):
            raise Refused(TOO_LATE, code="late")
        ends = [now + WINDOW, day.ends_at]
        if last_admission_minutes is not None:
            ends.append(day.starts_at + timedelta(minutes=last_admission_minutes))
        is_open = register.check_in_until is not None and register.check_in_until > now
        await execute(
            "UPDATE attendance_register SET check_in_nonce = ?, check_in_from = ?, check_in_until = ? WHERE id = ?",
            register.check_in_nonce if is_open else new_nonce(),
            register.check_in_from if is_open else now,
            min(ends),
            register.id,
        )
        await record("open_check_in", by=by, now=now, subject_kind="session", subject_id=session_id)


async def close_check_in(session_id: int, *, by: Viewer, now: datetime) -> None:
    """End the window at once; a code that is still on a screen leads nowhere."""
    async with transaction():
        ended = await execute(
            "UPDATE attendance_register SET check_in_until = ?, revision = revision + 1 WHERE session_id = ? AND check_in_until > ?",
            now,
            session_id,
            now,
        )
        if ended:
            await record("close_check_in", by=by, now=now, subject_kind="session", subject_id=session_id)


def day_now(days: tuple[RegisterDay, ...], *, now: datetime) -> RegisterDay | None:
    """The training day that one may come to now."""
    return next((day for day in days if day.opens_at <= now < day.ends_at), None)


async def check_in(presented: Presented | None, own_code: str, *, network: str, now: datetime) -> CheckedIn:
    """Mark a learner as attended who brings the code of an open screen and the check-in code of their booking there.

    Refused in the same words whatever is wrong: a screen's code that is old or of nowhere, a window that has closed, somebody
    else's code, no code. A mark that stands is left as it is. TooFast where too much failed, from a network or for a session.
    """
    await check_failures(_KIND, f"network:{network}", limit=_BY_NETWORK, sentence=_WAIT, now=now)
    open_now = await _open_screen(presented, now=now)
    if open_now:
        await check_failures(_KIND, f"session:{open_now[0]}", limit=_BY_SESSION, sentence=_WAIT, now=now)
    found = await _booked(open_now, own_code)
    if len(found) != 1 or presented is None:
        await count_failure(_KIND, [f"network:{network}", *(f"session:{session_id}" for session_id in open_now[:1])], now=now)
        raise Refused(NO_MATCH, code="no_match", field="code")
    person_id, session_id = found[0]["learner_id"], found[0]["session_id"]
    day = day_now(await queries.taught_days(session_id), now=now)
    if day is None:
        raise Refused(NO_MATCH, code="no_match", field="code")
    standing = await queries.standing_marks(session_id)
    mark = standing.get((person_id, day.id)) or standing.get((person_id, None))
    if mark is None:
        by = Viewer(person_id=person_id, roles=frozenset({Role.LEARNER}))
        await mark_register(session_id, [NewMark(person_id, day.id, MarkWord.ATTENDED, evidence=presented.evidence)], by=by, now=now)
    return CheckedIn(
        first_name=found[0]["name"].split()[0],
        title=found[0]["title"],
        is_marked_otherwise=mark is not None and mark.mark != MarkWord.ATTENDED,
    )


_WAIT = "Too many codes were wrong. Wait a few minutes, or ask your trainer to mark you."


async def _open_screen(presented: Presented | None, *, now: datetime) -> list[int]:
    """The sessions whose screen showed this code when it was brought, and whose window is open still: one, or hardly ever two."""
    if presented is None:
        return []
    found = await rows(
        "SELECT session_id, check_in_nonce FROM attendance_register WHERE check_in_from <= ? AND check_in_until > ? AND locked_at IS NULL"
        " ORDER BY id",
        presented.at,
        now,
    )
    secret = config.current().secret_key
    return [row["session_id"] for row in found if is_screen_code(secret, row["check_in_nonce"], presented.code, presented.at)]


async def _booked(session_ids: list[int], own_code: str) -> list[dict[str, Any]]:
    if not session_ids or not own_code:
        return []
    marks = ", ".join("?" * len(session_ids))
    return await rows(
        "SELECT b.learner_id, b.session_id, p.name, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title FROM bookings_booking b"
        " JOIN people_person p ON p.id = b.learner_id JOIN programme_session s ON s.id = b.session_id"
        f" JOIN programme_course c ON c.id = s.course_id WHERE b.session_id IN ({marks}) AND b.check_in_code = ? AND b.state = 'confirmed'",
        *session_ids,
        own_code,
    )
