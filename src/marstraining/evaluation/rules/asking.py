"""Whom a survey asks, when and how often (evaluation.md 4.2, 4.3)."""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from marstraining.core.clock import from_wall, local
from marstraining.evaluation.rules.instruments import InstrumentKind
from marstraining.programme.rules import CourseKind

# What a link's token is derived for, with the invitation and its nonce.
PURPOSE = "evaluation"
REMINDED_AFTER_DAYS = (3, 7)
CLOSES_AFTER_DAYS = 14
FOLLOW_UP_AFTER = timedelta(weeks=12)
SHORT_AT_MOST_EVERY = timedelta(days=7)
# Three items and less than a minute, before somebody comes.
BEFORE_STATEMENTS = 3
PARTNERSHIP_DAYS = (7, 60)
# Nobody's feedback is asked for when it is so late that they would have to guess.
NO_LONGER_AFTER = timedelta(days=30)
# How many times one person may open the form of the room: once by mistake is forgiven.
ROOM_ENTRIES = 2
# A form answered faster than this cannot have been read; it is counted and flagged.
HASTY_SECONDS = 20
_ASKED_AT = time(9)
_SAMPLED_IN = 5


class SurveyKind(StrEnum):
    AFTER = "after"
    BEFORE = "before"
    FOLLOW_UP = "follow_up"
    MANAGER = "manager"
    PARTNERSHIP = "partnership"


SURVEY_WORDS = {
    SurveyKind.AFTER: "After the session",
    SurveyKind.BEFORE: "Before the session",
    SurveyKind.FOLLOW_UP: "Three months later",
    SurveyKind.MANAGER: "Managers, three months later",
    SurveyKind.PARTNERSHIP: "Partnership survey",
}


class Mode(StrEnum):
    """What the form says of itself: answers that belong to nobody, or answers that belong together until a secret is deleted."""

    ANONYMOUS = "anonymous"
    CONFIDENTIAL = "confidential"


class CommentState(StrEnum):
    WAITING = "waiting"
    SHOWN = "shown"
    HIDDEN = "hidden"
    SET_ASIDE = "set_aside"


COMMENT_WORDS = {
    CommentState.WAITING: ("To look at", "yellow"),
    CommentState.SHOWN: ("Shown", "green"),
    CommentState.HIDDEN: ("Not shown", "grey"),
    CommentState.SET_ASIDE: ("With the coordinator", "red"),
}

# Of these nobody is sent two within a week.
ASKED_SELDOM = frozenset({InstrumentKind.SHORT, InstrumentKind.MANAGER})
_IN_SHORT = frozenset({CourseKind.BRIEFING, CourseKind.FORUM})


def default_instrument(course_kind: str) -> InstrumentKind:
    """The survey that a course has where the desk chose none."""
    return InstrumentKind.SHORT if course_kind in _IN_SHORT else InstrumentKind.AFTER


def has_follow_up(course_kind: str) -> bool:
    """Whether people are asked again after twelve weeks: after what is taught, not after what is told."""
    return course_kind not in _IN_SHORT and course_kind not in {CourseKind.EXTERNAL, CourseKind.WEBINAR}


def is_sampled(secret: str, session_id: int) -> bool:
    """Whether a session is one of the random fifth whose learners are also asked beforehand; the same whenever it is asked."""
    drawn = hmac.new(secret.encode(), f"three-wave|{session_id}".encode(), hashlib.sha256).digest()
    return int.from_bytes(drawn[:8]) % _SAMPLED_IN == 0


def pair_key(secret: str, person_id: int) -> str:
    """What joins the answers of one person to one session's surveys; nobody can tell whose it is once the secret is deleted."""
    return hmac.new(secret.encode(), f"pair|{person_id}".encode(), hashlib.sha256).hexdigest()


def closes_at(opened_at: datetime, *, days: int = CLOSES_AFTER_DAYS) -> datetime:
    """The end of the last day on which it can be answered, in London."""
    return from_wall(local(opened_at).date() + timedelta(days=days + 1), time(0))


def reminder_due(sent_at: datetime, reminded_at: Sequence[datetime], *, now: datetime) -> int | None:
    """Which reminder is due: its day, or None. One that the next overtook is skipped; each goes at 9am."""
    due = [days for days in REMINDED_AFTER_DAYS if now >= _morning(sent_at, days)]
    if not due or any(at >= _morning(sent_at, due[-1]) for at in reminded_at):
        return None
    return due[-1]


def _morning(instant: datetime, days: int) -> datetime:
    return from_wall(local(instant).date() + timedelta(days=days), _ASKED_AT)


def is_asked_too_often(kind: InstrumentKind, asked_at: Collection[datetime], *, now: datetime) -> bool:
    """Whether somebody has been asked the same kind in the last seven days, of briefings and forums or as a manager; courses always ask."""
    return kind in ASKED_SELDOM and any(now - at < SHORT_AT_MOST_EVERY for at in asked_at)


def quarter_of(instant: datetime) -> str:
    """The financial quarter as "2026/27 Q1", which begins in April."""
    wall = local(instant)
    year = wall.year - (wall.month < 4)
    return f"{year}/{(year + 1) % 100:02} Q{(wall.month + 8) % 12 // 3 + 1}"


def quarter_span(quarter: str) -> tuple[datetime, datetime]:
    """The instants at which a quarter named as in "2026/27 Q1" begins and ends; the second belongs to the next one."""
    months = int(quarter[:4]) * 12 + 3 * int(quarter[-1])
    first, after = (date(number // 12, number % 12 + 1, 1) for number in (months, months + 3))
    return from_wall(first, time(0)), from_wall(after, time(0))
