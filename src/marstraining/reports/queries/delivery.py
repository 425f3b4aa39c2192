"""What was delivered in a period, by course: each figure with its one definition."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from marstraining.attendance.queries.figures import attended_by_session, organisations_represented
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.programme.rules import Delivery, SessionState
from marstraining.reports.queries.narrowing import WHOLE, Narrowed

_FIRST_DAY = "(SELECT min(d.day) FROM programme_day d WHERE d.session_id = s.id AND NOT d.is_cancelled)"
_ANY_FIRST_DAY = "(SELECT min(d.day) FROM programme_day d WHERE d.session_id = s.id)"
# The best mark of each learner at each session, over all its training days.
_BEST = (
    "SELECT m.session_id, m.person_id,"
    " max(CASE m.mark WHEN 'attended' THEN 4 WHEN 'partial' THEN 3 WHEN 'excused' THEN 2 ELSE 1 END) AS best,"
    " max(CASE m.taken_as WHEN 'walk_in' THEN 1 ELSE 0 END) AS walked_in FROM attendance_mark m WHERE m.superseded_at IS NULL"
    " AND m.taken_as IN ('learner', 'walk_in', 'substitute') GROUP BY m.session_id, m.person_id"
)


# What only a register that was made from bookings says nought of.
_OF_BOOKINGS = ("partial", "excused", "absent", "walked_in")


@frozen
class HeldSession:
    """One session of the period; figures are None where nothing is held of them, which is not nought.

    `booked` is who was booked when the time to cancel was over: those booked at the end and those who cancelled later. Where that is
    not held, as of a list of who attended, that nobody is marked as having stayed away, come in part or walked in says nothing.
    """

    id: int
    course: str
    kind: str
    state: str
    delivery: str
    is_over: bool
    capacity: int | None
    booked: int | None
    attended: int | None
    partial: int | None
    excused: int | None
    absent: int | None
    late_cancelled: int | None
    walked_in: int | None
    waiting: int | None
    organisations: int | None


@frozen
class CourseDelivery:
    """A course over the period: sums of its sessions, None where none of them holds the figure, or those that do come to nought only.

    `rated` is who attended and who was booked at those sessions that hold both: what the attendance rate is made of.
    """

    code: str
    title: str
    planned: int
    run: int
    called_off: int
    capacity: int | None
    booked: int | None
    attended: int | None
    partial: int | None
    absent: int | None
    excused: int | None
    late_cancelled: int | None
    walked_in: int | None
    waiting: int | None
    people: int | None
    rated: tuple[int, int] | None = None

    @property
    def attendance_rate(self) -> float | None:
        """Attended of those booked when the time to cancel was over; above 1 where more walked in than stayed away."""
        return self.rated[0] / self.rated[1] if self.rated else None


async def sessions_in(first: date, last: date, *, on: date, of: Narrowed = WHOLE) -> list[HeldSession]:
    """The sessions whose first training day falls in the period, drafts left out, in a number of statements that does not grow with theirs.

    `on` is the day the figures are as at: what begins later is planned. Of some organisations people are theirs, nought of them where
    others alone are marked or booked, and capacity is nobody's.
    """
    agency_ids = of.agency_ids
    where, values = of.sessions()
    found = await rows(
        f"SELECT s.id, c.code, c.kind, s.state, s.delivery, s.capacity, coalesce({_FIRST_DAY}, {_ANY_FIRST_DAY}) AS day,"
        " s.ends_at FROM programme_session s JOIN programme_course c ON c.id = s.course_id"
        f" WHERE s.state <> 'draft' AND s.external_url = '' AND coalesce({_FIRST_DAY}, {_ANY_FIRST_DAY}) BETWEEN ? AND ?{where}"
        " ORDER BY s.starts_at, s.id",
        first, last, *values, dates=("day",),
    )  # fmt: skip
    ids = [row["id"] for row in found]
    if not ids:
        return []
    marks = await _marks(ids, agency_ids)
    booked, waiting, late = await _bookings(ids, agency_ids)
    if agency_ids:
        marked, listed = await _held_of_anybody(ids)
        marks = {one: marks.get(one, Counter()) for one in marked}
        booked = {one: booked.get(one, 0) for one in listed}
    counted: Mapping[int, int | None] = {} if agency_ids else await attended_by_session(ids)
    organisations: Mapping[int, int | None] = {} if agency_ids else await organisations_represented(ids)
    counts = _Counts(marks, booked, waiting, late, counted, organisations)
    return [_session(row, counts, on=on, is_part=bool(agency_ids)) for row in found]


@frozen
class _Counts:
    """What is counted of sessions, by their numbers."""

    marks: Mapping[int, Counter[str]]
    booked: Mapping[int, int]
    waiting: Mapping[int, int]
    late: Mapping[int, int]
    attended: Mapping[int, int | None]
    organisations: Mapping[int, int | None]


def _session(row: Mapping[str, Any], counts: _Counts, *, on: date, is_part: bool) -> HeldSession:
    number = row["id"]
    own, booked, late = counts.marks.get(number), counts.booked, counts.late
    has_bookings = number in booked or number in late
    # Without bookings only what is marked is known; what is not may have been left out of the list.
    marked = {} if own is None else {word: own[word] if own[word] or has_bookings else None for word in _OF_BOOKINGS}
    is_over = row["state"] == SessionState.PUBLISHED and row["day"] <= on
    return HeldSession(
        id=number,
        course=row["code"],
        kind=row["kind"],
        state=row["state"],
        delivery=row["delivery"],
        is_over=is_over,
        capacity=None if is_part else row["capacity"],
        booked=booked.get(number, 0) + late.get(number, 0) if has_bookings else None,
        attended=counts.attended.get(number) if own is None else own["attended"],
        partial=marked.get("partial"),
        excused=marked.get("excused"),
        absent=marked.get("absent"),
        late_cancelled=late.get(number, 0) if has_bookings else None,
        walked_in=marked.get("walked_in"),
        waiting=counts.waiting.get(number, 0 if has_bookings or not is_over else None),
        organisations=counts.organisations.get(number),
    )


async def first_day_on_record() -> date | None:
    """The day on which the earliest session that is no draft began, or was to; None where there is none."""
    found = await rows(
        "SELECT min(d.day) AS day FROM programme_day d JOIN programme_session s ON s.id = d.session_id WHERE s.state <> 'draft'",
        dates=("day",),
    )
    first: date | None = found[0]["day"]
    return first


def listed(ids: Sequence[int]) -> str:
    """Numbers as a statement lists them."""
    return ", ".join(str(int(one)) for one in ids)


async def _marks(ids: Sequence[int], agency_ids: Sequence[int]) -> dict[int, Counter[str]]:
    where = f" AND m.agency_id IN ({listed(agency_ids)})" if agency_ids else ""
    best = _BEST.replace(" GROUP BY", f" AND m.session_id IN ({listed(ids)}){where} GROUP BY")
    found = await rows(f"SELECT session_id, best, count(*) AS n, sum(walked_in) AS walked_in FROM ({best}) b GROUP BY session_id, best")
    marks: dict[int, Counter[str]] = defaultdict(Counter)
    words = {4: "attended", 3: "partial", 2: "excused", 1: "absent"}
    for row in found:
        marks[row["session_id"]][words[row["best"]]] += row["n"]
        marks[row["session_id"]]["walked_in"] += int(row["walked_in"])
    return marks


async def _bookings(ids: Sequence[int], agency_ids: Sequence[int]) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """Who is booked, who waits, who cancelled late, by session."""
    where = f" AND agency_id IN ({listed(agency_ids)})" if agency_ids else ""
    found = await rows(
        f"SELECT session_id, state, count(*) AS n FROM bookings_booking WHERE session_id IN ({listed(ids)}){where}"
        " AND state IN ('confirmed', 'waiting') GROUP BY session_id, state"
    )
    ledger = await rows(
        f"SELECT session_id, count(*) AS n FROM bookings_ledger WHERE session_id IN ({listed(ids)}){where} AND kind = 'late_cancellation'"
        " GROUP BY session_id"
    )
    by_state: dict[str, dict[int, int]] = {"confirmed": {}, "waiting": {}}
    for row in found:
        by_state[row["state"]][row["session_id"]] = row["n"]
    return by_state["confirmed"], by_state["waiting"], {row["session_id"]: row["n"] for row in ledger}


async def _held_of_anybody(ids: Sequence[int]) -> tuple[set[int], set[int]]:
    """The sessions of which marks are held, and those of which bookings are, whoever's they are."""
    among_these = listed(ids)
    found = await rows(
        f"SELECT session_id, 1 AS is_marked FROM attendance_mark WHERE superseded_at IS NULL AND session_id IN ({among_these})"
        f" UNION SELECT session_id, 0 FROM bookings_booking WHERE state = 'confirmed' AND session_id IN ({among_these})"
        f" UNION SELECT session_id, 0 FROM bookings_ledger WHERE kind = 'late_cancellation' AND session_id IN ({among_these})"
    )
    marked = {row["session_id"] for row in found if row["is_marked"]}
    return marked, {row["session_id"] for row in found if not row["is_marked"]}


