"""A letter that the desk writes to the learners of a session: to whom, in which words."""

from collections.abc import Mapping
from enum import StrEnum

from marstraining.bookings.rules.states import LIVE_STATES, BookingState
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.messages.wording import check_wording

LONGEST_SUBJECT = 150
LONGEST_TEXT = 5000
NOTE_PLACEHOLDERS: Mapping[str, str] = {
    "name": "who the email is to",
    "title": "the title of the session",
    "dates": "its dates and times",
    "place": "where it is",
    "booking_link": "the address of their booking",
}


class NoteTo(StrEnum):
    """To whom a letter of the desk goes."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    ALL = "all"


@frozen
class Note:
    """A letter as the desk writes it; `key` makes sending it twice the same as sending it once."""

    to: NoteTo
    subject: str
    text: str
    key: str

    def is_for(self, state: str) -> bool:
        """Whether it goes to a booking in this state."""
        if self.to == NoteTo.CONFIRMED:
            return state == BookingState.CONFIRMED
        if self.to == NoteTo.WAITING:
            return state == BookingState.WAITING
        return state in LIVE_STATES


def check_note(note: Note) -> None:
    """Refuse a letter without words, with too many, or with placeholders that nobody fills."""
    for field, text, most in (("subject", note.subject, LONGEST_SUBJECT), ("text", note.text, LONGEST_TEXT)):
        if not text.strip():
            raise Refused(f"Enter the {'subject' if field == 'subject' else 'text'} of the email", code="empty", field=field)
        if len(text) > most:
            raise Refused(f"The {field} must be {most:,} characters or fewer", code="too_long", field=field)
        check_wording(text, NOTE_PLACEHOLDERS, field=field)
    if not note.key.isalnum() or len(note.key) != 32:
        raise Refused("This page is too old. Write the email again.", code="key")
