"""Persons and their positions: found or created, renamed, moved on, left."""

from datetime import date, datetime
from typing import Any

from marstraining.core import db
from marstraining.core.clock import local
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.values import frozen
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.history.actions import record
from marstraining.people import queries, rules
from marstraining.people.actions.roles import count_administrators, drop_roles, put_role
from marstraining.people.actions.signing_in import drop_sign_ins
from marstraining.people.actions.telegram import drop_telegram
from marstraining.people.models import Person


@frozen
class FoundPerson:
    """A person's keys, and whether this call made them."""

    id: int
    ref: str
    is_new: bool


async def find_or_create_person(email: str, name: str, *, now: datetime, by: Viewer = SYSTEM, allows_shared: bool = False) -> FoundPerson:
    """The person with this address, first or second, in whatever letter case; `name` counts only where they are new.

    Refuses what is no address and, unless the desk allows it, a shared mailbox for somebody new (booking.md, Booking 5).
    Two callers at once get the same person.
    """
    address = rules.normal_address(email)
    found = await _person_of(address)
    if found:
        return found
    if not allows_shared:
        rules.check_own_mailbox(address)
    name = rules.check_name(name)
    async with db.transaction():
        made = await db.rows(
            "INSERT INTO people_person (ref, name, email, state, calendar_choice, has_discreet_titles, created_at, revision)"
            " VALUES (?, ?, ?, 'active', 'invitations', ?, ?, 0) ON CONFLICT (email) DO NOTHING RETURNING id, ref",
            new_ref(),
            name,
            address,
            False,
            now,
        )
        if made:
            await record("create_person", by=by, now=now, subject_kind="person", subject_id=made[0]["id"])
            return FoundPerson(made[0]["id"], made[0]["ref"], is_new=True)
    found = await _person_of(address)
    if not found:
        raise NotFound
    return found


async def _person_of(address: str) -> FoundPerson | None:
    found = await db.rows("SELECT id, ref FROM people_person WHERE email = ? OR second_email = ?", address, address)
    return FoundPerson(found[0]["id"], found[0]["ref"], is_new=False) if found else None


async def add_managed_learner(name: str, *, agency_id: int, job_role: str, by: Viewer, now: datetime) -> FoundPerson:
    """A learner without e-mail, booked by their lead or the desk; letters go to the setting's contact (booking.md, People).

    Refuses a setting without a contact address, except to an import of what is past.
    """
    name = rules.check_name(name)
    rules.check_job_role(job_role)
    if not rules.keeps_records(by) and agency_id not in by.agency_ids:
        raise NotFound
    async with db.transaction():
        agency = await _listed_agency(agency_id)
        if not agency["contact_email"] and by is not SYSTEM:
            raise Refused(
                "This organisation has no contact email address, so letters for a learner without email would reach nobody. Add one first.",
                code="no_contact",
                field="agency",
            )
        made = await db.rows(
            "INSERT INTO people_person (ref, name, state, managed_by_id, calendar_choice, has_discreet_titles, created_at, revision)"
            " VALUES (?, ?, 'active', ?, 'invitations', ?, ?, 0) RETURNING id, ref",
            new_ref(),
            name,
            agency_id,
            False,
            now,
        )
        person_id: int = made[0]["id"]
        await record("add_managed_learner", by=by, now=now, subject_kind="person", subject_id=person_id, detail={"agency": agency_id})
        await _put_position(person_id, agency_id, job_role, starts_on=local(now).date())
    return FoundPerson(person_id, made[0]["ref"], is_new=True)


async def add_person(
    name: str, *, email: str, agency_code: str, job_role: str, allows_shared: bool = False, by: Viewer, now: datetime
) -> str:
    """Somebody new at the desk, with a post where one is given; the value is their reference.

    Without an address they are a managed learner of the agency. Refuses an address that somebody has already.
    """
    async with db.transaction():
        agency = await queries.agency_by_code(agency_code) if agency_code else None
        if agency_code and agency is None:
            raise Refused("Choose an organisation from the list", code="agency", field="agency")
        if not email.strip():
            if agency is None:
                raise Refused(
                    "A learner without email needs an organisation, whose contact gets the letters", code="agency", field="agency"
                )
            return (await add_managed_learner(name, agency_id=agency["id"], job_role=job_role, by=by, now=now)).ref
        if agency is None and job_role:
            raise Refused("Choose the organisation of this job role", code="agency", field="agency")
        found = await find_or_create_person(email, name, by=by, now=now, allows_shared=allows_shared)
        if not found.is_new:
            raise Refused("Somebody has this email address already. Search for them in the list.", code="taken", field="email")
        if agency is not None:
            await start_position(found.id, agency["id"], job_role, by=by, now=now)
    return found.ref


