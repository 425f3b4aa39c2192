"""Attendance figures, each with its one definition."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from tortoise.expressions import Q
from tortoise.functions import Count

from marstraining.attendance.models import Mark
from marstraining.attendance.rules import LEARNERS, MarkWord
from marstraining.core.values import frozen
from marstraining.programme.models import AgencyHeadcount, Session, TrainingDay
from marstraining.programme.rules import SessionState

_CURRENT = Q(superseded_at__isnull=True)
_CAME = Q(mark=MarkWord.ATTENDED.value, taken_as__in=[one.value for one in LEARNERS]) & _CURRENT


@frozen
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
