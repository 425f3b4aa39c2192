"""Refresher rules: which apply to whom on a day, what has been learnt towards them, and when what falls due; plain values only."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from marstraining.certificates.rules import add_months
from marstraining.core.errors import Refused
from marstraining.core.values import frozen

SOON = timedelta(days=90)
# What a course flagged as meeting EYFS Annex C counts as, besides what it says itself: a local refresher may not (rules.md, EY-NOTE).
ANNEX_C = "ANNEX-C"


class RuleKind(StrEnum):
    """Renew at an interval, keep up hours in a moving window, do once, or say at an interval whether a licensed tool is still used."""

    RENEW = "renew"
    HOURS = "hours"
    ONCE = "once"
    USE = "use"


KIND_WORDS = {
    RuleKind.RENEW: "Renew at an interval",
    RuleKind.HOURS: "Hours in a period",
    RuleKind.ONCE: "Once",
    RuleKind.USE: "Ask at an interval whether a licensed tool is still used",
}
CONFIDENCES = {"high": "High", "medium": "Medium", "low": "Low: confirm it", "local": "Local", "superseded": "Superseded: confirm it"}


@frozen
class Rule:
    """One version of a rule, in force from a day to a day, both included.

    `counts_as` are the codes that learning towards it counts as; empty with hours is any learning. `participatory_share` (0 to 1) of
    the minutes must be with others. `grace_days` follow a due date before it is missed. Of a `family` only the highest `rank` is asked.
    A rule of use asks nothing of job roles: see `use`.
    """

    code: str
    title: str
    kind: RuleKind
    job_roles: frozenset[str]
    counts_as: frozenset[str]
    applies_from: date
    applies_until: date | None = None
    months: int | None = None
    minutes: int | None = None
    participatory_share: float = 0.0
    grace_days: int = 0
    family: str = ""
    rank: int = 0
    source: str = ""
    confidence: str = "high"
    is_on: bool = True
    flag_months: int | None = None

    def is_in_force(self, on: date) -> bool:
        return self.is_on and self.applies_from <= on and (self.applies_until is None or on <= self.applies_until)


@frozen
class Post:
    """A job role held from a day to a day, the last included."""

    job_role: str
    since: date
    until: date | None = None

    def is_held(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on <= self.until)


@frozen
class Learning:
    """Something learnt: the day it was completed, the minutes (None is not known), and the codes that it counts as."""

    day: date
    minutes: int | None
    is_participatory: bool
    codes: frozenset[str]


@frozen
class Asked:
    """A rule that applies to somebody, with why: the role that brings it, and since when the two have met.

    `first_asked` is when the rule, in whichever version, first applied to that role; `since` when this version did.
    """

    rule: Rule
    job_role: str
    since: date
    first_asked: date


class State(StrEnum):
    """How somebody stands towards a rule."""

    MET = "met"
    SOON = "soon"
    GRACE = "grace"
    OVERDUE = "overdue"


STATE_WORDS = {
    State.MET: ("Up to date", "green"),
    State.SOON: ("Due soon", "yellow"),
    State.GRACE: ("Due now", "orange"),
    State.OVERDUE: ("Overdue", "red"),
}


@frozen
class Due:
    """How somebody stands: when it falls due (None for never again), the last that counted, and for hours what counts of what is needed."""

    asked: Asked
    state: State
    due_on: date | None
    last_day: date | None
    counted_minutes: int | None = None
    needed_minutes: int | None = None


def applied_on(rules: Iterable[Rule], on: date) -> list[Rule]:
    """The rules in force on a day, one version of each code: of two that overlap, the one that began later."""
    found: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda one: one.applies_from):
        if rule.is_in_force(on):
            found[rule.code] = rule
    return sorted(found.values(), key=lambda rule: rule.code)


def asked_of(rules: Sequence[Rule], posts: Sequence[Post], on: date) -> list[Asked]:
    """What is asked on a day of whoever holds these posts: each rule once, by the role that brought it first.

    Only the highest of a family is asked (rules.md, HLT-RULE). A post that began after a gap begins anew.
    """
    found: list[Asked] = []
    for rule in applied_on(rules, on):
        held = [post for post in posts if post.job_role in rule.job_roles and post.is_held(on)]
        if not held:
            continue
        post = min(held, key=lambda one: (one.since, one.job_role))
        began = min((one.applies_from for one in _versions(rules, rule) if post.job_role in one.job_roles), default=rule.applies_from)
        found.append(Asked(rule, post.job_role, since=max(post.since, rule.applies_from), first_asked=max(post.since, began)))
    highest: dict[str, int] = {}
    for asked in found:
        highest[asked.rule.family] = max(highest.get(asked.rule.family, asked.rule.rank), asked.rule.rank)
    return [asked for asked in found if not asked.rule.family or asked.rule.rank == highest[asked.rule.family]]


def _versions(rules: Sequence[Rule], of: Rule) -> list[Rule]:
    """The versions of a rule that follow on from one another up to `of`, the earliest first; a gap in force ends the row."""
    earlier = sorted((rule for rule in rules if rule.code == of.code and rule.is_on and rule.applies_from <= of.applies_from), key=_from)
    row = earlier[-1:]
    for later, before in pairwise(reversed(earlier)):
        if before.applies_until is not None and before.applies_until < later.applies_from - timedelta(days=1):
            break
        row.insert(0, before)
    return row


def _from(rule: Rule) -> date:
    return rule.applies_from


def standing_of(asked: Asked, rules: Sequence[Rule], learnt: Sequence[Learning], on: date) -> Due:
    """How somebody stands towards a rule on a day, by what they had learnt until then; learning counts whenever it was done."""
    towards = [one for one in learnt if one.day <= on and _counts(asked.rule, one)]
    if asked.rule.kind == RuleKind.HOURS:
        return _hours(asked, rules, towards, on)
    last = max((one.day for one in towards), default=None)
    if asked.rule.kind == RuleKind.ONCE or asked.rule.months is None:
        return Due(asked, State.MET if last else _late(asked, asked.first_asked, on), None if last else asked.first_asked, last)
    # Never learnt is due at the start (induction), and nobody is late for a time in which they were not asked.
    due_on = max(_renewed_until(_versions(rules, asked.rule), last), asked.first_asked) if last else asked.first_asked
    return Due(asked, _state(asked, due_on, on), due_on, last)


def _renewed_until(versions: Sequence[Rule], last: date) -> date:
    """When what was learnt last is due again by the last of these versions; a shorter interval makes nobody late before it began."""
    *earlier, rule = versions
    due_on = add_months(last, rule.months or 0)
    if due_on >= rule.applies_from:
        return due_on
    before = _renewed_until(earlier, last) if earlier else rule.applies_from
    return min(before, rule.applies_from)


def _counts(rule: Rule, learning: Learning) -> bool:
    return not learning.codes.isdisjoint(rule.counts_as) or (rule.kind == RuleKind.HOURS and not rule.counts_as)


def _state(asked: Asked, due_on: date, on: date) -> State:
    if on > due_on or (on == due_on == asked.first_asked):
        return _late(asked, due_on, on)
    return State.SOON if due_on - on <= SOON else State.MET


def _late(asked: Asked, due_on: date, on: date) -> State:
    return State.GRACE if on <= due_on + timedelta(days=asked.rule.grace_days) else State.OVERDUE


def _hours(asked: Asked, rules: Sequence[Rule], learnt: Sequence[Learning], on: date) -> Due:
    """Hours in a moving window: nobody is late before their first whole window has passed.

    Where the rule changed within the window, each version asks for its hours by the share of the window in which it applied, so
    that a change makes nobody late on its first day.
    """
    months = asked.rule.months or 12
    versions = _versions(rules, asked.rule)
    first_due = add_months(asked.first_asked, months)
    needed = needed_minutes(versions, months, on)
    counted = counted_minutes(learnt, asked.rule, months, needed, on)
    last = max((one.day for one in learnt), default=None)
    short_since = _short_since(asked, versions, learnt, first_due, on) if counted < needed and on > first_due else None
    due_on = short_since or _first_short(asked, versions, learnt, max(on, first_due))
    return Due(asked, _state(asked, due_on, on) if due_on else State.MET, due_on, last, counted, needed)


def needed_minutes(versions: Sequence[Rule], months: int, on: date) -> int:
    """The minutes that the window ending on a day asks for, over versions that follow on; the first also counts for what lay before."""
    opens = add_months(on, -months)
    span = (on - opens).days
    needed = 0.0
    for number, version in enumerate(versions):
        starts = opens if number == 0 else max(opens, version.applies_from)
        ends = on if number == len(versions) - 1 else min(on, versions[number + 1].applies_from)
        days = max(0, (ends - starts).days)
        needed += days / span * (version.minutes or 0) * months / (version.months or months)
    return round(needed)


def counted_minutes(learnt: Sequence[Learning], rule: Rule, months: int, needed: int, on: date) -> int:
    """The minutes that count within the window ending on a day: of those without others no more than the share that may be so."""
    opens = add_months(on, -months)
    inside = [one for one in learnt if opens < one.day <= on]
    together = sum(one.minutes or 0 for one in inside if one.is_participatory)
    alone = sum(one.minutes or 0 for one in inside if not one.is_participatory)
    return together + min(alone, round(needed * (1 - rule.participatory_share)))


def _is_short(asked: Asked, versions: Sequence[Rule], learnt: Sequence[Learning], day: date) -> bool:
    months = asked.rule.months or 12
    needed = needed_minutes(versions, months, day)
    return counted_minutes(learnt, asked.rule, months, needed, day) < needed


def _turns(asked: Asked, versions: Sequence[Rule], learnt: Sequence[Learning]) -> set[date]:
    """Days about which what counts or what is needed changes its course; between two of them neither turns round."""
    months = asked.rule.months or 12
    begin = {one.day for one in learnt} | {version.applies_from for version in versions}
    # Months are of different lengths, so that something leaves the window up to three days after its own date.
    ends = {add_months(day, months) + timedelta(days=more) for day in begin for more in range(-1, 4)}
    return begin | ends


def _first_short(asked: Asked, versions: Sequence[Rule], learnt: Sequence[Learning], start: date) -> date | None:
    """The first day from `start` on that lacks minutes if nothing more is learnt; None where nothing is ever needed."""
    before = start
    for day in sorted({start, *(turn for turn in _turns(asked, versions, learnt) if turn > start)}):
        if _is_short(asked, versions, learnt, day):
            return _searched(asked, versions, learnt, before, day)
        before = day
    return None


def _short_since(asked: Asked, versions: Sequence[Rule], learnt: Sequence[Learning], first_due: date, on: date) -> date:
    """Since when somebody who is short on a day has been: the last turn from enough to short, or the end of the first window."""
    days = sorted({first_due, on, *(turn for turn in _turns(asked, versions, learnt) if first_due < turn < on)})
    for before, day in reversed(list(pairwise(days))):
        if not _is_short(asked, versions, learnt, before):
            return _searched(asked, versions, learnt, before, day)
    return first_due


def _searched(asked: Asked, versions: Sequence[Rule], learnt: Sequence[Learning], low: date, high: date) -> date:
    """The first short day after one that may be short itself and up to one that is, between two turns."""
    if _is_short(asked, versions, learnt, low):
        return low
    while (high - low).days > 1:
        middle = low + (high - low) // 2
        low, high = (low, middle) if _is_short(asked, versions, learnt, middle) else (middle, high)
    return high


def standings(rules: Sequence[Rule], posts: Sequence[Post], learnt: Sequence[Learning], on: date) -> list[Due]:
    """How somebody stands towards everything that is asked of them, what falls due first in front."""
    found = [standing_of(asked, rules, learnt, on) for asked in asked_of(rules, posts, on)]
    return sorted(found, key=lambda due: (due.due_on is None, due.due_on or date.max, due.asked.rule.code))


def due_months(people: Mapping[int, Sequence[Due]], on: date, months: int = 12) -> dict[str, dict[str, set[int]]]:
    """Who falls due, by rule and month ("2026-03"; "overdue" for what is past, "later" after the last month), as sets of people.

    The rule "" is everybody who falls due by any rule, each person once in the month of their first.
    """
    months_shown = {f"{day:%Y-%m}" for day in (add_months(on.replace(day=1), number) for number in range(months))}
    table: dict[str, dict[str, set[int]]] = {}
    for person, dues in people.items():
        first: date | None = None
        for due in dues:
            if due.due_on is None:
                continue
            first = min(first, due.due_on) if first else due.due_on
            table.setdefault(due.asked.rule.code, {}).setdefault(_column(due.due_on, on, months_shown), set()).add(person)
        if first is not None:
            table.setdefault("", {}).setdefault(_column(first, on, months_shown), set()).add(person)
    return table


def _column(due_on: date, on: date, months_shown: set[str]) -> str:
    if due_on < on:
        return "overdue"
    month = f"{due_on:%Y-%m}"
    return month if month in months_shown else "later"


@frozen
class RuleChange:
    """A rule as the desk's form gives it, to apply from a day on. Refuses what cannot be a rule."""

    title: str
    kind: RuleKind
    job_roles: tuple[str, ...]
    counts_as: tuple[str, ...]
    applies_from: date
    months: int | None
    minutes: int | None
    participatory_share: float
    grace_days: int
    family: str
    rank: int
    source: str
    confidence: str
    is_on: bool = True
    flag_months: int | None = None

    def __post_init__(self) -> None:
        if self.kind != RuleKind.ONCE and not self.months:
            raise Refused("Enter the number of months.", code="months", field="months")
        if self.kind == RuleKind.USE and (self.flag_months or 0) < (self.months or 0):
            raise Refused("Enter after how many months it is flagged: no fewer than between two letters.", code="flag", field="flag_months")
        if self.kind == RuleKind.HOURS and not self.minutes:
            raise Refused("Enter the number of hours.", code="hours", field="hours")
        if self.kind != RuleKind.HOURS and not self.counts_as:
            raise Refused("Enter at least one code that counts.", code="counts_as", field="counts_as")
        if not 0 <= self.participatory_share <= 1:
            raise Refused("The share must be between 0 and 100.", code="share", field="share")
