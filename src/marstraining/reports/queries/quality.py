"""Trainers, accreditations, how people stand towards refresher rules, what is planned: the quarterly report's other pages."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.coverage.queries.forecast import people_asked
from marstraining.coverage.rules import State
from marstraining.reports.queries.narrowing import among

EDUCATION_SECTORS = ("Education, schools", "Further education", "Early years")
_ENDS_SOON = timedelta(days=90)


@frozen
class Trained:
    """Who trained over the period: how many people, and how many of the sessions that ran had two of them or more."""

    trainers: int
    sessions: int
    together: int


async def training_of(ids: Sequence[int]) -> Trained:
    """Trainers who accepted; contributors are none."""
    if not ids:
        return Trained(0, 0, 0)
    found = await rows(
        "SELECT session_id, count(*) AS n FROM programme_trainer WHERE state = 'accepted' AND NOT is_contributor AND session_id IN"
        f" ({', '.join(str(int(one)) for one in ids)}) GROUP BY session_id"
    )
    people = await rows(
        "SELECT count(DISTINCT person_id) AS n FROM programme_trainer WHERE state = 'accepted' AND NOT is_contributor AND session_id IN"
        f" ({', '.join(str(int(one)) for one in ids)})"
    )
    return Trained(int(people[0]["n"]), len(found), sum(row["n"] >= 2 for row in found))


@frozen
class Accredited:
    """Accreditations of a course on a day."""

    course: str
    active: int
    ending: int
    lapsed: int


async def accreditations_on(day: date, *, courses: Sequence[str] | None = None) -> list[Accredited]:
    """By course: how many people hold it, of how many it ends within 90 days, of how many it has run out and was not renewed."""
    where, values = among("c.code", courses)
    found = await rows(
        "SELECT c.title, a.person_id, max(coalesce(a.expires_on, '9999-12-31')) AS expires_on FROM record_accreditation a"
        " JOIN programme_course c ON c.id = a.course_id WHERE a.granted_on <= ? AND (a.ended_on IS NULL OR a.ended_on > ?)"
        f"{where} GROUP BY c.title, a.person_id",
        day, day, *values, dates=("expires_on",),
    )  # fmt: skip
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in found:
        ends = row["expires_on"]
        counts[row["title"]]["lapsed" if ends < day else "active"] += 1
        counts[row["title"]]["ending"] += day <= ends <= day + _ENDS_SOON
    return [Accredited(title, own["active"], own["ending"], own["lapsed"]) for title, own in sorted(counts.items())]


@frozen
class Standing:
    """How those whom a rule asks stand on a day."""

    code: str
    title: str
    asked: int
    current: int
    overdue: int


@frozen
class Coverage:
    """Standings by rule, and how many people fall due in each of the months to come."""

    standings: tuple[Standing, ...]
    due: Mapping[str, int]


async def coverage_on(day: date, *, months: int = 6) -> Coverage:
    """Reckoned from the record as it is today, on the rules in force on the day; a person counts once for each rule.

    The first month is that of the following day.
    """
    asked: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    due: Counter[str] = Counter()
    months_to_come = _months(day + timedelta(days=1), months)
    for dues in (await people_asked(on=day)).values():
        for one in dues:
            own = asked[one.asked.rule.code, one.asked.rule.title]
            own["asked"] += 1
            own["current"] += one.state in {State.MET, State.SOON, State.GRACE}
            own["overdue"] += one.state is State.OVERDUE
            if one.due_on is not None and one.state is not State.OVERDUE:
                due[f"{one.due_on:%Y-%m}"] += 1
    standings = tuple(Standing(code, title, own["asked"], own["current"], own["overdue"]) for (code, title), own in sorted(asked.items()))
    return Coverage(standings, {month: due[month] for month in months_to_come})


def _months(day: date, number: int) -> list[str]:
    return [f"{day.year + (day.month - 1 + n) // 12}-{(day.month - 1 + n) % 12 + 1:02}" for n in range(number)]


@frozen
class RepresentedSector:
    """The settings of a sector in the register, and the names of those from which nobody came; None where no names are held."""

    sector: str
    settings: int
    missing: tuple[str, ...] | None

    @property
    def represented(self) -> int | None:
        return None if self.missing is None else self.settings - len(self.missing)

    @property
    def share(self) -> float | None:
        return None if self.represented is None else self.represented / self.settings


@frozen
class Represented:
    """Which settings had somebody at so many sessions."""

    sessions: int
    sectors: tuple[RepresentedSector, ...]


async def represented_at(ids: Sequence[int]) -> Represented:
    """By sector of education and early years, over these sessions; groups of settings are no setting."""
    listed = ", ".join(str(int(one)) for one in ids) or "0"
    held = await rows(f"SELECT 1 AS one FROM attendance_mark WHERE superseded_at IS NULL AND session_id IN ({listed}) LIMIT 1")
    found = await rows(
        "SELECT a.sector, a.name, CASE WHEN EXISTS (SELECT 1 FROM attendance_mark m WHERE m.agency_id = a.id AND m.superseded_at IS NULL"
        f" AND m.mark = 'attended' AND m.session_id IN ({listed})) THEN 1 ELSE 0 END AS came FROM people_agency a WHERE a.is_in_area"
        f" AND NOT a.is_group AND a.state = 'listed' AND a.sector IN ({', '.join('?' * len(EDUCATION_SECTORS))})"
        " ORDER BY a.sector, lower(a.name), a.id",
        *EDUCATION_SECTORS,
    )
    sectors = []
    for sector, own in groupby(found, key=lambda row: str(row["sector"])):
        settings = list(own)
        missing = tuple(row["name"] for row in settings if not row["came"])
        sectors.append(RepresentedSector(sector, len(settings), missing if held else None))
    return Represented(len(ids), tuple(sectors))
