"""Confidence of a quarter for its report: what evaluation's gate lets through, and no more."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, time, timedelta
from typing import Any

from marstraining.core.clock import from_wall, local
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.evaluation.gate import Of
from marstraining.evaluation.queries.results import Shown, shown
from marstraining.evaluation.rules.asking import NO_LONGER_AFTER
from marstraining.evaluation.rules.questions import SCALE_HIGH, SCALE_LOW
from marstraining.evaluation.rules.wording import Verdict, all_improved, signed
from marstraining.evaluation.statistics import rescaled
from marstraining.programme.rules import CourseKind
from marstraining.reports.queries.delivery import HeldSession
from marstraining.reports.queries.narrowing import WHOLE, Narrowed, among
from marstraining.reports.rules import NOT_COLLECTED, Period

PROGRAMME_SCALE = (SCALE_LOW, SCALE_HIGH)
# Of a part of a quarter there is no figure: with the whole quarter's it would tell of the other part, however few that are.
_PARTLY = "belongs to the area for a part of the quarter, and answers are counted for the whole of it"


@frozen
class CourseConfidence:
    """One course's change as it may be shown: None and `why` where it is held back, `is_coming` where answers are still to come."""

    code: str
    title: str
    answers: int
    asked: int
    replied: str
    change: float | None
    low: float | None
    high: float | None
    words: str
    up: str
    same: str
    down: str
    why: str
    few_replied: bool
    rated_on: str
    verdict: Verdict
    technical: Mapping[str, str] = field(default_factory=dict)
    is_coming: bool = False


@frozen
class Overall:
    """The programme's score: the mean of the published courses' scores weighted by replies, with their range; None and why in words."""

    change: float | None
    change_words: str
    replied: str


@frozen
class Confidence:
    """All courses of a quarter, the programme's score, and the sentence that may be said of them."""

    courses: tuple[CourseConfidence, ...]
    programme: Overall
    sentence: str


def quarter_label(period: Period) -> str:
    """A quarter as evaluation's summaries name it."""
    return f"{period.year_words} Q{period.quarter}"


async def confidence_in(period: Period, *, sessions: Sequence[HeldSession], of: Narrowed = WHOLE, now: datetime) -> Confidence:
    """From the frozen summaries of the quarter, in a number of statements that does not grow with them; of some courses alone with `of`.

    Every other course of the quarter's `sessions` that ran is there too, with the reason why nothing of it is published. Where nobody
    has been asked at all there is none: nothing is collected yet.
    """
    where, values = among("c.code", of.courses_within(period.first, period.last))
    found = await rows(
        "SELECT c.code, c.title, t.asked, t.measures FROM evaluation_summary t JOIN programme_course c ON c.id = t.course_id"
        f" WHERE t.scope = 'quarter' AND t.quarter = ?{where} ORDER BY lower(c.title), c.id",
        quarter_label(period),
        *values,
    )
    partly = await _partly(period, of)
    # Courses stand beside each other, and their mean is taken: on the programme's scale, whatever one was rated on.
    raw = [(row, json.loads(row["measures"])["course"]) for row in found if row["code"] not in partly]
    parts = [(row | {"rated_on": summary.get("scale")}, rescaled(summary, PROGRAMME_SCALE)) for row, summary in raw]
    shown_parts = [(row, summary, shown(row["title"], summary, row["asked"], of=Of.TOTAL)) for row, summary in parts]
    adjusted = holm({row["code"]: summary["p"] for row, summary, one in shown_parts if one.gate.has_mean and summary["p"] is not None})
    made = [_course(row, summary, one, adjusted.get(row["code"])) for row, summary, one in shown_parts]
    made += [_unpublished(code, title, _PARTLY) for code, title in partly.items() if title]
    others = await _asked(sessions)
    if made or any(row["asked"] for row in others):
        made += [_held_back(row, now) for row in others if row["code"] not in {one.code for one in made}]
    everything = tuple(sorted(made, key=lambda one: one.title.casefold()))
    return Confidence(everything, _overall(everything), _sentence(everything))


