"""Where a conversation stands: codes, references, dates and numbers, never words that somebody typed.

A state is all that is needed to show the last answer again, so that a restart, a second worker or a page loaded anew changes nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, field, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from marstraining.core.values import frozen
from marstraining.search.rules import Mode, Slots
from marstraining.uk_dates.rules import DateRange, Precision

_LONGEST_CODE = 80
_MOST_FOUND = 30
_MOST_BACK = 4


class Scene(StrEnum):
    """What is shown. Each has one function that shows it and the buttons that lead on."""

    WELCOME = "welcome"
    HELP = "help"
    LOOKING = "looking"
    RESULTS = "results"
    TOPICS = "topics"
    DATES = "dates"
    CASE = "case"
    CASEWORK = "casework"
    SESSION = "session"
    DOCUMENT = "document"
    CARD = "card"
    DONE = "done"
    MINE = "mine"
    WHICH = "which"
    REASON = "reason"
    MOVE = "move"
    JOINING = "joining"
    RECORD = "record"
    TERM = "term"
    FOLLOWING = "following"
    FEEDBACK = "feedback"
    PERSON = "person"
    CONTACTS = "contacts"
    PRIVACY = "privacy"
    ANSWER = "answer"
    LINKED = "linked"
    BOUNDARY = "boundary"
    LOST = "lost"
    STOPPED = "stopped"
    THANKS = "thanks"
    USEFUL = "useful"


class Deed(StrEnum):
    """What a card asks to confirm, and what was done when it is."""

    BOOK = "book"
    JOIN = "join"
    CANCEL = "cancel"
    MOVE = "move"
    ACCEPT = "accept"
    TURN_DOWN = "turn_down"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    UNFOLLOW_ALL = "unfollow_all"
    LINK = "link"
    SEND = "send"


@frozen
class State:
    """One conversation's place.

    `slots` are the filters in force, as `slots_to_json` writes them; `intent` is what they were for. `found` are keys of what was
    found, best first, from which `offset` is shown on. `word` is a code of ours: a topic, a kind of answer, a dropped filter. `ref` is
    a session, `booking` is one of the asker's, `agency` and `mode` what was chosen for one. `card` numbers the card whose button acts;
    `deed` is what it does. `outcome` says what came of it. `misses` counts answers not understood one after another, `said` which of the
    ladder's wordings came last. `is_unnamed` where what is shown was asked for without a word of training: it may have been a worry, and
    the signpost stands with it. `by_words` where words that are not kept decided what was found, so that only this can be narrowed, and
    nothing be found anew by the filters alone. `back` are earlier states, the latest last.
    """

    scene: Scene = Scene.WELCOME
    intent: str = ""
    slots: Mapping[str, Any] = field(default_factory=dict)
    found: tuple[str, ...] = ()
    offset: int = 0
    dropped: str = ""
    word: str = ""
    choices: tuple[str, ...] = ()
    ref: str = ""
    booking: str = ""
    agency: int = 0
    mode: str = ""
    deed: str = ""
    reason: str = ""
    card: int = 0
    outcome: str = ""
    misses: int = 0
    said: int = 0
    is_unnamed: bool = False
    by_words: bool = False
    back: tuple[Mapping[str, Any], ...] = ()

    def to(self, scene: Scene, **changed: Any) -> "State":  # noqa: ANN401 - a value for any of the fields
        """The state after going on to another scene: what is not given starts anew, and the way back is kept."""
        kept = {"card": self.card, "said": self.said, "misses": 0, "back": self._way_back()}
        return State(scene=scene, **{**kept, **changed})

    def stay(self, **changed: Any) -> "State":  # noqa: ANN401 - as above
        """The same scene with something changed."""
        return replace(self, **changed)

    def earlier(self) -> "State | None":
        """The state before this one, None where there is none."""
        if not self.back:
            return None
        before = from_json(self.back[-1])
        return replace(before, card=self.card, said=self.said, back=self.back[:-1])

    def _way_back(self) -> tuple[Mapping[str, Any], ...]:
        if self.scene in _PASSING:
            return self.back
        return (*self.back, {**to_json(replace(self, back=())), "card": 0})[-_MOST_BACK:]


# Where nobody wants to be led back to.
_PASSING = frozenset({Scene.LOST, Scene.THANKS, Scene.USEFUL, Scene.BOUNDARY, Scene.STOPPED, Scene.LINKED, Scene.DONE})
_DEFAULTS = {one.name: getattr(State(), one.name) for one in fields(State)}


def to_json(state: State) -> dict[str, Any]:
    """The state as it is stored: what differs from a new one."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(state).items() if value != _DEFAULTS[name]}


def from_json(stored: object) -> State:
    """A stored state; whatever does not fit any more, as after an update, is left out, and an unknown scene is the beginning."""
    if not isinstance(stored, Mapping):
        return State()
    values: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        if name in stored and (value := _fitting(stored[name], default)) is not None:
            values[name] = value
    if values.get("scene") not in tuple(Scene):
        return State()
    return State(**{**values, "scene": Scene(values["scene"])})


def _fitting(value: object, default: object) -> Any:  # noqa: ANN401 - of the default's kind
    if isinstance(default, bool):
        return value if isinstance(value, bool) else None
    if isinstance(default, int):
        return value if type(value) is int and 0 <= value < 2**31 else None
    if isinstance(default, str):
        return value if isinstance(value, str) and len(value) <= _LONGEST_CODE else None
    if isinstance(default, tuple):
        many = value if isinstance(value, list) else []
        return tuple(one for one in many if isinstance(one, str | Mapping))[:_MOST_FOUND]
    return dict(value) if isinstance(value, Mapping) else None


def slots_to_json(slots: Slots) -> dict[str, Any]:
    """The filters among the slots, in codes; words as they were typed are left out."""
    dates = slots.dates
    kept: dict[str, Any] = {
        "topics": list(slots.topics),
        "types": list(slots.types),
        "audience": slots.audience,
        "mode": str(slots.mode),
        "dates": [dates.start.isoformat(), dates.end.isoformat() if dates.end else "", str(dates.precision)] if dates else [],
        "time_from": slots.time_from,
        "time_to": slots.time_to,
        "weekdays": list(slots.weekdays),
        "venue": slots.venue,
        "has_places": slots.has_places,
    }
    return {name: value for name, value in kept.items() if value}


def slots_from_json(stored: Mapping[str, Any]) -> Slots:
    """Slots of a state; what does not fit is left out."""
    return Slots(
        topics=_texts(stored.get("topics")),
        types=_texts(stored.get("types")),
        audience=_text(stored.get("audience")),
        mode=_text(stored.get("mode")) if stored.get("mode") in tuple(Mode) else "",
        dates=_dates(stored.get("dates")),
        time_from=_text(stored.get("time_from")),
        time_to=_text(stored.get("time_to")),
        weekdays=_texts(stored.get("weekdays")),
        venue=_text(stored.get("venue")),
        has_places=stored.get("has_places") is True,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def _dates(value: object) -> DateRange | None:
    if not isinstance(value, list | tuple) or len(value) != 3:
        return None
    try:
        start, end = date.fromisoformat(value[0]), date.fromisoformat(value[1]) if value[1] else None
        return DateRange(start, end, Precision(value[2]), words="")
    except (TypeError, ValueError):
        return None
