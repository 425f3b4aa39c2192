"""Closing: rows are written anew in random order, then what they come to is frozen, small surveys pooled, and totals made of blocks."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from marstraining.core.db import execute, execute_many, hold, rows, transaction
from marstraining.evaluation.actions.asking import draw
from marstraining.evaluation.actions.blocks import make_blocks, of_people
from marstraining.evaluation.actions.late import release_late_comments
from marstraining.evaluation.gate import Directions, Figure, Waiting, is_step, pooled_directions, pools, published, published_groups
from marstraining.evaluation.models import Survey
from marstraining.evaluation.queries.returns import returns_to_freeze
from marstraining.evaluation.queries.surveys import POOLED, PRESENT, SurveyFacts, survey_by_id
from marstraining.evaluation.rules.answers import Tally, tally
from marstraining.evaluation.rules.asking import NO_LONGER_AFTER, SurveyKind, closes_at, quarter_of
from marstraining.evaluation.rules.late import HELD_ABOVE, of_a_later_step
from marstraining.evaluation.rules.questions import SCALE_HIGH, SCALE_LOW
from marstraining.evaluation.statistics import summarise
from marstraining.programme.models import Course

_SCALE = (SCALE_LOW, SCALE_HIGH)
_AT_ONCE = 50
_KEPT_FOR = timedelta(days=3 * 365)
_shuffled = secrets.SystemRandom()


async def close_surveys(*, now: datetime) -> int:
    """Close what has ended, sum up what is new, pool what is small, make totals; how many closed. Safe to run twice, in many workers."""
    await _follow_sessions()
    await _wait_for_registers(now=now)
    due = await rows(
        "SELECT id FROM evaluation_survey WHERE closed_at IS NULL AND closes_at <= ? ORDER BY closes_at, id LIMIT ?", now, _AT_ONCE
    )
    closed = 0
    for row in due:
        closed += await _close(row["id"], now=now)
    touched = await _sum_up_new()
    for course_id in touched:
        await _pool(course_id)
        await _total(course_id)
    await make_blocks()
    await release_late_comments()
    await _forget_secrets(now=now)
    return closed


async def _follow_sessions() -> None:
    """Let what is asked beforehand close when its session begins, wherever that was moved to."""
    await execute(
        "UPDATE evaluation_survey SET closes_at = (SELECT s.starts_at FROM programme_session s WHERE s.id = evaluation_survey.session_id)"
        " WHERE kind = 'before' AND closed_at IS NULL AND EXISTS (SELECT 1 FROM programme_session s"
        " WHERE s.id = evaluation_survey.session_id AND s.starts_at <> evaluation_survey.closes_at)"
    )


async def _wait_for_registers(*, now: datetime) -> None:
    """Keep a survey that was opened in the room open as long as its letters may still come: until it is too late to ask anybody."""
    waiting = await rows(
        "SELECT v.id, s.ends_at FROM evaluation_survey v JOIN programme_session s ON s.id = v.session_id"
        " JOIN programme_course c ON c.id = s.course_id WHERE v.kind = 'after' AND v.closed_at IS NULL AND v.closes_at <= ?"
        " AND NOT v.is_asked_out AND v.by_letter AND s.state = 'published' AND s.ends_at > ? AND c.kind <> 'external'"
        " AND (NOT s.is_headcount_only OR EXISTS (SELECT 1 FROM attendance_register g WHERE g.session_id = s.id))",
        now,
        now - NO_LONGER_AFTER,
        instants=("ends_at",),
    )
    for row in waiting:
        await execute(
            "UPDATE evaluation_survey SET closes_at = ? WHERE id = ? AND NOT is_asked_out AND closed_at IS NULL AND closes_at <= ?",
            closes_at(row["ends_at"], days=NO_LONGER_AFTER.days),
            row["id"],
            now,
        )


async def _close(survey_id: int, *, now: datetime) -> int:
    """Write responses, comments and invitations anew in random order; responses get new numbers.

    After that neither their order nor what a database keeps of who wrote in which transaction tells more than the rows themselves.
    """
    async with transaction():
        await hold(Survey, survey_id)
        still = await rows("SELECT id FROM evaluation_survey WHERE id = ? AND closed_at IS NULL AND closes_at <= ?", survey_id, now)
        if not still:
            return 0
        await _shuffle("response", survey_id, {"id": draw, "submission_id": lambda: secrets.token_hex(32)})
        await _shuffle("comment", survey_id, {"id": draw})
        await _shuffle("invitation", survey_id, {})
        await execute("UPDATE evaluation_survey SET closed_at = closes_at, asked = ? WHERE id = ?", await _asked(survey_id), survey_id)
    return 1


async def _shuffle(table: str, survey_id: int, anew: dict[str, Any]) -> None:
    found = await rows(f"SELECT * FROM evaluation_{table} WHERE survey_id = ?", survey_id)
    if not found:
        return
    _shuffled.shuffle(found)
    for row in found:
        row |= {column: make() for column, make in anew.items()}
    columns = list(found[0])
    await execute(f"DELETE FROM evaluation_{table} WHERE survey_id = ?", survey_id)
    # SQLite hands instants back as the text it keeps, PostgreSQL as instants: each takes back what it gave.
    await execute_many(
        f"INSERT INTO evaluation_{table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        [[row[column] for column in columns] for row in found],
    )


async def _asked(survey_id: int) -> int:
    """How many were asked: those marked present where there is a register, else those invited; and forms handed out on paper."""
    found = await rows(
        f"SELECT v.kind, v.paper_asked, (SELECT count(*) FROM ({PRESENT}) q) AS present, coalesce(s.imported_headcount, 0) AS counted,"
        " (SELECT count(*) FROM evaluation_invitation i WHERE i.survey_id = v.id) AS invited FROM evaluation_survey v"
        " LEFT JOIN programme_session s ON s.id = v.session_id WHERE v.id = ?",
        survey_id,
    )
    row = found[0]
    of_session = row["present"] if row["kind"] == "after" else 0
    return int(of_session or row["invited"] or max(row["counted"], row["paper_asked"]))


# ---- summaries --------------------------------------------------------------------------------------------------------


async def _sum_up_new() -> list[int]:
    """A summary of each closed survey that has none, or has enough answers since; the courses whose totals that changes."""
    found = await rows(
        "SELECT v.id, s.course_id, v.kind, c.answers, c.step, (SELECT count(*) FROM evaluation_response r WHERE r.survey_id = v.id) AS n,"
        f" {POOLED} AS pooled FROM evaluation_survey v"
        " LEFT JOIN programme_session s ON s.id = v.session_id LEFT JOIN evaluation_summary c ON c.survey_id = v.id AND c.is_current"
        " WHERE v.closed_at IS NOT NULL AND (c.id IS NULL OR (SELECT count(*) FROM evaluation_response r WHERE r.survey_id = v.id)"
        " > c.answers) ORDER BY v.id LIMIT ?",
        _AT_ONCE * 4,
    )
    touched: set[int] = set()
    for row in found:
        # What is in a pool stays there as it was: a later figure of its own would tell the others apart.
        if row["pooled"] or not is_step(row["n"], row["answers"]):
            continue
        survey = await survey_by_id(row["id"])
        if survey is None:
            continue
        if await _sum_up(survey, step=(row["step"] or 0) + 1) and row["kind"] == "after" and row["course_id"]:
            touched.add(row["course_id"])
    return sorted(touched)


async def _sum_up(survey: SurveyFacts, *, step: int) -> bool:
    # Before the forms, so that every comment is of one of them.
    held = await rows(f"SELECT id FROM evaluation_comment WHERE survey_id = ? AND id > {HELD_ABOVE}", survey.id)
    found = await rows("SELECT answers, flags, pair_key FROM evaluation_response WHERE survey_id = ?", survey.id)
    forms = [json.loads(row["answers"]) for row in found]
    added = tally(survey.sections, forms, [json.loads(row["flags"]) for row in found])
    asked = max(survey.asked or 0, len(forms))
    # Scipy takes a second to load and a moment for each: beside the loop, and outside the transaction.
    measures = await asyncio.to_thread(_measures, added, asked)
    measures["version"] = survey.version_id
    measures |= await of_people(survey, [(row["pair_key"], form) for row, form in zip(found, forms, strict=True)])
    was = await _frozen_last(survey.id)
    if survey.kind is SurveyKind.PARTNERSHIP:
        measures["returns"] = await returns_to_freeze(survey.id) if was is None else was.get("returns", [])
    if was is not None:
        measures = of_a_later_step(was, measures)
    # Groups that were published stay as they were, since a later figure of a group could add one form alone; and none are made of
    # pairs of which the course's score is not.
    is_whole = was is None or measures["course"]["n"] == len(added.course_pairs)
    measures["groups"] = (was or {}).get("groups") or (await asyncio.to_thread(_groups, added, asked) if is_whole else [])
    async with transaction():
        await hold(Survey, survey.id)
        if await rows("SELECT id FROM evaluation_summary WHERE survey_id = ? AND step >= ?", survey.id, step):
            return False
        await execute("UPDATE evaluation_summary SET is_current = ? WHERE survey_id = ?", False, survey.id)
        await _insert("survey", measures, survey_id=survey.id, step=step, answers=len(forms), asked=asked)
        if held:
            await execute_many("UPDATE evaluation_comment SET id = ? WHERE id = ?", [(draw(), row["id"]) for row in held])
    return True


def _measures(added: Tally, asked: int) -> dict[str, Any]:
    """What is frozen of a survey. The pairs of the course's score stay beside it, since pools and totals are made of them."""
    return {
        "statements": [
            {
                "question": one.question,
                "measure": one.measure.value,
                "text": one.text,
                "summary": asdict(summarise(one.pairs, _SCALE, asked)),
            }
            for one in added.statements
        ],
        "counted": [
            {"question": one.question, "measure": one.measure.value, "text": one.text, "counts": dict(one.counts), "answers": one.answers}
            for one in added.counted
        ],
        "numbered": [
            {
                "question": one.question,
                "measure": one.measure.value,
                "text": one.text,
                "mean": fmean(one.values) if one.values else None,
                "answers": len(one.values),
            }
            for one in added.numbered
        ],
        "course": asdict(summarise(added.course_pairs, _SCALE, asked)),
        "pairs": sorted(added.course_pairs),
        "flags": dict(added.flags),
    }


