"""Agencies: suggested by a newcomer, listed, saved and closed by the desk."""

from datetime import date, datetime

from marstraining.core import db
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.history.actions import record
from marstraining.people import queries, rules
from marstraining.people.actions.persons import start_position
from marstraining.people.actions.signing_in import drop_sign_ins
from marstraining.people.models import Agency

_COLUMNS = (
    "code", "name", "sector", "parent_id", "is_vcse", "is_group", "is_one_person", "is_in_area", "email_domain", "urn", "ofsted_number",
    "charity_number", "contact_name", "contact_email", "contact_phone", "notes", "opened_on",
)  # fmt: skip
SUGGESTED_SECTOR = "Other"


async def suggest_agency(name: str, *, suggested_by: int | None, now: datetime, by: Viewer = SYSTEM) -> int:
    """Take down an organisation that a newcomer did not find in the list; the desk lists it or merges it into the right one.

    The value is its id, or that of an agency of the same name in any letter case.
    """
    name = rules.check_name(name, field="agency_typed")
    async with db.transaction():
        same = await db.rows(
            "SELECT id, coalesce(merged_into_id, id) AS stands_for FROM people_agency WHERE lower(name) = lower(?) AND state <> 'closed'"
            " ORDER BY state, id LIMIT 1",
            name,
        )
        if same:
            return int(same[0]["stands_for"])
        agency_id = await put_agency(
            rules.AgencyDetails(code=f"NEW-{new_ref()[:6].upper()}", name=name, sector=SUGGESTED_SECTOR),
            state=rules.AgencyState.SUGGESTED,
            suggested_by=suggested_by,
        )
        await record("suggest_agency", by=by, now=now, subject_kind="agency", subject_id=agency_id)
    return agency_id


async def add_own_post(person_id: int, wish: rules.PostWish, *, by: Viewer, now: datetime) -> int:
    """Start a post of one's own; an organisation that is not listed goes to the desk. The value is the post's id."""
    if person_id != by.person_id:
        raise NotFound
    async with db.transaction():
        if wish.agency_code:
            agency = await queries.agency_by_code(wish.agency_code)
            if agency is None or agency["state"] != rules.AgencyState.LISTED:
                raise Refused("Choose an organisation from the list", code="agency", field="agency")
            agency_id = int(agency["id"])
        else:
            agency_id = await suggest_agency(wish.agency_typed, suggested_by=person_id, by=by, now=now)
        return await start_position(person_id, agency_id, wish.job_role, by=by, now=now)


async def put_agency(details: rules.AgencyDetails, *, state: rules.AgencyState, suggested_by: int | None = None) -> int:
    """Inside a caller's transaction: write a new agency's row; the value is its id."""
    made = await db.rows(
        f"INSERT INTO people_agency ({', '.join(_COLUMNS)}, state, suggested_by_id, revision)"
        f" VALUES ({', '.join('?' * len(_COLUMNS))}, ?, ?, 0) RETURNING id",
        *(getattr(details, column) for column in _COLUMNS),
        state.value,
        suggested_by,
    )
    return int(made[0]["id"])


async def save_agency(details: rules.AgencyDetails, *, agency_id: int | None = None, by: Viewer, now: datetime) -> int:
    """Write an agency as the desk's form gives it, new without `agency_id`; the value is its id.

    A suggested agency becomes listed. Refuses a code or a name in use, and a parent that is one of its own branches.
    """
    rules.check_agency_code(details.code)
    async with db.transaction():
        if agency_id is not None and not await db.hold(Agency, agency_id):
            raise NotFound
        await _check_unused(details, but=agency_id or 0)
        below = await queries.branches_of([agency_id]) if agency_id is not None else frozenset()
        rules.check_parent(agency_id, details.parent_id, below=below)
        if agency_id is None:
            agency_id = await put_agency(details, state=rules.AgencyState.LISTED)
            await record("create_agency", by=by, now=now, subject_kind="agency", subject_id=agency_id)
            return agency_id
        await change_agency(agency_id, details)
        await record("save_agency", by=by, now=now, subject_kind="agency", subject_id=agency_id)
    return agency_id


async def change_agency(agency_id: int, details: rules.AgencyDetails) -> None:
    """Inside a caller's transaction: overwrite an agency's columns and list it if it was suggested."""
    await db.execute(
        f"UPDATE people_agency SET {', '.join(f'{column} = ?' for column in _COLUMNS)},"
        " state = CASE WHEN state = 'suggested' THEN 'listed' ELSE state END, revision = revision + 1 WHERE id = ?",
        *(getattr(details, column) for column in _COLUMNS),
        agency_id,
    )


async def close_agency(agency_id: int, *, closed_on: date, by: Viewer, now: datetime) -> None:
    """Close an agency: it is offered no more and roles over it end; posts and past training stay as they were."""
    async with db.transaction():
        if not await db.hold(Agency, agency_id):
            raise NotFound
        closed = await db.execute(
            "UPDATE people_agency SET state = 'closed', closed_on = ? WHERE id = ? AND state IN ('listed', 'suggested')",
            closed_on,
            agency_id,
        )
        if not closed:
            raise Refused("This organisation is closed already.", code="closed")
        held = await db.rows(
            "UPDATE people_role_grant SET ended_at = ? WHERE agency_id = ? AND ended_at IS NULL RETURNING person_id", now, agency_id
        )
        for person_id in {row["person_id"] for row in held}:
            await drop_sign_ins(person_id, now=now)
        await record("close_agency", by=by, now=now, subject_kind="agency", subject_id=agency_id)


async def reopen_agency(agency_id: int, *, by: Viewer, now: datetime) -> None:
    """List a closed agency again."""
    async with db.transaction():
        opened = await db.execute(
            "UPDATE people_agency SET state = 'listed', closed_on = NULL, revision = revision + 1 WHERE id = ? AND state = 'closed'",
            agency_id,
        )
        if not opened:
            raise NotFound
        await record("reopen_agency", by=by, now=now, subject_kind="agency", subject_id=agency_id)


async def _check_unused(details: rules.AgencyDetails, *, but: int) -> None:
    same = await db.rows(
        "SELECT code, name FROM people_agency WHERE (lower(code) = lower(?) OR (lower(name) = lower(?) AND state <> 'merged')) AND id <> ?",
        details.code,
        details.name,
        but,
    )
    if any(row["code"].lower() == details.code.lower() for row in same):
        raise Refused("Another organisation has this code", code="code", field="code")
    if same:
        raise Refused("Another organisation has this name", code="name", field="name")
