"""What is known three months later, and of the scale itself: sums of frozen blocks, each behind the gate."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.evaluation.gate import Figure, Of, Published, added, is_quotable, published
from marstraining.evaluation.queries.results import Shown, shown
from marstraining.evaluation.rules.asking import SurveyKind, quarter_span
from marstraining.evaluation.rules.late import HELD_ABOVE
from marstraining.evaluation.rules.later import BANDS, BlockKind
from marstraining.evaluation.rules.questions import CHOICE_KINDS, Measure, QuestionKind, all_questions, sections_of
from marstraining.evaluation.rules.wording import shift_words

MOST_QUOTES = 6


@frozen
class Total:
    """How often each answer to a question was given over whole blocks, and how many answered it."""

    question: str
    measure: str
    text: str
    counts: Mapping[str, int]
    answers: int


@frozen
class Later:
    """What was answered three months later, by learners or by managers, over the blocks of a quarter.

    `gate` None is that no block has been made in it; `closed` is how many surveys closed in it. `now` and `end` are how confidence is
    spread among those who answered then and at the end of their sessions: different people.
    """

    closed: int
    gate: Published | None = None
    surveys: int = 0
    questions: tuple[Total, ...] = ()
    now: Total | None = None
    end: Total | None = None

    @property
    def is_held(self) -> bool:
        return self.closed > 0 or self.gate is not None


@frozen
class Wave:
    """The change between two ratings of the same people over a year's blocks so far, and of how many sessions."""

    shown: Shown
    sessions: int

    @property
    def shift_words(self) -> str:
        """What the change says of the scale, where it is the shift between two ratings of the same moment; "" where it is held back."""
        one = self.shown
        return "" if one.change is None else shift_words(one.change, one.low, one.high)


@frozen
class Quote:
    """Something that may be printed without a name; nothing joins it to a session, a course or an organisation."""

    text: str
    is_managers: bool


async def later_in(quarter: str, kind: BlockKind) -> Later:
    """The learners' or the managers' answers of a quarter, named as in "2026/27 Q1": of surveys whose last day falls in it."""
    held = await rows(
        "SELECT count(*) AS n FROM evaluation_survey WHERE kind = ? AND closed_at > ? AND closed_at <= ?",
        kind.value,
        *quarter_span(quarter),
    )
    found = await rows(
        "SELECT answers, asked, surveys, measures FROM evaluation_block WHERE kind = ? AND quarter = ? ORDER BY id", kind.value, quarter
    )
    if not found:
        return Later(held[0]["n"])
    gate = published(Figure(sum(row["answers"] for row in found), sum(row["asked"] for row in found), of=Of.TOTAL))
    surveys = sum(row["surveys"] for row in found)
    if not gate.has_mean:
        return Later(held[0]["n"], gate, surveys)
    measures = [json.loads(row["measures"]) for row in found]
    return Later(
        held[0]["n"],
        gate,
        surveys,
        _questions(measures),
        _spread([one["now"] for one in measures if one.get("now")], "Three months later"),
        _spread([one["end"] for one in measures if one.get("end")], "At the end of the session"),
    )


def _questions(measures: Sequence[Mapping[str, Any]]) -> tuple[Total, ...]:
    """Every question over the blocks that may tell of it; where it was reworded, in its latest words."""
    by_key: dict[str, list[Mapping[str, Any]]] = {}
    for one in measures:
        for question in one["questions"]:
            by_key.setdefault(question["question"], []).append(question)
    return tuple(
        Total(key, own[-1]["measure"], own[-1]["text"], added(dict(one["counts"]) for one in own), sum(one["answers"] for one in own))
        for key, own in by_key.items()
    )


def _spread(parts: Sequence[Mapping[str, Any]], text: str) -> Total | None:
    if not parts:
        return None
    counts = added(one["counts"] for one in parts)
    return Total("", Measure.CONFIDENCE.value, text, {band: counts.get(band, 0) for band in BANDS}, sum(one["answers"] for one in parts))


