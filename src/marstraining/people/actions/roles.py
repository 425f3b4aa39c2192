"""Granting and ending roles; every change ends the person's sign-ins (security.md 3)."""

from datetime import datetime

from marstraining.core import db
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.history.actions import record
from marstraining.people import rules
from marstraining.people.actions.signing_in import drop_sign_ins
from marstraining.people.models import Person


async def grant_role(person_id: int, role: Role, *, agency_id: int | None = None, by: Viewer, now: datetime) -> None:
    """Give a role, over an agency where it is one of those; a role held already stays as it is.

    Administrators alone, and never to themselves (NotAllowed); a closed account is Refused.
    """
    rules.check_may_change_roles(person_id, by=by)
    rules.check_confirmed(by)
    rules.check_role_grant(role, agency_id)
    async with db.transaction():
        if not await db.hold(Person, person_id):
            raise NotFound
        state = await db.rows("SELECT state FROM people_person WHERE id = ?", person_id)
        if state[0]["state"] != rules.PersonState.ACTIVE:
            raise Refused("This account is not active, so it cannot be given a role.", code="closed")
        if await put_role(person_id, role, agency_id=agency_id, by=by, now=now):
            await drop_sign_ins(person_id, now=now)


async def put_role(person_id: int, role: Role, *, agency_id: int | None, by: Viewer, now: datetime) -> bool:
    """Inside a caller's transaction that holds the person: write the grant unless it is there. Whether it was written."""
    if await db.rows(
        "SELECT id FROM people_role_grant WHERE person_id = ? AND role = ? AND coalesce(agency_id, 0) = ? AND ended_at IS NULL",
        person_id,
        role.value,
        agency_id or 0,
    ):
        return False
    await db.execute(
        "INSERT INTO people_role_grant (person_id, role, agency_id, granted_at, granted_by_id) VALUES (?, ?, ?, ?, ?)",
        person_id,
        role.value,
        agency_id,
        now,
        by.person_id,
    )
    await record(
        "grant_role", by=by, now=now, subject_kind="person", subject_id=person_id, detail={"role": role.value, "agency": agency_id}
    )
    return True


async def end_role(grant_id: int, *, by: Viewer, now: datetime) -> None:
    """End one grant. Administrators alone, never their own, and never below two administrators."""
    async with db.transaction():
        # Taking hold of all administrators' grants first: two of them could otherwise end each other at once.
        await db.execute("UPDATE people_role_grant SET role = role WHERE role = ? AND ended_at IS NULL", Role.ADMINISTRATOR.value)
        found = await db.rows("SELECT person_id, role FROM people_role_grant WHERE id = ? AND ended_at IS NULL", grant_id)
        if not found:
            raise NotFound
        person_id, role = found[0]["person_id"], Role(found[0]["role"])
        rules.check_may_change_roles(person_id, by=by)
        rules.check_confirmed(by)
        if role is Role.ADMINISTRATOR:
            rules.check_administrators_left(await count_administrators(but=person_id))
        await db.execute("UPDATE people_role_grant SET ended_at = ? WHERE id = ?", now, grant_id)
        await drop_sign_ins(person_id, now=now)
        await record(
            "end_role", by=by, now=now, subject_kind="person", subject_id=person_id, detail={"role": role.value, "grant": grant_id}
        )


async def drop_roles(person_id: int, *, agency_id: int | None, now: datetime) -> int:
    """Inside a caller's transaction: end every grant of a person, or those over one agency."""
    condition, values = ("", []) if agency_id is None else (" AND agency_id = ?", [agency_id])
    return await db.execute(
        f"UPDATE people_role_grant SET ended_at = ? WHERE person_id = ? AND ended_at IS NULL{condition}", now, person_id, *values
    )


async def count_administrators(*, but: int = 0) -> int:
    """How many people can act as administrators, leaving one person out; takes hold of their grants until the transaction ends."""
    await db.execute("UPDATE people_role_grant SET role = role WHERE role = ? AND ended_at IS NULL", Role.ADMINISTRATOR.value)
    found = await db.rows(
        "SELECT count(DISTINCT grant_.person_id) AS number FROM people_role_grant grant_ JOIN people_person person"
        " ON person.id = grant_.person_id AND person.state = 'active' WHERE grant_.role = ? AND grant_.ended_at IS NULL"
        " AND grant_.person_id <> ?",
        Role.ADMINISTRATOR.value,
        but,
    )
    return int(found[0]["number"])
