"""Bringing in agencies and people from a file: idempotent by code or address, all rows or none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from marstraining.core import db
from marstraining.core.clock import local
from marstraining.core.errors import Refused
from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.history.actions import record
from marstraining.people import queries, rules
from marstraining.people.actions.agencies import change_agency, put_agency
from marstraining.people.actions.persons import find_or_create_person, start_position
from marstraining.people.actions.roles import grant_role

AGENCY_COLUMNS = ("code", "name", "sector", "parent", "is_vcse", "is_group", "email_domain", "notes")
PEOPLE_COLUMNS = ("email", "name", "agency", "job_role", "roles", "staff_number")

_YES = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False, "": False}
_LIMITS = {"code": 30, "name": 200, "sector": 80, "email_domain": 120, "notes": 4000, "staff_number": 40}
_COMPARED = ("name", "sector", "parent_id", "is_vcse", "is_group", "email_domain", "notes")


@frozen
class _PersonRow:
    number: int
    email: str
    name: str
    agency: str
    job_role: str
    roles: tuple[Role, ...]
    staff_number: str


async def import_agencies(rows: Sequence[Row], *, dry_run: bool, by: Viewer, now: datetime) -> ImportOutcome:
    """Write agencies by their code: `parent` is the code of another, in the file or known already.

    A code that is known has its name, sector, parent, domain and notes brought up to the file; contacts, numbers and what the
    desk set besides stay. With any fault, or `dry_run`, nothing is written.
    """
    known = {row["code"]: row for row in await db.rows("SELECT * FROM people_agency", flags=("is_vcse", "is_group"))}
    faults: list[Fault] = []
    wanted: dict[str, tuple[rules.AgencyDetails, str]] = {}
    for row in rows:
        details = _agency(row, known, wanted, faults)
        if details:
            wanted[details.code] = (details, row.cells.get("parent", ""))
    _check_parents(rows, known, wanted, faults)
    if faults:
        return ImportOutcome(faults=tuple(sorted(faults)))
    created = sum(code not in known for code in wanted)
    ids = {code: row["id"] for code, row in known.items()}
    changed = [
        code
        for code, (details, parent) in wanted.items()
        if code in known
        and _differs(known[code], details, ids.get(parent) if parent else None, is_new_parent=bool(parent) and parent not in ids)
    ]
    if not dry_run and (created or changed):
        async with db.transaction():
            await _write_agencies(wanted, known, ids, changed)
            await record(
                "import_agencies",
                by=by,
                now=now,
                subject_kind="agency",
                subject_id=None,
                detail={"created": created, "changed": len(changed)},
            )
    return ImportOutcome(created=created, changed=len(changed), unchanged=len(wanted) - created - len(changed))


def _agency(row: Row, known: Mapping[str, dict[str, Any]], wanted: Mapping[str, object], faults: list[Fault]) -> rules.AgencyDetails | None:
    cells = row.cells
    before = len(faults)
    faults += [Fault(row.number, column, f"{column} is empty") for column in ("code", "name", "sector") if not cells.get(column)]
    faults += [
        Fault(row.number, column, f"{column} is longer than {most} characters")
        for column, most in _LIMITS.items()
        if len(cells.get(column, "")) > most
    ]
    faults += [
        Fault(row.number, column, f"{column} is “{cells[column]}”: write yes or no")
        for column in ("is_vcse", "is_group")
        if cells.get(column, "").lower() not in _YES
    ]
    code = cells.get("code", "")
    try:
        if code:
            rules.check_agency_code(code)
    except Refused as refusal:
        faults.append(Fault(row.number, "code", refusal.message))
    if code and code in wanted:
        faults.append(Fault(row.number, "code", f"the code {code} stands in the file twice"))
    if len(faults) > before:
        return None
    return rules.AgencyDetails(
        code=code,
        name=cells["name"],
        sector=cells["sector"],
        is_vcse=_YES[cells.get("is_vcse", "").lower()],
        is_group=_YES[cells.get("is_group", "").lower()],
        email_domain=cells.get("email_domain", "").lower().lstrip("@"),
        notes=cells["notes"] if "notes" in cells else str(known.get(code, {}).get("notes", "")),
    )


def _check_parents(
    rows: Sequence[Row], known: Mapping[str, dict[str, Any]], wanted: Mapping[str, tuple[rules.AgencyDetails, str]], faults: list[Fault]
) -> None:
    codes = {row["id"]: code for code, row in known.items()}
    above = {code: codes.get(row["parent_id"], "") for code, row in known.items()} | {code: parent for code, (_, parent) in wanted.items()}
    for row in rows:
        code, parent = row.cells.get("code", ""), row.cells.get("parent", "")
        if not parent:
            continue
        if parent not in above:
            faults.append(Fault(row.number, "parent", f"parent is {parent}, and no organisation has that code"))
            continue
        seen = {code}
        while parent and parent not in seen:
            seen.add(parent)
            parent = above.get(parent, "")
        if parent == code:
            faults.append(Fault(row.number, "parent", f"{code} would belong to itself"))


def _differs(known: Mapping[str, Any], details: rules.AgencyDetails, parent_id: int | None, *, is_new_parent: bool) -> bool:
    return is_new_parent or any(known[column] != getattr(replace(details, parent_id=parent_id), column) for column in _COMPARED)


async def _write_agencies(
    wanted: Mapping[str, tuple[rules.AgencyDetails, str]], known: Mapping[str, dict[str, Any]], ids: dict[str, int], changed: Sequence[str]
) -> None:
    for code, (details, _) in wanted.items():
        if code not in known:
            ids[code] = await put_agency(details, state=rules.AgencyState.LISTED)
    for code, (details, parent) in wanted.items():
        parent_id = ids[parent] if parent else None
        if code in changed:
            kept = {
                name: known[code][name]
                for name in ("is_one_person", "is_in_area", "urn", "ofsted_number", "charity_number", "contact_name", "contact_email",
                             "contact_phone", "opened_on")
            }  # fmt: skip
            await change_agency(ids[code], replace(details, parent_id=parent_id, **kept))
        elif code not in known and parent_id:
            await db.execute("UPDATE people_agency SET parent_id = ? WHERE id = ?", parent_id, ids[code])


async def import_people(rows: Sequence[Row], *, dry_run: bool, by: Viewer, now: datetime) -> ImportOutcome:
    """Write people by their address: name, a post at `agency` (a code) and roles, separated by commas or semicolons.

    A known address keeps its name if the file's is empty; a post or role that is there stays; none is taken away. Agency
    roles are over the row's agency. With any fault, or `dry_run`, nothing is written.
    """
    faults: list[Fault] = []
    wanted: dict[str, _PersonRow] = {}
    for row in rows:
        person = _person(row, wanted, faults)
        if person:
            wanted[person.email] = person
    codes = sorted({person.agency for person in wanted.values() if person.agency})
    agencies = {code: await queries.agency_by_code(code) for code in codes}
    for person in wanted.values():
        agency = agencies.get(person.agency)
        if person.agency and agency is None:
            faults.append(Fault(person.number, "agency", f"no organisation has the code {person.agency}"))
        elif agency is not None and agency["state"] == rules.AgencyState.CLOSED:
            faults.append(Fault(person.number, "agency", f"the organisation {person.agency} is closed"))
    if faults:
        return ImportOutcome(faults=tuple(sorted(faults)))
    known = await _known_people(list(wanted))
    ids = {code: int(agency["id"]) for code, agency in agencies.items() if agency}
    created = [email for email in wanted if email not in known]
    changed = [email for email, person in wanted.items() if email in known and _is_news(known[email], person, ids.get(person.agency))]
    if not dry_run and (created or changed):
        async with db.transaction():
            for email in (*created, *changed):
                await _write_person(wanted[email], ids.get(wanted[email].agency), by=by, now=now)
            await record(
                "import_people", by=by, now=now, subject_kind="person", subject_id=None,
                detail={"created": len(created), "changed": len(changed)},
            )  # fmt: skip
    return ImportOutcome(created=len(created), changed=len(changed), unchanged=len(wanted) - len(created) - len(changed))


def _person(row: Row, wanted: Mapping[str, object], faults: list[Fault]) -> _PersonRow | None:
    cells = row.cells
    before = len(faults)
    email = name = ""
    try:
        email = rules.normal_address(cells.get("email", ""))
        rules.check_own_mailbox(email)
        name = rules.check_name(cells.get("name", ""))
    except Refused as refusal:
        faults.append(Fault(row.number, refusal.field or "", refusal.message))
    if email and email in wanted:
        faults.append(Fault(row.number, "email", f"the address {email} stands in the file twice"))
    job_role = cells.get("job_role", "")
    if job_role and job_role not in rules.JOB_ROLES:
        faults.append(Fault(row.number, "job_role", f"“{job_role}” is no job role: use one of {', '.join(rules.JOB_ROLES)}"))
    if bool(job_role) != bool(cells.get("agency")):
        faults.append(Fault(row.number, "job_role", "a post needs both the organisation's code and a job role"))
    if len(cells.get("staff_number", "")) > _LIMITS["staff_number"]:
        faults.append(Fault(row.number, "staff_number", f"staff_number is longer than {_LIMITS['staff_number']} characters"))
    held = _roles(row, faults)
    if rules.AGENCY_ROLES.intersection(held) and not cells.get("agency"):
        faults.append(Fault(row.number, "roles", "a role over an organisation needs the organisation's code"))
    if len(faults) > before:
        return None
    return _PersonRow(row.number, email, name, cells.get("agency", ""), job_role, held, cells.get("staff_number", ""))


def _roles(row: Row, faults: list[Fault]) -> tuple[Role, ...]:
    words = [word.strip() for word in row.cells.get("roles", "").replace(";", ",").split(",") if word.strip()]
    known = {role.value: role for role in Role}
    held = [(word, known.get(word.lower().replace(" ", "_"))) for word in words]
    faults += [Fault(row.number, "roles", f"“{word}” is no role: use {', '.join(Role)}") for word, role in held if role is None]
    return tuple(role for _, role in held if role and role is not Role.LEARNER)


@frozen
class _Known:
    id: int
    name: str
    posts: frozenset[tuple[int, str, str]]
    roles: frozenset[tuple[str, int | None]]


_AT_ONCE = 400


async def _known_people(emails: Sequence[str]) -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    for start in range(0, len(emails), _AT_ONCE):
        part = emails[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        people = await db.rows(
            f"SELECT id, name, email, second_email FROM people_person WHERE email IN ({marks}) OR second_email IN ({marks})", *part, *part
        )
        if not people:
            continue
        ids = [row["id"] for row in people]
        marks = ", ".join("?" * len(ids))
        posts = await db.rows(
            f"SELECT person_id, agency_id, job_role, staff_number FROM people_position WHERE ends_on IS NULL AND person_id IN ({marks})",
            *ids,
        )
        held = await db.rows(
            f"SELECT person_id, role, agency_id FROM people_role_grant WHERE ended_at IS NULL AND person_id IN ({marks})", *ids
        )
        for row in people:
            known = _Known(
                row["id"],
                row["name"],
                frozenset((post["agency_id"], post["job_role"], post["staff_number"]) for post in posts if post["person_id"] == row["id"]),
                frozenset((role["role"], role["agency_id"]) for role in held if role["person_id"] == row["id"]),
            )
            found |= {address: known for address in (row["email"], row["second_email"]) if address}
    return found


def _is_news(known: _Known, person: _PersonRow, agency_id: int | None) -> bool:
    has_post = not person.job_role or any(
        post[:2] == (agency_id, person.job_role) and person.staff_number in {"", post[2]} for post in known.posts
    )
    has_roles = all((role.value, agency_id if role in rules.AGENCY_ROLES else None) in known.roles for role in person.roles)
    return known.name != person.name or not has_post or not has_roles


async def _write_person(person: _PersonRow, agency_id: int | None, *, by: Viewer, now: datetime) -> None:
    found = await find_or_create_person(person.email, person.name, now=now, by=by)
    if not found.is_new:
        await db.execute(
            "UPDATE people_person SET name = ?, revision = revision + 1 WHERE id = ? AND name <> ?", person.name, found.id, person.name
        )
    if person.job_role and agency_id:
        await start_position(
            found.id, agency_id, person.job_role, by=by, now=now, starts_on=local(now).date(), staff_number=person.staff_number
        )
    for role in person.roles:
        await grant_role(found.id, role, agency_id=agency_id if role in rules.AGENCY_ROLES else None, by=by, now=now)
