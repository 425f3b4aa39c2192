"""Attendance figures, each with its one definition, and the look-ups of an attendance file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from tortoise.expressions import Q
from tortoise.functions import Count

from marstraining.attendance.models import Mark
from marstraining.attendance.reports.model import Booked, TaughtDay
from marstraining.attendance.rules import MarkWord
from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.people.models import Agency, Person
from marstraining.programme.models import AgencyHeadcount, Course, Session, TrainingDay
from marstraining.programme.rules import SessionState
from marstraining.record.models import Completion

_CURRENT = Q(superseded_at__isnull=True)
_CAME = Q(mark=MarkWord.ATTENDED.value) & _CURRENT


@dataclass(frozen=True, slots=True)
class CourseFigures:
    """What a course's sessions come to over a span of days.

    `attendances` counts a person once per session; `people` counts each named person once however often they came, and is
    0 where only headcounts are held. `organisations` counts each named one once and adds what sessions without names were
    imported with. `sessions` counts those held; `sessions_without_figure` those of which nobody knows.
    """

    sessions: int
    sessions_without_figure: int
    attendances: int
    people: int
    organisations: int


async def attended_by_session(session_ids: Sequence[int]) -> dict[int, int | None]:
    """How many attended each session: its marks if it has any, else its imported headcount, never both; None is not known.

    A person marked on several training days counts once.
    """
    sessions = await Session.filter(id__in=session_ids).values("id", "imported_headcount")
    marked = {int(row["session_id"]) for row in await Mark.filter(_CURRENT, session_id__in=session_ids).distinct().values("session_id")}
    came = {
        int(row["session_id"]): int(row["people"])
        for row in await Mark.filter(_CAME, session_id__in=session_ids)
        .annotate(people=Count("person_id", distinct=True))
        .group_by("session_id")
        .values("session_id", "people")
    }
    return {row["id"]: came.get(row["id"], 0) if row["id"] in marked else row["imported_headcount"] for row in sessions}


async def attended_by_course(first: date, last: date) -> dict[str, CourseFigures]:
    """Figures of every course, by its code, over the sessions whose first training day is from `first` to `last` inclusive.

    Drafts, postponed and called-off sessions were not held and are left out.
    """
    started: dict[int, date] = {}
    days = await TrainingDay.filter(session__state=SessionState.PUBLISHED.value, is_cancelled=False).values("session_id", "day")
    for day in days:
        known = started.get(day["session_id"])
        started[day["session_id"]] = min(known, day["day"]) if known else day["day"]
    held = [session_id for session_id, day in started.items() if first <= day <= last]
    course_of = {row["id"]: row["course__code"] for row in await Session.filter(id__in=held).values("id", "course__code")}
    figures = await attended_by_session(held)
    people = await _distinct_by_course("person_id", held)
    agencies = await _distinct_by_course("agency_id", held)
    organisations = await organisations_represented(held)
    named = {int(row["session_id"]) for row in await Mark.filter(_CAME, session_id__in=held).distinct().values("session_id")}

    found: dict[str, CourseFigures] = {}
    for code in sorted(set(course_of.values())):
        own = [session_id for session_id in held if course_of[session_id] == code]
        known_figures = [figure for figure in (figures[session_id] for session_id in own) if figure is not None]
        found[code] = CourseFigures(
            sessions=len(own),
            sessions_without_figure=len(own) - len(known_figures),
            attendances=sum(known_figures),
            people=people.get(code, 0),
            organisations=agencies.get(code, 0) + sum(organisations[session_id] or 0 for session_id in own if session_id not in named),
        )
    return found


async def _distinct_by_course(column: Literal["person_id", "agency_id"], session_ids: Sequence[int]) -> dict[str, int]:
    """How many different people, or agencies, attended by name, by course code."""
    counted = (
        await Mark.filter(_CAME, session_id__in=session_ids)
        .annotate(number=Count(column, distinct=True))
        .group_by("session__course__code")
        .values("session__course__code", "number")
    )
    return {str(row["session__course__code"]): int(row["number"]) for row in counted}


async def organisations_represented(session_ids: Sequence[int]) -> dict[int, int | None]:
    """From how many organisations people came to each session: by its marks, else by headcounts, else as imported."""
    sessions = await Session.filter(id__in=session_ids).values("id", "organisations_represented")
    marked = (
        await Mark.filter(_CAME, session_id__in=session_ids, agency_id__isnull=False)
        .annotate(agencies=Count("agency_id", distinct=True))
        .group_by("session_id")
        .values("session_id", "agencies")
    )
    by_marks = {int(row["session_id"]): int(row["agencies"]) for row in marked}
    counted = (
        await AgencyHeadcount.filter(session_id__in=session_ids)
        .annotate(agencies=Count("agency_id", distinct=True))
        .group_by("session_id")
        .values("session_id", "agencies")
    )
    by_headcounts = {int(row["session_id"]): int(row["agencies"]) for row in counted}
    return {row["id"]: by_marks.get(row["id"], by_headcounts.get(row["id"], row["organisations_represented"])) for row in sessions}


@dataclass(frozen=True, slots=True)
class ReportedSession:
    """What a meeting's report is read against: training days that were not cancelled, and who has a confirmed booking."""

    days: tuple[TaughtDay, ...]
    booked: tuple[Booked, ...]