async def _partly(period: Period, of: Narrowed) -> dict[str, str]:
    """Courses some of whose sessions of the quarter that were asked about are not of the report, by code.

    With the title where others are, "" where none is.
    """
    if not of.belongs:
        return {}
    where, values = among("c.code", of.courses_within(period.first, period.last))
    inside, spans = of.sessions()
    found = await rows(
        f"SELECT x.code, x.title, sum(x.inside) AS inside, count(*) AS asked FROM (SELECT c.code, c.title, CASE WHEN 1 = 1{inside} THEN 1"
        " ELSE 0 END AS inside FROM evaluation_survey v JOIN programme_session s ON s.id = v.session_id JOIN programme_course c"
        f" ON c.id = s.course_id WHERE v.kind = 'after' AND s.starts_at >= ? AND s.starts_at < ?{where}) x GROUP BY x.code, x.title",
        *spans, *instants_of(period), *values,
    )  # fmt: skip
    return {row["code"]: row["title"] if row["inside"] else "" for row in found if row["inside"] < row["asked"]}


async def _asked(sessions: Sequence[HeldSession]) -> list[dict[str, Any]]:
    """Of the courses of sessions that ran: how many of these have a survey, how many of those are open and until when."""
    ran = [one.id for one in sessions if one.is_over and one.kind != CourseKind.EXTERNAL]
    if not ran:
        return []
    return await rows(
        "SELECT c.code, c.title, count(v.id) AS asked, sum(CASE WHEN v.id IS NOT NULL AND v.closed_at IS NULL THEN 1 ELSE 0 END) AS open,"
        " sum(CASE WHEN EXISTS (SELECT 1 FROM evaluation_pool_member m JOIN evaluation_summary p ON p.id = m.pool_id"
        " WHERE m.survey_id = v.id AND p.quarter = '') THEN 1 ELSE 0 END) AS across,"
        " max(CASE WHEN v.closed_at IS NULL THEN v.closes_at END) AS until, max(s.ends_at) AS ended FROM programme_session s"
        " JOIN programme_course c ON c.id = s.course_id LEFT JOIN evaluation_survey v ON v.session_id = s.id AND v.kind = 'after'"
        f" WHERE s.id IN ({', '.join(str(one) for one in ran)}) GROUP BY c.id, c.code, c.title",
        instants=("until", "ended"),
    )


def instants_of(period: Period) -> tuple[datetime, datetime]:
    """When a period begins and ends; the second instant belongs to the next one."""
    return from_wall(period.first, time()), from_wall(period.last + timedelta(days=1), time())


def _held_back(row: Mapping[str, Any], now: datetime) -> CourseConfidence:
    is_coming = bool(row["open"]) or (not row["asked"] and now - row["ended"] < NO_LONGER_AFTER)
    if row["open"]:
        last = local(row["until"] - timedelta(minutes=1))
        why = f"still open, until {last.day} {last:%B %Y}"
    elif row["across"]:
        why = "counted together with sessions of another quarter, so in the course’s figure of all quarters alone"  # noqa: RUF001 - as printed
    elif row["asked"]:
        why = "too few answers to be shown yet: they are kept until sessions of the course in the quarter have enough together"
    else:
        why = "not asked yet, until the register is taken" if is_coming else "nobody was asked"
    return _unpublished(row["code"], row["title"], why, is_coming=is_coming)


def _unpublished(code: str, title: str, why: str, *, is_coming: bool = False) -> CourseConfidence:
    return CourseConfidence(
        code,
        title,
        0,
        0,
        "",
        None,
        None,
        None,
        "",
        "",
        "",
        "",
        why,
        few_replied=False,
        rated_on="",
        verdict=Verdict.UNSAID,
        is_coming=is_coming,
    )


def _course(row: Mapping[str, Any], summary: Mapping[str, Any], one: Shown, p: float | None) -> CourseConfidence:
    gate = one.gate
    is_shown = gate.has_mean and one.change is not None
    return CourseConfidence(
        code=row["code"],
        title=row["title"],
        answers=gate.answers or 0,
        asked=gate.asked or 0,
        replied=gate.words,
        change=one.change if is_shown else None,
        low=one.low,
        high=one.high,
        words=one.words,
        up=_count(gate.up, gate.answers),
        same=_count(gate.same, gate.answers),
        down=_count(gate.down, gate.answers),
        why=gate.why,
        few_replied=gate.few_replied,
        rated_on=_rated_on(row["rated_on"]),
        verdict=one.verdict,
        technical=_technical(summary, one, p) if is_shown else {},
    )


