"""What letters about a booking say, as plain values: one function for each letter's facts, and the calendar entries it carries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from marstraining.bookings.queries import LearnerRow, SessionRow
from marstraining.bookings.queries.entries import DayEntry
from marstraining.core.clock import local
from marstraining.core.working_time import WorkingCalendar
from marstraining.messages.rules import CalendarItem, Letter, Priority, Recipient

DISCREET_TITLE = "Training"
TOKEN_PURPOSE = "booking"  # noqa: S105 - the name of a purpose, no secret
JOINING_WORKING_DAYS = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """The booking a letter is about; `version` orders the letters of one booking."""

    booking_id: int
    booking_ref: str
    version: int
    nonce: str
    check_in_code: str = ""


def letter_about(
    template: str,
    *,
    subject: Subject,
    session: SessionRow,
    learner: LearnerRow,
    days: Sequence[DayEntry],
    calendar_days: Sequence[DayEntry] | None = None,
    priority: Priority = Priority.CONFIRMATION,
    method: str | None = None,
    extra: Mapping[str, object] | None = None,
    expires_at: datetime | None = None,
    is_ordered: bool = True,
    key: str | None = None,
) -> Letter | None:
    """A letter to the learner of a booking, or None where no address is known (a managed learner of a setting without one).

    The letter names all `days`; `calendar_days`, if given, are those whose entries it carries. `method` "REQUEST" or
    "CANCEL" makes it carry a calendar entry for each training day that the learner takes as invitations; letters that
    are ordered leave in the order of the booking's versions.
    """
    if not learner.address:
        return None
    context: dict[str, object] = {
        "learner": learner.name,
        "title": session.title,
        "course_title": session.course_title,
        "course_code": session.course_code,
        "session_ref": session.ref,
        "booking_ref": subject.booking_ref,
        "days": [day_sentence(day) for day in days if not day.is_cancelled] or [day_sentence(day) for day in days],
        "where": where_sentence(session),
        "is_online": session.delivery == "online",
        **(extra or {}),
    }
    items = (
        calendar_items(
            session, learner=learner, days=days if calendar_days is None else calendar_days, method=method, booking_ref=subject.booking_ref
        )
        if method
        else ()
    )
    return Letter(
        key=key or f"{template}-{subject.booking_id}-{subject.version}",
        template=template,
        to=recipient(learner),
        priority=priority,
        context=context,
        tokens={"booking": (TOKEN_PURPOSE, subject.booking_id, subject.nonce)},
        calendar=items,
        expires_at=expires_at,
        thread=f"booking:{subject.booking_id}" if is_ordered else None,
        sequence=subject.version,
        session_id=session.id,
    )


def joining_facts(session: SessionRow, *, check_in_code: str, now: datetime, calendar: WorkingCalendar) -> dict[str, object]:
    """What a confirmation adds near the session: the joining link and the check-in code, from five working days before.

    Before that they come with the joining instructions, so that a link sent months ahead is not passed around.
    """
    is_near = now >= calendar.working_days_before(session.starts_at, JOINING_WORKING_DAYS)
    return {
        "joining_link": session.joining_link if is_near else "",
        "joining_note": session.joining_note,
        "check_in_code": check_in_code if is_near else "",
    }


def recipient(learner: LearnerRow) -> Recipient:
    """The learner, at their own address or at their setting's contact."""
    return Recipient(address=learner.address, name=learner.name, person_id=learner.id)


def day_sentence(day: DayEntry) -> str:
    """One training day in words, in London's wall time."""
    starts, ends = local(day.starts_at), local(day.ends_at)
    return f"{starts:%A} {starts.day} {starts:%B %Y}, {_clock(starts)} to {_clock(ends)}"


def where_sentence(session: SessionRow) -> str:
    """Where a session is, in words."""
    if session.delivery == "online":
        return f"Online, {session.venue}" if session.venue else "Online"
    place = ", ".join(part for part in (session.venue, " ".join(session.venue_address.split())) if part) or "Venue to be confirmed"
    return f"{place}, or online" if session.delivery == "hybrid" else place


def moment(instant: datetime) -> str:
    """An instant in words, in London: "10am on Thursday 12 March 2026"."""
    at = local(instant)
    return f"{_clock(at)} on {at:%A} {at.day} {at:%B %Y}"


def _clock(at: datetime) -> str:
    minutes = f":{at:%M}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"


def calendar_items(
    session: SessionRow, *, learner: LearnerRow, days: Sequence[DayEntry], method: str, booking_ref: str
) -> tuple[CalendarItem, ...]:
    """The entries of a letter: none for a learner who subscribes to the feed instead, or has no mailbox of their own.

    The sequence is the larger of the day's own and the last sent plus one, so that re-booking after a cancellation works
    in every calendar (calendar_and_letters.md, iCalendar 1).
    """
    if learner.calendar_choice != "invitations" or learner.email is None:
        return ()
    title = DISCREET_TITLE if learner.has_discreet_titles else session.title
    return tuple(
        CalendarItem(
            uid=day.uid,
            starts_at=day.starts_at.isoformat(),
            ends_at=day.ends_at.isoformat(),
            changed_at=day.changed_at.isoformat(),
            title=title,
            location=where_sentence(session),
            description="",
            url=f"/bookings/{booking_ref}",
            sequence=day.next_sequence,
            method="CANCEL" if method == "CANCEL" or day.is_cancelled else "REQUEST",
            status="CANCELLED" if method == "CANCEL" or day.is_cancelled else "CONFIRMED",
        )
        for day in days
        if not (day.is_cancelled and day.last_sent is None)
    )
