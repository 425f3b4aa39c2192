"""What of closed surveys may be shown: every figure has passed the gate before it leaves this module."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.evaluation.gate import Directions, Figure, Of, Published, published, published_choices
from marstraining.evaluation.queries.scope import runs
from marstraining.evaluation.queries.surveys import POOLED
from marstraining.evaluation.rules.answers import FLAG_WORDS, Flag
from marstraining.evaluation.rules.asking import SurveyKind
from marstraining.evaluation.rules.late import HELD_ABOVE
from marstraining.evaluation.rules.questions import Measure, Question, all_questions, in_their_order, sections_of
from marstraining.evaluation.rules.wording import Verdict, signed, verdict


@frozen
class Shown:
    """A change that has passed the gate: what is None is held back, and `gate.why` says why."""

    label: str
    gate: Published
    then: float | None = None
    now: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def verdict(self) -> Verdict:
        return verdict(self.low, self.high, answers=self.gate.answers or 0)

    @property
    def words(self) -> str:
        """As in "2.8 to 4.0, change +1.2 (95% interval 0.8 to 1.6)"; "" where no mean is shown."""
        if self.then is None or self.now is None or self.change is None:
            return ""
        bounds = "" if self.low is None or self.high is None else f" (95% interval {signed(self.low)} to {signed(self.high)})"
        return f"{self.then:.1f} to {self.now:.1f}, change {signed(self.change)}{bounds}"


def shown(label: str, summary: Mapping[str, Any], asked: int | None, *, of: Of = Of.SURVEY, elsewhere: int = 0, sessions: int = 1) -> Shown:
    """A frozen summary behind the gate."""
    has_directions = summary["up"] is not None
    directions = Directions(summary["up"], summary["same"], summary["down"], summary["at_top"]) if has_directions else None
    gate = published(Figure(summary["n"], asked, of=of, elsewhere=elsewhere, sessions=sessions, directions=directions))
    if not gate.has_mean:
        return Shown(label, gate)
    return Shown(label, gate, summary["mean_then"], summary["mean_now"], summary["mean_change"], summary["low"], summary["high"])


@frozen
class Chosen:
    """How often each answer was given; None where that is held back."""

    label: str
    measure: str
    answers: int
    counts: Mapping[str, int] | None


@frozen
class Numbered:
    """The mean of a question for a number; None where that is held back, and `gate.why` says why."""

    label: str
    measure: str
    gate: Published
    mean: float | None


@frozen
class ShownComment:
    question: str
    text: str
    may_quote: bool


@frozen
class Groups:
    """The groups of one question that may be shown, each with its score over all statements."""

    text: str
    lines: tuple[Shown, ...]


@frozen
class Result:
    """A closed survey as it may be shown."""

    gate: Published
    course: Shown
    statements: tuple[Shown, ...] = ()
    chosen: tuple[Chosen, ...] = ()
    comments: tuple[ShownComment, ...] = ()
    flags: tuple[str, ...] = ()
    groups: tuple[Groups, ...] = ()
    later: bool = False
    is_pooled: bool = False
    numbered: tuple[Numbered, ...] = ()


async def result_of(survey_id: int) -> Result | None:
    """The result of a survey, None before it has closed and been summed up."""
    found = await rows(
        "SELECT c.answers, c.asked, c.measures, v.sections, (SELECT count(*) FROM evaluation_response r WHERE r.survey_id = v.id) AS n,"
        f" {POOLED} AS is_pooled FROM evaluation_summary c JOIN evaluation_survey v ON v.id = c.survey_id WHERE c.survey_id = ?"
        " AND c.is_current",
        survey_id,
        flags=("is_pooled",),
    )
    if not found:
        return None
    row, measures = found[0], json.loads(found[0]["measures"])
    gate = published(Figure(row["answers"], row["asked"]))
    statements = tuple(_statement(one, row["asked"]) for one in measures["statements"])
    chosen: tuple[Chosen, ...] = ()
    numbered: tuple[Numbered, ...] = ()
    comments: tuple[ShownComment, ...] = ()
    flags: tuple[str, ...] = ()
    if gate.answers is not None:
        chosen = chosen_of(measures, row["sections"])
        numbered = numbered_of(measures, row["asked"])
        comments = await _comments(survey_id, json.loads(row["sections"]))
    if gate.has_mean:
        flags = tuple(f"{number} {FLAG_WORDS[Flag(name)]}" for name, number in sorted(measures["flags"].items()))
    course = shown("Confidence over all statements", measures["course"], row["asked"])
    groups = groups_of(measures) if gate.has_mean else ()
    later = row["n"] > row["answers"] or bool(measures.get("is_waiting"))
    return Result(gate, course, statements, chosen, comments, flags, groups, later=later, is_pooled=row["is_pooled"], numbered=numbered)


def groups_of(measures: Mapping[str, Any]) -> tuple[Groups, ...]:
    """What of a frozen summary's groups may be shown; those of older summaries have none."""
    tables = []
    for one in measures.get("groups") or []:
        lines = [shown(each["name"], each["summary"], None, of=Of.GROUP, elsewhere=each["elsewhere"]) for each in one["groups"]]
        tables.append(Groups(one["text"], tuple(line for line in lines if line.gate.has_mean)))
    return tuple(one for one in tables if one.lines)


