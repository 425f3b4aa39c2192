"""What follows from a session's dates and state at a moment, and how the programme is narrowed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from marstraining.core.values import frozen
from marstraining.programme.rules.states import SessionState


class When(StrEnum):
    """Times of day and week that a learner can ask for."""

    EVENING = "evening"
    WEEKEND = "weekend"
    HALF_DAY = "half day"


WHEN_LABELS = {When.EVENING: "Evening", When.WEEKEND: "Weekend", When.HALF_DAY: "Half a day or less"}
EVENING_FROM = "17:00"
HALF_DAY_MINUTES = 240


@frozen
class ProgrammeFilter:
    """What the programme, its month view and its calendar feed are narrowed by; an empty field does not narrow.

    `audience` also finds what is for everyone; `delivery` online and in person also find hybrid sessions, which offer both.
    `courses` are codes of courses, of which the sessions must be one's; `words` must all be found as they stand.
    """

    words: str = ""
    courses: tuple[str, ...] = ()
    topic: str = ""
    audience: str = ""
    delivery: str = ""
    kind: str = ""
    when: str = ""
    date_from: date | None = None
    date_to: date | None = None
    has_places: bool = False

    @property
    def is_empty(self) -> bool:
        return self == ProgrammeFilter()


class Stage(StrEnum):
    """Where a session stands for somebody who would like to come."""

    OPEN = "open"
    NOT_OPEN_YET = "not open yet"
    CLOSED = "closed"
    UNDER_WAY = "under way"
    PAST = "past"
    POSTPONED = "postponed"
    CALLED_OFF = "called off"
    ELSEWHERE = "booked elsewhere"
    NO_BOOKING = "no booking"


def stage_of(  # noqa: PLR0911 - one line for each stage, in the order in which they rule each other out
    *,
    state: str,
    starts_at: datetime,
    ends_at: datetime,
    opens_at: datetime | None,
    closes_at: datetime | None,
    is_elsewhere: bool,
    is_headcount_only: bool,
    now: datetime,
) -> Stage:
    """The stage of a published session at `now`; booking closes when the session starts unless it closes before."""
    if state == SessionState.CALLED_OFF:
        return Stage.CALLED_OFF
    if state == SessionState.POSTPONED:
        return Stage.POSTPONED
    if now >= ends_at:
        return Stage.PAST
    if now >= starts_at:
        return Stage.UNDER_WAY
    if is_elsewhere:
        return Stage.ELSEWHERE
    if is_headcount_only:
        return Stage.NO_BOOKING
    if opens_at is not None and now < opens_at:
        return Stage.NOT_OPEN_YET
    if closes_at is not None and now >= closes_at:
        return Stage.CLOSED
    return Stage.OPEN


class Staged(Protocol):
    """What a session is asked of to know its stage."""

    @property
    def state(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def opens_at(self) -> datetime | None: ...
    @property
    def closes_at(self) -> datetime | None: ...
    @property
    def is_elsewhere(self) -> bool: ...
    @property
    def is_headcount_only(self) -> bool: ...


def stage_at(session: Staged, now: datetime) -> Stage:
    """As `stage_of`, of a session that holds all of it."""
    return stage_of(
        state=session.state,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        opens_at=session.opens_at,
        closes_at=session.closes_at,
        is_elsewhere=session.is_elsewhere,
        is_headcount_only=session.is_headcount_only,
        now=now,
    )
