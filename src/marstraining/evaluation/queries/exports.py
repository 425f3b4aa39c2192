"""Feedback as rows to take away: of each closed survey one for each statement and each answer to choose, each behind the gate."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from marstraining.core.clock import local
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.evaluation.gate import Figure, published
from marstraining.evaluation.queries.results import Shown, chosen_of, groups_of, numbered_of, shown
from marstraining.evaluation.queries.scope import runs
from marstraining.evaluation.rules.asking import SurveyKind

COLUMNS = (
    "session", "course", "title", "date", "survey", "responses", "asked", "measure", "statement", "answers", "before", "now", "change",
    "interval_low", "interval_high", "more", "same", "less", "same_or_less", "few_replied", "held_back",
    "choice", "chosen", "mean",
)  # fmt: skip


@frozen
class Wanted:
    """Which surveys: by reference of a session, code of a course, first and last day; each "" or None for all."""

    session: str = ""
    course: str = ""
    first: date | None = None
    last: date | None = None


async def evaluation_rows(wanted: Wanted, *, viewer: Viewer) -> list[dict[str, Any]]:
    """The rows that the viewer may take away: the desk all, a partner organiser those of its courses, a trainer those of own sessions.

    Organisations are no filter: that would tell apart who answered.
    """
    scope, owners = _scope(viewer)
    found = await rows(
        "SELECT s.ref AS session, c.code AS course, v.title, s.starts_at, v.kind, v.sections, t.answers, t.asked, t.measures"
        " FROM evaluation_summary t"
        " JOIN evaluation_survey v ON v.id = t.survey_id LEFT JOIN programme_session s ON s.id = v.session_id"
        f" LEFT JOIN programme_course c ON c.id = s.course_id WHERE t.is_current AND ({scope}) AND (? = '' OR s.ref = ?)"
        " AND (? = '' OR c.code = ?) ORDER BY s.starts_at, v.id",
        *owners,
        wanted.session,
        wanted.session,
        wanted.course,
        wanted.course,
        instants=("starts_at",),
    )
    return [line for row in found if _is_within(row, wanted) for line in _lines(row, has_groups=viewer.is_desk)]


def _scope(viewer: Viewer) -> tuple[str, Sequence[object]]:
    sql, values = runs(viewer)
    if viewer.is_desk or viewer.person_id is None or not viewer.has_any(Role.TRAINER):
        return sql, values
    trains = (
        "EXISTS (SELECT 1 FROM programme_trainer r WHERE r.session_id = s.id AND r.person_id = ? AND r.state = 'accepted'"
        " AND NOT r.is_contributor)"
    )
    return f"{sql} OR {trains}", (*values, viewer.person_id)


def _is_within(row: Mapping[str, Any], wanted: Wanted) -> bool:
    if row["starts_at"] is None:
        return wanted.first is None and wanted.last is None
    day = local(row["starts_at"]).date()
    return (wanted.first is None or day >= wanted.first) and (wanted.last is None or day <= wanted.last)


def _lines(row: Mapping[str, Any], *, has_groups: bool) -> Iterator[dict[str, Any]]:
    """Lines for the course's score, each statement, group, answer to choose from and number; where too few answered one that says so."""
    gate = published(Figure(row["answers"], row["asked"]))
    common = {
        "session": row["session"],
        "course": row["course"],
        "title": row["title"],
        "date": local(row["starts_at"]).date() if row["starts_at"] else None,
        "survey": SurveyKind(row["kind"]).value,
        "responses": gate.words if gate.answers is None else gate.answers,
        "asked": gate.asked,
    }
    if gate.answers is None:
        yield {**dict.fromkeys(COLUMNS), **common, "held_back": gate.why}
        return
    measures = json.loads(row["measures"])
    lines = [*_changes(row, measures), *_questions(row, measures)]
    if has_groups and gate.has_mean:
        lines += [_figures("course score of a group", line) for table in groups_of(measures) for line in table.lines]
    # Of a survey that asked for nothing but words its responses are told.
    for line in lines or [{}]:
        yield {**dict.fromkeys(COLUMNS), **common, **line}


def _changes(row: Mapping[str, Any], measures: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    statements = [("course score", "", measures["course"])]
    statements += [(one["measure"], one["text"], one["summary"]) for one in measures["statements"]]
    for measure, text, summary in statements:
        if not summary["n"] and measure == "course score":
            continue
        yield _figures(measure, shown(text, summary, row["asked"]))


def _questions(row: Mapping[str, Any], measures: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """How often each answer was chosen, and means of numbers; a line that says why where they stay back."""
    for one in chosen_of(measures, row["sections"]):
        told = {"measure": one.measure, "statement": one.label}
        if one.counts is None:
            yield told | {"held_back": "Too few answers to show how they are spread."}
        for choice, times in (one.counts or {}).items():
            yield told | {"answers": one.answers, "choice": choice, "chosen": times, "held_back": ""}
    for number in numbered_of(measures, row["asked"]):
        yield {
            "measure": number.measure,
            "statement": number.label,
            "answers": number.gate.answers,
            "mean": _rounded(number.mean),
            "few_replied": number.gate.few_replied,
            "held_back": number.gate.why,
        }


def _figures(measure: str, one: Shown) -> dict[str, Any]:
    return {
        "measure": measure,
        "statement": one.label,
        "answers": one.gate.answers,
        "before": _rounded(one.then),
        "now": _rounded(one.now),
        "change": _rounded(one.change),
        "interval_low": _rounded(one.low),
        "interval_high": _rounded(one.high),
        "more": one.gate.up,
        "same": one.gate.same,
        "less": one.gate.down,
        "same_or_less": one.gate.not_up,
        "few_replied": one.gate.few_replied,
        "held_back": one.gate.why,
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