async def reported_session(ref: str) -> ReportedSession:
    """The session of a reference, for its reports. Raises NotFound where there is none. Whole days count as taught."""
    days = await rows(
        "SELECT d.starts_at, d.ends_at, d.is_cancelled FROM programme_day d JOIN programme_session s ON s.id = d.session_id"
        " WHERE s.ref = ? ORDER BY d.starts_at",
        ref,
        instants=("starts_at", "ends_at"),
        flags=("is_cancelled",),
    )
    if not days:
        raise NotFound
    booked = await rows(
        "SELECT p.id, p.name, p.email, p.second_email FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id"
        " JOIN people_person p ON p.id = b.learner_id WHERE s.ref = ? AND b.state = 'confirmed' ORDER BY p.name, p.id",
        ref,
    )
    return ReportedSession(
        tuple(_taught(day["starts_at"], day["ends_at"]) for day in days if not day["is_cancelled"]),
        tuple(Booked(one["id"], one["name"], _filled(one["email"]), _filled(one["second_email"])) for one in booked),
    )


def _taught(starts_at: datetime, ends_at: datetime) -> TaughtDay:
    return TaughtDay(starts_at, ends_at, (ends_at - starts_at).total_seconds() / 60)


def _filled(address: str | None) -> tuple[str, ...]:
    return (address,) if address else ()


@dataclass(frozen=True, slots=True)
class HeldDay:
    """A training day on which people can have attended; `day_ids` are all of its session's, in order, ending on `last_day`."""

    session_id: int
    day_id: int
    day_ids: tuple[int, ...]
    last_day: date


@dataclass(frozen=True, slots=True)
class KnownMark:
    """A mark that stands."""

    id: int
    mark: str
    minutes: int | None


async def course_ids(codes: Iterable[str]) -> dict[str, int]:
    """Courses by code as stored, of those asked for."""
    return {row["code"]: row["id"] for row in await Course.filter(code__in=sorted(set(codes))).values("code", "id")}


async def agency_ids() -> Mapping[str, int]:
    """Agencies by code and by name, lower-case; a merged agency's stand for the one it became."""
    found = await Agency.all().order_by("-id").values("id", "code", "name", "merged_into_id")
    by_word: dict[str, int] = {}
    for word in ("name", "code"):
        by_word |= {row[word].casefold(): row["merged_into_id"] or row["id"] for row in found}
    return by_word


async def person_ids(addresses: Iterable[str]) -> dict[str, int]:
    """People by first or second address; a merged account's addresses lead to the one that stayed."""
    wanted = sorted(set(addresses))
    found = await Person.filter(Q(email__in=wanted) | Q(second_email__in=wanted)).values("id", "email", "second_email", "merged_into_id")
    by_address: dict[str, int] = {}
    for word in ("second_email", "email"):
        by_address |= {row[word]: row["merged_into_id"] or row["id"] for row in found if row[word]}
    return by_address


async def managed_learner_ids(agencies: Iterable[int]) -> dict[tuple[int | None, str], int]:
    """Learners without e-mail by the agency that manages them and their name, lower-case."""
    found = await Person.filter(email__isnull=True, managed_by_id__in=sorted(set(agencies))).values("id", "managed_by_id", "name")
    return {(row["managed_by_id"], row["name"].casefold()): row["id"] for row in found}


async def held_days(courses: Iterable[int], days: Iterable[date]) -> dict[tuple[int, date], list[HeldDay]]:
    """Training days by course and date, of sessions that were not called off, postponed or never published."""
    wanted = set(days)
    found = (
        await TrainingDay.filter(session__course_id__in=sorted(set(courses)), session__state="published", is_cancelled=False)
        .order_by("starts_at")
        .values("id", "session_id", "day", "session__course_id")
    )
    ids: dict[int, list[int]] = {}
    last: dict[int, date] = {}
    for row in found:
        ids.setdefault(row["session_id"], []).append(row["id"])
        last[row["session_id"]] = row["day"]
    by_date: dict[tuple[int, date], list[HeldDay]] = {}
    for row in found:
        if row["day"] in wanted:
            session_id = row["session_id"]
            held = HeldDay(session_id=session_id, day_id=row["id"], day_ids=tuple(ids[session_id]), last_day=last[session_id])
            by_date.setdefault((row["session__course_id"], row["day"]), []).append(held)
    return by_date


async def current_marks(people: Iterable[int]) -> dict[tuple[int, int | None, int], KnownMark]:
    """Marks that stand, of these people, by session, training day (None for the whole session) and person."""
    found = await Mark.filter(_CURRENT, person_id__in=sorted(set(people))).values(
        "id", "session_id", "training_day_id", "person_id", "mark", "minutes"
    )
    return {
        (row["session_id"], row["training_day_id"], row["person_id"]): KnownMark(row["id"], row["mark"], row["minutes"]) for row in found
    }


async def completions(people: Iterable[int]) -> dict[tuple[int, int, date], int]:
    """Completions of these people by person, course and day, each with its id."""
    found = await Completion.filter(person_id__in=sorted(set(people))).values("id", "person_id", "course_id", "completed_on")
    return {(row["person_id"], row["course_id"], row["completed_on"]): row["id"] for row in found}
