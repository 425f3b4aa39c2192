"""States of a letter, its classes and priorities, and when a failed try is worth another."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import Literal

from marstraining.core.clock import from_wall, local
from marstraining.core.values import frozen


class LetterState(StrEnum):
    WAITING = "waiting"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


# Quiet hours: what nobody waits for leaves no earlier in the morning, in London.
NOT_BEFORE = time(7, 30)

# What the links that stop letters are for, and where each leads; whatever is not named here stops bulletins.
STOP_DIGEST = "stop-digest"
STOPS_AT: Mapping[str, str] = {STOP_DIGEST: "/digests/stop"}

# Where a template's name alone would not say what its letter is.
_LETTER_WORDS = {
    "approval_asked": "Asked to approve a booking",
    "accreditation_ends": "Accreditation ends",
    "accreditations_of_staff": "Accreditations of staff end",
    "cancelled": "Booking cancelled",
    "certificate": "Certificate",
    "certificate_withdrawn": "Certificate withdrawn",
    "confirm_address": "Confirm a new email address",
    "confirm_topic": "Confirm an address for news",
    "confirm_it_is_you": "Code to confirm who it is",
    "confirmed": "Booking confirmed",
    "declined": "Booking not approved",
    "digest": "Digest for an agency lead",
    "desk_note": "Letter from the training team",
    "email_changed": "Email address changed",
    "file_infected": "A file held a virus",
    "file_infected_desk": "A file held a virus, for the training team",
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
    "new_dates": "New dates and resources",
    "new_device": "Signed in on a new device",
    "no_account": "No account with this address",
    "offer_lapsed": "Offer ran out",
    "online_instead": "Runs online instead",
    "paper_reminder": "Board paper due",
    "paper_taken": "Figures taken for the board",
    "register_open": "Register not locked",
    "reminder_day_before": "Reminder the day before",
    "reminder_two_weeks": "Reminder two weeks before",
    "requested": "Booking waits for approval",
    "session_changed": "Change to a session",
    "sign_in": "Sign-in link",
    "still_using": "Asked whether a tool is still used",
    "standby_asked": "Asked at short notice",
    "substituted": "Place taken by a colleague",
    "take_register": "Asked to take the register",
    "telegram_linked": "Telegram connected",
    "telegram_stopped": "Telegram stopped",
    "trainer_asked": "Asked to train",
    "trainer_told": "Trainer told of a change",
    "turned_down": "Offer turned down",
    "unanswered": "A chat got no answer",
}


class LetterKind(StrEnum):
    """What a letter is about, as its reader chooses what reaches a chat; of those for NOBODY no note is ever sent."""

    BOOKINGS = "bookings"
    REMINDERS = "reminders"
    UPDATES = "updates"
    ACCOUNT = "account"
    NOBODY = "nobody"


# Those that open an account or an address go where they were asked for, and nothing of them goes to a chat; "unanswered" is for the
# chat that got no answer, and for no other.
LETTER_KINDS = {
    LetterKind.BOOKINGS: frozenset(
        {
            "accreditation_ends", "called_off", "cancelled", "certificate", "certificate_withdrawn", "confirmed", "declined",
            "desk_note", "invited", "invited_to_confirm", "joined_list", "joining_instructions", "left_list", "missed_you", "moved",
            "offer_lapsed", "online_instead", "place_offered", "postponed", "requested", "session_changed", "standby_asked",
            "substituted", "trainer_told", "turned_down",
        }
    ),
    LetterKind.REMINDERS: frozenset(
        {
            "accreditations_of_staff", "approval_asked", "digest", "evaluation_asked", "evaluation_reminder", "has_left",
            "invitation_over", "paper_reminder", "paper_taken", "register_open", "reminder_day_before", "reminder_two_weeks",
            "scheduled_export", "still_using", "take_register", "trainer_asked",
        }
    ),
    LetterKind.UPDATES: frozenset({"new_dates"}),
    LetterKind.ACCOUNT: frozenset({"email_changed", "new_device"}),
    LetterKind.NOBODY: frozenset(
        {
            "confirm_address", "confirm_it_is_you", "confirm_topic", "file_infected", "file_infected_desk", "finish_booking",
            "no_account", "sign_in", "telegram_linked", "telegram_stopped", "unanswered",
        }
    ),
}  # fmt: skip


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


@frozen
class Recipient:
    """Where one letter goes; an address by value, so that a letter needs no look-up when it leaves."""

    address: str
    name: str
    person_id: int | None = None
    channel: Channel = Channel.EMAIL
    fallback: str | None = None


@frozen
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


@frozen
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


# From eight in the evening to half past seven in the morning, in London, nobody is disturbed with news (front_door.md 6.16).
QUIET_FROM, QUIET_UNTIL = time(20), time(7, 30)


def is_quiet(now: datetime) -> bool:
    """Whether it is a time of day at which nobody is disturbed with news."""
    at = local(now).time()
    return at >= QUIET_FROM or at < QUIET_UNTIL


def quiet_until(now: datetime) -> datetime | None:
    """When the quiet hours end that it is in now; None outside them."""
    if not is_quiet(now):
        return None
    wall = local(now)
    return from_wall(wall.date() + timedelta(days=wall.time() >= QUIET_FROM), QUIET_UNTIL)


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


class ChatTrouble(StrEnum):
    """Why a chat did not take a note."""

    GONE = "gone"
    LIMITED = "limited"
    REFUSED = "refused"
    NOT_LET_IN = "not let in"
    AWAY = "away"
    NO_ANSWER = "no answer"


# Words of the Bot API's for a chat that is no more, which it answers with 400.
_NO_CHAT = ("chat not found", "user is deactivated", "bot can't initiate conversation", "peer_id_invalid")
# After so many tries a note goes by mail, where it has an address: news of yesterday is of little use.
CHAT_TRIES = 5
# Where the answer was lost the note may have arrived, and Telegram has nothing by which it would know a second copy.
CHAT_TRIES_WITHOUT_ANSWER = 2


def chat_trouble(status: int, said: str) -> ChatTrouble:
    """What an answer of the Bot API other than 200 means (front_door.md 4 and 5.2)."""
    if status == 403 or (status == 400 and any(words in said.casefold() for words in _NO_CHAT)):
        return ChatTrouble.GONE
    if status == 429:
        return ChatTrouble.LIMITED
    if status in {401, 404}:
        return ChatTrouble.NOT_LET_IN
    return ChatTrouble.REFUSED if 400 <= status < 500 else ChatTrouble.AWAY


class Turn(StrEnum):
    SEND = "send"
    SKIP = "skip"
    WAIT = "wait"


@frozen
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
