"""Everything of a quarter's report, gathered as it stands."""

from collections.abc import Callable
from datetime import date, datetime

from marstraining.core.clock import today_of
from marstraining.people.queries import branches_of
from marstraining.programme.rules import CourseKind
from marstraining.reports.quarterly import Quarter, Sums, sums_of
from marstraining.reports.queries.confidence import confidence_in
from marstraining.reports.queries.delivery import by_course, people_of, reach_of, sessions_in, silent_agencies
from marstraining.reports.queries.quality import accreditations_on, coverage_on, represented_at, training_of
from marstraining.reports.rules import Period

EDUCATION_SECTORS = ("Education, schools", "Education, further education", "Early years")

Progress = Callable[[str], None]


async def quarter_of(period: Period, *, now: datetime, course: str = "", agency_id: int | None = None, progress: Progress) -> Quarter:
    """A quarter as at now, on the same definitions for it, the quarter before and the same quarter a year ago.

    A number of statements that does not grow with sessions or people. With `course` or an agency (and its branches) only what is
    of them.
    """
    today = today_of(now)
    agency_ids = sorted(await branches_of([agency_id]) | {agency_id}) if agency_id is not None else ()

    async def sums(of: Period) -> Sums:
        held = await sessions_in(of.first, of.last, on=today, course=course, agency_ids=agency_ids)
        return sums_of(held, people=await people_of([one.id for one in held], agency_ids=agency_ids))

    progress("Sessions and attendance")
    sessions = await sessions_in(period.first, period.last, on=today, course=course, agency_ids=agency_ids)
    ids = [one.id for one in sessions]
    courses = await by_course(sessions, agency_ids=agency_ids)
    progress("The quarter before and a year ago")
    before, year_ago = await sums(period.step(-1)), await sums(period.step(-4))
    progress("Organisations")
    reach, silent = await reach_of(ids), await silent_agencies(ids)
    briefings = [one.id for one in sessions if one.kind in {CourseKind.BRIEFING, CourseKind.FORUM}]
    represented = await represented_at(briefings, sectors=EDUCATION_SECTORS)
    progress("Refresher rules")
    day = min(today, period.last)
    coverage = await coverage_on(day)
    progress("Confidence")
    confidence = await confidence_in(period)
    progress("Trainers, accreditations and what is planned")
    planned = await sessions_in(max(today, date.fromordinal(period.last.toordinal() + 1)), period.step(2).last, on=today, course=course)
    return Quarter(
        period=period,
        as_at=f"{today.day} {today:%B %Y}",
        sums=sums_of(sessions, people=await people_of(ids, agency_ids=agency_ids)),
        before=before,
        year_ago=year_ago,
        sessions=sessions,
        courses=courses,
        reach=reach,
        silent=silent,
        represented=represented,
        coverage=coverage,
        confidence=confidence,
        trained=await training_of(ids),
        accredited=await accreditations_on(day),
        planned=await by_course(planned),
    )