def total(values: Sequence[int | None]) -> int | None:
    """The sum of what is held; None where nothing is."""
    held = [value for value in values if value is not None]
    return sum(held) if held else None


def whole_total(values: Sequence[int | None]) -> int | None:
    """The sum of what is held; nought only where every part holds it, and None where nothing is held or parts of a nought are not."""
    summed = total(values)
    return None if summed == 0 and None in values else summed


async def by_course(sessions: Sequence[HeldSession], *, agency_ids: Sequence[int] = ()) -> list[CourseDelivery]:
    """The sessions summed by course, in the order of their titles, with how many different people attended by name."""
    own: dict[str, list[HeldSession]] = defaultdict(list)
    for one in sessions:
        own[one.course].append(one)
    titles = {row["code"]: row["title"] for row in await rows("SELECT code, title FROM programme_course")}
    people = await people_by_course([one.id for one in sessions], agency_ids=agency_ids)
    made = (summed(code, titles[code], held, people=people.get(code)) for code, held in own.items())
    return sorted(made, key=lambda one: one.title)


def summed(code: str, title: str, held: Sequence[HeldSession], *, people: int | None) -> CourseDelivery:
    """Sessions as one course, of whom so many people attended by name."""
    over = [one for one in held if one.is_over]
    attended = total([one.attended for one in over])
    both = [(one.attended, one.booked) for one in over if one.attended is not None and one.booked]
    return CourseDelivery(
        code=code,
        title=title,
        planned=len(held),
        run=len(over),
        called_off=sum(one.state == SessionState.CALLED_OFF for one in held),
        capacity=total([one.capacity for one in over]),
        booked=whole_total([one.booked for one in over]),
        attended=attended,
        partial=whole_total([one.partial for one in over]),
        absent=whole_total([one.absent for one in over]),
        excused=whole_total([one.excused for one in over]),
        late_cancelled=whole_total([one.late_cancelled for one in over]),
        walked_in=whole_total([one.walked_in for one in over]),
        waiting=whole_total([one.waiting for one in held]),
        # That nobody is known by name says nothing where a number without names is held.
        people=people or (0 if attended == 0 else None),
        rated=(sum(came for came, _ in both), sum(booked for _, booked in both)) if both else None,
    )