async def start_position(
    person_id: int,
    agency_id: int,
    job_role: str,
    *,
    by: Viewer,
    now: datetime,
    starts_on: date | None = None,
    staff_number: str = "",
    area: str = "",
) -> int:
    """Start a post at an agency; the value is its id. The same post twice is one, whose staff number and area are brought up to date.

    A leaver who starts a post is active again. The first to start at a one-person setting becomes its lead in the same step.
    Refuses an agency that is closed; a merged one stands for the one it went into.
    """
    rules.check_job_role(job_role)
    async with db.transaction():
        if not await db.hold(Person, person_id):
            raise NotFound
        agency = await _listed_agency(agency_id)
        position_id = await _put_position(
            person_id, agency["id"], job_role, starts_on=starts_on or local(now).date(), staff_number=staff_number, area=area
        )
        await db.execute("UPDATE people_person SET state = 'active' WHERE id = ? AND state = 'left'", person_id)
        if agency["is_one_person"] and not await _has_others(agency["id"], person_id):
            await put_role(person_id, Role.AGENCY_LEAD, agency_id=agency["id"], by=by, now=now)
        await drop_sign_ins(person_id, now=now, but=by.sign_in_id if by.person_id == person_id else None)
        await record(
            "start_position",
            by=by,
            now=now,
            subject_kind="person",
            subject_id=person_id,
            detail={"position": position_id, "agency": agency["id"], "job_role": job_role},
        )
    return position_id


async def _listed_agency(agency_id: int) -> dict[str, Any]:
    found = await db.rows("SELECT id, state, is_one_person, contact_email, merged_into_id FROM people_agency WHERE id = ?", agency_id)
    if found and found[0]["merged_into_id"]:
        return await _listed_agency(found[0]["merged_into_id"])
    if not found:
        raise Refused("Choose an organisation from the list", code="agency", field="agency")
    if found[0]["state"] == rules.AgencyState.CLOSED:
        raise Refused("This organisation is closed. Choose another.", code="agency", field="agency")
    return found[0]


async def _has_others(agency_id: int, person_id: int) -> bool:
    """Whether somebody else has a post there: joining a childminder's setting must not make a stranger its lead."""
    return bool(
        await db.rows(
            "SELECT id FROM people_position WHERE agency_id = ? AND person_id <> ? AND ends_on IS NULL LIMIT 1", agency_id, person_id
        )
    )


async def _put_position(person_id: int, agency_id: int, job_role: str, *, starts_on: date, staff_number: str = "", area: str = "") -> int:
    same = await db.rows(
        "SELECT id FROM people_position WHERE person_id = ? AND agency_id = ? AND job_role = ? AND ends_on IS NULL",
        person_id,
        agency_id,
        job_role,
    )
    if same:
        await db.execute(
            "UPDATE people_position SET staff_number = CASE WHEN ? = '' THEN staff_number ELSE ? END,"
            " area = CASE WHEN ? = '' THEN area ELSE ? END WHERE id = ?",
            staff_number,
            staff_number,
            area,
            area,
            same[0]["id"],
        )
        return int(same[0]["id"])
    made = await db.rows(
        "INSERT INTO people_position (person_id, agency_id, job_role, staff_number, area, starts_on)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        person_id,
        agency_id,
        job_role,
        staff_number,
        area,
        starts_on,
    )
    return int(made[0]["id"])


async def end_position(position_id: int, *, ends_on: date, by: Viewer, now: datetime) -> None:
    """End a post: its last day is `ends_on`. Roles over that agency end with the person's last post there.

    One's own post, or anybody's as the desk; somebody else's is NotFound.
    """
    async with db.transaction():
        found = await db.rows("SELECT person_id, agency_id FROM people_position WHERE id = ? AND ends_on IS NULL", position_id)
        if not found or (not rules.keeps_records(by) and found[0]["person_id"] != by.person_id):
            raise NotFound
        person_id, agency_id = found[0]["person_id"], found[0]["agency_id"]
        await db.execute("UPDATE people_position SET ends_on = ? WHERE id = ?", ends_on, position_id)
        others = await db.rows(
            "SELECT id FROM people_position WHERE person_id = ? AND agency_id = ? AND ends_on IS NULL", person_id, agency_id
        )
        if not others:
            await drop_roles(person_id, agency_id=agency_id, now=now)
        await drop_sign_ins(person_id, now=now, but=by.sign_in_id if by.person_id == person_id else None)
        await record("end_position", by=by, now=now, subject_kind="person", subject_id=person_id, detail={"position": position_id})


