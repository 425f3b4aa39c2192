"""Everything of a quarter's report, gathered as it stands."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from marstraining.core.clock import today_of
from marstraining.programme.rules import CourseKind
from marstraining.reports.quarterly import Quarter, Sums, sums_of
from marstraining.reports.queries.annex import data_quality_of, surveys_asked
from marstraining.reports.queries.confidence import Overall, confidence_in
from marstraining.reports.queries.delivery import HeldSession, by_course, first_day_on_record, people_of, sessions_in
from marstraining.reports.queries.impact import impact_in, three_wave_of
from marstraining.reports.queries.narrowing import WHOLE, Narrowed
from marstraining.reports.queries.quality import EDUCATION_SECTORS, Coverage, accreditations_on, coverage_on, represented_at, training_of
from marstraining.reports.queries.reach import new_agencies, reach_of, silent_agencies
from marstraining.reports.rules import Period

Progress = Callable[[str], None]
STEPS = 7
"""How often `quarter_of` tells its progress."""


async def quarter_of(period: Period, *, on: date | None = None, now: datetime, of: Narrowed = WHOLE, progress: Progress) -> Quarter:
    """A quarter as at now, on the same definitions for it, the quarter before and the same quarter a year ago.

    With `on`, a day that is over, what ran is counted to its end. A number of statements that does not grow with sessions or people.
    """
    today = min(on or today_of(now), today_of(now))

    progress("Sessions and attendance")
    sessions = await _sessions(period, of, today)
    ran = [one.id for one in sessions if one.is_over]
    courses = await by_course(sessions, agency_ids=of.agency_ids)
    progress("The quarter before and a year ago")
    since = await first_day_on_record()
    before, year_ago = [await _sums(period.step(quarters), of, today, now, since=since) for quarters in (-1, -4)]
    progress("Organisations")
    reach = await reach_of(ran, agency_ids=of.agency_ids, together=() if of.agency_ids else EDUCATION_SECTORS)
    silent = await silent_agencies(ran, but=EDUCATION_SECTORS)
    new = await new_agencies(ran, first=period.first)
    briefings, conferences = [
        await represented_at([one.id for one in sessions if one.is_over and one.kind in kinds])
        for kinds in ({CourseKind.BRIEFING, CourseKind.FORUM}, {CourseKind.CONFERENCE})
    ]
    progress("Refresher rules")
    day = min(today, period.last)
    coverage = Coverage((), {}) if of.words else await coverage_on(day)
    progress("Confidence")
    confidence = await confidence_in(period, sessions=sessions, of=of, now=now)
    progress("Three months later")
    # Answers are never told apart by organisation: such a report has none.
    asked = Narrowed(of.words, courses=()) if of.agency_ids else of
    impact, three_wave = await impact_in(period, of=asked), await three_wave_of(period)
    progress("Trainers, accreditations and what is planned")
    planned = await sessions_in(max(today, date.fromordinal(period.last.toordinal() + 1)), period.step(2).last, on=today, of=of)
    return Quarter(
        period=period,
        as_at=f"{today.day} {today:%B %Y}",
        of=of.words,
        is_part=bool(of.agency_ids),
        sums=await _summed(sessions, of, confidence.programme),
        before=before,
        year_ago=year_ago,
        sessions=sessions,
        courses=courses,
        reach=reach,
        silent=silent,
        new=new,
        briefings=briefings,
        conferences=conferences,
        coverage=coverage,
        confidence=confidence,
        three_wave=three_wave,
        impact=impact,
        trained=await training_of(ran),
        accredited=await accreditations_on(day, courses=of.courses_within(day, day)),
        planned=await by_course(planned, agency_ids=of.agency_ids),
        data_quality=await data_quality_of(ran, agency_ids=of.agency_ids),
        asked=await surveys_asked(period, of=asked),
    )


async def _sessions(period: Period, of: Narrowed, today: date) -> list[HeldSession]:
    return await sessions_in(period.first, period.last, on=today, of=of)


async def _sums(period: Period, of: Narrowed, today: date, now: datetime, *, since: date | None) -> Sums:
    sessions = await _sessions(period, of, today)
    confidence = await confidence_in(period, sessions=sessions, of=of, now=now)
    return await _summed(sessions, of, confidence.programme, is_on_record=since is not None and since <= period.last)


async def _summed(sessions: Sequence[HeldSession], of: Narrowed, confidence: Overall, *, is_on_record: bool = True) -> Sums:
    ran = [one.id for one in sessions if one.is_over]
    people = await people_of(ran, agency_ids=of.agency_ids)
    return sums_of(sessions, people=people, confidence=confidence, is_on_record=is_on_record)
