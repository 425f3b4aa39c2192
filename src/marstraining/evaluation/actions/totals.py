"""Pools of small surveys and totals of a course: sums of whole blocks, of which no two differ by a few (evaluation.md 4.5, `gate`)."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from marstraining.core.db import execute, execute_many, hold, rows, transaction
from marstraining.evaluation.gate import Directions, Figure, Waiting, pooled_directions, pools, published
from marstraining.evaluation.rules.asking import quarter_of
from marstraining.evaluation.rules.questions import SCALE_HIGH, SCALE_LOW
from marstraining.evaluation.statistics import summarise
from marstraining.programme.models import Course

SCALE = (SCALE_LOW, SCALE_HIGH)


async def insert_summary(
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
    """A frozen summary, inside the caller's transaction; its number."""
    made = await rows(
        "INSERT INTO evaluation_summary (scope, survey_id, course_id, quarter, step, is_current, answers, asked, surveys, measures)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        scope, survey_id, course_id, quarter, step, True, answers, asked, surveys, json.dumps(measures),
    )  # fmt: skip
    return int(made[0]["id"])


async def pool(course_id: int) -> None:
    """Take small surveys of a course together, in the order of their sessions, for good (evaluation.md 4.5 and `gate.pools`).

    Only those of sessions of one quarter: otherwise answers would count in another than attendances, and be in the report of an area
    that their session does not belong to.
    """
    found = await _own_summaries(
        course_id, "AND c.answers < 10 AND NOT EXISTS (SELECT 1 FROM evaluation_pool_member m WHERE m.survey_id = v.id)"
    )
    by_id = {row["survey_id"]: row for row in found}
    for part in _pools_of_quarters(found):
        members = [by_id[one.survey] for one in part]
        pairs = [tuple(pair) for row in members for pair in row["measures"]["pairs"]]
        asked = sum(row["asked"] for row in members)
        summary = asdict(await asyncio.to_thread(summarise, pairs, SCALE, asked))
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
            pool_id = await insert_summary(
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


def _pools_of_quarters(found: Sequence[dict[str, Any]]) -> list[tuple[Waiting, ...]]:
    in_order = sorted(found, key=lambda row: row["quarter"])
    quarters = [list(own) for _, own in groupby(in_order, key=lambda row: row["quarter"])]
    return [part for own in quarters for part in pools([Waiting(row["survey_id"], len(row["measures"]["pairs"])) for row in own])]


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
    return [
        row | {"measures": json.loads(row["measures"]), "quarter": quarter_of(row["starts_at"]), "members": [row["survey_id"]]}
        for row in found
    ]


async def courses_to_total_anew() -> set[int]:
    """Courses with a quarter's total that is not of that quarter's sessions: made by an older rule, or a session's days were put right.

    A total from before its surveys were kept with it is among them, once. What changes are whole blocks, as ever.
    """
    starts = {
        row["id"]: row["starts_at"]
        for row in await rows(
            "SELECT v.id, s.starts_at FROM evaluation_survey v JOIN programme_session s ON s.id = v.session_id WHERE v.kind = 'after'"
            " AND v.closed_at IS NOT NULL",
            instants=("starts_at",),
        )
    }
    found = await rows("SELECT course_id, quarter, measures FROM evaluation_summary WHERE scope = 'quarter'")
    return {
        row["course_id"]
        for row in found
        if (members := json.loads(row["measures"]).get("members")) is None
        or any(number not in starts or quarter_of(starts[number]) != row["quarter"] for number in members)
    }


async def total(course_id: int) -> None:
    """The course's score over all its blocks, and over those of each quarter: surveys with a mean of their own, and pools."""
    blocks = [row for row in await _own_summaries(course_id, "AND c.answers >= 10") if _is_block(row)]
    blocks += await _pooled(course_id)
    made: list[tuple[str, str, dict[str, Any], list[dict[str, Any]]]] = []
    for quarter in ("", *sorted({row["quarter"] for row in blocks} - {""})):
        part = [row for row in blocks if quarter in {"", row["quarter"]}]
        if part:
            made.append(("quarter" if quarter else "course", quarter, await _total_of(part), part))
    async with transaction():
        await hold(Course, course_id)
        await execute("DELETE FROM evaluation_summary WHERE course_id = ? AND scope IN ('course', 'quarter')", course_id)
        for scope, quarter, measures, part in made:
            await insert_summary(
                scope,
                measures,
                course_id=course_id,
                quarter=quarter,
                answers=sum(len(row["measures"]["pairs"]) for row in part),
                asked=sum(row["asked"] for row in part),
                surveys=sum(row.get("surveys", 1) for row in part),
            )


async def _pooled(course_id: int) -> list[dict[str, Any]]:
    """The pools of a course, each with the quarter of its sessions: "" where these are of several, as pools once could be.

    Such a pool counts in the course's total alone. It stays whole, since what of it is of a quarter would tell of the rest.
    """
    found = await rows(
        "SELECT id, answers, asked, measures, quarter, surveys FROM evaluation_summary WHERE course_id = ? AND scope = 'pool' ORDER BY id",
        course_id,
    )
    members = await rows(
        "SELECT m.pool_id, m.survey_id, s.starts_at FROM evaluation_pool_member m JOIN evaluation_survey v ON v.id = m.survey_id"
        " JOIN programme_session s ON s.id = v.session_id WHERE s.course_id = ?",
        course_id,
        instants=("starts_at",),
    )
    for row in found:
        own = {one["survey_id"]: quarter_of(one["starts_at"]) for one in members if one["pool_id"] == row["id"]}
        quarter = next(iter(own.values())) if len(set(own.values())) == 1 else ""
        if quarter != row["quarter"]:
            await execute("UPDATE evaluation_summary SET quarter = ? WHERE id = ?", quarter, row["id"])
        row |= {"quarter": quarter, "members": list(own), "measures": json.loads(row["measures"])}
    return found


def _is_block(row: dict[str, Any]) -> bool:
    return published(Figure(len(row["measures"]["pairs"]), row["asked"])).has_mean


async def _total_of(blocks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    pairs = [tuple(pair) for row in blocks for pair in row["measures"]["pairs"]]
    summary = asdict(await asyncio.to_thread(summarise, pairs, SCALE, sum(row["asked"] for row in blocks)))
    if any(row["measures"]["course"]["up"] is None for row in blocks):
        # The directions of a pool that keeps them back are the difference between the total's and the others'.
        summary |= {"up": None, "same": None, "down": None, "at_top": None}
    return {"course": summary, "members": sorted(number for row in blocks for number in row["members"])}