async def mark_leaver(person_id: int, *, left_on: date, by: Viewer, now: datetime) -> None:
    """Note that a person has left: posts and roles end, letters stop, the account stays theirs (booking.md, People).

    What they hold of sessions to come is released by `bookings.actions.mark_left`, which calls this.
    """
    async with db.transaction():
        if not await db.hold(Person, person_id):
            raise NotFound
        await check_not_last_administrator(person_id)
        await db.execute("UPDATE people_person SET state = 'left' WHERE id = ? AND state = 'active'", person_id)
        await db.execute("UPDATE people_position SET ends_on = ? WHERE person_id = ? AND ends_on IS NULL", left_on, person_id)
        await drop_roles(person_id, agency_id=None, now=now)
        await drop_sign_ins(person_id, now=now)
        await record("mark_leaver", by=by, now=now, subject_kind="person", subject_id=person_id)


async def close_account(person_id: int, *, by: Viewer, now: datetime) -> None:
    """Close an account: nobody can sign in to it any more; what was recorded stays."""
    async with db.transaction():
        if not await db.hold(Person, person_id):
            raise NotFound
        await check_not_last_administrator(person_id)
        await db.execute("UPDATE people_person SET state = 'closed' WHERE id = ? AND state IN ('active', 'left')", person_id)
        await drop_roles(person_id, agency_id=None, now=now)
        await drop_sign_ins(person_id, now=now)
        await drop_telegram(person_id, now=now)
        await record("close_account", by=by, now=now, subject_kind="person", subject_id=person_id)


async def reopen_account(person_id: int, *, by: Viewer, now: datetime) -> None:
    """Open a closed account, or one marked as left, again; roles do not come back by themselves."""
    async with db.transaction():
        if not await db.execute("UPDATE people_person SET state = 'active' WHERE id = ? AND state IN ('closed', 'left')", person_id):
            raise NotFound
        await record("reopen_account", by=by, now=now, subject_kind="person", subject_id=person_id)


async def check_not_last_administrator(person_id: int) -> None:
    """Refuse where ending this person's roles would leave fewer than two administrators."""
    if await db.rows(
        "SELECT id FROM people_role_grant WHERE person_id = ? AND role = ? AND ended_at IS NULL", person_id, Role.ADMINISTRATOR.value
    ):
        rules.check_administrators_left(await count_administrators(but=person_id))


async def change_name(person_id: int, name: str, *, by: Viewer, now: datetime) -> None:
    """Change a name: one's own, or anybody's as the desk."""
    name = rules.check_name(name)
    if person_id != by.person_id and not rules.keeps_records(by):
        raise NotFound
    async with db.transaction():
        if not await db.execute("UPDATE people_person SET name = ?, revision = revision + 1 WHERE id = ?", name, person_id):
            raise NotFound
        await record("change_name", by=by, now=now, subject_kind="person", subject_id=person_id)


async def choose_calendar(person_id: int, *, choice: rules.CalendarChoice, has_discreet_titles: bool, by: Viewer, now: datetime) -> None:
    """How one's training reaches one's calendar: invitations in letters or the feed, not both; and whether titles say only "Training"."""
    if person_id != by.person_id:
        raise NotFound
    async with db.transaction():
        await db.execute(
            "UPDATE people_person SET calendar_choice = ?, has_discreet_titles = ?, revision = revision + 1 WHERE id = ?",
            choice.value,
            has_discreet_titles,
            person_id,
        )
        await record("choose_calendar", by=by, now=now, subject_kind="person", subject_id=person_id, detail={"choice": choice.value})


async def forget_kept_needs(person_id: int, *, by: Viewer, now: datetime) -> None:
    """Forget the access and dietary needs that one chose to keep for next time; those of bookings stay with their bookings."""
    if person_id != by.person_id:
        raise NotFound
    async with db.transaction():
        changed = await db.execute(
            "UPDATE people_person SET kept_access_needs = NULL, kept_dietary_needs = NULL, revision = revision + 1 WHERE id = ?"
            " AND (kept_access_needs IS NOT NULL OR kept_dietary_needs IS NOT NULL)",
            person_id,
        )
        if changed:
            await record("forget_kept_needs", by=by, now=now, subject_kind="person", subject_id=person_id)


async def add_note(text: str, *, person_id: int | None = None, agency_id: int | None = None, by: Viewer, now: datetime) -> None:
    """Keep what the desk was told about a person or an agency."""
    text = text.strip()
    if not text:
        raise Refused("Enter a note", code="text", field="text")
    if len(text) > 4000:
        raise Refused("Note must be 4,000 characters or fewer", code="text", field="text")
    async with db.transaction():
        await db.execute(
            "INSERT INTO people_contact_note (person_id, agency_id, text, by_id, at) VALUES (?, ?, ?, ?, ?)",
            person_id,
            agency_id,
            text,
            by.person_id,
            now,
        )
        kind = "person" if person_id else "agency"
        await record("add_note", by=by, now=now, subject_kind=kind, subject_id=person_id or agency_id)
