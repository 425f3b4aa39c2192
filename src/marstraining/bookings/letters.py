"""What letters about a booking say, as plain values: one function for each letter's facts, and the calendar entries it carries."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from marstraining.bookings.queries import LearnerRow, NextDate, SessionRow
from marstraining.bookings.queries.entries import DayEntry
from marstraining.bookings.queries.told import thread_of
from marstraining.bookings.rules import Mode
from marstraining.core import config
from marstraining.core.clock import local, time_words
from marstraining.core.values import frozen
from marstraining.core.working_time import WorkingCalendar
from marstraining.messages.rules import CalendarItem, Letter, Priority, Recipient
from marstraining.programme.rules import Delivery

DISCREET_TITLE = "Training"
TOKEN_PURPOSE = "booking"  # noqa: S105 - the name of a purpose, no secret
JOINING_WORKING_DAYS = 5


@frozen
class Subject:
    """The booking a letter is about; `version` orders the letters of one booking."""

    booking_id: int
    booking_ref: str
    version: int
    nonce: str
    check_in_code: str = ""
    mode: str = ""


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
    named_days = named(days)
    items = (
        calendar_items(session, learner=learner, days=days if calendar_days is None else calendar_days, method=method, subject=subject)
        if method
        else ()
    )
    context: dict[str, object] = {
        "learner": learner.name,
        "title": session.title,
        "course_title": session.course_title,
        "course_code": session.course_code,
        "session_ref": session.ref,
        "booking_ref": subject.booking_ref,
        "date": date_words(named_days[0].starts_at),
        "days": [day_sentence(day) for day in named_days],
        "where": where_sentence(session, subject.mode),
        "is_online": session.delivery == Delivery.ONLINE,
        "has_entries": bool(items),
        **(extra or {}),
    }
    return Letter(
        key=key or f"{template}-{subject.booking_id}-{subject.version}",
        template=template,
        to=recipient(learner),
        priority=priority,
        context=context,
        tokens={"booking": (TOKEN_PURPOSE, subject.booking_id, subject.nonce)},
        calendar=items,
        expires_at=expires_at,
        thread=thread_of(subject.booking_id) if is_ordered else None,
        sequence=subject.version,
        session_id=session.id,
    )


def named(days: Sequence[DayEntry]) -> list[DayEntry]:
    """The training days that a letter names: those that stand, or all where none does."""
    return [day for day in days if not day.is_cancelled] or list(days)


def joining_facts(session: SessionRow, subject: Subject, *, now: datetime, calendar: WorkingCalendar) -> dict[str, object]:
    """What a letter to somebody booked adds: until when to cancel and, from five working days before, how to get there or join.

    Before that the link and the check-in code come with the joining instructions, so that a link sent months ahead is not
    passed around. `cancel_by` is empty once cancelling is late.
    """
    is_near = now >= calendar.working_days_before(session.starts_at, JOINING_WORKING_DAYS)
    cut_off = config.current().partnership.booking.cut_off_working_days
    cancel_by = calendar.working_days_before(session.starts_at, cut_off)
    in_person, online = comes_in_person(session, subject.mode), joins_online(session, subject.mode)
    return {
        "is_near": is_near,
        "in_person": in_person,
        "joins_online": online,
        "joining_working_days": JOINING_WORKING_DAYS,
        "cut_off_working_days": cut_off,
        "cancel_by": moment(cancel_by) if now <= cancel_by else "",
        "content_note": session.content_note,
        "joining_link": session.joining_link if is_near and online else "",
        "joining_note": session.joining_note,
        "joining_text": session.joining_text if is_near else "",
        "directions": session.directions if is_near and in_person else "",
        "parking": session.parking if is_near and in_person else "",
        "access_notes": session.access_notes if is_near and in_person else "",
        "check_in_code": subject.check_in_code if is_near else "",
        "trainers": [],
    }


def comes_in_person(session: SessionRow, mode: str) -> bool:
    """Whether somebody who attends in that mode may come to the venue."""
    return session.delivery != Delivery.ONLINE and mode != Mode.ONLINE


def joins_online(session: SessionRow, mode: str) -> bool:
    """Whether somebody who attends in that mode may join by the link."""
    return session.delivery != Delivery.IN_PERSON and mode != Mode.ROOM


def recipient(learner: LearnerRow) -> Recipient:
    """The learner, at their own address or at their setting's contact."""
    return Recipient(address=learner.address, name=learner.name, person_id=learner.id)


