"""The board's calendar: when a paper is due and its figures are cut off, what is proposed from a meeting's date, what is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from marstraining.core.clock import local
from marstraining.core.values import frozen
from marstraining.core.working_time import WorkingCalendar
from marstraining.reports.rules.figures import Period

# Working days: members have a week to read, the training team two weeks to word what the figures say. Ours; each meeting may differ.
PAPER_DUE_BEFORE = 5
CUT_OFF_BEFORE = 10
# The desk sees a paper among what needs it from here, and is reminded here.
SHOWN_WITHIN = 10
REMINDED_BEFORE = 3

# Nobody works on registers before.
NIGHT_ENDS = time(6)
LONGEST_PLACE = 200
LONGEST_NOTE = 1000
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


class PaperState(StrEnum):
    """How far the paper of a meeting is; LATE is figures whose cut-off is past, NONE a meeting that had no paper."""

    NOT_TAKEN = "not_taken"
    LATE = "late"
    DRAFTED = "drafted"
    SIGNED = "signed"
    NONE = "none"


@frozen
class MeetingDraft:
    """A meeting as somebody enters it; figures are as at the end of `cut_off_on`, `starts` is None where no time is known yet."""

    meets_on: date
    paper_due_on: date
    cut_off_on: date
    period: Period
    starts: time | None = None
    place: str = ""
    note: str = ""


def proposed_meeting(meets_on: date, calendar: WorkingCalendar, *, today: date) -> MeetingDraft:
    """The usual dates of a meeting, and the last quarter that is over by its cut-off.

    Where the usual days are past the cut-off is today and the paper is due on the working day after it.
    """
    paper_due_on = _days_back(calendar, meets_on, PAPER_DUE_BEFORE)
    cut_off_on = max(_days_back(calendar, paper_due_on, CUT_OFF_BEFORE), today)
    if paper_due_on <= cut_off_on:
        paper_due_on = _days_on(calendar, cut_off_on, 1)
    return MeetingDraft(meets_on, paper_due_on, cut_off_on, Period.holding(cut_off_on + _DAY).step(-1))


def meeting_faults(
    draft: MeetingDraft, *, before: MeetingDraft | None = None, is_signed: bool = False, others: Sequence[MeetingDraft] = (), today: date
) -> Mapping[str, str]:
    """What is wrong with a meeting, a sentence by field; empty when nothing is. `before` is how it stands, None for a new one.

    A date that stays as it was may be past. What a signed paper was made of stays.
    """
    found = {
        "meets_on": _day_fault(draft, before, others, today),
        "paper_due_on": _due_fault(draft, before, today),
        "cut_off_on": _cut_off_fault(draft, before, today),
    }
    found["period"] = _period_fault(draft, others, is_cut_off_right=not found["cut_off_on"])
    if is_signed and before is not None:
        stays = "The paper is signed off, so this stays as it was: take the signature back first"
        found["cut_off_on"] = stays if draft.cut_off_on != before.cut_off_on else found["cut_off_on"]
        found["period"] = stays if draft.period != before.period else found["period"]
    return {field: sentence for field, sentence in found.items() if sentence}


def _day_fault(draft: MeetingDraft, before: MeetingDraft | None, others: Sequence[MeetingDraft], today: date) -> str:
    if draft.meets_on < today and (before is None or before.meets_on != draft.meets_on):
        return "The date of the meeting must be today or later"
    if any(one.meets_on == draft.meets_on for one in others):
        return f"There is a meeting on {_plain(draft.meets_on)} already: change that one, or choose another day"
    return ""


def _due_fault(draft: MeetingDraft, before: MeetingDraft | None, today: date) -> str:
    if draft.paper_due_on >= draft.meets_on:
        return f"The paper must be due before the meeting on {_plain(draft.meets_on)}"
    if draft.paper_due_on < today and (before is None or before.paper_due_on != draft.paper_due_on):
        return "The day the paper is due must be today or later"
    return ""


def _cut_off_fault(draft: MeetingDraft, before: MeetingDraft | None, today: date) -> str:
    if draft.cut_off_on >= draft.paper_due_on:
        return f"The data cut-off must be before the paper is due on {_plain(draft.paper_due_on)}"
    if draft.cut_off_on < today and (before is None or before.cut_off_on != draft.cut_off_on):
        return "The data cut-off must be today or later: how figures stood on a day that is over cannot be taken any more"
    return ""


def _period_fault(draft: MeetingDraft, others: Sequence[MeetingDraft], *, is_cut_off_right: bool) -> str:
    same = next((one for one in others if one.period == draft.period), None)
    words = draft.period.words
    if same is not None:
        return f"The meeting of {_plain(same.meets_on)} reports {words} already: choose another quarter, or change that meeting first"
    if is_cut_off_right and draft.period.first > draft.cut_off_on:
        begins = _plain(draft.period.first)
        return f"{_start(words)} begins on {begins}, after the data cut-off: choose an earlier quarter, or a later cut-off"
    return ""


def paper_state(*, has_report: bool, is_signed: bool, cut_off_on: date, meets_on: date, today: date) -> PaperState:
    """How far a paper is on a day."""
    if has_report:
        return PaperState.SIGNED if is_signed else PaperState.DRAFTED
    if meets_on < today:
        return PaperState.NONE
    return PaperState.LATE if cut_off_on < today else PaperState.NOT_TAKEN


def is_late(cut_off_on: date, taken_at: datetime) -> bool:
    """Whether figures were taken so long after their cut-off that somebody may have changed what they count: after the night."""
    wall = local(taken_at)
    return wall.replace(tzinfo=None) >= datetime.combine(cut_off_on + _DAY, NIGHT_ENDS)


# ---- a year ahead by a rule ---------------------------------------------------------------------------------------------


@frozen
class MonthlyRule:
    """A weekday of a month, 0 Monday to 6 Sunday, its first to fourth or, with 0, its last; every so many months, so many times."""

    ordinal: int
    weekday: int
    year: int
    month: int
    every: int = 3
    count: int = 4


@frozen
class PlannedDay:
    """A day that a rule gives; `instead_of` and `why` say from which it was moved, where it was."""

    day: date
    instead_of: date | None = None
    why: str = ""


def meeting_days(rule: MonthlyRule, calendar: WorkingCalendar, *, why_closed: Callable[[date], str]) -> list[PlannedDay]:
    """The days of a rule; one on which nobody works moves by whole weeks to the next that is a working day, a last weekday back."""
    found = []
    for step in range(rule.count):
        year, month = divmod(rule.year * 12 + rule.month - 1 + step * rule.every, 12)
        given = day = _weekday_of(year, month + 1, rule.ordinal, rule.weekday)
        for _ in range(5):
            if calendar.is_working_day(day):
                break
            day += -_WEEK if rule.ordinal == 0 else _WEEK
        found.append(PlannedDay(day) if day == given else PlannedDay(day, given, why_closed(given)))
    return found


def with_place(draft: MeetingDraft, *, starts: time | None, place: str) -> MeetingDraft:
    """The same meeting at a time and place."""
    return replace(draft, starts=starts, place=place)


def _weekday_of(year: int, month: int, ordinal: int, weekday: int) -> date:
    start = date(year, month, 1)
    if ordinal == 0:
        following = date(year + month // 12, month % 12 + 1, 1)
        last = following - _DAY
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    return start + timedelta(days=(weekday - start.weekday()) % 7) + (ordinal - 1) * _WEEK


# ---- working days ------------------------------------------------------------------------------------------------------


def working_days_until(calendar: WorkingCalendar, today: date, day: date) -> int:
    """How many working days lie ahead from today up to and with `day`; 0 today, and below 0 once it is past."""
    if day < today:
        return -working_days_until(calendar, day, today)
    return sum(calendar.is_working_day(today + n * _DAY) for n in range(1, (day - today).days + 1))


def days_ahead(calendar: WorkingCalendar, today: date, number: int) -> date:
    """The last day that is at most so many working days ahead."""
    day = _days_on(calendar, today, number + 1)
    return day - _DAY


def _days_back(calendar: WorkingCalendar, day: date, number: int) -> date:
    for _ in range(number):
        day = calendar.working_day_before(day)
    return day


def _days_on(calendar: WorkingCalendar, day: date, number: int) -> date:
    while number:
        day += _DAY
        number -= calendar.is_working_day(day)
    return day


def _plain(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _start(words: str) -> str:
    return words[:1].upper() + words[1:]
