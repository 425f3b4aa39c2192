"""Trainers: asking one, the answer, and telling them what became of the session."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter, queue_letters
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people.models import Person
from marstraining.programme.actions.telling import session_words
from marstraining.programme.models import Session, SessionTrainer
from marstraining.programme.queries.teaching import AskedTrainer, asked_trainers, lacked_accreditation
from marstraining.programme.rules import SessionState, TrainerState


async def ask_trainer(
    session_id: int,
    person_id: int,
    *,
    agency_id: int | None,
    is_contributor: bool = False,
    is_overruled: bool = False,
    by: Viewer,
    now: datetime,
) -> bool:
    """Ask somebody to train (or, as a contributor, to speak at) a session, by letter. False when they are asked or have accepted already.

    Who declined may be asked again. Refuses a session that is called off or over, a person who cannot be reached, and, with the code
    "accreditation", to train a course that grants an accreditation which they will not hold on its days (rules.md, GCP2-T). The
    desk may overrule that last one, and history says so.
    """
    async with transaction():
        session = await _coming(session_id, now=now)
        person = await Person.get_or_none(id=person_id)
        if person is None:
            raise NotFound
        if person.email is None or person.state != "active":
            raise Refused("This person has no working account, so they cannot be asked", code="unreachable", field="person")
        await _check_role(person_id, Role.CONTRIBUTOR if is_contributor else Role.TRAINER)
        lacks = None if is_contributor else await lacked_accreditation(session_id, person_id)
        if lacks is not None and not (is_overruled and by.is_desk):
            raise Refused(lacks, code="accreditation", field="person")
        asked = await SessionTrainer.get_or_none(session_id=session_id, person_id=person_id)
        if asked is not None and asked.state != TrainerState.DECLINED:
            return False
        if asked is None:
            asked = await SessionTrainer.create(
                session_id=session_id, person_id=person_id, agency_id=agency_id, is_contributor=is_contributor, asked_at=now
            )
        else:
            await SessionTrainer.filter(id=asked.id).update(
                agency_id=agency_id, is_contributor=is_contributor, state=TrainerState.ASKED, asked_at=now, answered_at=None
            )
        await queue_letter(
            Letter(
                key=f"trainer-asked-{asked.id}-{int(now.timestamp())}",
                template="trainer_asked",
                to=Recipient(address=person.email, name=person.name, person_id=person.id),
                priority=Priority.CONFIRMATION,
                context={
                    **await session_words(session),
                    "name": person.name,
                    "is_contributor": is_contributor,
                },
                expires_at=session.ends_at,
                session_id=session_id,
            ),
            now=now,
        )
        detail = {"person": person_id} | ({"overruled": True} if lacks is not None else {})
        await record("ask_trainer", by=by, now=now, subject_kind="session", subject_id=session_id, detail=detail)
    return True


async def answer_as_trainer(session_id: int, *, is_accepted: bool, by: Viewer, now: datetime) -> bool:
    """Accept or decline what one was asked. False when that was the answer already; NotFound for who was not asked."""
    async with transaction():
        await _coming(session_id, now=now)
        asked = await SessionTrainer.get_or_none(session_id=session_id, person_id=by.person_id) if by.person_id else None
        if asked is None:
            raise NotFound
        answer = TrainerState.ACCEPTED if is_accepted else TrainerState.DECLINED
        if asked.state == answer:
            return False
        await SessionTrainer.filter(id=asked.id).update(state=answer, answered_at=now)
        await record(f"trainer_{answer}", by=by, now=now, subject_kind="session", subject_id=session_id)
    return True


async def remove_trainer(session_id: int, person_id: int, *, is_told: bool = False, reason: str = "", by: Viewer, now: datetime) -> bool:
    """Take somebody off a session's trainers. False when they were none of them.

    With `is_told` they get a letter, unless they had declined, cannot be reached, or the session is called off or over.
    """
    async with transaction():
        if not await hold(Session, session_id):
            raise NotFound
        told = [one for one in await told_when_taken_off(session_id, now=now) if is_told and one.person_id == person_id]
        removed = await execute("DELETE FROM programme_trainer WHERE session_id = ? AND person_id = ?", session_id, person_id)
        if removed:
            await _tell(told, session_id, "taken_off", {"reason": reason}, now=now)
            await record("remove_trainer", by=by, now=now, subject_kind="session", subject_id=session_id, detail={"person": person_id})
    return removed > 0


async def told_when_taken_off(session_id: int, *, now: datetime) -> list[AskedTrainer]:
    """Who gets a letter when they are taken off: those who might come otherwise, and can be reached."""
    session = await Session.get(id=session_id)
    if session.state == SessionState.CALLED_OFF or (session.ends_at <= now and session.state != SessionState.POSTPONED):
        return []
    return [one for one in await asked_trainers(session_id) if one.address]


async def tell_trainers(
    session_id: int, change: str, *, reason: str = "", old_days: Sequence[str] = (), was_postponed: bool = False, now: datetime
) -> int:
    """Tell whoever trains or speaks, or was asked to, that a session is "called_off", "postponed", "moved" or "online"; returns how many.

    In the transaction of the change, after it. Whoever declined, or cannot be reached by email, is told nothing.
    """
    reached = [one for one in await asked_trainers(session_id) if one.address]
    facts = {"reason": reason, "old_days": list(old_days), "was_postponed": was_postponed}
    return await _tell(reached, session_id, change, facts, now=now)


async def _tell(reached: Sequence[AskedTrainer], session_id: int, change: str, facts: Mapping[str, object], *, now: datetime) -> int:
    if not reached:
        return 0
    facts = {
        "old_days": [],
        "was_postponed": False,
        **facts,
        **await session_words(await Session.get(id=session_id)),
        # A note in a chat may only say yes or no of what befell it.
        "is_called_off": change == "called_off",
        "is_postponed": change == "postponed",
        "is_now_online": change == "online",
        "is_taken_off": change == "taken_off",
    }
    letters = [
        Letter(
            key=f"trainer-told-{one.id}-{change}-{now:%Y%m%d%H%M%S%f}",
            template="trainer_told",
            to=Recipient(address=one.address, name=one.name, person_id=one.person_id),
            priority=Priority.CHANGE,
            context={**facts, "name": one.name, "has_accepted": one.has_accepted, "is_contributor": one.is_contributor},
            session_id=session_id,
        )
        for one in reached
    ]
    await queue_letters(letters, now=now)
    return len(letters)


async def _coming(session_id: int, *, now: datetime) -> Session:
    if not await hold(Session, session_id):
        raise NotFound
    session = await Session.get(id=session_id)
    if session.state == SessionState.CALLED_OFF or session.ends_at <= now:
        raise Refused("This session is called off or over", code="past")
    return session


async def _check_role(person_id: int, role: Role) -> None:
    """Without the role the person could not answer, nor see the session they teach."""
    held = await rows("SELECT id FROM people_role_grant WHERE person_id = ? AND role = ? AND ended_at IS NULL", person_id, role.value)
    if not held:
        raise Refused(
            f"This person is no {role.value} yet. An administrator can give them that role under People.", code="role", field="person"
        )
