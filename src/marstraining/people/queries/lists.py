"""The desk's lists of people and of agencies: searched, sorted and paged in the database."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marstraining.core import db
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.people import rules
from marstraining.people.queries.scope import visible_agencies, visible_people

PEOPLE_ORDER = {
    "name": "lower(person.name)",
    "email": "person.email",
    "agency": "lower(coalesce(agency.name, ''))",
    "state": "person.state",
    "last": "coalesce(person.last_signed_in_at, person.created_at)",
}
AGENCY_ORDER = {
    "name": "lower(agency.name)",
    "code": "agency.code",
    "sector": "agency.sector",
    "parent": "lower(coalesce(above.name, ''))",
    "people": "people",
    "state": "agency.state",
}
_POST = (
    " LEFT JOIN people_position post ON post.id = (SELECT min(held.id) FROM people_position held WHERE held.person_id = person.id"
    " AND (held.ends_on IS NULL OR held.ends_on >= ?)) LEFT JOIN people_agency agency"
    " ON agency.id = coalesce(post.agency_id, person.managed_by_id)"
)
_PEOPLE = (
    "SELECT person.id, person.ref, person.name, person.email, person.state, person.last_signed_in_at, agency.name AS agency,"
    " agency.code AS agency_code, post.job_role FROM people_person person"
)
_AGENCIES = (
    "SELECT agency.id, agency.code, agency.name, agency.sector, agency.state, agency.contact_name, agency.contact_email,"
    " agency.email_domain, above.name AS parent, (SELECT count(DISTINCT post.person_id) FROM people_position post"
    " WHERE post.agency_id = agency.id AND (post.ends_on IS NULL OR post.ends_on >= ?)) AS people"
    " FROM people_agency agency LEFT JOIN people_agency above ON above.id = agency.parent_id"
)


@frozen
class Found:
    """One page of a list, and how many rows the whole of it has."""

    rows: list[dict[str, Any]]
    total: int


async def people_list(filters: Mapping[str, str], *, by: Viewer, on: date, order: str, limit: int | None = None, offset: int = 0) -> Found:
    """People whose name or an address holds `q`, at the agency of a code, with a role, in a state.

    Without a state, merged records are left out. `order` is made of PEOPLE_ORDER; without `limit` the list comes whole.
    """
    where, values = _people_where(filters, by=by, on=on)
    total = await db.rows(f"SELECT count(*) AS number FROM people_person person WHERE {where}", *values)
    found = await db.rows(
        f"{_PEOPLE}{_POST} WHERE {where} ORDER BY {order}, person.id{_page(limit)}",
        on,
        *values,
        *((limit, offset) if limit is not None else ()),
        instants=("last_signed_in_at",),
    )
    await _add_roles(found)
    return Found(found, total[0]["number"])


def _people_where(filters: Mapping[str, str], *, by: Viewer, on: date) -> tuple[str, list[object]]:
    scope = visible_people(by, on=on)
    conditions, values = [f"({scope.sql})"], list(scope.values)
    if filters.get("q"):
        conditions.append(
            r"(lower(person.name) LIKE ? ESCAPE '\' OR person.email LIKE ? ESCAPE '\' OR person.second_email LIKE ? ESCAPE '\')"
        )
        values += [db.like_pattern(filters["q"])] * 3
    if filters.get("agency"):
        conditions.append(
            "(EXISTS (SELECT 1 FROM people_position there JOIN people_agency at_ ON at_.id = there.agency_id"
            " WHERE there.person_id = person.id AND at_.code = ? AND (there.ends_on IS NULL OR there.ends_on >= ?))"
            " OR person.managed_by_id IN (SELECT id FROM people_agency WHERE code = ?))"
        )
        values += [filters["agency"], on, filters["agency"]]
    if filters.get("role") in set(Role):
        conditions.append(
            "EXISTS (SELECT 1 FROM people_role_grant held WHERE held.person_id = person.id AND held.role = ? AND held.ended_at IS NULL)"
        )
        values.append(filters["role"])
    state = filters.get("state", "")
    if state in set(rules.PersonState):
        conditions.append("person.state = ?")
        values.append(state)
    else:
        conditions.append("person.state <> 'merged'")
    return " AND ".join(conditions), values


async def _add_roles(found: list[dict[str, Any]]) -> None:
    """Put each row's roles into it, by one statement for the page; a whole list's are read in one go."""
    if len(found) > 500:
        held = await db.rows("SELECT person_id, role FROM people_role_grant WHERE ended_at IS NULL ORDER BY id")
    elif found:
        marks = ", ".join("?" * len(found))
        held = await db.rows(
            f"SELECT person_id, role FROM people_role_grant WHERE ended_at IS NULL AND person_id IN ({marks}) ORDER BY id",
            *(row["id"] for row in found),
        )
    else:
        return
    by_person: dict[int, list[str]] = {}
    for row in held:
        by_person.setdefault(row["person_id"], []).append(rules.ROLE_LABELS[Role(row["role"])])
    for row in found:
        row["roles"] = ", ".join(dict.fromkeys(by_person.get(row["id"], [])))


async def agencies_list(
    filters: Mapping[str, str], *, by: Viewer, on: date, order: str, limit: int | None = None, offset: int = 0
) -> Found:
    """Agencies whose name or code holds `q`, of a sector, in a state; merged ones only where asked for."""
    scope = visible_agencies(by)
    conditions, values = [f"({scope.sql})"], list(scope.values)
    if filters.get("q"):
        conditions.append(r"(lower(agency.name) LIKE ? ESCAPE '\' OR lower(agency.code) LIKE ? ESCAPE '\')")
        values += [db.like_pattern(filters["q"])] * 2
    if filters.get("sector"):
        conditions.append("agency.sector = ?")
        values.append(filters["sector"])
    if filters.get("state") in set(rules.AgencyState):
        conditions.append("agency.state = ?")
        values.append(filters["state"])
    else:
        conditions.append("agency.state <> 'merged'")
    where = " AND ".join(conditions)
    total = await db.rows(f"SELECT count(*) AS number FROM people_agency agency WHERE {where}", *values)
    found = await db.rows(
        f"{_AGENCIES} WHERE {where} ORDER BY {order}, agency.id{_page(limit)}",
        on,
        *values,
        *((limit, offset) if limit is not None else ()),
    )
    return Found(found, total[0]["number"])


async def new_agencies() -> list[dict[str, Any]]:
    """The organisations that newcomers typed and the desk has yet to place, oldest first."""
    return await db.rows(
        "SELECT agency.code, agency.name, person.name AS suggested_by, person.ref AS person_ref, person.email"
        " FROM people_agency agency LEFT JOIN people_person person ON person.id = agency.suggested_by_id"
        " WHERE agency.state = 'suggested' ORDER BY agency.id LIMIT 200"
    )


async def agency_record(code: str) -> dict[str, Any] | None:
    """An agency by its exact code, with what it belongs to and what it was merged into."""
    found = await db.rows(
        "SELECT agency.*, above.name AS parent_name, above.code AS parent_code, kept.name AS merged_name, kept.code AS merged_code,"
        " person.name AS suggested_name, person.ref AS suggested_ref FROM people_agency agency"
        " LEFT JOIN people_agency above ON above.id = agency.parent_id LEFT JOIN people_agency kept ON kept.id = agency.merged_into_id"
        " LEFT JOIN people_person person ON person.id = agency.suggested_by_id WHERE agency.code = ?",
        code,
        dates=("opened_on", "closed_on"),
        flags=("is_vcse", "is_group", "is_one_person", "is_in_area"),
    )
    return found[0] if found else None


async def branches_in_order(agency_id: int) -> list[dict[str, Any]]:
    """The tree below an agency, each row with how deep it lies."""
    return await db.rows(
        "WITH RECURSIVE below (id, depth, path) AS (SELECT id, 1, lower(name) FROM people_agency WHERE parent_id = ? UNION ALL"
        " SELECT child.id, below.depth + 1, below.path || '|' || lower(child.name) FROM people_agency child"
        " JOIN below ON child.parent_id = below.id WHERE below.depth < 10)"
        " SELECT agency.code, agency.name, agency.state, below.depth FROM below JOIN people_agency agency ON agency.id = below.id"
        " ORDER BY below.path, agency.id LIMIT 500",
        agency_id,
    )


async def leads_of(agency_id: int) -> list[dict[str, Any]]:
    """Who leads an agency."""
    return await db.rows(
        "SELECT person.ref, person.name, person.email FROM people_role_grant held JOIN people_person person ON person.id = held.person_id"
        " WHERE held.agency_id = ? AND held.role = 'agency_lead' AND held.ended_at IS NULL ORDER BY lower(person.name)",
        agency_id,
    )


def _page(limit: int | None) -> str:
    return " LIMIT ? OFFSET ?" if limit is not None else ""
