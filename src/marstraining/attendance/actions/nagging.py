"""What the worker asks about registers: trainers next morning, the desk on day 3; and a letter to those who were missed."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from marstraining.attendance import queries
from marstraining.attendance.actions.marking import open_register
from marstraining.attendance.models import Register
from marstraining.attendance.queries.due import OpenRegister, locked_registers, missed, open_registers, trainers_to_ask
from marstraining.bookings.letters import date_words, next_date_facts, recipient
from marstraining.bookings.queries import learner_rows, next_date_of, session_row
from marstraining.core import config
from marstraining.core.clock import from_wall, local
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.viewer import ANYBODY
from marstraining.messages.actions import queue_letter, queue_letters
from marstraining.messages.rules import Letter, Priority, Recipient

ASKED_AT = time(9)
DESK_ASKED_AFTER_DAYS = 3
# What is older was not taken with this service, or has long been spoken about.
_NO_LONGER = timedelta(days=30)


async def ask_for_registers(*, now: datetime) -> int:
    """Write to the trainers of sessions held yesterday, and to the desk of those held three days ago, whose registers are not locked.

    At 9am each; how many letters it wrote. Each is asked once; safe to run twice and in many workers, and made up for after a
    stop.
    """
    written = 0
    for register in await open_registers("told_trainers_at", after=now - _NO_LONGER, before=now):
        if now >= _morning(register.ends_at, days=1):
            written += await _ask(register, "told_trainers_at", _to_trainers, now=now)
    for register in await open_registers("told_desk_at", after=now - _NO_LONGER, before=now):
        if now >= _morning(register.ends_at, days=DESK_ASKED_AFTER_DAYS):
            written += await _ask(register, "told_desk_at", _to_desk, now=now)
    return written


def _morning(instant: datetime, *, days: int) -> datetime:
    """9am in London so many days later."""
    return from_wall(local(instant).date() + timedelta(days=days), ASKED_AT)


async def _ask(
    register: OpenRegister, told: str, letters: Callable[[OpenRegister, list[Recipient]], list[Letter]], *, now: datetime
) -> int:
    state = await open_register(register.session_id, now=now)
    trainers = [
        Recipient(address=one["email"], name=one["name"], person_id=one["id"]) for one in await trainers_to_ask(register.session_id)
    ]
    async with transaction():
        # Whoever sets the column writes the letters; a second worker finds it set.
        if not await execute(
            f"UPDATE attendance_register SET {told} = ? WHERE id = ? AND {told} IS NULL AND locked_at IS NULL", now, state.id
        ):
            return 0
        written = letters(register, trainers)
        if written:
            await queue_letters(written, now=now)
    return len(written)


def _to_trainers(register: OpenRegister, trainers: list[Recipient]) -> list[Letter]:
    return [
        Letter(
            key=f"take-register-{register.session_id}-{trainer.person_id}",
            template="take_register",
            to=trainer,
            priority=Priority.REMINDER,
            context={**_facts(register), "name": trainer.name},
            expires_at=register.ends_at + timedelta(days=7),
            session_id=register.session_id,
        )
        for trainer in trainers
    ]


def _to_desk(register: OpenRegister, trainers: list[Recipient]) -> list[Letter]:
    partnership = config.current().partnership
    return [
        Letter(
            key=f"register-open-{register.session_id}",
            template="register_open",
            to=Recipient(address=partnership.reply_to, name=partnership.from_name),
            priority=Priority.REMINDER,
            context={**_facts(register), "trainers": [one.name for one in trainers]},
            session_id=register.session_id,
        )
    ]


def _facts(register: OpenRegister) -> dict[str, object]:
    return {
        "title": register.title,
        "date": date_words(register.starts_at),
        "session_ref": register.ref,
        "booked": register.booked,
        "unmarked": register.unmarked,
    }


async def tell_missed(*, now: datetime) -> int:
    """Write "sorry we missed you", with the next date, to learners who did not come, at 9am on the day after their register was locked.

    Once for a register; how many letters it wrote. What was corrected meanwhile counts as it stands; who was turned away at the
    door, sent apologies or came on one day of several gets none.
    """
    written = 0
    for register in await locked_registers(after=now - _NO_LONGER, before=now):
        state = await queries.register_of(register["session_id"])
        if state is not None and state.locked_at is not None and now >= _morning(state.locked_at, days=1):
            written += await _tell_missed(register["id"], register["session_id"], now=now)
    return written


async def _tell_missed(register_id: int, session_id: int, *, now: datetime) -> int:
    session = await session_row(session_id)
    if session is None:
        return 0
    following = await next_date_of(session.course_id, session_id, viewer=ANYBODY, now=now)
    async with transaction():
        await hold(Register, register_id)
        if not await rows("SELECT id FROM attendance_register WHERE id = ? AND told_missed_at IS NULL", register_id):
            return 0
        await execute("UPDATE attendance_register SET told_missed_at = ? WHERE id = ?", now, register_id)
        people = await missed(session_id)
        learners = await learner_rows(people) if people else {}
        reached = [learner for person_id in people if (learner := learners[person_id]).address]
        for learner in reached:
            letter = Letter(
                key=f"missed-you-{session_id}-{learner.id}",
                template="missed_you",
                to=recipient(learner),
                priority=Priority.REMINDER,
                context={
                    "learner": learner.name,
                    "title": session.title,
                    "course_code": session.course_code,
                    "date": date_words(session.starts_at),
                    **next_date_facts(following),
                },
                session_id=session_id,
            )
            await queue_letter(letter, now=now)
    return len(reached)
