"""The states of a booking, the words for them, and what cancelling in time means."""

from datetime import datetime
from enum import StrEnum

from marstraining.core.errors import Refused
from marstraining.core.working_time import WorkingCalendar


class BookingState(StrEnum):
    REQUESTED = "requested"
    INVITED = "invited"
    CONFIRMED = "confirmed"
    WAITING = "waiting"
    OFFERED = "offered"
    DECLINED = "declined"
    LAPSED = "lapsed"
    TURNED_DOWN = "turned_down"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    SUBSTITUTED = "substituted"
    CALLED_OFF = "called_off"


LIVE_STATES = frozenset(
    {
        BookingState.REQUESTED,
        BookingState.INVITED,
        BookingState.CONFIRMED,
        BookingState.WAITING,
        BookingState.OFFERED,
    }
)

STATE_WORDS = {
    BookingState.REQUESTED: "Waiting for approval",
    BookingState.INVITED: "Invited, to be confirmed",
    BookingState.CONFIRMED: "Booked",
    BookingState.WAITING: "On the waiting list",
    BookingState.OFFERED: "Place offered",
    BookingState.DECLINED: "Not approved",
    BookingState.LAPSED: "Offer ran out",
    BookingState.TURNED_DOWN: "Offer turned down",
    BookingState.WITHDRAWN: "Left the waiting list",
    BookingState.CANCELLED: "Cancelled",
    BookingState.SUBSTITUTED: "Taken by a colleague",
    BookingState.CALLED_OFF: "Session called off",
}


def past_words(state: str) -> str:
    """What a booking's state is called once its session is over: neither booked nor waiting any more."""
    if state == BookingState.CONFIRMED:
        return "Took place"
    return "Without a place" if state in LIVE_STATES else STATE_WORDS[BookingState(state)]


class Mode(StrEnum):
    """How a learner attends a hybrid session; a session with one mode needs no word."""

    ROOM = "room"
    ONLINE = "online"
    EITHER = ""


class Standby(StrEnum):
    """What someone on the waiting list wants in the last two working days (booking.md, Waiting list 4)."""

    BOOK_ME_IN = "book"
    ASK_ME = "ask"
    LEAVE_ME = "leave"


class Arranging(StrEnum):
    """How far the desk has come with an access need."""

    NONE = "none"
    TO_ARRANGE = "to_arrange"
    ARRANGED = "arranged"
    ALTERNATIVE = "alternative"


class CancelReason(StrEnum):
    """The fixed list for a late cancellation; there is no free text, since it would invite health details."""

    SICKNESS = "sickness"
    COVER = "cover"
    OPERATIONAL_EMERGENCY = "operational_emergency"
    COURT = "court"
    BEREAVEMENT = "bereavement"
    OTHER = "other"


CANCEL_REASONS = {
    CancelReason.SICKNESS: "Sickness",
    CancelReason.COVER: "No cover at work",
    CancelReason.OPERATIONAL_EMERGENCY: "Operational emergency",
    CancelReason.COURT: "Court",
    CancelReason.BEREAVEMENT: "Bereavement",
    CancelReason.OTHER: "Another reason",
}


# The reason of a cancellation that nobody chose: the learner has left the organisation.
LEFT = "left"


def is_late(*, starts_at: datetime, now: datetime, calendar: WorkingCalendar, cut_off_working_days: int) -> bool:
    """Whether a cancellation at `now` comes after the cut-off, n working days before the start (booking.md, Booking 7)."""
    return now > calendar.working_days_before(starts_at, cut_off_working_days)


def check_can_cancel(*, state: str, begins_at: datetime | None, is_late_now: bool, reason: str, now: datetime) -> None:
    """Refuse a cancellation after the start, of what is not live, or late without a reason from the fixed list.

    `begins_at` is None while the session is postponed: it has no date then.
    """
    if state not in LIVE_STATES:
        raise Refused("This booking has already ended, so there is nothing to cancel.", code="not_live")
    if begins_at is not None and now >= begins_at:
        raise Refused("This session has already started, so it can no longer be cancelled here. Contact the training team.", code="past")
    is_needed = state == BookingState.CONFIRMED and is_late_now
    if (is_needed or reason) and reason not in CANCEL_REASONS and reason != LEFT:
        raise Refused("Choose why you are cancelling", code="reason", field="reason")