def day_sentence(day: DayEntry) -> str:
    """One training day in words, in London's wall time."""
    return f"{date_words(day.starts_at)}, {time_words(local(day.starts_at).time())} to {time_words(local(day.ends_at).time())}"


@lru_cache(maxsize=4096)
def date_words(instant: datetime) -> str:
    """The date of an instant in words, in London: "Thursday 12 March 2026"."""
    at = local(instant)
    return f"{at:%A} {at.day} {at:%B %Y}"


def where_sentence(session: SessionRow, mode: str = "") -> str:
    """Where a session is, in words; of a hybrid one, where somebody is who attends in that mode."""
    if not comes_in_person(session, mode):
        return f"Online, {session.venue}" if session.venue and session.delivery == Delivery.ONLINE else "Online"
    place = ", ".join(part for part in (session.venue, session.venue_address) if part) or "Venue to be confirmed"
    return f"{place}, or online" if joins_online(session, mode) else place


def moment(instant: datetime) -> str:
    """An instant in words, in London: "10am on Thursday 12 March 2026"."""
    at = local(instant)
    return f"{time_words(at.time())} on {date_words(at)}"


def next_date_facts(found: NextDate | None) -> dict[str, str]:
    """Where else somebody could go, for the letter of a session that they were not at or that will not be.

    `next_is` says what one can do there: "open" has places, "opens" does later, "listed" is full with a waiting list, "full" without,
    and of "uncounted" nobody knows.
    """
    if found is None:
        return {"next_ref": "", "next_date": "", "next_is": "", "next_opens": ""}
    if found.is_full:
        standing = "listed" if found.is_list_open else "full"
    elif found.opens_at is not None:
        standing = "opens"
    else:
        standing = "open" if found.is_counted else "uncounted"
    return {
        "next_ref": found.ref,
        "next_date": f"{date_words(found.starts_at)}, {time_words(local(found.starts_at).time())}",
        "next_is": standing,
        "next_opens": moment(found.opens_at) if found.opens_at else "",
    }


def calendar_items(
    session: SessionRow, *, learner: LearnerRow, days: Sequence[DayEntry], method: str, subject: Subject
) -> tuple[CalendarItem, ...]:
    """The entries of a letter: none for a learner who has no mailbox of their own, or subscribes to the feed and was sent none before.

    The sequence is the larger of the day's own and the last sent plus one, so that re-booking after a cancellation works
    in every calendar (calendar_and_letters.md, iCalendar 1). Neither a token nor the joining link stands in an entry, since
    calendars are shared with colleagues; how to cancel, and that declining cancels nothing, is added when the letter is sent.
    """
    title = DISCREET_TITLE if learner.has_discreet_titles else session.title
    where = where_sentence(session, subject.mode)
    description = _entry_text(session, subject.mode, where=where)
    return tuple(
        CalendarItem(
            uid=day.uid,
            starts_at=day.starts_at.isoformat(),
            ends_at=day.ends_at.isoformat(),
            changed_at=day.changed_at.isoformat(),
            title=title,
            location=where,
            description="" if method == "CANCEL" or day.is_cancelled else description,
            url=f"/bookings/{subject.booking_ref}",
            sequence=day.next_sequence,
            method="CANCEL" if method == "CANCEL" or day.is_cancelled else "REQUEST",
            status="CANCELLED" if method == "CANCEL" or day.is_cancelled else "CONFIRMED",
        )
        for day in days
        if takes_entries(learner, day) and not (day.is_cancelled and day.last_sent is None)
    )


def takes_entries(learner: LearnerRow, day: DayEntry) -> bool:
    """Whether letters to this learner carry the calendar entry of that day.

    An entry that stands in the calendar of somebody who went over to the feed is kept up to date, and cancelled, by letters still.
    """
    return learner.email is not None and (learner.calendar_choice == "invitations" or day.has_entry)


def _entry_text(session: SessionRow, mode: str, *, where: str) -> str:
    link = "The joining link" if joins_online(session, mode) else "How to get there"
    return f"Where: {where}\n{link} and your check-in code come by email {JOINING_WORKING_DAYS} working days before."
