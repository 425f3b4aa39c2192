"""Creating many sessions at once: a series by rule or list of dates, and a whole year rolled forward. First a dry run, then drafts."""

import json
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta

from marstraining.core.config import current
from marstraining.core.db import rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.programme.actions.sessions import create_session, draft_of
from marstraining.programme.models import Course, Session, TrainingDay, Venue
from marstraining.programme.queries.scope import EFFECTIVE_AUDIENCES
from marstraining.programme.rules import DayPlan, SessionDraft
from marstraining.programme.series import (
    MOST_DATES,
    Planned,
    SchoolYear,
    Span,
    Taken,
    Wish,
    judged,
    judged_series,
    named_day,
    stands_against,
)

LONGEST_YEAR = timedelta(days=400)
_TITLE = "CASE WHEN s.title = '' THEN c.title ELSE s.title END"


@frozen
class Rolled:
    """One session of the old year and its planned twin; `rivals` are earlier ones, by reference, of which only it or they can be made."""

    session_id: int
    ref: str
    title: str
    old_day: date
    planned: Planned
    rivals: frozenset[str] = frozenset()


async def plan_series(
    course_id: int,
    draft: SessionDraft,
    plans: Sequence[DayPlan],
    *,
    trainer_ids: frozenset[int] = frozenset(),
    is_in_terms: bool = True,
    now: datetime,
) -> list[Planned]:
    """The dry run of a series of one-day sessions: each date with the reasons for which it would be skipped. Writes nothing.

    Other sessions of the course, of the venue and of the trainers stand against a date, closed days too. One for the same audience
    leaves it to the training team, and is only mentioned where either is for all practitioners.
    """
    course = await Course.get_or_none(id=course_id)
    if course is None:
        raise NotFound
    if not 1 <= len(plans) <= MOST_DATES:
        raise Refused(f"Enter 1 to {MOST_DATES} dates", code="count", field="dates")
    audiences = frozenset(draft.audience_codes or course.audience_codes)
    venue_id = draft.venue_id if draft.venue_id in await _rooms() else None
    wish = Wish(venue_id, trainer_ids, audiences, is_in_terms=is_in_terms, course_id=course_id)
    taken = await _taken_between(min(plan.day for plan in plans), max(plan.day for plan in plans))
    return judged_series(plans, wish, taken=taken, year=school_year(), now=now)


async def create_series(
    course_id: int,
    draft: SessionDraft,
    planned: Sequence[Planned],
    *,
    chosen: Collection[str] | None = None,
    by: Viewer,
    now: datetime,
) -> tuple[str, list[Session]]:
    """Create a draft for each planned date, in one transaction; gives the series' name and its sessions.

    With `chosen`, keys of planned dates, it is these; without, all that nothing speaks against. Refuses none at all, and a chosen date
    that something stands against.
    """
    wanted = [one for one in planned if (one.will_do if chosen is None else one.key in chosen)]
    if not wanted:
        nothing = "Every date would be skipped, so there is nothing to create" if chosen is None else "Choose at least one date"
        raise Refused(nothing, code="nothing", field="dates" if chosen is None else "take")
    for one in wanted:
        if one.reasons:
            raise Refused(f"{named_day(one.days[0].day)} can no longer be used: {one.reasons[0]}", code="taken", field="take")
    series = new_ref()
    async with transaction():
        made = [await create_session(course_id, draft, one.days, by=by, now=now, series=series) for one in wanted]
        await record("create_series", by=by, now=now, subject_kind="course", subject_id=course_id, detail={"sessions": len(made)})
    return series, made


async def plan_year(first: date, last: date, *, is_in_terms: bool = True, now: datetime) -> list[Rolled]:
    """The dry run of rolling the sessions that start from `first` to `last` a year forward, by weekday and week of term.

    Sessions that were called off, events booked elsewhere and imported headcounts are not rolled. Two that fall on the same time are
    judged against each other, the later one being skipped, unless they were at the same time in the old year too. Rolled a second
    time, a session meets its twin and is skipped.
    """
    if last < first or last - first > LONGEST_YEAR:
        raise Refused("Choose a last day at most 400 days after the first", code="year", field="last")
    sources = await rows(
        f"SELECT s.id, s.ref, s.course_id, s.venue_id, {_TITLE} AS title, {EFFECTIVE_AUDIENCES} AS audiences "
        "FROM programme_session s JOIN programme_course c ON c.id = s.course_id WHERE s.state IN ('published', 'draft') "
        "AND NOT c.is_archived AND c.kind <> 'external' "
        "AND EXISTS (SELECT 1 FROM programme_day d WHERE d.session_id = s.id AND d.day >= ? AND d.day <= ?) ORDER BY s.starts_at, s.id",
        first,
        last,
    )
    days = await TrainingDay.filter(session_id__in=[row["id"] for row in sources], is_cancelled=False).order_by("starts_at").all()
    year = school_year()
    taken = await _taken_between(first + timedelta(days=330), last + timedelta(days=430))
    rooms = await _rooms()
    rolled = []
    placed: list[tuple[list[TrainingDay], Taken]] = []
    # Not made unless somebody chooses them, so that they stand in nobody's way yet.
    left: list[tuple[str, list[TrainingDay], Taken]] = []
    for row in sources:
        own = [day for day in days if day.session_id == row["id"]]
        if not own or own[0].day < first:
            continue
        shift = year.a_year_on(own[0].day) - own[0].day
        plans = [DayPlan(day.day + shift, _wall(day.starts), _wall(day.ends)) for day in own]
        audiences = frozenset(json.loads(row["audiences"]))
        venue_id = row["venue_id"] if row["venue_id"] in rooms else None
        wish = Wish(venue_id, frozenset(), audiences, is_in_terms=is_in_terms, course_id=row["course_id"])
        newly = [one for old, one in placed if not _meet(old, own)]
        planned = judged(plans, wish, taken=[*taken, *newly], year=year, now=now)
        if planned.reasons:
            rolled.append(Rolled(row["id"], row["ref"], row["title"], own[0].day, planned))
            continue
        rivals = frozenset(ref for ref, old, one in left if not _meet(old, own) and stands_against(plans, wish, one))
        rolled.append(Rolled(row["id"], row["ref"], row["title"], own[0].day, planned, rivals))
        spans = [plan.instants() for plan in plans]
        new = [Taken(row["title"], *span, venue_id, frozenset(), audiences, row["course_id"]) for span in spans]
        if planned.will_do:
            placed += [(own, one) for one in new]
        else:
            left += [(row["ref"], own, one) for one in new]
    return rolled


