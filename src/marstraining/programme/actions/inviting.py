"""Sessions by invitation: who is invited, and the letter that tells them once the session is published."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letters, withdraw_letters
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people.rules import normal_address
from marstraining.programme.actions.telling import session_words
from marstraining.programme.models import Session
from marstraining.programme.rules import SessionState

MOST_AT_ONCE = 200


async def invite_people(session_id: int, addresses: Sequence[str], *, by: Viewer, now: datetime) -> int:
    """Invite the people of these e-mail addresses, all of them or nobody; how many were not invited before.

    Whoever is new is told by letter, at once or when the session is published. Refuses what is no address, an address
    that nobody has, a session that is called off or over, and more than 200 at once.
    """
    wanted = list(dict.fromkeys(normal_address(address) for address in addresses))
    if not wanted:
        raise Refused("Enter at least one email address", code="nobody", field="addresses")
    if len(wanted) > MOST_AT_ONCE:
        raise Refused(f"Invite at most {MOST_AT_ONCE} people at once", code="too_many", field="addresses")
    marks = ", ".join("?" * len(wanted))
    found = await rows(
        f"SELECT id, email, second_email FROM people_person WHERE state = 'active' AND (email IN ({marks}) OR second_email IN ({marks}))",
        *wanted,
        *wanted,
    )
    known = {address for row in found for address in (row["email"], row["second_email"])}
    unknown = [address for address in wanted if address not in known]
    if unknown:
        raise Refused(
            f"Nobody here has the address {' or '.join(unknown[:3])}. Add them under People first.", code="unknown", field="addresses"
        )
    async with transaction():
        session = await _coming(session_id, now=now)
        ids = sorted({row["id"] for row in found})
        values = [value for person_id in ids for value in (session_id, person_id)]
        new = await execute(
            f"INSERT INTO programme_invited (session_id, person_id) VALUES {', '.join(['(?, ?)'] * len(ids))}"
            " ON CONFLICT (session_id, person_id) DO NOTHING",
            *values,
        )
        if new:
            await record("invite_people", by=by, now=now, subject_kind="session", subject_id=session_id, detail={"number": new})
        if session.state == SessionState.PUBLISHED:
            await tell_invited(session, now=now)
    return new


async def uninvite(session_id: int, person_id: int, *, by: Viewer, now: datetime) -> bool:
    """Take an invitation back; a booking made by it stays. False where there was none."""
    async with transaction():
        if not await hold(Session, session_id):
            raise NotFound
        removed = await rows("DELETE FROM programme_invited WHERE session_id = ? AND person_id = ? RETURNING id", session_id, person_id)
        if removed:
            await withdraw_letters(key=_key(removed[0]["id"]))
            await record("uninvite", by=by, now=now, subject_kind="session", subject_id=session_id, detail={"person": person_id})
    return bool(removed)


async def tell_invited(session: Session, *, now: datetime) -> None:
    """Queue the letter to everybody invited who was not written to yet, inside the caller's transaction."""
    found = await rows(
        "SELECT i.id AS invitation, p.id, p.name, p.email FROM programme_invited i JOIN people_person p ON p.id = i.person_id"
        " WHERE i.session_id = ? AND p.state = 'active' AND p.email IS NOT NULL ORDER BY p.id",
        session.id,
    )
    if not found:
        return
    words = await session_words(session)
    await queue_letters(
        [
            Letter(
                key=_key(row["invitation"]),
                template="invited",
                to=Recipient(address=row["email"], name=row["name"], person_id=row["id"]),
                priority=Priority.CONFIRMATION,
                context={**words, "name": row["name"], "session_ref": session.ref},
                expires_at=session.starts_at,
                session_id=session.id,
            )
            for row in found
        ],
        now=now,
    )


def _key(invitation_id: int) -> str:
    # By the invitation, so that somebody whose invitation was taken back is told again of a new one.
    return f"invited-{invitation_id}"


async def _coming(session_id: int, *, now: datetime) -> Session:
    if not await hold(Session, session_id):
        raise NotFound
    session = await Session.get(id=session_id)
    if session.state == SessionState.CALLED_OFF or session.ends_at <= now:
        raise Refused("This session is called off or over, so nobody can be invited to it", code="past")
    return session
