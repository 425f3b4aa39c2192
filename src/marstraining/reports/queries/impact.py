"""What is known three months after, and of the scale itself, for a quarter's report: what evaluation's gate lets through, and no more."""

import json
from collections.abc import Mapping
from typing import Any

from marstraining.core.clock import local
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.evaluation.gate import Figure, published, published_choices
from marstraining.evaluation.queries.later import Later, Quote, Wave, is_sampled_in_year, later_in, quotes_in, wave_of
from marstraining.evaluation.rules.asking import SurveyKind
from marstraining.evaluation.rules.later import BlockKind
from marstraining.evaluation.rules.questions import Measure, all_questions, in_their_order, sections_of
from marstraining.reports.queries.confidence import instants_of, quarter_label
from marstraining.reports.queries.narrowing import WHOLE, Narrowed
from marstraining.reports.rules import Period


@frozen
class ThreeWave:
    """The shift of the scale over the year so far; `wave` None where too few were asked twice, `is_asked` False where nobody was."""

    year: str
    wave: Wave | None
    is_asked: bool


@frozen
class BySession:
    """A follow-up or a managers' survey by itself, in words: whom it is of, who replied, whether it was used."""

    what: str
    replied: str
    used: str


_NOBODY_ASKED = Later(0)


@frozen
class Impact:
    """Page 8. A narrower report has `by_session` alone: totals and quotations of a part would be of fewer people."""

    learners: Later = _NOBODY_ASKED
    managers: Later = _NOBODY_ASKED
    kept: Wave | None = None
    is_kept_asked: bool = False
    quotes: tuple[Quote, ...] = ()
    by_session: tuple[BySession, ...] = ()


async def three_wave_of(period: Period) -> ThreeWave:
    """The check of a year, or of the year of a quarter up to its end, as it was frozen when the surveys closed."""
    label = quarter_label(period if period.quarter else Period(period.year, 4))
    wave = await wave_of(BlockKind.SHIFT, label, "Shift of the scale")
    return ThreeWave(period.year_words, wave, wave is not None or await is_sampled_in_year(SurveyKind.BEFORE, label))


async def impact_in(period: Period, *, of: Narrowed = WHOLE) -> Impact:
    """From frozen blocks, in a number of statements that does not grow with surveys; of some courses survey by survey."""
    if of.courses is not None:
        return Impact(by_session=await _by_session(period, of))
    label = quarter_label(period)
    return Impact(
        learners=await later_in(label, BlockKind.FOLLOW_UP),
        managers=await later_in(label, BlockKind.MANAGER),
        kept=await wave_of(BlockKind.KEPT, label, "From the end of the session to three months later"),
        is_kept_asked=await is_sampled_in_year(SurveyKind.FOLLOW_UP, label),
        quotes=await quotes_in(label),
    )


async def _by_session(period: Period, of: Narrowed) -> tuple[BySession, ...]:
    where, values = of.sessions()
    found = await rows(
        "SELECT c.title, s.starts_at, v.kind, v.sections, t.answers, t.asked, t.measures FROM evaluation_summary t JOIN evaluation_survey v"
        " ON v.id = t.survey_id JOIN programme_session s ON s.id = v.session_id JOIN programme_course c ON c.id = s.course_id"
        " WHERE t.is_current AND v.kind IN ('follow_up', 'manager') AND v.closed_at > ? AND v.closed_at <= ?"
        f"{where} ORDER BY c.title, s.starts_at, v.kind",
        *instants_of(period), *values, instants=("starts_at",),
    )  # fmt: skip
    return tuple(_one_session(row) for row in found)


def _one_session(row: Mapping[str, Any]) -> BySession:
    gate = published(Figure(row["answers"], row["asked"]))
    day = local(row["starts_at"])
    used = next((one for one in json.loads(row["measures"])["counted"] if one["measure"] == Measure.USED), None)
    counts = None
    if used and gate.answers is not None:
        asked = {one.key: one for one in all_questions(sections_of(json.loads(row["sections"])))}
        counts = published_choices(in_their_order(used["counts"], asked.get(used["question"])), answers=used["answers"])
    words = ", ".join(f"{word}: {number}" for word, number in counts.items()) if counts else "too few answers to be shown"
    whose = ", managers" if row["kind"] == SurveyKind.MANAGER else ""
    return BySession(f"{row['title']}, {day.day} {day:%B %Y}{whose}", gate.words, words)
