"""The ledger of late cancellations and absences, by agency."""

from datetime import date
from typing import Any

from marstraining.colleagues.queries.scope import visible_bookings
from marstraining.core.db import rows
from marstraining.core.viewer import Viewer
from marstraining.people.queries.scope import ALL, Scope

LEDGER_ORDER = {
    "when": "s.starts_at",
    "name": "lower(p.name)",
    "agency": "lower(coalesce(a.name, ''))",
    "session": "lower(CASE WHEN s.title = '' THEN c.title ELSE s.title END)",
    "kind": "l.kind",
}
_FROM = (
    " FROM bookings_ledger l JOIN bookings_booking b ON b.id = l.booking_id JOIN people_person p ON p.id = b.learner_id"
    " JOIN programme_session s ON s.id = l.session_id JOIN programme_course c ON c.id = s.course_id"
    " LEFT JOIN people_agency a ON a.id = l.agency_id"
)


async def ledger(
    viewer: Viewer,
    *,
    first: date | None = None,
    last: date | None = None,
    agency: str = "",
    entry_id: int | None = None,
    on: date,
    order: str = "s.starts_at DESC",
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """Entries the viewer may see, of sessions whose first training day is between two days, both included; and how many in all.

    The desk sees all; a lead those of people who are still their staff. `agency` is a code.
    """
    scope: Scope = ALL if viewer.is_desk else visible_bookings(viewer, on=on)
    where, values = f"({scope.sql})", [*scope.values]
    for condition, value in (
        ("EXISTS (SELECT 1 FROM programme_day d WHERE d.session_id = s.id AND d.day >= ?)", first),
        ("EXISTS (SELECT 1 FROM programme_day d WHERE d.session_id = s.id AND d.day <= ?)", last),
        ("a.code = ?", agency or None),
        ("l.id = ?", entry_id),
    ):
        if value is not None:
            where, values = f"{where} AND {condition}", [*values, value]
    total = await rows(f"SELECT count(*) AS n{_FROM} WHERE {where}", *values)
    page = " LIMIT ? OFFSET ?" if limit is not None else ""
    found = await rows(
        "SELECT l.id, l.kind, l.reason, l.notice_hours, l.is_excused, l.waived_at, l.waived_reason, p.name, p.ref AS person_ref,"
        " coalesce(a.name, '') AS agency, b.ref AS booking_ref, s.ref AS session_ref, s.starts_at,"
        f" CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title{_FROM} WHERE {where} ORDER BY {order}, l.id{page}",
        *values,
        *((limit, offset) if limit is not None else ()),
        instants=("starts_at", "waived_at"),
        flags=("is_excused",),
    )
    return found, int(total[0]["n"])


async def ledger_by_agency(viewer: Viewer, *, on: date) -> list[dict[str, Any]]:
    """How many entries of each kind each agency has that neither were excused nor waived, the most first."""
    scope: Scope = ALL if viewer.is_desk else visible_bookings(viewer, on=on)
    return await rows(
        "SELECT coalesce(a.code, '') AS code, coalesce(a.name, 'No organisation') AS agency,"
        " sum(CASE WHEN l.kind = 'late_cancellation' AND NOT l.is_excused AND l.waived_at IS NULL THEN 1 ELSE 0 END) AS late,"
        " sum(CASE WHEN l.kind = 'absence' AND NOT l.is_excused AND l.waived_at IS NULL THEN 1 ELSE 0 END) AS absent,"
        " sum(CASE WHEN l.is_excused OR l.waived_at IS NOT NULL THEN 1 ELSE 0 END) AS excused"
        f"{_FROM} WHERE ({scope.sql}) GROUP BY a.code, a.name ORDER BY 3 DESC, 4 DESC, 2",
        *scope.values,
    )
