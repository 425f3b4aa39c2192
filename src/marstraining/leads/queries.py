"""What an agency lead's pages show across capabilities: the agencies led, who completed what, which of a list have done a course."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from marstraining.certificates.queries.accreditations import IN_FORCE, LAST_USE
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.people.queries.scope import visible_people

# SQLite takes 32,766 values in one statement; each line of a list is compared with three columns.
_LINES_AT_ONCE = 1000


async def led_agencies(viewer: Viewer) -> list[str]:
    """The names of the agencies a viewer leads, branches included, those above first."""
    if not viewer.agency_ids:
        return []
    marks = ", ".join("?" * len(viewer.agency_ids))
    found = await rows(
        f"SELECT name FROM people_agency WHERE id IN ({marks}) ORDER BY CASE WHEN parent_id IN ({marks}) THEN 1 ELSE 0 END, name",
        *sorted(viewer.agency_ids),
        *sorted(viewer.agency_ids),
    )
    return [row["name"] for row in found]


# What was completed here and what was learnt elsewhere once it is confirmed, as lines of one kind; `one` stands in what narrows both.
_LEARNT = (
    "SELECT r.person_id, c.title AS course, c.level, r.completed_on, r.minutes, c.duration_minutes AS course_minutes,"
    " coalesce(t.code, '') AS certificate, '' AS provider, 0 AS is_elsewhere FROM record_completion r"
    " JOIN programme_course c ON c.id = r.course_id LEFT JOIN certificates_certificate t ON t.person_id = r.person_id"
    " AND t.session_id = r.session_id AND t.withdrawn_at IS NULL WHERE {of_one}"
    " UNION ALL SELECT x.person_id, x.title, '', x.completed_on, x.minutes, NULL, '', x.provider, 1 FROM record_external x"
    " WHERE x.state = 'confirmed' AND {of_other}"
)


def _learnt(condition: str) -> str:
    return _LEARNT.format(of_one=condition.replace("one.", "r."), of_other=condition.replace("one.", "x."))


async def completed_by(person_id: int) -> list[dict[str, Any]]:
    """What a person completed here and elsewhere, the latest first; whether the viewer may know of them the caller has asked."""
    return await rows(
        f"{_learnt('one.person_id = ?')} ORDER BY 4 DESC, 2",
        person_id,
        person_id,
        dates=("completed_on",),
        flags=("is_elsewhere",),
    )


@frozen
class Checked:
    """One line of a list: what was typed, whose it is among the people the viewer may see ("" nobody), and when they completed."""

    typed: str
    name: str
    agency: str
    completed_on: date | None

    @property
    def is_known(self) -> bool:
        return bool(self.name)


async def who_has_completed(course_id: int, typed: Sequence[str], *, since: date | None, viewer: Viewer, on: date) -> list[Checked]:
    """For each e-mail address or staff number whether its owner completed the course, since a day if one is given.

    Whoever the viewer may not see is unknown, exactly as somebody who does not exist. Three columns are compared, a thousand lines in a
    statement.
    """
    known: dict[str, tuple[str, str, date | None]] = {}
    scope = visible_people(viewer, on=on, alias="p")
    for start in range(0, len(typed), _LINES_AT_ONCE):
        part = [line.casefold() for line in typed[start : start + _LINES_AT_ONCE]]
        marks = ", ".join("?" * len(part))
        found = await rows(
            "SELECT p.id, p.email, p.second_email, lower(coalesce(g.staff_number, '')) AS staff_number, p.name,"
            " coalesce(a.name, '') AS agency,"
            " (SELECT max(r.completed_on) FROM record_completion r WHERE r.person_id = p.id AND r.course_id = ? AND r.completed_on >= ?)"
            " AS completed_on FROM people_person p LEFT JOIN people_position g ON g.person_id = p.id AND g.starts_on <= ?"
            " AND (g.ends_on IS NULL OR g.ends_on >= ?) LEFT JOIN people_agency a ON a.id = g.agency_id"
            f" WHERE p.merged_into_id IS NULL AND ({scope.sql})"
            f" AND (p.email IN ({marks}) OR p.second_email IN ({marks}) OR lower(g.staff_number) IN ({marks})) ORDER BY g.id",
            course_id, since or date.min, on, on, *scope.values, *part, *part, *part,
            dates=("completed_on",),
        )  # fmt: skip
        for row in found:
            for key in (row["staff_number"], row["second_email"], row["email"]):
                if key:
                    known[key] = (row["name"], row["agency"], row["completed_on"])
    return [Checked(line, *known.get(line.casefold(), ("", "", None))) for line in typed]


@frozen
class StaffAccreditation:
    """An accreditation of somebody on a lead's staff; flagged as without use, or `flagged_on` is None."""

    name: str
    ref: str
    title: str
    expires_on: date | None
    flagged_on: date | None
    last_use: date