async def _frozen_last(survey_id: int) -> dict[str, Any] | None:
    """What was frozen of a survey at its last step; None before its first."""
    found = await rows("SELECT measures FROM evaluation_summary WHERE survey_id = ? ORDER BY step DESC LIMIT 1", survey_id)
    return dict(json.loads(found[0]["measures"])) if found else None


def _groups(added: Tally, asked: int) -> list[dict[str, Any]]:
    """The groups that may be shown, and nothing of the others: neither they nor who named none are frozen."""
    if not published(Figure(len(added.course_pairs), asked)).has_mean:
        return []
    tables = []
    for one in added.grouped:
        sizes = {name: len(pairs) for name, pairs in one.pairs.items()}
        shown = published_groups(sizes)
        groups = [
            {"name": name, "elsewhere": sum(sizes.values()) - len(pairs), "summary": asdict(summarise(pairs, _SCALE))}
            for name, pairs in one.pairs.items()
            if name and name in shown
        ]
        if groups:
            tables.append({"question": one.question, "text": one.text, "groups": groups})
    return tables


async def _insert(
    scope: str,
    measures: dict[str, Any],
    *,
    answers: int,
    asked: int,
    survey_id: int | None = None,
    course_id: int | None = None,
    quarter: str = "",
    step: int = 1,
    surveys: int = 1,
) -> int:
    made = await rows(
        "INSERT INTO evaluation_summary (scope, survey_id, course_id, quarter, step, is_current, answers, asked, surveys, measures)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        scope, survey_id, course_id, quarter, step, True, answers, asked, surveys, json.dumps(measures),
    )  # fmt: skip
    return int(made[0]["id"])


