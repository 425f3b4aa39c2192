"""States of a letter, its classes and priorities, and when a failed try is worth another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Literal


class LetterState(StrEnum):
    WAITING = "waiting"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


# Where a template's name alone would not say what its letter is.
_LETTER_WORDS = {
    "approval_asked": "Asked to approve a booking",
    "accreditation_ends": "Accreditation ends",
    "cancelled": "Booking cancelled",
    "certificate": "Certificate",
    "certificate_withdrawn": "Certificate withdrawn",
    "confirm_address": "Confirm a new email address",
    "confirmed": "Booking confirmed",
    "declined": "Booking not approved",
    "desk_note": "Letter from the training team",
    "email_changed": "Email address changed",
    "evaluation_asked": "Asked for feedback",
    "evaluation_reminder": "Reminder of feedback",
    "finish_booking": "Finish a first booking",
    "has_left": "Asked whether somebody has left",
    "invitation_over": "Invitation not taken up",
    "invited_to_confirm": "Invitation to confirm a place",
    "joined_list": "Joined the waiting list",
    "left_list": "Left the waiting list",
    "missed_you": "Sorry we missed you",
    "moved": "Moved to another date",
    "new_dates": "New dates of a course",
    "new_device": "Signed in on a new device",
    "no_account": "No account with this address",
    "offer_lapsed": "Offer ran out",
    "online_instead": "Runs online instead",
    "register_open": "Register not locked",
    "reminder_day_before": "Reminder the day before",
    "reminder_two_weeks": "Reminder two weeks before",
    "requested": "Booking waits for approval",
    "session_changed": "Change to a session",
    "sign_in": "Sign-in link",
    "standby_asked": "Asked at short notice",
    "substituted": "Place taken by a colleague",
    "take_register": "Asked to take the register",
    "trainer_asked": "Asked to train",
    "turned_down": "Offer turned down",
}


def letter_words(template: str) -> str:
    """What people call the letters made from a template."""
    return _LETTER_WORDS.get(template) or template.replace("_", " ").capitalize()


class Priority(IntEnum):
    """Lower goes first, so that a bulletin to thousands never delays a sign-in letter (security.md R2)."""

    SIGN_IN = 0
    CHANGE = 1
    CONFIRMATION = 2
    REMINDER = 3
    BULLETIN = 9


class Channel(StrEnum):
    EMAIL = "email"
    TELEGRAM = "telegram"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where one letter goes; an address by value, so that a letter needs no look-up when it leaves."""

    address: str
    name: str
    person_id: int | None = None
    channel: Channel = Channel.EMAIL
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarItem:
    """One training day as plain values, kept in the letter's row and written as `.ics` when the letter is sent.

    `starts_at`, `ends_at`, `changed_at` are UTC instants in ISO form.
    """

    uid: str
    starts_at: str
    ends_at: str
    changed_at: str
    title: str
    location: str
    description: str
    url: str
    sequence: int
    method: Literal["REQUEST", "CANCEL"]
    status: Literal["CONFIRMED", "TENTATIVE", "CANCELLED"] = "CONFIRMED"


@dataclass(frozen=True, slots=True)
class Letter:
    """What an action hands over to be written.

    `key` is unique for good: the same letter queued twice is one letter. `template` names a folder of
    templates/messages/. `context` holds plain JSON values only; no token stands in it: `tokens` maps a template name to
    (purpose, row id, nonce), from which the token is derived when the letter is rendered. `thread` with `sequence` orders
    the letters of one booking: n leaves before n+1, and n is skipped once n+1 exists (`supersedes` true).
    """

    key: str
    template: str
    to: Recipient
    priority: Priority
    context: Mapping[str, object] = field(default_factory=dict)
    tokens: Mapping[str, tuple[str, int | str, str]] = field(default_factory=dict)
    calendar: Sequence[CalendarItem] = ()
    not_before: datetime | None = None
    expires_at: datetime | None = None
    thread: str | None = None
    sequence: int = 0
    session_id: int | None = None
    unsubscribe: tuple[str, int | str, str] | None = None


# Half a minute first, since most faults are a busy server; hourly later, since an outage of a trust's mail lasts a night.
_FIRST_WAITS = (30, 60, 120, 300, 600, 1200, 2400)
_LATER_WAIT = 3600
GIVE_UP_AFTER = timedelta(hours=48)


def next_try(*, tries: int, first_try_at: datetime, now: datetime, jitter: float) -> datetime | None:
    """When to try again after `tries` failed tries, or None once 48 hours have passed.

    `jitter` is a number from 0 to 1 that spreads tries over a tenth of the wait (security.md R2).
    """
    if now - first_try_at >= GIVE_UP_AFTER:
        return None
    wait = _FIRST_WAITS[tries - 1] if tries <= len(_FIRST_WAITS) else _LATER_WAIT
    return now + timedelta(seconds=wait * (1 + 0.1 * jitter))


class Stage(StrEnum):
    """How far a try had come when it failed."""

    CONNECT = "connecting"
    SENDER = "naming the sender"
    RECIPIENT = "naming the recipient"
    DATA = "handing over the letter"


# A server that wants us to sign in first says so at any stage, and that tells nothing of the recipient.
_SIGN_IN_CODES = frozenset({530, 534, 535, 538})


def is_final(stage: Stage, code: int | None) -> bool:
    """Whether a refusal ends a letter: 5xx at RCPT or DATA; all else, lost connections too, is worth another try (security.md R2)."""
    return stage in {Stage.RECIPIENT, Stage.DATA} and code is not None and 500 <= code < 600 and code not in _SIGN_IN_CODES


def is_server_at_fault(stage: Stage, code: int | None) -> bool:
    """Whether a failed try tells of the mail server or its password, which the desk should know, rather than of one letter."""
    return stage in {Stage.CONNECT, Stage.SENDER} or code in _SIGN_IN_CODES


class Turn(StrEnum):
    SEND = "send"
    SKIP = "skip"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another letter of a thread: `is_due` once its not-before has come; `uids` are the calendar entries it carries."""

    sequence: int
    state: LetterState
    is_due: bool
    uids: frozenset[str]


def turn_in_thread(*, sequence: int, uids: frozenset[str], siblings: Sequence[Sibling]) -> Turn:
    """Whether a letter may leave now, is overtaken by a later one, or waits for an earlier one (calendar_and_letters.md, Letters 4).

    A letter is overtaken only by one that carries every calendar entry it carries itself: a letter that moves one day must
    not swallow the confirmation of the others.
    """
    living = {LetterState.WAITING, LetterState.SENDING, LetterState.SENT}
    later = [other for other in siblings if other.sequence > sequence and other.is_due and other.state in living]
    if later and uids <= frozenset().union(*(other.uids for other in later)):
        return Turn.SKIP
    for other in siblings:
        if other.sequence >= sequence:
            continue
        is_held_up = other.state == LetterState.WAITING and other.is_due and not other.uids <= uids
        if is_held_up or other.state == LetterState.SENDING:
            return Turn.WAIT
    return Turn.SEND
