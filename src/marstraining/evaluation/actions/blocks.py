"""Blocks: closed surveys whose answers are added up together for good, so that totals give nobody away (evaluation.md 4.5, `gate`)."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from marstraining.core.db import execute_many, hold, rows, transaction
from marstraining.evaluation.gate import (
    FEWEST,
    FOR_A_MEAN,
    Figure,
    Matched,
    Waiting,
    added,
    matched_blocks,
    pooled_choices,
    pools,
    published,
)
from marstraining.evaluation.models import Survey
from marstraining.evaluation.queries.surveys import SurveyFacts, survey_of_session
from marstraining.evaluation.rules.answers import Answers
from marstraining.evaluation.rules.asking import Mode, SurveyKind, quarter_of
from marstraining.evaluation.rules.later import BlockKind, Half, Side, banded, paired, rating
from marstraining.evaluation.rules.questions import SCALE_HIGH, SCALE_LOW, Measure, all_questions, in_their_order, sections_of
from marstraining.evaluation.statistics import summarise

_TOLD = frozenset({Measure.USED, Measure.SUPPORT, Measure.BARRIERS})
# Which survey a block's pairs are frozen with, and which survey of the session was answered before it.
_PAIRED_WITH = {SurveyKind.FOLLOW_UP: (SurveyKind.AFTER, Half.NOW), SurveyKind.AFTER: (SurveyKind.BEFORE, Half.NOW)}
_SURVEY_OF = {BlockKind.KEPT: SurveyKind.FOLLOW_UP, BlockKind.SHIFT: SurveyKind.AFTER}


async def of_people(survey: SurveyFacts, forms: Sequence[tuple[str, Answers]]) -> dict[str, Any]:
    """What is frozen with a survey's first summary for its blocks: how confidence is spread, and the pairs of those who answered twice.

    Forms that come later are on paper and have no key, so the pairs are complete; they stay as they were first.
    """
    found: dict[str, Any] = {}
    if survey.kind is SurveyKind.FOLLOW_UP:
        given = [value for _, form in forms if (value := rating(survey.sections, form)) is not None]
        found["spread"] = {"counts": banded(given), "answers": len(given)}
    if survey.mode is not Mode.CONFIDENTIAL or survey.kind not in _PAIRED_WITH or survey.session_id is None:
        return found
    kept = await rows("SELECT measures FROM evaluation_summary WHERE survey_id = ? ORDER BY step LIMIT 1", survey.id)
    if kept:
        return found | {"paired": json.loads(kept[0]["measures"]).get("paired")}
    earlier_kind, half = _PAIRED_WITH[survey.kind]
    earlier = await survey_of_session(survey.session_id, earlier_kind)
    if earlier is None:
        return found
    given_before = await rows("SELECT answers, pair_key FROM evaluation_response WHERE survey_id = ?", earlier.id)
    before = Side(earlier.sections, [(row["pair_key"], json.loads(row["answers"])) for row in given_before], half)
    # After the session "before today" is held against what was said before it; three months later it is the "now" of both.
    after = Side(survey.sections, forms, Half.THEN if survey.kind is SurveyKind.AFTER else Half.NOW)
    asked = len(given_before) if earlier.asked is None else earlier.asked
    return found | {
        "paired": asdict(paired(before, after)) | {"asked": asked if survey.kind is SurveyKind.AFTER else survey.asked or len(forms)}
    }


async def make_blocks() -> int:
    """Take closed surveys into blocks where that tells nobody apart; how many blocks. Safe to run twice, and in many workers."""
    made = 0
    for kind in (BlockKind.FOLLOW_UP, BlockKind.MANAGER):
        made += await _of_answers(kind)
    for kind in _SURVEY_OF:
        made += await _of_pairs(kind)
    return made


async def _waiting(kind: BlockKind, survey_kind: str, columns: str, *, order: str, condition: str = "") -> list[dict[str, Any]]:
    return await rows(
        f"SELECT t.survey_id, t.answers, t.asked, v.closes_at, s.ends_at{columns} FROM evaluation_summary t JOIN evaluation_survey v"
        " ON v.id = t.survey_id JOIN programme_session s ON s.id = v.session_id WHERE v.kind = ? AND t.is_current AND t.answers > 0"
        f" AND NOT EXISTS (SELECT 1 FROM evaluation_block_member m WHERE m.survey_id = v.id AND m.kind = ?){condition}"
        f" ORDER BY {order}, v.id",
        survey_kind,
        kind.value,
        instants=("closes_at", "ends_at"),
    )


# ---- answers three months later ---------------------------------------------------------------------------------------


async def _of_answers(kind: BlockKind) -> int:
    """A survey that ten answered is a block of its own; smaller ones are taken together in the order in which they closed."""
    waiting = {row["survey_id"]: row for row in await _waiting(kind, kind.value, "", order="v.closes_at")}
    large = [(number,) for number, row in waiting.items() if row["answers"] >= FOR_A_MEAN]
    small = [tuple(one.survey for one in pool) for pool in pools([Waiting(number, row["answers"]) for number, row in waiting.items()])]
    made = 0
    for numbers in (*large, *small):
        members = [waiting[number] for number in numbers]
        last = max(row["closes_at"] for row in members)
        measures = await _added_up(numbers, with_spread=kind is BlockKind.FOLLOW_UP)
        answers, asked = (sum(row[name] for row in members) for name in ("answers", "asked"))
        made += await _write(kind, numbers, quarter=_quarter_closed(last), answers=answers, asked=asked, measures=measures)
    return made


def _quarter_closed(closes_at: datetime) -> str:
    """The quarter of the last day on which it could be answered: it closes at midnight."""
    return quarter_of(closes_at - timedelta(minutes=1))


async def _added_up(numbers: Sequence[int], *, with_spread: bool) -> dict[str, Any]:
    found = await rows(
        f"SELECT t.answers, t.measures, v.session_id, v.sections FROM evaluation_summary t JOIN evaluation_survey v ON v.id = t.survey_id"
        f" WHERE t.is_current AND t.survey_id IN ({', '.join('?' * len(numbers))}) ORDER BY v.closes_at, v.id",
        *numbers,
    )
    measures = [json.loads(row["measures"]) for row in found]
    by_key: dict[str, list[Mapping[str, Any]]] = {}
    for one in measures:
        for question in one["counted"]:
            if question["measure"] in _TOLD:
                by_key.setdefault(question["question"], []).append(question)
    asked = {one.key: one for one in all_questions(sections_of(json.loads(found[-1]["sections"])))}
    questions = []
    for key, own in by_key.items():
        counts = pooled_choices([(each["counts"], each["answers"]) for each in own])
        if counts is not None:
            answers = sum(each["answers"] for each in own)
            ordered = list(in_their_order(counts, asked.get(key)).items())
            last = own[-1]
            questions.append({"question": key, "text": last["text"], "measure": last["measure"], "counts": ordered, "answers": answers})
    made: dict[str, Any] = {"questions": questions}
    if with_spread:
        made["now"] = _spread_now(found, measures)
        made["end"] = await _spread_at_the_end([row["session_id"] for row in found])
    return made


def _spread_now(found: Sequence[Mapping[str, Any]], measures: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """How confidence three months later is spread over a block; None where some of its surveys show their own figures and others not."""
    spreads = [one["spread"] for one in measures if "spread" in one]
    answers = sum(one["answers"] for one in spreads)
    is_alike = len(found) == 1 or all(row["answers"] < FEWEST for row in found)
    return {"counts": added(one["counts"] for one in spreads), "answers": answers} if is_alike and answers >= FOR_A_MEAN else None


async def _spread_at_the_end(session_ids: Sequence[int]) -> dict[str, Any] | None:
    """How it was spread at the end of those sessions whose own survey has a mean, from what was published of it last."""
    found = await rows(
        "SELECT t.asked, t.measures FROM evaluation_summary t JOIN evaluation_survey v ON v.id = t.survey_id WHERE t.is_current"
        " AND v.kind = 'after'"
        f" AND v.session_id IN ({', '.join('?' * len(session_ids))})",
        *session_ids,
    )
    ends = [([pair[1] for pair in json.loads(row["measures"])["pairs"]], row["asked"]) for row in found]
    large = [one for one, asked in ends if published(Figure(len(one), asked)).has_mean]
    return {"counts": added(banded(one) for one in large), "answers": sum(map(len, large))} if large else None


# ---- pairs of one person ----------------------------------------------------------------------------------------------


async def _of_pairs(kind: BlockKind) -> int:
    order = "s.ends_at" if kind is BlockKind.SHIFT else "v.closes_at"
    waiting = await _waiting(kind, _SURVEY_OF[kind].value, ", t.measures", order=order, condition=" AND v.mode = 'confidential'")
    by_id = {row["survey_id"]: row | {"paired": found} for row in waiting if (found := json.loads(row["measures"]).get("paired"))}
    sizes = [Matched(number, len(row["paired"]["pairs"]), *_alone(row["paired"])) for number, row in by_id.items()]
    made = 0
    for block in matched_blocks(sizes):
        numbers = tuple(one.survey for one in block)
        members = [by_id[number] for number in numbers]
        last = members[-1]
        quarter = quarter_of(last["ends_at"]) if kind is BlockKind.SHIFT else _quarter_closed(last["closes_at"])
        pairs = sorted(tuple(pair) for row in members for pair in row["paired"]["pairs"])
        asked = sum(row["paired"]["asked"] for row in members)
        measures = {"pairs": pairs, "year": await _of_the_year(kind, quarter, pairs, asked=asked, surveys=len(members))}
        made += await _write(kind, numbers, quarter=quarter, answers=len(pairs), asked=asked, measures=measures)
    return made


def _alone(one: Mapping[str, Any]) -> tuple[int, int]:
    return one["alone_before"], one["alone_after"]


async def _of_the_year(kind: BlockKind, quarter: str, pairs: Sequence[tuple[float, float]], *, asked: int, surveys: int) -> dict[str, Any]:
    """What the year's blocks come to with this one, to the end of its quarter; frozen with it and not reckoned anew."""
    year = quarter.partition(" ")[0]
    found = await rows(
        "SELECT asked, surveys, measures FROM evaluation_block WHERE kind = ? AND quarter LIKE ? AND quarter <= ?",
        kind.value,
        f"{year} %",
        quarter,
    )
    all_pairs = [*pairs, *((pair[0], pair[1]) for row in found for pair in json.loads(row["measures"])["pairs"])]
    total = asked + sum(row["asked"] for row in found)
    summary = await asyncio.to_thread(summarise, all_pairs, (SCALE_LOW, SCALE_HIGH), total)
    return asdict(summary) | {"sessions": surveys + sum(row["surveys"] for row in found)}


async def _write(kind: BlockKind, numbers: Sequence[int], *, quarter: str, answers: int, asked: int, measures: dict[str, Any]) -> bool:
    """Keep a block with its surveys; False where one of them was taken into a block meanwhile."""
    async with transaction():
        for number in sorted(numbers):
            await hold(Survey, number)
        taken = await rows(
            f"SELECT 1 AS one FROM evaluation_block_member WHERE kind = ? AND survey_id IN ({', '.join('?' * len(numbers))}) LIMIT 1",
            kind.value,
            *numbers,
        )
        if taken:
            return False
        made = await rows(
            "INSERT INTO evaluation_block (kind, quarter, answers, asked, surveys, measures) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            kind.value, quarter, answers, asked, len(numbers), json.dumps(measures),
        )  # fmt: skip
        await execute_many(
            "INSERT INTO evaluation_block_member (block_id, survey_id, kind) VALUES (?, ?, ?)",
            [(made[0]["id"], number, kind.value) for number in numbers],
        )
    return True