# ---- pools and totals -------------------------------------------------------------------------------------------------


async def _pool(course_id: int) -> None:
    """Take small surveys of a course together, in the order of their sessions, for good (evaluation.md 4.5 and `gate.pools`)."""
    found = await _own_summaries(
        course_id, "AND c.answers < 10 AND NOT EXISTS (SELECT 1 FROM evaluation_pool_member m WHERE m.survey_id = v.id)"
    )
    by_id = {row["survey_id"]: row for row in found}
    for pool in pools([Waiting(row["survey_id"], len(row["measures"]["pairs"])) for row in found]):
        members = [by_id[one.survey] for one in pool]
        pairs = [tuple(pair) for row in members for pair in row["measures"]["pairs"]]
        asked = sum(row["asked"] for row in members)
        summary = asdict(await asyncio.to_thread(summarise, pairs, _SCALE, asked))
        directions = pooled_directions([_directions(row["measures"]["course"]) for row in members])
        if directions is None:
            summary |= {"up": None, "same": None, "down": None, "at_top": None}
        async with transaction():
            await hold(Course, course_id)
            taken = await rows(
                f"SELECT survey_id FROM evaluation_pool_member WHERE survey_id IN ({', '.join('?' * len(members))})",
                *(row["survey_id"] for row in members),
            )
            if taken:
                return
            pool_id = await _insert(
                "pool",
                {"course": summary, "pairs": sorted(pairs)},
                course_id=course_id,
                quarter=members[-1]["quarter"],
                answers=len(pairs),
                asked=asked,
                surveys=len(members),
            )
            await execute_many(
                "INSERT INTO evaluation_pool_member (pool_id, survey_id) VALUES (?, ?)", [(pool_id, row["survey_id"]) for row in members]
            )


