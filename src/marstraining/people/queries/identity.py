"""Who is signed in, in one statement, and as what."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from marstraining.core import db
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.people import rules
from marstraining.people.queries.agencies import branches_of

_SIGNED_IN = (
    "SELECT held.id, held.csrf, held.is_shared, held.last_seen_at, held.idle_minutes, held.stepped_up_at, person.id AS person_id,"
    " person.name, grant_.role, grant_.agency_id FROM people_sign_in held"
    " JOIN people_person person ON person.id = held.person_id AND person.state IN ('active', 'left')"
    " LEFT JOIN people_role_grant grant_ ON grant_.person_id = person.id AND grant_.ended_at IS NULL"
    " WHERE held.token_hash = ? AND held.ended_at IS NULL AND held.expires_at > ?"
)
_PERSON = (
    "SELECT person.id AS person_id, person.name, grant_.role, grant_.agency_id FROM people_person person"
    " LEFT JOIN people_role_grant grant_ ON grant_.person_id = person.id AND grant_.ended_at IS NULL"
    " WHERE person.state IN ('active', 'left') AND "
)


@frozen
class LiveSignIn:
    """A sign-in in use: who it is, the secret of its forms, and whether its last use should be noted again."""

    viewer: Viewer
    csrf: str
    needs_touch: bool


async def signed_in(token_hash: str, *, now: datetime) -> LiveSignIn | None:
    """The sign-in of a cookie, None where it ended, ran out, lay unused too long, or its account is closed.

    One statement for learners and the desk; each role over an agency needs one more, for its branches.
    """
    found = await db.rows(_SIGNED_IN, token_hash, now, instants=("last_seen_at", "stepped_up_at"))
    if not found:
        return None
    first = found[0]
    unused = now - first["last_seen_at"]
    if unused > timedelta(minutes=first["idle_minutes"]):
        return None
    viewer = Viewer(
        person_id=first["person_id"],
        roles=_roles(found),
        agency_ids=await _agencies(found, Role.AGENCY_LEAD),
        organiser_agency_ids=await _agencies(found, Role.PARTNER_ORGANISER),
        is_stepped_up=rules.is_confirmed(first["stepped_up_at"], now=now),
        name=first["name"],
        sign_in_id=first["id"],
        is_shared_computer=bool(first["is_shared"]),
    )
    return LiveSignIn(viewer, first["csrf"], needs_touch=unused >= rules.TOUCH_EVERY)


async def viewer_for(person_id: int) -> Viewer | None:
    """A person as rules see them, without a sign-in; None for a closed or unknown account."""
    return await _viewer(await db.rows(f"{_PERSON} person.id = ?", person_id))


async def viewer_by_email(email: str) -> Viewer | None:
    """The person with this address, first or second, as rules see them."""
    return await _viewer(await db.rows(f"{_PERSON} (person.email = ? OR person.second_email = ?)", email, email))


async def _viewer(found: Sequence[dict[str, Any]]) -> Viewer | None:
    if not found:
        return None
    return Viewer(
        person_id=found[0]["person_id"],
        roles=_roles(found),
        agency_ids=await _agencies(found, Role.AGENCY_LEAD),
        organiser_agency_ids=await _agencies(found, Role.PARTNER_ORGANISER),
        name=found[0]["name"],
    )


def _roles(found: Sequence[dict[str, Any]]) -> frozenset[Role]:
    return frozenset({Role.LEARNER, *(Role(row["role"]) for row in found if row["role"])})


async def _agencies(found: Sequence[dict[str, Any]], role: Role) -> frozenset[int]:
    """The agencies over which a role is held, with all below them."""
    held = {row["agency_id"] for row in found if row["role"] == role and row["agency_id"] is not None}
    return await branches_of(sorted(held)) | held if held else frozenset()


@frozen
class OpenChallenge:
    """A sign-in link that can still be answered: where its letter went, whether this browser asked, whether its code still works."""

    address: str
    is_of_this_browser: bool
    has_code: bool


async def open_challenge(token_hash: str, *, cookie_hash: str, now: datetime) -> OpenChallenge | None:
    """The challenge of a sign-in link, None for one that was used, ran out or never was. Looking changes nothing."""
    found = await db.rows(
        "SELECT address, cookie_hash, code_tries, code_expires_at FROM people_challenge WHERE token_hash = ? AND purpose = ?"
        " AND used_at IS NULL AND link_expires_at > ? AND person_id IS NOT NULL",
        token_hash,
        rules.SIGN_IN.word,
        now,
        instants=("code_expires_at",),
    )
    if not found:
        return None
    asked = found[0]
    has_code = rules.has_code(tries=asked["code_tries"], expires_at=asked["code_expires_at"], now=now)
    return OpenChallenge(asked["address"], asked["cookie_hash"] in {"", cookie_hash}, has_code)


@frozen
class AskedCode:
    """A code that was sent to confirm who it is and can still be typed: where to, and whether it is a minute old."""

    address: str
    asked_at: datetime


async def asked_code(sign_in_hash: str, *, now: datetime) -> AskedCode | None:
    """The latest code that this sign-in asked for, while it can be typed."""
    found = await db.rows(
        "SELECT address, created_at FROM people_challenge WHERE cookie_hash = ? AND purpose = ? AND used_at IS NULL"
        " AND code_expires_at > ? AND code_tries < ? ORDER BY id DESC LIMIT 1",
        sign_in_hash,
        rules.CONFIRM.word,
        now,
        rules.CODE_TRIES,
        instants=("created_at",),
    )
    return AskedCode(found[0]["address"], found[0]["created_at"]) if found else None


async def asked_address(cookie_hash: str, *, now: datetime) -> str | None:
    """The address that this browser typed last to sign in, known or not, while its link may still be used."""
    found = await db.rows(
        "SELECT address FROM people_challenge WHERE cookie_hash = ? AND purpose = ? AND link_expires_at > ? ORDER BY id DESC LIMIT 1",
        cookie_hash,
        rules.SIGN_IN.word,
        now,
    )
    return found[0]["address"] if found else None
