"""The upcoming programme as plain values: content/plan.csv, its dates counted from today."""

import csv
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count

from marstraining.core.clock import from_wall
from marstraining.core.working_time import WorkingCalendar
from marstraining.demo.invent import CONTENT, Invented, reference

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CALENDAR = WorkingCalendar()
_AROUND_CHRISTMAS = frozenset({(12, day) for day in range(19, 32)} | {(1, day) for day in range(1, 4)})
_CO_DELIVERED = 2
# Where nobody of this programme trains: run elsewhere, or by speakers who are not in the service.
_NO_TRAINERS = frozenset({"EYUPDAD", "PROFCUR", "DA-HUMBER", "CONF-STAYSAFE"})


@dataclass(frozen=True, slots=True)
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


def upcoming_programme(rng: random.Random, today: date, people: Sequence[Invented]) -> list[PlannedSession]:
    """Every row of the plan. No trainer is needed twice on one day."""
    with (CONTENT / "plan.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    busy: dict[date, set[str]] = defaultdict(set)
    return [_planned(rng, row, today, people, busy) for row in rows]


def _planned(
    rng: random.Random, row: dict[str, str], today: date, people: Sequence[Invented], busy: dict[date, set[str]]
) -> PlannedSession:
    flags = {name: value for name, _, value in (flag.partition("=") for flag in row["flags"].split())}
    first = _day(today, int(row["in"]), row["weekday"])
    days = (first, first + timedelta(days=int(row["next_day"]))) if row["next_day"] else (first,)
    room, online = (int(number) for number in row["capacity"].split("+")) if "+" in row["capacity"] else (None, None)
    starts, ends = time.fromisoformat(row["starts"]), time.fromisoformat(row["ends"])
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
        trainers=_trainers(rng, row["course"], days, wanted, people, busy),
        flags=flags,
    )


def _day(today: date, ahead: int, weekday: str) -> date:
    """The first fitting day on or after `today + ahead`: no bank holiday, not around Christmas, a Saturday when asked for."""
    start = today + timedelta(days=ahead)
    candidates = (day for day in (start + timedelta(days=step) for step in count()) if (day.month, day.day) not in _AROUND_CHRISTMAS)
    if weekday == "sat":
        return next(day for day in candidates if day.weekday() == _WEEKDAYS.index(weekday))
    return next(day for day in candidates if _CALENDAR.is_working_day(day) and (not weekday or _WEEKDAYS[day.weekday()] == weekday))


def _trainers_for(starts: time, ends: time) -> int:
    return _CO_DELIVERED if ends.hour - starts.hour >= 3 else 1  # co-delivery is the rule for whatever takes half a day


def _trainers(  # noqa: PLR0917 - one caller, every value a different thing
    rng: random.Random, course: str, days: tuple[date, ...], number: int, people: Sequence[Invented], busy: dict[date, set[str]]
) -> tuple[Invented, ...]:
    free = [person for person in people if course in person.trains and not any(person.ref in busy[day] for day in days)]
    chosen = tuple(rng.sample(free, min(number, len(free))))
    for day in days:
        busy[day].update(person.ref for person in chosen)
    return chosen
