"""What a sentence asks for and what is found for it, as plain values; names as in the partnership's vocabulary."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date, datetime
from enum import StrEnum

from marstraining.core.values import frozen
from marstraining.uk_dates.rules import DateRange


class Intent(StrEnum):
    """What somebody wants. The three safety intents are never given here: the gate before this one decides about them."""

    FIND_TRAINING = "find_training"
    FIND_RESOURCE = "find_resource"
    FIND_ANY = "find_any"
    NEXT_SESSION = "next_session"
    SESSION_DETAIL = "session_detail"
    MY_BOOKINGS = "my_bookings"
    BOOK = "book"
    CONFIRM = "confirm"
    DENY = "deny"
    CANCEL_BOOKING = "cancel_booking"
    TRANSFER_BOOKING = "transfer_booking"
    JOINING_DETAILS = "joining_details"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    UNSUBSCRIBE_ALL = "unsubscribe_all"
    SET_REMINDER = "set_reminder"
    FEEDBACK_ANSWER = "feedback_answer"
    DEFINE_TERM = "define_term"
    FAQ = "faq"
    CONTACT_SPOC = "contact_spoc"
    HUMAN_HANDOFF = "human_handoff"
    DATA_RIGHTS = "data_rights"
    HELP = "help"
    GREET = "greet"
    THANKS = "thanks"
    SELECT = "select"
    CORRECT = "correct"
    BACK = "back"
    OFF_TOPIC = "off_topic"
    PRACTICE_ADVICE = "practice_advice"
    OUT_OF_SCOPE_PERSONAL = "out_of_scope_personal"
    UNCLEAR = "unclear"
    ABUSIVE = "abusive"
    THREAT = "threat"
    INJECTION = "injection"
    DEEP_LINK_INVALID = "deep_link_invalid"
    SAFETY_URGENT = "safety_urgent"
    SAFETY_MAYBE = "safety_maybe"
    SAFETY_SELF = "safety_self"


FINDING = frozenset({Intent.FIND_TRAINING, Intent.FIND_RESOURCE, Intent.FIND_ANY, Intent.NEXT_SESSION})


class Mode(StrEnum):
    FACE_TO_FACE = "face_to_face"
    ONLINE = "online"
    HYBRID = "hybrid"


@frozen
class Wish:
    """A subscription that somebody asks for: a topic, a type, or both."""

    topic: str = ""
    type: str = ""

    def as_json(self) -> dict[str, str]:
        return {name: value for name, value in (("topic", self.topic), ("type", self.type)) if value}


@frozen
class Slots:
    """What narrows the wish; an empty field does not narrow. Codes are those of the vocabulary.

    `topics` are all that were named, the first is `topic`. `types` narrow to any of them. Times of day are "HH:MM" in London:
    afternoon is `time_from` 12:00, morning is `time_to` 12:00, evening is `time_from` 17:00. `weekdays` are "mon" … "sun".
    `ordinal` counts what was listed last, 1 the first, -1 the last. `offset` is an ISO 8601 duration before a session.
    """

    topics: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    audience: str = ""
    mode: str = ""
    dates: DateRange | None = None
    time_from: str = ""
    time_to: str = ""
    weekdays: tuple[str, ...] = ()
    venue: str = ""
    places: int | None = None
    has_places: bool = False
    ordinal: int | None = None
    score: int | None = None
    term: str = ""
    offset: str = ""
    channel: str = ""
    subscriptions: tuple[Wish, ...] = ()

    @property
    def topic(self) -> str:
        return self.topics[0] if self.topics else ""

    @property
    def weekday(self) -> str:
        return self.weekdays[0] if self.weekdays else ""

    @property
    def date_from(self) -> date | None:
        return self.dates.start if self.dates else None

    @property
    def date_to(self) -> date | None:
        return self.dates.end if self.dates else None

    def as_json(self) -> dict[str, object]:
        """The slots that are filled, by the vocabulary's names."""
        values: dict[str, object] = {
            "topic": self.topic,
            "type": list(self.types),
            "audience": self.audience,
            "mode": self.mode,
            "date_from": self.date_from.isoformat() if self.date_from else "",
            "date_to": self.date_to.isoformat() if self.date_to else "",
            "time_from": self.time_from,
            "time_to": self.time_to,
            "weekday": self.weekday,
            "venue": self.venue,
            "places": self.places,
            "has_places": self.has_places,
            "ordinal": self.ordinal,
            "score": self.score,
            "term": self.term,
            "offset": self.offset,
            "channel": self.channel,
            "subscriptions": [wish.as_json() for wish in self.subscriptions],
        }
        return {name: value for name, value in values.items() if value not in ("", [], None, False)}


@frozen
class Correction:
    """A word as it was typed and the word it was taken for."""

    typed: str
    meant: str


