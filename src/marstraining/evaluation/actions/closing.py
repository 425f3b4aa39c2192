"""Closing: rows are written anew in random order, then what they come to is frozen; `totals` pools small surveys and adds up."""

import asyncio
import json
import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from marstraining.core.db import execute, execute_many, hold, rows, transaction
from marstraining.evaluation.actions.asking import draw
from marstraining.evaluation.actions.blocks import make_blocks, of_people
from marstraining.evaluation.actions.late import release_late_comments
from marstraining.evaluation.actions.totals import SCALE, courses_to_total_anew, insert_summary, pool, total
from marstraining.evaluation.gate import STEP, Figure, is_step, published, published_groups
from marstraining.evaluation.models import Survey
from marstraining.evaluation.queries.returns import returns_to_freeze
from marstraining.evaluation.queries.surveys import POOLED, PRESENT, SurveyFacts, survey_by_id
from marstraining.evaluation.rules.answers import Tally, tally
from marstraining.evaluation.rules.asking import NO_LONGER_AFTER, SurveyKind, closes_at
from marstraining.evaluation.rules.late import HELD_ABOVE, of_a_later_step
from marstraining.evaluation.statistics import summarise

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
    for course_id in sorted({*touched, *await courses_to_total_anew()}):
        await pool(course_id)
        await total(course_id)
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
    # What is in a pool stays there as it was: a later figure of its own would tell the others apart.
    found = await rows(
        "SELECT v.id, s.course_id, v.kind, c.answers, c.step, (SELECT count(*) FROM evaluation_response r WHERE r.survey_id = v.id) AS n"
        " FROM evaluation_survey v LEFT JOIN programme_session s ON s.id = v.session_id"
        " LEFT JOIN evaluation_summary c ON c.survey_id = v.id AND c.is_current WHERE v.closed_at IS NOT NULL"
        " AND (c.id IS NULL OR (SELECT count(*) FROM evaluation_response r WHERE r.survey_id = v.id)"
        f" >= c.answers + ? AND NOT {POOLED}) ORDER BY v.id LIMIT ?",
        STEP,
        _AT_ONCE * 4,
    )
    touched: set[int] = set()
    for row in found:
        survey = await survey_by_id(row["id"])
        if survey is None or not is_step(row["n"], row["answers"]):
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
        await insert_summary("survey", measures, survey_id=survey.id, step=step, answers=len(forms), asked=asked)
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
                "summary": asdict(summarise(one.pairs, SCALE, asked)),
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
        "course": asdict(summarise(added.course_pairs, SCALE, asked)),
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
            {"name": name, "elsewhere": sum(sizes.values()) - len(pairs), "summary": asdict(summarise(pairs, SCALE))}
            for name, pairs in one.pairs.items()
            if name and name in shown
        ]
        if groups:
            tables.append({"question": one.question, "text": one.text, "groups": groups})
    return tables


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
