"""A letter of the desk to the learners of a session, one of them that a mail server refused, and reminders that left in their time."""

from datetime import datetime

from marstraining.bookings.actions import send_reminders, steps, write_to_learners
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookingState, Note, NoteTo
from marstraining.bookings.rules.reminders import TEMPLATES, reminders_of
from marstraining.core.viewer import Role, Viewer
from marstraining.messages.actions.health import flag_bounced_address
from marstraining.messages.models import Message
from marstraining.messages.rules import LetterState
from marstraining.people.models import RoleGrant
from marstraining.programme.models import Session

_NOTE = Note(
    to=NoteTo.CONFIRMED,
    subject="{{title}}: where to park",
    text="Dear {{name}},\n\nThe car park at the venue is being resurfaced that week. Please use the public car park opposite, which is free"
    " until 6pm, or come by bus.\n\nWe meet at {{place}}.\n\nWe look forward to seeing you.",
    key="demo" * 8,
)
_REFUSED = "The recipient was not accepted: 550 5.1.1 User unknown in virtual mailbox table"


async def write_letters(*, now: datetime) -> None:
    """Write the letters, to leave when the demo is served; the last of them has failed and its address bounced.

    Reminders of the past are noted as sent in their time.
    """
    desk = await RoleGrant.filter(role=Role.DESK).order_by("id").first()
    booking = (
        await Booking.filter(
            state=BookingState.CONFIRMED, session__state="published", session__delivery="in person", session__starts_at__gt=now
        )
        .order_by("session__starts_at", "id")
        .first()
    )
    if desk is None or booking is None:
        raise RuntimeError("the demo has nobody at the desk, or nobody booked to write to")
    by = Viewer(person_id=desk.person_id, roles=frozenset({Role.DESK}))
    await write_to_learners(booking.session_id, _NOTE, by=by, now=now)
    letter = await Message.filter(template="desk_note").order_by("-id").first()
    if letter is None:
        raise RuntimeError("nobody booked in the demo has an email address")
    await Message.filter(id=letter.id).update(state=LetterState.FAILED, tries=1, first_try_at=now, last_error=_REFUSED)
    await flag_bounced_address(letter.address, letter_id=letter.id, reason=_REFUSED, now=now)
    await _note_past_reminders(now=now)


async def _note_past_reminders(*, now: datetime) -> None:
    """Note as sent what the worker would have sent of reminders before now and what is of no use any more.

    Left to the worker they would be queued after their end, and stand in the outbox as missed. The others it sends.
    """
    await send_reminders(now=now)
    over = Message.filter(state=LetterState.WAITING, template__in=TEMPLATES, expires_at__lte=now)
    for session in await Session.filter(id__in=await over.values_list("session_id", flat=True)):
        for reminder in reminders_of(starts_at=session.starts_at, calendar=steps.working_calendar()):
            at = reminder.due_at
            theirs = over.filter(session_id=session.id, template=reminder.template)
            await theirs.update(state=LetterState.SENT, tries=1, created_at=at, first_try_at=at, next_try_at=at, sent_at=at)
