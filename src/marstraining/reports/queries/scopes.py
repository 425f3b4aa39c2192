"""What a narrower report is of: a course, an organisation with its branches, an area that the partnership shines a light on."""

from datetime import date

from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.people.queries import branches_of
from marstraining.reports.queries.narrowing import WHOLE, Belongs, Narrowed
from marstraining.reports.queries.quality import EDUCATION_SECTORS
from marstraining.reports.rules import Period

SCOPE_LENGTH = 60


def area_scope(area: str) -> str:
    """The scope of an area's report."""
    return f"area:{area}"[:SCOPE_LENGTH]


async def narrowed(scope: str, period: Period) -> Narrowed:
    """What a scope, as `Snapshot` has it, means in a period; NotFound where it names nothing."""
    if not scope:
        return WHOLE
    kind, _, name = scope.partition(":")
    if kind == "course":
        found = await rows("SELECT title FROM programme_course WHERE code = ?", name)
        if found:
            return Narrowed(f"course: {found[0]['title']}", courses=(name,))
    if kind == "agency":
        found = await rows("SELECT id, name FROM people_agency WHERE code = ?", name)
        if found:
            own_id = int(found[0]["id"])
            return Narrowed(f"organisation: {found[0]['name']}", agency_ids=tuple(sorted(await branches_of([own_id]) | {own_id})))
    if kind == "area":
        found = await rows(
            "SELECT a.area, c.code, a.starts_on, a.ends_on FROM evaluation_area a JOIN programme_course c ON c.id = a.course_id"
            " ORDER BY c.code, a.starts_on",
            dates=("starts_on", "ends_on"),
        )
        own = [row for row in found if area_scope(row["area"]) == scope]
        belongs = [Belongs(row["code"], row["starts_on"], row["ends_on"]) for row in own]
        if any(one.is_within(period.first, period.last) for one in belongs):
            return Narrowed(f"area: {own[0]['area']}", courses=sorted({one.course for one in belongs}), belongs=belongs)
    raise NotFound


async def scope_choices() -> list[tuple[str, str]]:
    """What a report may be of, with its words: everything, each course, organisation and area. Settings are in their sector's line."""
    courses = await rows("SELECT code, title FROM programme_course ORDER BY lower(title), id")
    agencies = await rows(
        "SELECT code, name FROM people_agency WHERE NOT is_group AND state = 'listed' AND sector NOT IN"
        f" ({', '.join('?' * len(EDUCATION_SECTORS))}) ORDER BY lower(name), id",
        *EDUCATION_SECTORS,
    )
    areas = await rows("SELECT DISTINCT area FROM evaluation_area ORDER BY area")
    return [
        ("", "The whole programme"),
        *((area_scope(row["area"]), f"Area: {row['area']}") for row in areas),
        *((f"course:{row['code']}", f"Course: {row['title']}") for row in courses),
        *((f"agency:{row['code']}", f"Organisation: {row['name']}") for row in agencies),
    ]


async def periods_held(*, today: date) -> list[Period]:
    """Quarters and years from the first session to today, the latest first, each year before its quarters."""
    found = await rows("SELECT min(day) AS first FROM programme_day", dates=("first",))
    first = Period.holding(min(found[0]["first"] or today, today))
    quarter, held = Period.holding(today), []
    while quarter.first >= first.first:
        held.append(quarter)
        if quarter.quarter == 1 or quarter == first:
            held.append(Period(quarter.year))
        quarter = quarter.step(-1)
    return held
