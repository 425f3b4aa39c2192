"""Agency leads: who they are, and who leads whom."""

from collections.abc import Sequence
from datetime import date

from marstraining.core import db
from marstraining.core.values import frozen

_AT_ONCE = 500


@frozen
class Lead:
    """A lead who can be written to, and one of their staff."""

    person_id: int
    lead_id: int
    name: str
    email: str


async def leads_of_staff(person_ids: Sequence[int], *, on: date) -> list[Lead]:
    """Who leads these people on that day, by lead: the leads of an agency where they hold a post then, and of every agency above it.

    It is the same bond as in a lead's pages, looked at from below. Whoever left an agency is nobody's staff there any more. Leads
    without an address are left out, and nobody leads themselves.
    """
    found: list[Lead] = []
    for start in range(0, len(person_ids), _AT_ONCE):
        part = person_ids[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        rows = await db.rows(
            "WITH RECURSIVE above (person_id, agency_id, parent_id) AS (SELECT o.person_id, a.id, a.parent_id FROM people_position o"
            f" JOIN people_agency a ON a.id = o.agency_id WHERE o.person_id IN ({marks}) AND o.starts_on <= ?"
            " AND (o.ends_on IS NULL OR o.ends_on >= ?) UNION SELECT above.person_id, a.id, a.parent_id FROM people_agency a"
            " JOIN above ON a.id = above.parent_id) SELECT DISTINCT above.person_id, p.id AS lead_id, p.name, p.email FROM above"
            " JOIN people_role_grant held ON held.agency_id = above.agency_id AND held.role = 'agency_lead' AND held.ended_at IS NULL"
            " JOIN people_person p ON p.id = held.person_id AND p.state = 'active' AND p.email IS NOT NULL"
            " WHERE p.id <> above.person_id ORDER BY p.id, above.person_id",
            *part,
            on,
            on,
        )
        found += [Lead(**row) for row in rows]
    return sorted(found, key=lambda lead: (lead.lead_id, lead.person_id))
