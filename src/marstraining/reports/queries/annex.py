"""What a reader must know of a report's figures: what is unsettled in the registers, and what people were asked."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from marstraining.core.clock import local
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.evaluation.rules.questions import Question, QuestionKind, all_questions, sections_of
from marstraining.reports.queries.confidence import instants_of
from marstraining.reports.queries.narrowing import WHOLE, Narrowed
from marstraining.reports.rules import Period

_CAME = "m.superseded_at IS NULL AND m.mark = 'attended' AND m.taken_as IN ('learner', 'walk_in', 'substitute')"


@frozen
class DataQuality:
    """Entries of meeting reports, how many of them nobody has matched, at how many sessions; attendances without what reach needs."""

    reported: int = 0
    unmatched: int = 0
    unmatched_sessions: int = 0
    without_agency: int = 0
    without_post: int = 0


async def data_quality_of(ids: Sequence[int], *, agency_ids: Sequence[int] = ()) -> DataQuality:
    """Over these sessions; of some organisations' people alone where `agency_ids` says so, of whom no entry is unmatched."""
    if not ids:
        return DataQuality()
    listed = ", ".join(str(int(one)) for one in ids)
    where = f" AND m.agency_id IN ({', '.join(str(int(one)) for one in agency_ids)})" if agency_ids else ""
    entries: list[dict[str, Any]] = [{"reported": 0, "unmatched": 0, "sessions": 0}]
    if not agency_ids:
        entries = await rows(
            "SELECT count(*) AS reported, coalesce(sum(CASE WHEN became = 'unmatched' THEN 1 ELSE 0 END), 0) AS unmatched,"
            " count(DISTINCT CASE WHEN became = 'unmatched' THEN session_id END) AS sessions FROM attendance_reported_person"
            f" WHERE session_id IN ({listed})"
        )
    people = await rows(
        "SELECT coalesce(sum(CASE WHEN x.agencies = 0 THEN 1 ELSE 0 END), 0) AS no_agency, coalesce(sum(CASE WHEN NOT EXISTS (SELECT 1"
        " FROM people_position o WHERE o.person_id = x.person_id AND o.starts_on <= x.day AND (o.ends_on IS NULL OR o.ends_on >= x.day))"
        " THEN 1 ELSE 0 END), 0) AS no_post FROM (SELECT m.session_id, m.person_id, count(m.agency_id) AS agencies, d.day"
        " FROM attendance_mark m JOIN (SELECT session_id, min(day) AS day FROM programme_day GROUP BY session_id) d"
        f" ON d.session_id = m.session_id WHERE {_CAME} AND m.session_id IN ({listed}){where}"
        " GROUP BY m.session_id, m.person_id, d.day) x"
    )
    one, came = entries[0], people[0]
    return DataQuality(one["reported"], int(one["unmatched"]), one["sessions"], int(came["no_agency"]), int(came["no_post"]))


@frozen
class AskedSurvey:
    """A survey in a version: since when it reads so, and each question with how it is answered."""

    title: str
    version: int
    made_on: date
    questions: tuple[tuple[str, str], ...]


async def surveys_asked(period: Period, *, of: Narrowed = WHOLE) -> tuple[AskedSurvey, ...]:
    """Every question behind the period's figures: asked about sessions that began in it, or three months later and closed in it."""
    where, values = of.sessions()
    spans = instants_of(period)
    found = await rows(
        "SELECT t.title, n.number, n.made_at, n.sections FROM evaluation_version n JOIN evaluation_instrument t ON t.id = n.instrument_id"
        " WHERE n.id IN (SELECT v.version_id FROM evaluation_survey v JOIN programme_session s ON s.id = v.session_id"
        " JOIN programme_course c ON c.id = s.course_id WHERE v.closed_at IS NOT NULL AND ((v.kind IN ('after', 'before')"
        " AND s.starts_at >= ? AND s.starts_at < ?) OR (v.kind IN ('follow_up', 'manager') AND v.closed_at > ? AND v.closed_at <= ?))"
        f"{where}) ORDER BY t.kind, t.title, n.number",
        *spans, *spans, *values, instants=("made_at",),
    )  # fmt: skip
    return tuple(
        AskedSurvey(
            row["title"],
            row["number"],
            local(row["made_at"]).date(),
            tuple((_words(one), _answered(one)) for one in all_questions(sections_of(json.loads(row["sections"])))),
        )
        for row in found
    )


def _words(question: Question) -> str:
    if question.from_outcomes:
        return f"{question.text} (each outcome of the course)"
    return f"{question.text} ({'; '.join(question.statements)})" if question.kind is QuestionKind.GRID else question.text


def _answered(question: Question) -> str:
    ends = f", from “{question.low_label}” to “{question.high_label}”" if question.low_label and question.high_label else ""
    if question.kind is QuestionKind.GRID:
        return f"0 to 10 before and now{ends}"
    if question.kind is QuestionKind.SCALE:
        return f"0 to 10{ends}"
    if question.kind is QuestionKind.NUMBER:
        return "A number"
    if question.is_text:
        return "In words, with leave to quote" if question.asks_to_quote else "In words"
    several = "Any of: " if question.kind is QuestionKind.SEVERAL else ""
    return several + "; ".join(question.options)