def _statement(one: Mapping[str, Any], asked: int) -> Shown:
    return shown(one["text"], one["summary"], asked)


def chosen_of(measures: Mapping[str, Any], sections: str) -> tuple[Chosen, ...]:
    """The questions of a frozen summary that have answers to choose from, each as far as it may be shown; `sections` as stored."""
    questions = {one.key: one for one in all_questions(sections_of(json.loads(sections)))}
    return tuple(_chosen(one, questions.get(one["question"])) for one in measures["counted"] if one["answers"])


def numbered_of(measures: Mapping[str, Any], asked: int) -> tuple[Numbered, ...]:
    """The questions of a frozen summary that ask for a number; older summaries have none."""
    found = []
    for one in measures.get("numbered") or []:
        gate = published(Figure(one["answers"], asked))
        if one["answers"]:
            found.append(Numbered(one["text"], Measure(one["measure"]).value, gate, one["mean"] if gate.has_mean else None))
    return tuple(found)


def _chosen(one: Mapping[str, Any], question: Question | None) -> Chosen:
    counts = published_choices(in_their_order(one["counts"], question), answers=one["answers"])
    number = one["answers"] if counts is not None else 0
    return Chosen(one["text"], Measure(one["measure"]).value, number, counts)


async def _comments(survey_id: int, sections: Sequence[Mapping[str, Any]]) -> tuple[ShownComment, ...]:
    """Comments that the desk lets be shown and that are of counted forms, by their numbers, which are drawn at random."""
    words = {one["key"]: one["text"] for section in sections for one in section["questions"]}
    found = await rows(
        "SELECT question, text, may_quote FROM evaluation_comment WHERE survey_id = ? AND state = 'shown'"
        f" AND id <= {HELD_ABOVE} ORDER BY question, id",
        survey_id,
        flags=("may_quote",),
    )
    return tuple(ShownComment(words.get(row["question"], ""), row["text"], row["may_quote"]) for row in found)


# ---- courses ------------------------------------------------------------------------------------------------------------


@frozen
class CourseLine:
    """A course in the desk's list: its score over everything that may be counted together, or None where there is none yet."""

    code: str
    title: str
    kind: str
    shown: Shown | None
    surveys: int
    waiting: int


@frozen
class Choice:
    """What the desk's list can be narrowed to: fixed words, never free text, so that no two lists differ by a few people."""

    topic: str = ""
    quarter: str = ""


async def course_lines(choice: Choice, *, viewer: Viewer) -> list[CourseLine]:
    """Courses with closed surveys, by title: only whole blocks count (`gate.pools`), for all time or for one quarter."""
    owned, owners = runs(viewer)
    found = await rows(
        "SELECT c.code, c.title, c.kind, t.answers, t.asked, t.surveys, t.measures, (SELECT count(*) FROM evaluation_survey v"
        " JOIN programme_session s ON s.id = v.session_id WHERE s.course_id = c.id AND v.kind = 'after' AND v.closed_at IS NOT NULL)"
        " AS closed FROM programme_course c LEFT JOIN evaluation_summary t ON t.course_id = c.id AND t.scope = ? AND t.quarter = ?"
        " WHERE EXISTS (SELECT 1 FROM evaluation_survey v JOIN programme_session s ON s.id = v.session_id WHERE s.course_id = c.id"
        f" AND v.kind = 'after' AND v.closed_at IS NOT NULL) AND ({owned}) AND (? = '' OR EXISTS (SELECT 1"
        " FROM programme_course_topic l JOIN programme_topic o ON o.id = l.topic_id WHERE l.course_id = c.id AND o.slug = ?))"
        " ORDER BY lower(c.title), c.id",
        "quarter" if choice.quarter else "course",
        choice.quarter,
        *owners,
        choice.topic,
        choice.topic,
    )
    return [
        CourseLine(
            row["code"],
            row["title"],
            row["kind"],
            shown(row["title"], json.loads(row["measures"])["course"], row["asked"], of=Of.TOTAL) if row["measures"] else None,
            row["surveys"] or 0,
            row["closed"] - (row["surveys"] or 0),
        )
        for row in found
    ]