# What of the slots is a filter, in the order in which one is dropped when nothing fits: the least missed first.
FILTERS = ("has_places", "time", "weekday", "venue", "mode", "dates", "audience", "type", "topic")


@frozen
class Chosen:
    """One filter in force, by its name in `FILTERS` and in words for people."""

    name: str
    label: str


@frozen
class Understood:
    """What a sentence was understood as. It holds no sentence and lives in memory only.

    `names_training` where it names a topic, a kind, a term or training itself, or nothing but a day, a place and the like: otherwise it
    may be about something else altogether. `is_about_somebody` where it speaks of him, her or them.
    `words` are what is left to rank by, corrected and without what became a filter; `terms` are names of one thing each that has no
    topic of its own. `filters` are those in force, in words. `command` is a word that always works ("help", "menu", "back", "stop",
    "start_again", "person", "privacy"). `unknown` are words of letters that neither index, lexicon nor English know. `topics_possible`
    are up to three distinct (slug, label) to ask about when `is_sure` is false. `is_negated` where a wish was denied ("don't book"):
    never act then. `is_ambiguous_case` where "conference" or "register" may mean one about a child: ask which, and signpost.
    """

    intent: Intent
    slots: Slots = field(default_factory=Slots)
    names_training: bool = True
    is_about_somebody: bool = False
    words: tuple[str, ...] = ()
    terms: tuple[tuple[str, ...], ...] = ()
    corrections: tuple[Correction, ...] = ()
    filters: tuple[Chosen, ...] = ()
    unknown: tuple[str, ...] = ()
    topics_possible: tuple[tuple[str, str], ...] = ()
    is_sure: bool = True
    is_negated: bool = False
    is_ambiguous_case: bool = False
    command: str = ""

    def without(self, name: str) -> "Understood":
        """The same with one filter of `FILTERS` taken away; its words do not come back as words to rank by."""
        return replace(
            self,
            slots=without_filter(self.slots, name),
            filters=tuple(chosen for chosen in self.filters if chosen.name != name),
        )


_CLEARED: Mapping[str, Mapping[str, object]] = {
    "topic": {"topics": ()},
    "type": {"types": ()},
    "audience": {"audience": ""},
    "dates": {"dates": None},
    "time": {"time_from": "", "time_to": ""},
    "weekday": {"weekdays": ()},
    "venue": {"venue": ""},
    "mode": {"mode": ""},
    "has_places": {"has_places": False},
}


def without_filter(slots: Slots, name: str) -> Slots:
    """The slots without one filter; an unknown name changes nothing."""
    return replace(slots, **_CLEARED.get(name, {}))  # type: ignore[arg-type]  # one value of each field's own kind


class Family(StrEnum):
    """The groups in which results are shown."""

    COURSE = "course"
    RESOURCE = "resource"
    WORKBOOK = "workbook"


@frozen
class Dated:
    """One coming session of a course, as far as it is searched and listed. Times are UTC; `days` are wall time in London."""

    id: int
    ref: str
    title: str
    path: str
    starts_at: datetime
    ends_at: datetime
    days: tuple[tuple[date, str, str], ...]
    mode: str
    venue: str
    place: str
    audiences: tuple[str, ...]
    is_public: bool


@frozen
class Document:
    """Something that can be found: a course with its coming sessions, a resource, a workbook.

    `key` is unique over all families. `type` is a code of the vocabulary's types, `kind` how people call it. `text` is searched and
    never shown. `mode` "" is any. What is not `is_public` is told of only to whom its own slice allows it.
    """

    key: str
    family: Family
    type: str
    title: str
    path: str
    summary: str = ""
    text: str = ""
    topics: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    mode: str = ""
    is_public: bool = True
    sessions: tuple[Dated, ...] = ()
    code: str = ""
    kind: str = ""


@frozen
class Hit:
    """A document that fits, with those of its sessions that fit too, soonest first."""

    document: Document
    score: float
    sessions: tuple[Dated, ...] = ()

    @property
    def path(self) -> str:
        """Where it is shown: a course that is not public has no page of its own, only its sessions have."""
        if self.document.family is Family.COURSE and not self.document.is_public and self.sessions:
            return self.sessions[0].path
        return self.document.path


@frozen
class Found:
    """What was found, best first. `total` counts what lies beyond the limit too.

    `dropped` is the one filter that was left out because nothing fitted all of them; say which. `topics_offered` are up to
    three distinct topics, (slug, label), to choose from when it is not sure what was meant.
    """

    hits: tuple[Hit, ...] = ()
    total: int = 0
    dropped: Chosen | None = None
    topics_offered: tuple[tuple[str, str], ...] = ()

    @property
    def sessions(self) -> tuple[tuple[Hit, Dated], ...]:
        """Every session found with its course, soonest first."""
        return tuple(sorted(((hit, one) for hit in self.hits for one in hit.sessions), key=lambda pair: (pair[1].starts_at, pair[1].id)))
