"""Whom a period's sessions reached, by organisation: who came, who came for the first time, from whom nobody came."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, time

from marstraining.core.clock import from_wall
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.reports.queries.delivery import listed


@frozen
class Reach:
    """An organisation's people over the period: attendances and different people, by course and in all."""

    agency: str
    sector: str
    attendances: int
    people: int
    by_course: Mapping[str, int]


async def reach_of(ids: Sequence[int], *, agency_ids: Sequence[int] = (), together: Sequence[str] = ()) -> list[Reach]:
    """Every organisation that somebody attended for by name, in two statements, by sector and name.

    Those of the sectors `together` are one line each sector, since a setting of one person is that person's name.
    """
    if not ids:
        return []
    where = f" AND m.agency_id IN ({listed(agency_ids)})" if agency_ids else ""
    grouped = f"CASE WHEN a.sector IN ({', '.join('?' * len(together))}) THEN 0 ELSE a.id END" if together else "a.id"
    came = (
        f"SELECT DISTINCT {grouped} AS own, a.sector, a.id AS agency_id, m.session_id, m.person_id FROM attendance_mark m"
        " JOIN people_agency a ON a.id = m.agency_id WHERE m.superseded_at IS NULL AND m.mark = 'attended'"
        f" AND m.taken_as IN ('learner', 'walk_in', 'substitute') AND m.session_id IN ({listed(ids)}){where}"
    )
    people = await rows(
        "SELECT x.own, x.sector, coalesce(a.name, '') AS name, count(DISTINCT x.person_id) AS people, count(DISTINCT x.agency_id) AS bodies"
        f" FROM ({came}) x LEFT JOIN people_agency a ON a.id = x.own GROUP BY x.own, x.sector, a.name",
        *together,
    )
    cells = await rows(
        f"SELECT x.own, x.sector, c.code, count(*) AS n FROM ({came}) x JOIN programme_session s ON s.id = x.session_id"
        " JOIN programme_course c ON c.id = s.course_id GROUP BY x.own, x.sector, c.code",
        *together,
    )
    by_line: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for row in cells:
        by_line[row["own"], row["sector"]][row["code"]] = row["n"]
    found = []
    for row in people:
        courses = by_line[row["own"], row["sector"]]
        name = row["name"] or f"{row['sector']}: {row['bodies']} {'setting' if row['bodies'] == 1 else 'settings'}"
        found.append(Reach(name, row["sector"], sum(courses.values()), row["people"], courses))
    return sorted(found, key=lambda one: (one.sector, one.agency.casefold()))


@frozen
class NewAgencies:
    """Organisations of whom somebody attended by name for the first time on record, each by name and sector.

    `is_known` False where no attendance by name is held of any day before, so that nobody can tell.
    """

    found: tuple[tuple[str, str], ...]
    is_known: bool


async def new_agencies(ids: Sequence[int], *, first: date) -> NewAgencies:
    """Of these sessions against all that began before the day `first`."""
    came = "FROM attendance_mark m JOIN programme_session s ON s.id = m.session_id WHERE m.superseded_at IS NULL AND m.mark = 'attended'"
    came += " AND m.taken_as IN ('learner', 'walk_in', 'substitute') AND m.agency_id IS NOT NULL"
    before = from_wall(first, time())
    known = await rows(f"SELECT 1 AS one {came} AND s.starts_at < ? LIMIT 1", before)
    found = await rows(
        f"SELECT a.name, a.sector FROM people_agency a WHERE a.id IN (SELECT m.agency_id {came} AND s.id IN ({listed(ids) or '0'}))"
        f" AND a.id NOT IN (SELECT m.agency_id {came} AND s.starts_at < ?) ORDER BY lower(a.name), a.id",
        before,
    )
    return NewAgencies(tuple((row["name"], row["sector"]) for row in found), bool(known))


async def silent_agencies(ids: Sequence[int], *, but: Sequence[str]) -> list[str]:
    """The organisations of the area from which nobody attended by name, those of the sectors `but` left out."""
    where = f" AND m.session_id IN ({listed(ids)})" if ids else " AND 1 = 0"
    found = await rows(
        "SELECT a.name FROM people_agency a WHERE a.is_in_area AND NOT a.is_group AND a.state = 'listed'"
        " AND NOT EXISTS (SELECT 1 FROM attendance_mark m WHERE m.agency_id = a.id AND m.superseded_at IS NULL AND m.mark = 'attended'"
        f"{where}) AND a.sector NOT IN ({', '.join('?' * len(but))}) ORDER BY a.name",
        *but,
    )
    return [row["name"] for row in found]
