"""Confidence of a quarter for its report: what evaluation's gate lets through, and no more."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, time, timedelta
from typing import Any

from marstraining.core.clock import from_wall, local
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.evaluation.gate import Figure, Of, published, published_choices
from marstraining.evaluation.queries.results import Shown, shown
from marstraining.evaluation.rules.questions import Measure
from marstraining.evaluation.rules.wording import Verdict, all_improved
from marstraining.reports.queries.delivery import among
from marstraining.reports.rules import NOT_COLLECTED, Period


@frozen
class CourseConfidence:
    """One course's change as it may be shown: None and `why` where it is held back."""

    code: str
    title: str
    answers: int
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
    verdict: Verdict
    technical: Mapping[str, str] = field(default_factory=dict)


@frozen
class Overall:
    """The programme's score: the mean of the published courses' scores weighted by replies, with their range."""

    change_words: str
    replied: str


@frozen
class Confidence:
    """All courses of a quarter, the programme's score, and the sentence that may be said of them."""

    courses: tuple[CourseConfidence, ...]
    programme: Overall
    sentence: str
    follow_ups: tuple[tuple[str, str, str], ...] = ()


def quarter_label(period: Period) -> str:
    """A quarter as evaluation's summaries name it."""
    return f"{period.year_words} Q{period.quarter}"


async def confidence_in(period: Period, *, courses: Sequence[str] | None = None) -> Confidence:
    """From the frozen summaries of the quarter, in three statements; with `courses`, codes, of them alone.

    Courses that asked and have no summary of the quarter yet are there too, held back.
    """
    where, values = among("c.code", courses)
    found = await rows(
        "SELECT c.code, c.title, t.asked, t.measures FROM evaluation_summary t JOIN programme_course c ON c.id = t.course_id"
        f" WHERE t.scope = 'quarter' AND t.quarter = ?{where} ORDER BY lower(c.title), c.id",
        quarter_label(period),
        *values,
    )
    parts = [(row, _measures(row["measures"])["course"]) for row in found]
    shown_parts = [(row, summary, shown(row["title"], summary, row["asked"], of=Of.TOTAL)) for row, summary in parts]
    adjusted = holm({row["code"]: summary["p"] for row, summary, one in shown_parts if one.gate.has_mean and summary["p"] is not None})
    made = [_course(row, summary, one, adjusted.get(row["code"])) for row, summary, one in shown_parts]
    made += [_held_back(row) for row in await _asked(period, "after", courses) if row["code"] not in {one.code for one in made}]
    everything = tuple(sorted(made, key=lambda one: one.title.casefold()))
    return Confidence(everything, _overall(everything), _sentence(everything), await _follow_ups(period, courses))


async def _asked(period: Period, kind: str, courses: Sequence[str] | None) -> list[dict[str, Any]]:
    """Courses whose surveys of a kind, of sessions that ended in the period, have closed."""
    where, values = among("c.code", courses)
    return await rows(
        "SELECT DISTINCT c.code, c.title FROM evaluation_survey v JOIN programme_session s ON s.id = v.session_id JOIN programme_course c"
        f" ON c.id = s.course_id WHERE v.kind = ? AND v.closed_at IS NOT NULL AND s.ends_at >= ? AND s.ends_at < ?{where}",
        kind, *_instants(period), *values,
    )  # fmt: skip


def _instants(period: Period) -> tuple[datetime, datetime]:
    return from_wall(period.first, time()), from_wall(period.last + timedelta(days=1), time())


def _held_back(row: Mapping[str, Any]) -> CourseConfidence:
    why = "too few answers to be shown yet: they are kept until sessions of the course have enough together"
    return CourseConfidence(row["code"], row["title"], 0, "", None, None, None, "", "", "", "", why, False, Verdict.UNSAID)