async def wave_of(kind: BlockKind, quarter: str, label: str) -> Wave | None:
    """Confidence kept, or the shift of the scale, of the year of a quarter up to its end, as it was frozen; None where none is."""
    year = quarter.partition(" ")[0]
    found = await rows(
        "SELECT quarter, measures FROM evaluation_block WHERE kind = ? AND quarter LIKE ? AND quarter <= ? ORDER BY quarter DESC, id DESC"
        " LIMIT 1",
        kind.value,
        f"{year} %",
        quarter,
    )
    if not found:
        return None
    summary = json.loads(found[0]["measures"])["year"]
    return Wave(shown(label, summary, summary["people"], of=Of.TOTAL), summary["sessions"])


async def is_sampled_in_year(kind: SurveyKind, quarter: str) -> bool:
    """Whether a survey whose answers belong to those of another closed in the year of a quarter, up to its end."""
    starts, _ = quarter_span(f"{quarter.partition(' ')[0]} Q1")
    found = await rows(
        "SELECT 1 AS one FROM evaluation_survey WHERE kind = ? AND mode = 'confidential' AND closed_at > ? AND closed_at <= ? LIMIT 1",
        kind.value,
        starts,
        quarter_span(quarter)[1],
    )
    return bool(found)


async def quarters_held() -> list[str]:
    """The quarters in which something is known of three months later, the latest first."""
    found = await rows("SELECT DISTINCT quarter FROM evaluation_block WHERE kind IN ('follow_up', 'manager', 'kept') ORDER BY quarter DESC")
    return [row["quarter"] for row in found]


async def quotes_in(quarter: str, *, limit: int = MOST_QUOTES) -> tuple[Quote, ...]:
    """What people and managers wrote of change, with leave to quote it, of surveys whose last day falls in the quarter.

    Only what the training team lets be shown, of surveys whose comments the gate shows, and of questions that enough people could
    have answered. They come by the numbers drawn for them, managers' among the others, each text once.
    """
    found = await rows(
        "SELECT m.survey_id, m.question, m.text, v.kind, v.sections, t.answers, t.measures FROM evaluation_comment m"
        " JOIN evaluation_survey v ON v.id = m.survey_id JOIN evaluation_summary t ON t.survey_id = v.id AND t.is_current"
        f" WHERE m.state = 'shown' AND m.may_quote AND m.id <= {HELD_ABOVE}"
        " AND v.kind IN ('follow_up', 'manager') AND v.closed_at > ? AND v.closed_at <= ? ORDER BY m.id",
        *quarter_span(quarter),
    )
    asked: dict[tuple[int, str], bool] = {}
    quotes: dict[str, Quote] = {}
    for row in found:
        place = (row["survey_id"], row["question"])
        if place not in asked:
            asked[place] = _is_quotable(row)
        if asked[place]:
            quotes.setdefault(" ".join(row["text"].split()), Quote(row["text"].strip(), row["kind"] == SurveyKind.MANAGER))
    return _both(list(quotes.values()), limit)


def _both(quotes: Sequence[Quote], limit: int) -> tuple[Quote, ...]:
    """So many quotes, of which a third are managers' where there are as many."""
    of_managers = [one for one in quotes if one.is_managers]
    of_learners = [one for one in quotes if not one.is_managers]
    share = max(limit // 3, limit - len(of_learners))
    return (*of_learners[: limit - min(share, len(of_managers))], *of_managers[:share])[:limit]


def _is_quotable(row: Mapping[str, Any]) -> bool:
    """Whether the question was one of change, and enough people were asked it: by its condition those who chose what it names."""
    questions = list(all_questions(sections_of(json.loads(row["sections"]))))
    question = next((one for one in questions if one.key == row["question"] and one.measure is Measure.CHANGED), None)
    if question is None:
        return False
    could_have_written = int(row["answers"])
    if question.condition is not None:
        on = next((one for one in questions if one.key == question.condition.question and one.kind in CHOICE_KINDS), None)
        counted = next((one for one in json.loads(row["measures"])["counted"] if on and one["question"] == on.key), None)
        chosen = counted["counts"] if counted else {}
        # Of several answers somebody may have chosen two: the most that one was chosen is how many people there were at least.
        numbers = [chosen.get(value, 0) for value in question.condition.values]
        could_have_written = sum(numbers) if on is not None and on.kind is not QuestionKind.SEVERAL else max(numbers, default=0)
    return is_quotable(int(row["answers"]), could_have_written=could_have_written)
