"""The upcoming programme as plain values: content/plan.csv, its dates counted from today."""

import csv
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, datetime, time, timedelta
from itertools import count

from marstraining.core.clock import from_wall
from marstraining.core.values import frozen
from marstraining.core.working_time import WorkingCalendar
from marstraining.demo.invent import CONTENT, Invented, reference

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CALENDAR = WorkingCalendar()
_AROUND_CHRISTMAS = frozenset({(12, day) for day in range(19, 32)} | {(1, day) for day in range(1, 4)})
_CO_DELIVERED = 2
_DAY_BEGINS, _DAY_ENDS = time(8), time(19)
# Where nobody of this programme trains: run elsewhere, or by speakers who are not in the service.
_NO_TRAINERS = frozenset({"EYUPDAD", "PROFCUR", "DA-HUMBER", "CONF-STAYSAFE"})


@frozen
class PlannedSession:
    """One session of the plan with its dates and what is remarkable about it (`flags`, each with a number or nothing)."""

    ref: str
    course: str
    days: tuple[date, ...]
    starts: time
    ends: time
    venue: str
    delivery: str
    capacity: int | None
    room: int | None
    online: int | None
    taken: int
    waiting: int
    trainers: tuple[Invented, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def starts_at(self) -> datetime:
        return from_wall(self.days[0], self.starts)

    @property
    def ends_at(self) -> datetime:
        return from_wall(self.days[-1], self.ends)

    def due(self, flag: str, today: date) -> date | None:
        """The day a flag such as `decide=2` means, counted from today; None without it."""
        return today + timedelta(days=int(self.flags[flag])) if flag in self.flags else None


def upcoming_programme(rng: random.Random, today: date, people: Sequence[Invented], *, at: time = time(9)) -> list[PlannedSession]:
    """Every row of the plan, on working days one that runs at this moment (`at`) too. No trainer is needed twice on one day."""
    with (CONTENT / "plan.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    busy: dict[date, set[str]] = defaultdict(set)
    if _day(today, 0, "") != today:
        rows = [row for row in rows if int(row["in"]) != 0]
    return [_planned(rng, row, today, people, busy, at=at) for row in rows]


def _planned(
    rng: random.Random, row: dict[str, str], today: date, people: Sequence[Invented], busy: dict[date, set[str]], *, at: time
) -> PlannedSession:
    flags = {name: value for name, _, value in (flag.partition("=") for flag in row["flags"].split())}
    first = _day(today, int(row["in"]), row["weekday"])
    days = (first, first + timedelta(days=int(row["next_day"]))) if row["next_day"] else (first,)
    room, online = (int(number) for number in row["capacity"].split("+")) if "+" in row["capacity"] else (None, None)
    starts, ends = time.fromisoformat(row["starts"]), time.fromisoformat(row["ends"])
    if "now" in flags:
        starts, ends = _around(at, starts, ends)
    wanted = 0 if "no_trainer" in flags or row["course"] in _NO_TRAINERS else _trainers_for(starts, ends)
    return PlannedSession(
        ref=reference(rng),
        course=row["course"],
        days=days,
        starts=starts,
        ends=ends,
        venue=row["venue"],
        delivery=row["delivery"],
        capacity=(room or 0) + (online or 0) or (int(row["capacity"]) if row["capacity"] else None),
        room=room,
        online=online,
        taken=int(row["taken"]),
        waiting=int(row["waiting"]),
        trainers=_trainers(rng, row["course"], days, wanted, people, busy, led_by=flags.get("led", "")),
        flags=flags,
    )


def _day(today: date, ahead: int, weekday: str) -> date:
    """The first fitting day on or after `today + ahead`: no bank holiday, not around Christmas, a Saturday when asked for.

    A past day without a weekday is the last fitting one, so that "yesterday" never is today.
    """
    start = today + timedelta(days=ahead)
    way = -1 if ahead < 0 and not weekday else 1
    candidates = (
        day for day in (start + way * timedelta(days=step) for step in count()) if way < 0 or (day.month, day.day) not in _AROUND_CHRISTMAS
    )
    if weekday == "sat":
        return next(day for day in candidates if day.weekday() == _WEEKDAYS.index(weekday))
    return next(day for day in candidates if _CALENDAR.is_working_day(day) and (not weekday or _WEEKDAYS[day.weekday()] == weekday))


def _around(at: time, starts: time, ends: time) -> tuple[time, time]:
    """The session's length about this moment, begun half an hour ago; its own times at night."""
    if not _DAY_BEGINS <= at < _DAY_ENDS:
        return starts, ends
    minutes = max(0, (at.hour * 60 + at.minute) // 30 * 30 - 30)
    length = (ends.hour - starts.hour) * 60 + ends.minute - starts.minute
    return time(*divmod(minutes, 60)), time(*divmod(minutes + length, 60))


def _trainers_for(starts: time, ends: time) -> int:
    return _CO_DELIVERED if ends.hour - starts.hour >= 3 else 1  # co-delivery is the rule for whatever takes half a day


def _trainers(  # noqa: PLR0917 - one caller, every value a different thing
    rng: random.Random, course: str, days: tuple[date, ...], number: int, people: Sequence[Invented], busy: dict[date, set[str]],
    *, led_by: str,
) -> tuple[Invented, ...]:  # fmt: skip
    free = [person for person in people if course in person.trains and not any(person.ref in busy[day] for day in days)]
    first = [person for person in free if led_by and person.sign_in == led_by]
    others = [person for person in free if person not in first]
    chosen = (*first, *rng.sample(others, max(0, min(number, len(free)) - len(first))))
    for day in days:
        busy[day].update(person.ref for person in chosen)
    return chosen
