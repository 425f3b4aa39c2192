"""The look-ups of an attendance file."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TypeVar

from tortoise.expressions import Q

from marstraining.attendance.models import Mark
from marstraining.core.values import frozen
from marstraining.people.models import Agency, Person
from marstraining.programme.models import Course, TrainingDay
from marstraining.record.models import Completion

_CURRENT = Q(superseded_at__isnull=True)
# Databases take some tens of thousands of values in one statement; lists of files have more.
_AT_ONCE = 2_000
T = TypeVar("T", int, str)


def _lots(values: Iterable[T]) -> Iterator[list[T]]:
    """Different values in order, so many at once."""
    wanted = sorted(set(values))
    return (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))


@frozen
class HeldDay:
    """A training day on which people can have attended; `day_ids` are all of its session's, in order, ending on `last_day`."""

    session_id: int
    day_id: int
    day_ids: tuple[int, ...]
    last_day: date


@frozen
class KnownMark:
    """A mark that stands."""

    id: int
    mark: str
    minutes: int | None


async def course_ids(codes: Iterable[str]) -> dict[str, int]:
    """Courses by code as stored, of those asked for."""
    return {row["code"]: row["id"] for lot in _lots(codes) for row in await Course.filter(code__in=lot).values("code", "id")}


async def agency_ids() -> Mapping[str, int]:
    """Agencies by code and by name, lower-case; a merged agency's stand for the one it became."""
    found = await Agency.all().order_by("-id").values("id", "code", "name", "merged_into_id")
    by_word: dict[str, int] = {}
    for word in ("name", "code"):
        by_word |= {row[word].casefold(): row["merged_into_id"] or row["id"] for row in found}
    return by_word


async def person_ids(addresses: Iterable[str]) -> dict[str, int]:
    """People by first or second address; a merged account's addresses lead to the one that stayed."""
    firsts: dict[str, int] = {}
    seconds: dict[str, int] = {}
    for lot in _lots(addresses):
        for word, by_address in (("email", firsts), ("second_email", seconds)):
            found = await Person.filter(**{f"{word}__in": lot}).values("id", word, "merged_into_id")
            by_address |= {row[word]: row["merged_into_id"] or row["id"] for row in found}
    return seconds | firsts


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


async def current_marks(people: Iterable[int], sessions: Iterable[int]) -> dict[tuple[int, int | None, int], KnownMark]:
    """Marks that stand, of these people in these sessions, by session, training day (None for the whole) and person."""
    held = sorted(set(sessions))
    columns = ("id", "session_id", "training_day_id", "person_id", "mark", "minutes")
    return {
        (row["session_id"], row["training_day_id"], row["person_id"]): KnownMark(row["id"], row["mark"], row["minutes"])
        for lot in _lots(people)
        for row in await Mark.filter(_CURRENT, person_id__in=lot, session_id__in=held).values(*columns)
    }


async def completions(people: Iterable[int], courses: Iterable[int]) -> dict[tuple[int, int, date], int]:
    """Completions of these people in these courses by person, course and day, each with its id."""
    wanted = sorted(set(courses))
    return {
        (row["person_id"], row["course_id"], row["completed_on"]): row["id"]
        for lot in _lots(people)
        for row in await Completion.filter(person_id__in=lot, course_id__in=wanted).values("id", "person_id", "course_id", "completed_on")
    }