async def people_by_course(ids: Sequence[int], *, agency_ids: Sequence[int] = ()) -> dict[str, int]:
    """How many different people attended by name, by course; courses of which no names are held are left out."""
    if not ids:
        return {}
    where = f" AND m.agency_id IN ({listed(agency_ids)})" if agency_ids else ""
    found = await rows(
        "SELECT c.code, count(DISTINCT m.person_id) AS n FROM attendance_mark m JOIN programme_session s ON s.id = m.session_id"
        " JOIN programme_course c ON c.id = s.course_id WHERE m.superseded_at IS NULL AND m.mark = 'attended'"
        f" AND m.taken_as IN ('learner', 'walk_in', 'substitute') AND m.session_id IN ({listed(ids)}){where} GROUP BY c.code"
    )
    return {row["code"]: row["n"] for row in found}


async def people_of(ids: Sequence[int], *, agency_ids: Sequence[int] = ()) -> int:
    """How many different people attended any of the sessions by name."""
    if not ids:
        return 0
    where = f" AND agency_id IN ({listed(agency_ids)})" if agency_ids else ""
    found = await rows(
        "SELECT count(DISTINCT person_id) AS n FROM attendance_mark WHERE superseded_at IS NULL AND mark = 'attended'"
        f" AND taken_as IN ('learner', 'walk_in', 'substitute') AND session_id IN ({listed(ids)}){where}"
    )
    return int(found[0]["n"])


def delivered_how(sessions: Sequence[HeldSession]) -> dict[str, int]:
    """How many sessions ran in each way, e-learning apart since it has no sessions."""
    ways = Counter(one.delivery for one in sessions if one.is_over)
    return {"In person": ways[Delivery.IN_PERSON], "Online": ways[Delivery.ONLINE], "In person or online": ways[Delivery.HYBRID]}
