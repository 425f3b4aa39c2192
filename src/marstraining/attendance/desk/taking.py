"""Whose register a page is about, for whom, which training day of it, and what may be done with it now."""

from datetime import datetime

from starlette.requests import Request

from marstraining.attendance import queries
from marstraining.attendance.queries import RegisterDay, RegisterState, RollLine, StandingMark, TakenSession
from marstraining.attendance.rules import (
    EVIDENCE_WORDS,
    LEARNERS,
    MARK_WORDS,
    NOT_ADMITTED,
    REASON_WORDS,
    Evidence,
    ExcusedReason,
    TakenAs,
    is_past_admission,
    is_the_desks,
)
from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import Role
from marstraining.core.web import roles, viewer_of
from marstraining.core.web.dates import clock_time, day, plural

WHO_TRAINS = roles(Role.TRAINER)
WHO_RUNS_SESSIONS = roles(Role.DESK, Role.PARTNER_ORGANISER)
TEACHING, DESK = "/teaching/{ref}", "/desk/sessions/{ref}"
BOTH = ((TEACHING, WHO_TRAINS), (DESK, WHO_RUNS_SESSIONS))

CAPACITY_WORDS = {
    TakenAs.LEARNER: "Learner",
    TakenAs.WALK_IN: "Walk-in",
    TakenAs.SUBSTITUTE: "Came in somebody’s place",  # noqa: RUF001 - an apostrophe as printed
    TakenAs.TRAINER: "Trainer",
    TakenAs.ASSISTANT: "Assistant or interpreter",
}


@frozen
class Taking:
    """A register as whoever asks may take it; `day` None where the session has no training day that stands."""

    session: TakenSession
    register: RegisterState | None
    days: tuple[RegisterDay, ...]
    day: RegisterDay | None
    as_desk: bool
    now: datetime

    @property
    def root(self) -> str:
        return f"{'/desk/sessions' if self.as_desk else '/teaching'}/{self.session.ref}"

    @property
    def page(self) -> str:
        """The register itself, on this day where there are several."""
        return f"{self.root}/register{f'?day={self.day.key}' if self.day and len(self.days) > 1 else ''}"

    @property
    def is_locked(self) -> bool:
        return self.register is not None and self.register.is_locked

    @property
    def is_over(self) -> bool:
        return bool(self.days) and self.now >= self.ends_at

    @property
    def ends_at(self) -> datetime:
        return max(one.ends_at for one in self.days)

    @property
    def is_the_desks(self) -> bool:
        return bool(self.days) and is_the_desks(ends_at=self.ends_at, now=self.now)

    @property
    def is_late_now(self) -> bool:
        """Whether who comes now is no longer let in."""
        minutes = self.session.last_admission_minutes
        return self.day is not None and is_past_admission(starts_at=self.day.starts_at, last_admission_minutes=minutes, now=self.now)

    @property
    def why_not(self) -> str:
        """Why nobody can be marked by a tap, in a sentence; "" where they can."""
        if self.day is None:
            return "This session does not take place as planned, so it has no register."
        if self.is_locked:
            locked = f"The register was locked on {day(self.register.locked_at)}." if self.register and self.register.locked_at else ""
            return f"{locked} {'Correct a mark at its name.' if self.as_desk else 'Ask the training team to correct it.'}"
        if self.is_the_desks and not self.as_desk:
            return "A week has passed since this session, so its register is with the training team now."
        if self.now < self.day.opens_at:
            return f"You can mark who is there from {clock_time(self.day.opens_at)} on {day(self.day.opens_at)}."
        return ""


@frozen
class Row:
    """Somebody on the register with the mark of the day, and that mark in words."""

    line: RollLine
    mark: StandingMark | None

    @property
    def said(self) -> str:
        return mark_in_words(self.mark) if self.mark else ""

    @property
    def is_learner(self) -> bool:
        return self.line.taken_as in LEARNERS


async def load(request: Request) -> Taking:
    """The register of the address, if whoever looks takes it: below /desk as who runs the session, else as its trainer."""
    as_desk = request.scope["path"].startswith("/desk/")
    session = await queries.taken_session(request.path_params["ref"], viewer_of(request), as_desk=as_desk)
    days = await queries.taught_days(session.id)
    now = clock.now()
    return Taking(
        session=session,
        register=await queries.register_of(session.id),
        days=days,
        day=_day_asked(request, days, now=now),
        as_desk=as_desk,
        now=now,
    )


def _day_asked(request: Request, days: tuple[RegisterDay, ...], *, now: datetime) -> RegisterDay | None:
    """The day of the address, else the latest that has begun, else the first."""
    key = request.query_params.get("day", "")
    if key:
        return day_of(days, key)
    begun = [one for one in days if one.opens_at <= now]
    return begun[-1] if begun else days[0] if days else None


def day_of(days: tuple[RegisterDay, ...], key: str) -> RegisterDay:
    """The training day of a key; NotFound for one that does not stand, or no longer."""
    for one in days:
        if one.key == key:
            return one
    raise NotFound


async def rows_of(taking: Taking) -> list[Row]:
    """Everybody on the register with the mark of its day; a session marked as a whole shows that mark on each day."""
    marks = await queries.standing_marks(taking.session.id)
    day_id = taking.day.id if taking.day else None
    return [Row(line, marks.get((line.id, day_id)) or marks.get((line.id, None))) for line in await queries.roll(taking.session.id)]


def mark_in_words(mark: StandingMark) -> str:
    """As in "Attended, 9:30am to 11am, 90 minutes. Checked in by QR code."."""
    words = [MARK_WORDS[mark.mark]]
    if mark.reason == NOT_ADMITTED:
        words = ["Arrived late, not admitted"]
    elif mark.reason:
        words.append(REASON_WORDS[ExcusedReason(mark.reason)].lower())
    if mark.arrived or mark.left:
        words.append(_times(mark.arrived, mark.left))
    if mark.minutes is not None:
        words.append(plural(mark.minutes, "minute"))
    said = ", ".join(words)
    return said if mark.evidence == Evidence.MANUAL else f"{said}. {EVIDENCE_WORDS[mark.evidence]}"


def _times(arrived: str, left: str) -> str:
    if arrived and left:
        return f"{_wall(arrived)} to {_wall(left)}"
    return f"from {_wall(arrived)}" if arrived else f"until {_wall(left)}"


def _wall(text: str) -> str:
    return clock.time_words(datetime.strptime(text, "%H:%M").time())  # noqa: DTZ007 - a wall time has no zone
