"""One person's record: posts, roles, sign-ins, notes."""

from datetime import date, datetime, timedelta
from typing import Any

from marstraining.core import db
from marstraining.core.tokens import hash_token


async def person_id_of(email: str) -> int | None:
    """Whose address this is, first or second, as `rules.normal_address` gives it."""
    found = await db.rows("SELECT id FROM people_person WHERE email = ? OR second_email = ?", email, email)
    return found[0]["id"] if found else None


async def ref_of(person_id: int) -> str | None:
    """A person's reference for addresses."""
    found = await db.rows("SELECT ref FROM people_person WHERE id = ?", person_id)
    return found[0]["ref"] if found else None


async def positions_of(person_id: int, *, on: date | None = None) -> list[dict[str, Any]]:
    """A person's posts, current first; with `on`, those held on that day."""
    condition, values = ("", ()) if on is None else (" AND post.starts_on <= ? AND (post.ends_on IS NULL OR post.ends_on >= ?)", (on, on))
    return await db.rows(
        "SELECT post.id, post.agency_id, post.job_role, post.staff_number, post.area, post.starts_on, post.ends_on, agency.name AS agency,"
        " agency.code AS agency_code, agency.state AS agency_state FROM people_position post JOIN people_agency agency"
        f" ON agency.id = post.agency_id WHERE post.person_id = ?{condition}"
        " ORDER BY post.ends_on IS NOT NULL, post.starts_on DESC, post.id",
        person_id,
        *values,
        dates=("starts_on", "ends_on"),
    )


async def asked_change(token: str, person_id: int, *, now: datetime) -> dict[str, Any] | None:
    """The address that somebody asked to use, by the token of the letter to it; None for anybody else, and once it is spent."""
    found = await db.rows(
        "SELECT address, replaces_first FROM people_address_change WHERE token_hash = ? AND person_id = ? AND used_at IS NULL"
        " AND expires_at > ?",
        hash_token(token),
        person_id,
        now,
        flags=("replaces_first",),
    )
    return found[0] if found else None


async def sign_ins_of(person_id: int, *, now: datetime) -> list[dict[str, Any]]:
    """Where a person is signed in now, the latest used first; what lay unused too long is none any more."""
    found = await db.rows(
        "SELECT id, device, is_shared, created_at, last_seen_at, idle_minutes FROM people_sign_in WHERE person_id = ? AND ended_at IS NULL"
        " AND expires_at > ? ORDER BY last_seen_at DESC, id DESC",
        person_id,
        now,
        instants=("created_at", "last_seen_at"),
    )
    return [held for held in found if now - held["last_seen_at"] <= timedelta(minutes=held["idle_minutes"])]


async def own_record(person_id: int) -> dict[str, Any] | None:
    """What a person may change about themselves."""
    found = await db.rows(
        "SELECT id, name, email, second_email, calendar_choice, has_discreet_titles, digest_choice,"
        " CASE WHEN coalesce(kept_access_needs, '') <> '' OR coalesce(kept_dietary_needs, '') <> '' THEN 1 ELSE 0 END"
        " AS has_kept_needs FROM people_person WHERE id = ?",
        person_id,
        flags=("has_discreet_titles", "has_kept_needs"),
    )
    return found[0] if found else None


async def person_record(ref: str) -> dict[str, Any] | None:
    """The person of a reference, whatever their state; only after `visible_people` or for the desk."""
    found = await db.rows(
        "SELECT person.*, agency.name AS managed_by, kept.ref AS merged_ref, kept.name AS merged_name FROM people_person person"
        " LEFT JOIN people_agency agency ON agency.id = person.managed_by_id"
        " LEFT JOIN people_person kept ON kept.id = person.merged_into_id WHERE person.ref = ?",
        ref,
        instants=("created_at", "last_signed_in_at"),
    )
    return found[0] if found else None


async def grants_of(person_id: int) -> list[dict[str, Any]]:
    """The roles a person holds, with the agency where there is one."""
    return await db.rows(
        "SELECT held.id, held.role, held.granted_at, agency.name AS agency FROM people_role_grant held"
        " LEFT JOIN people_agency agency ON agency.id = held.agency_id WHERE held.person_id = ? AND held.ended_at IS NULL ORDER BY held.id",
        person_id,
        instants=("granted_at",),
    )


async def notes_of(*, person_id: int = 0, agency_id: int = 0) -> list[dict[str, Any]]:
    """What the desk noted about a person or an agency, newest first."""
    return await db.rows(
        "SELECT note.text, note.at, writer.name AS writer FROM people_contact_note note"
        " LEFT JOIN people_person writer ON writer.id = note.by_id WHERE note.person_id = ? OR note.agency_id = ?"
        " ORDER BY note.id DESC LIMIT 200",
        person_id,
        agency_id,
        instants=("at",),
    )