def _directions(summary: dict[str, Any]) -> Directions:
    return Directions(summary["up"], summary["same"], summary["down"], summary["at_top"])


async def _own_summaries(course_id: int, condition: str) -> list[dict[str, Any]]:
    found = await rows(
        "SELECT c.survey_id, c.answers, c.asked, c.measures, s.starts_at FROM evaluation_summary c JOIN evaluation_survey v"
        " ON v.id = c.survey_id JOIN programme_session s ON s.id = v.session_id WHERE s.course_id = ? AND v.kind = 'after'"
        f" AND c.is_current {condition} ORDER BY s.ends_at, v.id",
        course_id,
        instants=("starts_at",),
    )
    # A session belongs to the quarter of its first training day, in every figure.
    return [row | {"measures": json.loads(row["measures"]), "quarter": quarter_of(row["starts_at"])} for row in found]


async def _total(course_id: int) -> None:
    """The course's score over all its blocks, and over those of each quarter: surveys with a mean of their own, and pools."""
    blocks = [row for row in await _own_summaries(course_id, "AND c.answers >= 10") if _is_block(row)]
    pooled = await rows(
        "SELECT answers, asked, measures, quarter, surveys FROM evaluation_summary WHERE course_id = ? AND scope = 'pool' ORDER BY id",
        course_id,
    )
    blocks += [row | {"measures": json.loads(row["measures"])} for row in pooled]
    made: list[tuple[str, str, dict[str, Any], list[dict[str, Any]]]] = []
    for quarter in ("", *sorted({row["quarter"] for row in blocks})):
        part = [row for row in blocks if quarter in {"", row["quarter"]}]
        if part:
            made.append(("quarter" if quarter else "course", quarter, await _total_of(part), part))
    async with transaction():
        await hold(Course, course_id)
        await execute("DELETE FROM evaluation_summary WHERE course_id = ? AND scope IN ('course', 'quarter')", course_id)
        for scope, quarter, measures, part in made:
            await _insert(
                scope,
                measures,
                course_id=course_id,
                quarter=quarter,
                answers=sum(len(row["measures"]["pairs"]) for row in part),
                asked=sum(row["asked"] for row in part),
                surveys=sum(row.get("surveys", 1) for row in part),
            )


def _is_block(row: dict[str, Any]) -> bool:
    return published(Figure(len(row["measures"]["pairs"]), row["asked"])).has_mean


async def _total_of(blocks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    pairs = [tuple(pair) for row in blocks for pair in row["measures"]["pairs"]]
    summary = asdict(await asyncio.to_thread(summarise, pairs, _SCALE, sum(row["asked"] for row in blocks)))
    if any(row["measures"]["course"]["up"] is None for row in blocks):
        # The directions of a pool that keeps them back are the difference between the total's and the others'.
        summary |= {"up": None, "same": None, "down": None, "at_top": None}
    return {"course": summary}


async def _forget_secrets(*, now: datetime) -> None:
    """Delete the secret of a session once its follow-up has closed, or will not come any more: its answers then belong to nobody."""
    await execute(
        "DELETE FROM evaluation_secret WHERE until <= ? OR EXISTS (SELECT 1 FROM evaluation_survey v WHERE v.session_id ="
        " evaluation_secret.session_id AND v.kind = 'follow_up' AND v.closed_at IS NOT NULL)",
        now,
    )


async def erase_old_answers(*, now: datetime) -> int:
    """Delete answers and comments three years after their survey closed (security.md 8); summaries stay. How many forms."""
    old = "survey_id IN (SELECT v.id FROM evaluation_survey v WHERE v.closed_at < ?)"
    await execute(f"DELETE FROM evaluation_comment WHERE {old}", now - _KEPT_FOR)
    return await execute(f"DELETE FROM evaluation_response WHERE {old}", now - _KEPT_FOR)
