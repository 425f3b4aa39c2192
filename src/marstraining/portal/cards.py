"""A session as one line of a list: every text a learner reads there, made once so that templates only print."""

from collections.abc import Sequence
from datetime import date, datetime, time
from itertools import groupby

from marstraining.bookings.queries import Places
from marstraining.bookings.rules import BookingState
from marstraining.core.values import frozen
from marstraining.core.web.dates import clock_time, day, day_plain, month, plural
from marstraining.programme.place import place_of
from marstraining.programme.queries import SessionRow
from marstraining.programme.rules import AUDIENCES, DELIVERY_LABELS, KIND_LABELS, CourseKind, Delivery, Stage, TrainerState

KIND_HEADINGS = {
    CourseKind.COURSE: "Courses",
    CourseKind.BRIEFING: "Briefings",
    CourseKind.FORUM: "Forums",
    CourseKind.CONFERENCE: "Conferences",
    CourseKind.WEBINAR: "Webinars",
    CourseKind.EXTERNAL: "Events run by other organisations",
    CourseKind.LEARNING_EVENT: "Learning events",
}
_FEW = 5
_SAID = {
    Stage.CLOSED: ("Booking closed", "grey"),
    Stage.UNDER_WAY: ("Under way", "grey"),
    Stage.PAST: ("Past", "grey"),
    Stage.POSTPONED: ("Postponed: new date to follow", "orange"),
    Stage.CALLED_OFF: ("Called off", "red"),
    Stage.ELSEWHERE: ("Book with the organiser", "blue"),
    Stage.NO_BOOKING: ("No booking by name", "grey"),
}


# How one stands to a session oneself, by the state of one's booking; what is not going to take place says that instead.
_YOURS: dict[str, tuple[str, str]] = {
    BookingState.CONFIRMED: ("You have a place", "green"),
    BookingState.OFFERED: ("Offered to you", "orange"),
    BookingState.INVITED: ("Kept for you: confirm it", "orange"),
    BookingState.WAITING: ("You are on the waiting list", "yellow"),
    BookingState.REQUESTED: ("Waiting for approval", "blue"),
}
_NOT_YOURS = frozenset({Stage.CALLED_OFF, Stage.POSTPONED, Stage.PAST})


@frozen
class Standing:
    """How somebody stands to a session: the booking they have of it, and whether they train there ("" for neither)."""

    booking_ref: str
    booking_state: str
    trainer_state: str


@frozen
class Card:
    """What a list shows of a session; `tone` colours the tag that says how booking stands."""

    href: str
    title: str
    kind: str
    first_day: date
    leaf: tuple[str, str, str]
    date_label: str
    time_label: str
    days_label: str
    place: str
    delivery: str
    audience: str
    status: str
    tone: str
    stage: Stage
    is_off: bool


@frozen
class MonthOfCards:
    """A heading and the cards under it."""

    name: str
    cards: Sequence[Card]


def card_of(row: SessionRow, places: Places | None, *, now: datetime, root: str = "/sessions/", standing: Standing | None = None) -> Card:
    """The card of a session. `places` None says nothing about places; `standing` is how the reader stands to it, where it is theirs."""
    stage = row.stage(now)
    live = [one for one in row.days if not one.is_cancelled] or list(row.days)
    first = live[0]
    yours = _yours(standing) if standing and stage not in _NOT_YOURS else None
    status, tone = yours or status_of(row, stage, places)
    return Card(
        href=f"{root}{row.ref}",
        title=row.title,
        kind="" if row.kind == CourseKind.COURSE else KIND_LABELS[CourseKind(row.kind)],
        first_day=first.day,
        leaf=(f"{first.day:%b}", str(first.day.day), f"{first.day:%a}"),
        date_label=day(first.day),
        time_label=_times(first.starts, first.ends),
        days_label="" if len(live) == 1 else _more_days([one.day for one in live]),
        place=place_of(row.delivery, row.venue),
        delivery=DELIVERY_LABELS[Delivery(row.delivery)],
        audience=_audience(row),
        status=status,
        tone=tone,
        stage=stage,
        is_off=stage in {Stage.CALLED_OFF, Stage.POSTPONED},
    )


def _audience(row: SessionRow) -> str:
    """Whom it is for. Where the codes shut nobody out, the course's own words say more than they do."""
    if row.audience_codes == ("all",) and row.audience:
        return row.audience
    return ", ".join(AUDIENCES.get(code, code) for code in row.audience_codes)


def status_of(row: SessionRow, stage: Stage, places: Places | None) -> tuple[str, str]:
    """How booking stands, and its colour."""
    if stage == Stage.NOT_OPEN_YET and row.opens_at is not None:
        return f"Booking opens {day_plain(row.opens_at)}", "blue"
    if stage != Stage.OPEN:
        return _SAID[stage]
    if places is None or places.left is None:
        return "Places available", "green"
    if places.left == 0:
        return ("Full: join the waiting list", "yellow") if row.is_list_open else ("Full", "grey")
    return f"{plural(places.left, 'place')} left", "orange" if places.left <= _FEW else "green"


def _yours(standing: Standing) -> tuple[str, str]:
    if standing.trainer_state:
        return (
            ("You train this", "purple") if standing.trainer_state == TrainerState.ACCEPTED else ("You are asked to train this", "orange")
        )
    return _YOURS[standing.booking_state]


def by_month(cards: Sequence[Card]) -> list[MonthOfCards]:
    """Cards under the months in which they begin."""
    return [MonthOfCards(name, list(group)) for name, group in groupby(cards, key=lambda card: month(card.first_day))]


def _times(starts: str, ends: str) -> str:
    return f"{clock_time(time.fromisoformat(starts))} to {clock_time(time.fromisoformat(ends))}"


def _more_days(days: Sequence[date]) -> str:
    others = [f"{one.day} {one:%B}" for one in days[1:]]
    return f"{len(days)} days: also {', '.join(others[:4])}" + (" and more" if len(others) > 4 else "")


def length_of(minutes: int | None) -> str:
    """How long a course takes, in words: "1 hour 30 minutes"; empty when nobody knows."""
    hours, rest = divmod(minutes or 0, 60)
    parts = [plural(hours, "hour")] * bool(hours) + [plural(rest, "minute")] * bool(rest)
    return " ".join(parts)