async def accreditations_to_look_at(viewer: Viewer, *, within: timedelta, on: date) -> list[StaffAccreditation]:
    """Of the viewer's staff: what is flagged as without use, and what ends soon, by name."""
    if viewer.person_id is None or not viewer.agency_ids:
        return []
    marks = ", ".join("?" * len(viewer.agency_ids))
    found = await rows(
        f"SELECT p.name, p.ref, c.title, a.expires_on, a.flagged_on, {LAST_USE} AS last_use FROM record_accreditation a"
        " JOIN people_person p ON p.id = a.person_id AND p.state = 'active' JOIN programme_course c ON c.id = a.course_id"
        f" WHERE (a.flagged_on IS NOT NULL OR a.expires_on <= ?) AND {IN_FORCE} AND EXISTS (SELECT 1 FROM people_position g"
        f" WHERE g.person_id = p.id AND g.agency_id IN ({marks}) AND g.starts_on <= ? AND (g.ends_on IS NULL OR g.ends_on >= ?))"
        " ORDER BY lower(p.name), p.id, a.id LIMIT 500",
        on + within,
        on,
        *sorted(viewer.agency_ids),
        on,
        on,
        dates=("expires_on", "flagged_on", "last_use"),
    )
    return [StaffAccreditation(**row) for row in found]


async def staff_training(viewer: Viewer, *, first: date, last: date, on: date) -> list[dict[str, Any]]:
    """For an inspector: everybody with a post at the viewer's agencies, each with what they completed between two days, or nothing.

    One line for each thing completed here or learnt elsewhere; somebody without any has one line whose course is None.
    """
    if viewer.person_id is None or not viewer.agency_ids:
        return []
    marks, agencies = ", ".join("?" * len(viewer.agency_ids)), sorted(viewer.agency_ids)
    of = f"one.person_id IN (SELECT person_id FROM people_position WHERE agency_id IN ({marks})) AND one.completed_on BETWEEN ? AND ?"
    return await rows(
        "SELECT p.id, p.name, g.job_role, a.name AS agency, l.course, l.level, l.completed_on, l.minutes, l.course_minutes,"
        " l.certificate, l.provider, coalesce(l.is_elsewhere, 0) AS is_elsewhere"
        " FROM people_position g JOIN people_person p ON p.id = g.person_id AND p.state = 'active'"
        f" JOIN people_agency a ON a.id = g.agency_id LEFT JOIN ({_learnt(of)}) l ON l.person_id = p.id"
        f" WHERE g.agency_id IN ({marks}) AND g.starts_on <= ? AND (g.ends_on IS NULL OR g.ends_on >= ?)"
        " ORDER BY lower(a.name), lower(p.name), p.id, l.completed_on, l.course",
        *agencies,
        first,
        last,
        *agencies,
        first,
        last,
        *agencies,
        on,
        on,
        dates=("completed_on",),
        flags=("is_elsewhere",),
    )
