"""Who may see whom, in one place: conditions for the WHERE of every list and page about people and agencies."""

from datetime import date

from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer


@frozen
class Scope:
    """A condition in SQL and its values; put it in brackets after AND."""

    sql: str
    values: tuple[object, ...] = ()


ALL = Scope("1 = 1")
NOTHING = Scope("1 = 0")


def visible_people(viewer: Viewer, *, on: date, alias: str = "person") -> Scope:
    """The people a viewer may see (security.md 4).

    Everybody for the desk and administrators. A lead's are those with a post at their agencies on that day, so that who moved
    away is seen no more. Everybody sees themselves, and nobody signed out sees anyone.
    """
    if viewer.is_desk or viewer.is_administrator:
        return ALL
    if viewer.person_id is None:
        return NOTHING
    if not viewer.agency_ids:
        return Scope(f"{alias}.id = ?", (viewer.person_id,))
    marks = ", ".join("?" * len(viewer.agency_ids))
    return Scope(
        f"{alias}.id = ? OR EXISTS (SELECT 1 FROM people_position seen WHERE seen.person_id = {alias}.id AND seen.agency_id IN ({marks})"
        f" AND (seen.ends_on IS NULL OR seen.ends_on >= ?)) OR {alias}.managed_by_id IN ({marks})",
        (viewer.person_id, *sorted(viewer.agency_ids), on, *sorted(viewer.agency_ids)),
    )


def visible_agencies(viewer: Viewer, *, alias: str = "agency") -> Scope:
    """The agencies whose record a viewer may see: all for the desk, a lead's own with branches, none for others."""
    if viewer.is_desk or viewer.is_administrator:
        return ALL
    if not viewer.agency_ids:
        return NOTHING
    return Scope(f"{alias}.id IN ({', '.join('?' * len(viewer.agency_ids))})", tuple(sorted(viewer.agency_ids)))