async def quarters_and_topics() -> tuple[list[str], list[tuple[str, str]]]:
    """What the list can be narrowed to: quarters with a score, the latest first, and topics of courses."""
    quarters = await rows("SELECT DISTINCT quarter FROM evaluation_summary WHERE scope = 'quarter' ORDER BY quarter DESC")
    topics = await rows(
        "SELECT DISTINCT o.slug, o.label FROM programme_topic o JOIN programme_course_topic l ON l.topic_id = o.id ORDER BY o.label"
    )
    return [row["quarter"] for row in quarters], [(row["slug"], row["label"]) for row in topics]


async def trend_of(course_code: str) -> list[Shown]:
    """A course's score quarter by quarter, the earliest first; only what may be shown of each."""
    found = await rows(
        "SELECT t.quarter, t.asked, t.measures FROM evaluation_summary t JOIN programme_course c ON c.id = t.course_id WHERE c.code = ?"
        " AND t.scope = 'quarter' ORDER BY t.quarter",
        course_code,
    )
    return [shown(row["quarter"], json.loads(row["measures"])["course"], row["asked"], of=Of.TOTAL) for row in found]


@frozen
class SurveyLine:
    """A survey in a list: while it is open only how many have answered."""

    ref: str
    kind: SurveyKind
    title: str
    session_ref: str
    starts_at: datetime | None
    closes_at: datetime
    is_closed: bool
    responses: int
    asked: int
    gate: Published | None = field(default=None)

    @property
    def last_day(self) -> datetime:
        return self.closes_at - timedelta(minutes=1)


async def survey_lines(*, viewer: Viewer, course: str = "", limit: int = 50, offset: int = 0) -> tuple[list[SurveyLine], int]:
    """Surveys of sessions that the viewer runs, and how many there are.

    Those that are open come first, the next to close before the others, then the latest; those of a course by session, the latest first.
    """
    owned, owners = runs(viewer)
    order = "s.starts_at DESC, " if course else "v.closed_at IS NOT NULL, CASE WHEN v.closed_at IS NULL THEN v.closes_at END, "
    found = await rows(
        "SELECT v.ref, v.kind, v.title, coalesce(s.ref, '') AS session_ref, s.starts_at, v.closes_at, v.closed_at IS NOT NULL AS is_closed,"
        " (SELECT count(*) FROM evaluation_response r WHERE r.survey_id = v.id) AS responses, t.answers, coalesce(v.asked, (SELECT count(*)"
        " FROM evaluation_invitation i WHERE i.survey_id = v.id)) AS asked, COUNT(*) OVER () AS total FROM evaluation_survey v"
        " LEFT JOIN programme_session s ON s.id = v.session_id LEFT JOIN programme_course c ON c.id = s.course_id"
        " LEFT JOIN evaluation_summary t ON t.survey_id = v.id AND t.is_current WHERE (? = '' OR c.code = ?)"
        f" AND ({owned}) ORDER BY {order}v.closes_at DESC, v.id DESC LIMIT ? OFFSET ?",
        course,
        course,
        *owners,
        limit,
        offset,
        instants=("starts_at", "closes_at"),
        flags=("is_closed",),
    )
    total = found[0]["total"] if found else 0
    return [_line(row) for row in found], total


def _line(row: dict[str, Any]) -> SurveyLine:
    answers = row.pop("answers")
    row.pop("total")
    gate = published(Figure(answers, row["asked"])) if answers is not None else None
    return SurveyLine(**row | {"kind": SurveyKind(row["kind"])}, gate=gate)


async def own_average(person_id: int) -> Shown | None:
    """A trainer's sessions together, of those that have a mean of their own; None where there is none."""
    found = await rows(
        "SELECT t.asked, t.measures FROM evaluation_summary t JOIN evaluation_survey v ON v.id = t.survey_id JOIN programme_trainer r"
        " ON r.session_id = v.session_id WHERE r.person_id = ? AND r.state = 'accepted' AND NOT r.is_contributor AND v.kind = 'after'"
        " AND t.is_current AND t.answers >= 10",
        person_id,
    )
    parts = [(json.loads(row["measures"])["course"], row["asked"]) for row in found]
    parts = [one for one in parts if published(Figure(one[0]["n"], one[1])).has_mean]
    n = sum(one["n"] for one, _ in parts)
    if not parts:
        return None
    means = {name: sum(one["n"] * one[name] for one, _ in parts) / n for name in ("mean_then", "mean_now", "mean_change")}
    totals = {name: sum(one[name] for one, _ in parts) for name in ("up", "same", "down", "at_top")}
    asked = sum(number for _, number in parts)
    return shown("All statements", {"n": n, "low": None, "high": None, **means, **totals}, asked, of=Of.TRAINER, sessions=len(parts))
