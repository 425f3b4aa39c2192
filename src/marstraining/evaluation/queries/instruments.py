"""Instruments as the desk sees and assigns them, and areas of the year."""

import json
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.evaluation.gate import Figure, Published, published
from marstraining.evaluation.rules.instruments import InstrumentKind
from marstraining.evaluation.rules.questions import Section, sections_of


@frozen
class InstrumentLine:
    """An instrument in the list, with its latest version and how many courses have it."""

    ref: str
    kind: InstrumentKind
    title: str
    is_default: bool
    version: int
    made_at: datetime
    courses: int


_LIST = (
    "SELECT t.ref, t.kind, t.title, t.is_default, n.number AS version, n.made_at, (SELECT count(*) FROM evaluation_course_instrument l"
    " WHERE l.instrument_id = t.id) AS courses FROM evaluation_instrument t JOIN evaluation_version n ON n.instrument_id = t.id"
    " AND n.number = (SELECT max(m.number) FROM evaluation_version m WHERE m.instrument_id = t.id) WHERE NOT t.is_archived"
)


async def instruments() -> list[InstrumentLine]:
    """All that are in use, the ready-made ones first."""
    found = await rows(f"{_LIST} ORDER BY t.is_default DESC, t.kind, lower(t.title), t.id", instants=("made_at",), flags=("is_default",))
    return [InstrumentLine(**row | {"kind": InstrumentKind(row["kind"])}) for row in found]


@frozen
class InstrumentFacts:
    """An instrument with the questions of its latest version."""

    ref: str
    kind: InstrumentKind
    title: str
    is_default: bool
    version: int
    sections: tuple[Section, ...]
    courses: tuple[str, ...]


async def instrument_by_ref(ref: str) -> InstrumentFacts | None:
    found = await rows(
        "SELECT t.id, t.ref, t.kind, t.title, t.is_default, n.number AS version, n.sections FROM evaluation_instrument t"
        " JOIN evaluation_version n ON n.instrument_id = t.id WHERE t.ref = ? ORDER BY n.number DESC LIMIT 1",
        ref,
        flags=("is_default",),
    )
    if not found:
        return None
    row = found[0]
    courses = await rows(
        "SELECT c.title FROM evaluation_course_instrument l JOIN programme_course c ON c.id = l.course_id WHERE l.instrument_id = ?"
        " ORDER BY lower(c.title)",
        row.pop("id"),
    )
    return InstrumentFacts(
        **row
        | {
            "kind": InstrumentKind(row["kind"]),
            "sections": sections_of(json.loads(row["sections"])),
            "courses": tuple(one["title"] for one in courses),
        }
    )


@frozen
class AreaLine:
    """A course in an area of the year."""

    id: int
    area: str
    course: str
    code: str
    starts_on: date
    ends_on: date | None


async def areas() -> list[AreaLine]:
    """Every course that belongs, or belonged, to an area, by area and the latest first."""
    found = await rows(
        "SELECT r.id, r.area, c.title AS course, c.code, r.starts_on, r.ends_on FROM evaluation_area r"
        " JOIN programme_course c ON c.id = r.course_id ORDER BY lower(r.area), r.starts_on DESC, lower(c.title)",
        dates=("starts_on", "ends_on"),
    )
    return [AreaLine(**row) for row in found]


async def course_id_of(code: str) -> int | None:
    found = await rows("SELECT id FROM programme_course WHERE code = ?", code)
    return int(found[0]["id"]) if found else None


@frozen
class SectorChoice:
    """A sector that a survey can go to, with its organisations by code; "" is those of no sector, which are chosen one by one."""

    name: str
    agencies: tuple[tuple[str, str], ...]


async def partner_choices() -> list[SectorChoice]:
    """Whom a partnership survey can go to, by sector, those of no sector last."""
    found = await rows(
        "SELECT code, name, sector FROM people_agency WHERE state = 'listed' ORDER BY CASE WHEN sector = '' THEN 1 ELSE 0 END, sector,"
        " lower(name), id"
    )
    by_sector = groupby(found, key=lambda row: row["sector"])
    return [SectorChoice(sector, tuple((row["code"], row["name"]) for row in own)) for sector, own in by_sector]


@frozen
class PartnershipLine:
    """A partnership survey in the list: while it is open how many have answered so far, then what the gate shows of that."""

    ref: str
    title: str
    opened_at: datetime
    closes_at: datetime
    is_closed: bool
    asked: int
    responses: int
    gate: Published | None

    @property
    def last_day(self) -> datetime:
        return self.closes_at - timedelta(minutes=1)

    @property
    def words(self) -> str:
        """As in "2 of 8 so far", then "6 of 8 (75%)" or "fewer than 5 responses"."""
        if not self.is_closed:
            return f"{self.responses} of {self.asked} so far"
        return self.gate.words if self.gate else "being added up"


async def partnership_surveys(ref: str = "") -> list[PartnershipLine]:
    """Partnership surveys, the latest first; or the one of that reference."""
    found = await rows(
        "SELECT v.ref, v.title, v.opened_at, v.closes_at, v.closed_at IS NOT NULL AS is_closed, coalesce(v.asked, (SELECT count(*)"
        " FROM evaluation_invitation i WHERE i.survey_id = v.id)) AS asked, (SELECT count(*) FROM evaluation_response r"
        " WHERE r.survey_id = v.id) AS responses, t.answers FROM evaluation_survey v LEFT JOIN evaluation_summary t"
        " ON t.survey_id = v.id AND t.is_current WHERE v.kind = 'partnership' AND (? = '' OR v.ref = ?) ORDER BY v.id DESC LIMIT 100",
        ref,
        ref,
        instants=("opened_at", "closes_at"),
        flags=("is_closed",),
    )
    return [_partnership_line(row) for row in found]


def _partnership_line(row: dict[str, Any]) -> PartnershipLine:
    answers = row.pop("answers")
    return PartnershipLine(**row, gate=published(Figure(answers, row["asked"])) if answers is not None else None)