async def _follow_ups(period: Period, courses: Sequence[str] | None) -> tuple[tuple[str, str, str], ...]:
    """Follow-ups that closed in the period: their course and the session's day, who replied, and whether they have used it since."""
    where, values = among("c.code", courses)
    found = await rows(
        "SELECT c.title, s.starts_at, t.answers, t.asked, t.measures FROM evaluation_summary t JOIN evaluation_survey v"
        " ON v.id = t.survey_id JOIN programme_session s ON s.id = v.session_id JOIN programme_course c ON c.id = s.course_id"
        f" WHERE t.is_current AND v.kind = 'follow_up' AND v.closed_at >= ? AND v.closed_at < ?{where} ORDER BY c.title, s.starts_at",
        *_instants(period), *values, instants=("starts_at",),
    )  # fmt: skip
    return tuple(_follow_up(row) for row in found)


def _follow_up(row: Mapping[str, Any]) -> tuple[str, str, str]:
    gate = published(Figure(row["answers"], row["asked"]))
    day = local(row["starts_at"])
    used = next((one for one in _measures(row["measures"])["counted"] if one["measure"] == Measure.USED), None)
    counts = published_choices(used["counts"], answers=used["answers"]) if used and gate.answers is not None else None
    words = ", ".join(f"{word}: {number}" for word, number in counts.items()) if counts else "too few answers to be shown"
    return f"{row['title']}, {day.day} {day:%B %Y}", gate.words, words


def _measures(stored: Any) -> Mapping[str, Any]:  # noqa: ANN401 - text or values, as the driver gives them
    return json.loads(stored) if isinstance(stored, str) else stored  # type: ignore[no-any-return]  # what we wrote


def _course(row: Mapping[str, Any], summary: Mapping[str, Any], one: Shown, p: float | None) -> CourseConfidence:
    gate = one.gate
    is_shown = gate.has_mean and one.change is not None
    return CourseConfidence(
        code=row["code"],
        title=row["title"],
        answers=gate.answers or 0,
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
        verdict=one.verdict,
        technical=_technical(summary, one, p) if is_shown else {},
    )


def _count(number: int | None, answers: int | None) -> str:
    return "" if number is None or not answers else f"{number} ({number / answers:.0%})"


def _technical(summary: Mapping[str, Any], one: Shown, p: float | None) -> dict[str, str]:
    interval = "" if one.low is None or one.high is None else f"{one.low:.2f} to {one.high:.2f}"
    return {
        "n": str(summary["n"]),
        "then": _two(summary["mean_then"]),
        "now": _two(summary["mean_now"]),
        "sd": _two(summary["sd_change"]),
        "interval": interval,
        "r": _two(summary["rank_biserial"]),
        "g": _two(summary["g_av"]),
        "p": "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}",
    }


def _two(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


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
    if not held:
        return Overall(NOT_COLLECTED if not courses else "not published", "Too few replies for an average" if courses else "")
    mean = sum(change * answers for change, answers in held) / sum(answers for _, answers in held)
    changes = [change for change, _ in held]
    replies = sum(answers for _, answers in held)
    return Overall(f"{mean:+.1f}", f"{replies} replies; courses from {min(changes):+.1f} to {max(changes):+.1f}")


def _sentence(courses: Sequence[CourseConfidence]) -> str:
    """What may be said of all published courses together (evaluation.md 4.4, wording rules)."""
    published = [one for one in courses if one.change is not None]
    if not courses:
        return f"Confidence: {NOT_COLLECTED} for this quarter."
    if not published:
        return "No course has enough replies for an average of confidence this quarter."
    improved = [one for one in published if one.verdict is Verdict.IMPROVED]
    everywhere = all_improved(len(published), len(improved), held_back=len(courses) - len(published))
    if everywhere:
        held_back = [one.title for one in courses if one.change is None]
        return everywhere + (f" Not published: {', '.join(held_back)}." if held_back else "")
    words = [f"{one.title}: {one.verdict}" for one in published if one.verdict is not Verdict.UNSAID]
    return f"Confidence by course: {'; '.join(words)}." if words else "Too few replied to say how confidence changed."