def _rated_on(scale: Sequence[float] | None) -> str:
    """The scale of the ratings in words, "" where it is the programme's."""
    return "" if scale is None or tuple(scale) == PROGRAMME_SCALE else f"{scale[0]:g} to {scale[1]:g}"


def _count(number: int | None, answers: int | None) -> str:
    return "" if number is None or not answers else f"{number} ({number / answers:.0%})"


def _technical(summary: Mapping[str, Any], one: Shown, p: float | None) -> dict[str, str]:
    interval = "" if one.low is None or one.high is None else f"{_two(one.low)} to {_two(one.high)}"
    return {
        "n": str(summary["n"]),
        "then": _two(summary["mean_then"]),
        "now": _two(summary["mean_now"]),
        "sd": _two(summary["sd_change"]),
        "interval": interval,
        "r": _two(summary["rank_biserial"]),
        "g": _two(summary["g_av"]),
        "p": "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}",
        # What is frozen from before these were computed has none; where directions stay back, what tells how many stayed the same does.
        **dict.fromkeys(("up", "margin", "w"), ""),
        **(_of_directions(summary) if one.gate.up is not None and summary.get("up_low") is not None else {}),
        "g_z": _two(summary.get("g_z")),
        "d_av": _two(summary.get("d_av")),
    }


def _of_directions(summary: Mapping[str, Any]) -> dict[str, str]:
    margin = summary["margin"]
    return {
        "up": f"{summary['up_low']:.0%} to {summary['up_high']:.0%}",
        "margin": "" if margin is None else f"{margin * 100:.1f} points",
        "w": f"{summary['w_plus']:g} and {summary['w_minus']:g}",
    }


def _two(value: float | None) -> str:
    return "" if value is None else f"{round(value, 2) + 0.0:.2f}"


def holm(ps: Mapping[str, float]) -> dict[str, float]:
    """P values adjusted by Holm's step-down method over all of them, each at most 1 and never below one before it."""
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, (name, p) in enumerate(sorted(ps.items(), key=lambda one: one[1])):
        largest = max(largest, min(1.0, (len(ps) - rank) * p))
        adjusted[name] = largest
    return adjusted


def _overall(courses: Sequence[CourseConfidence]) -> Overall:
    held = [(one.change, one.answers) for one in courses if one.change is not None]
    if not courses:
        return Overall(None, NOT_COLLECTED, "")
    if not held:
        return Overall(None, "not published", _unsaid(courses)[0])
    mean = sum(change * answers for change, answers in held) / sum(answers for _, answers in held)
    changes = [change for change, _ in held]
    replies, asked = sum(answers for _, answers in held), sum(one.asked for one in courses if one.change is not None)
    of = f"{replies:,} of {asked:,} replied ({min(1, replies / asked):.0%})" if asked >= replies else f"{replies:,} replies"
    return Overall(mean, signed(mean), f"{of}; courses from {signed(min(changes))} to {signed(max(changes))}")


def _unsaid(courses: Sequence[CourseConfidence]) -> tuple[str, str]:
    """Why nothing is published, beside the figure and as a sentence."""
    if any(one.is_coming for one in courses):
        return "Answers are still to come", "Confidence is not published yet: answers are still to come."
    if any(one.why == _PARTLY for one in courses):
        return "Section 7 says why", "Confidence is not published: section 7 says why."
    return "Too few replies for an average", "No course has enough replies for an average of confidence this quarter."


def _sentence(courses: Sequence[CourseConfidence]) -> str:
    """What may be said of all published courses together (evaluation.md 4.4, wording rules)."""
    published = [one for one in courses if one.change is not None]
    if not courses:
        return f"Confidence: {NOT_COLLECTED} for this quarter."
    if not published:
        return _unsaid(courses)[1]
    improved = [one for one in published if one.verdict is Verdict.IMPROVED]
    # Why each of the others is not published stands on page 7.
    everywhere = all_improved(len(published), len(improved), held_back=0)
    if everywhere:
        held_back = [one.title for one in courses if one.change is None]
        return everywhere + (f" Not published: {', '.join(held_back)}." if held_back else "")
    words = [f"{one.title}: {one.verdict}" for one in published if one.verdict is not Verdict.UNSAID]
    return f"Confidence by course: {'; '.join(words)}." if words else "Too few replied to say how confidence changed."