async def create_year(rolled: Sequence[Rolled], *, chosen: Collection[str] | None = None, by: Viewer, now: datetime) -> list[Session]:
    """Create a draft for each rolled session, in one transaction.

    With `chosen`, references of old sessions, it is these; without, all that nothing speaks against. Refuses none at all, and a chosen
    one that something stands against, be it another that is chosen.
    """
    wanted = [one for one in rolled if (one.planned.will_do if chosen is None else one.ref in chosen)]
    if not wanted:
        nothing = "Every session would be skipped, so there is nothing to create" if chosen is None else "Choose at least one session"
        raise Refused(nothing, code="nothing", field="first" if chosen is None else "take")
    for one in wanted:
        if one.planned.reasons:
            raise Refused(f"“{one.title}” can no longer be made: {one.planned.reasons[0]}", code="taken", field="take")
        other = next((other for other in wanted if other.ref in one.rivals), None)
        if other is not None:
            both = f"“{other.title}” and “{one.title}” of {named_day(one.planned.days[0].day)}"
            raise Refused(f"{both} are at the same time in one place or of one course. Choose one of them.", code="rivals", field="take")
    series = new_ref()
    async with transaction():
        made = []
        for one in wanted:
            source = await Session.get(id=one.session_id)
            draft = draft_of(source, is_copy=True)
            made.append(await create_session(source.course_id, draft, one.planned.days, by=by, now=now, series=series))
        await record("roll_year_forward", by=by, now=now, subject_kind="programme", subject_id=None, detail={"sessions": len(made)})
    return made


def school_year() -> SchoolYear:
    """Terms and half terms of the partnership, and the days on which it is closed, by name."""
    calendar = current().partnership.calendar
    return SchoolYear(
        terms=[Span(term.name, term.starts, term.ends) for term in calendar.terms],
        half_terms=[Span(half.name, half.starts, half.ends) for half in calendar.half_terms],
        why_closed=_why_closed,
    )


def _why_closed(day: date) -> str:
    # A weekend is nobody's surprise: whoever plans a Saturday means it.
    is_weekend = day.weekday() >= 5
    return "" if is_weekend or current().partnership.working_calendar.is_working_day(day) else "a bank holiday or a day of closure"


async def _rooms() -> frozenset[int]:
    """The venues that only one session can have at a time: those that are not online."""
    return frozenset(venue.id for venue in await Venue.filter(is_online=False))


async def _taken_between(first: date, last: date) -> list[Taken]:
    """What sessions that are not called off take from `first` to `last`, one value for each live training day."""
    found = await rows(
        f"SELECT s.id, s.course_id, {_TITLE} AS title, d.starts_at, d.ends_at, s.venue_id, {EFFECTIVE_AUDIENCES} AS audiences "
        "FROM programme_day d JOIN programme_session s ON s.id = d.session_id JOIN programme_course c ON c.id = s.course_id "
        "WHERE s.state <> 'called_off' AND NOT d.is_cancelled AND d.day >= ? AND d.day <= ?",
        first,
        last,
        instants=("starts_at", "ends_at"),
    )
    trainers = await rows(
        "SELECT DISTINCT r.session_id, r.person_id FROM programme_trainer r JOIN programme_day d ON d.session_id = r.session_id "
        "WHERE r.state <> 'declined' AND d.day >= ? AND d.day <= ?",
        first,
        last,
    )
    by_session: dict[int, set[int]] = {}
    for row in trainers:
        by_session.setdefault(row["session_id"], set()).add(row["person_id"])
    return [
        Taken(
            title=row["title"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            venue_id=row["venue_id"],
            trainer_ids=frozenset(by_session.get(row["id"], ())),
            audiences=frozenset(json.loads(row["audiences"])),
            course_id=row["course_id"],
        )
        for row in found
    ]


def _meet(some: Sequence[TrainingDay], others: Sequence[TrainingDay]) -> bool:
    return any(one.starts_at < other.ends_at and one.ends_at > other.starts_at for one in some for other in others)


def _wall(text: str) -> time:
    return time.fromisoformat(text)
