"""The data of buttons: a verb and what it acts on, complete in itself, in at most 64 bytes."""

import re
from enum import StrEnum

from marstraining.conversation.rules.exchange import LONGEST_DATA, Button
from marstraining.core.values import frozen


class Verb(StrEnum):
    """What pressing does; the letters stand in buttons that people may still have, so they never change their meaning."""

    HELP = "h"
    BACK = "bk"
    AGAIN = "sa"
    PERSON = "p"
    PRIVACY = "pv"
    CONTACTS = "ct"
    TRAINING = "lt"
    FIND = "f"
    TOPIC = "t"
    UNFILTER = "x"
    MORE = "mo"
    DATES = "d"
    CASE = "k"
    SESSION = "s"
    DOCUMENT = "r"
    TERM = "df"
    BOOK = "b"
    JOIN = "w"
    AGENCY = "a"
    MODE = "o"
    CONFIRM = "ok"
    DENY = "no"
    MINE = "mb"
    OWN = "my"
    CANCEL = "c"
    REASON = "rs"
    MOVE = "mv"
    MOVE_TO = "mt"
    ACCEPT = "ac"
    TURN_DOWN = "td"
    JOINING = "jl"
    RECORD = "rc"
    FOLLOW = "su"
    UNFOLLOW = "us"
    UNFOLLOW_ALL = "ua"
    USEFUL = "u"
    LINK = "ly"
    UNLINKED = "ln"
    REMOVE = "rm"
    FEEDBACK = "fl"
    STEP = "fb"
    SEND = "fs"


_REF = r"[0-9a-hjkmnp-tv-z]{10}"
_SLUG = r"[a-z0-9_]{1,60}"
_NUMBER = r"[0-9]{1,9}"
# Answers pressed so far, a character each (`evaluation.rules.steps`).
_CODE = r"[0-9a-c-]{0,50}"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# What may follow each verb, part by part.
_PARTS: dict[Verb, tuple[str, ...]] = {
    Verb.FIND: (r"training|resources",),
    Verb.TOPIC: (_SLUG,),
    Verb.UNFILTER: (r"[a-z_]{1,12}",),
    Verb.MORE: (_NUMBER,),
    Verb.DATES: (_DAY, rf"(?:{_DAY})?", r"[a-z]{1,12}"),
    Verb.CASE: (r"training|case",),
    Verb.SESSION: (_REF,),
    Verb.DOCUMENT: (r"[A-Za-z0-9_.:/-]{1,58}",),
    Verb.TERM: (r"[A-Za-z0-9 _-]{1,40}",),
    Verb.BOOK: (_REF,),
    Verb.JOIN: (_REF,),
    Verb.AGENCY: (_REF, _NUMBER),
    Verb.MODE: (_REF, r"room|online"),
    Verb.CONFIRM: (r"[a-z_]{1,16}", rf"(?:{_REF}|{_SLUG})?", _NUMBER),
    Verb.DENY: (_NUMBER,),
    Verb.OWN: (_REF,),
    Verb.CANCEL: (_REF,),
    Verb.REASON: (r"[a-z_]{1,30}",),
    Verb.MOVE: (_REF,),
    Verb.MOVE_TO: (_REF, _REF),
    Verb.ACCEPT: (_REF,),
    Verb.TURN_DOWN: (_REF,),
    Verb.JOINING: (_REF,),
    Verb.FOLLOW: (_SLUG,),
    Verb.UNFOLLOW: (r"[A-Za-z0-9_-]{1,60}",),
    Verb.USEFUL: (r"[yn]",),
    Verb.LINK: (r"[A-Za-z0-9_-]{16,60}",),
    Verb.REMOVE: (r"[A-Za-z0-9-]{1,20}",),
    Verb.STEP: (_REF, _CODE),
    Verb.SEND: (_REF, _CODE),
}


@frozen
class Press:
    """A button that was pressed: the verb and its parts, all of the right form, none of them checked for being there."""

    verb: Verb
    parts: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """The first part, "" where the verb has none."""
        return self.parts[0] if self.parts else ""


def data_of(verb: Verb, *parts: object) -> str:
    """The data of a button; ValueError for what `read_press` would not read back."""
    data = ":".join([verb.value, *(str(part) for part in parts)])
    if read_press(data) is None:
        raise ValueError(f"a button cannot hold {data!r}")
    return data


def button(label: str, verb: Verb, *parts: object) -> Button:
    return Button(label, data_of(verb, *parts))


def confirming(label: str, deed: str, what: str, card: int) -> Button:
    """The button that confirms a card; what is too long for it is left out, since the state has it and the card's number says which."""
    fits = len(f"{Verb.CONFIRM}:{deed}:{what}:{card}".encode()) <= LONGEST_DATA
    return button(label, Verb.CONFIRM, deed, what if fits else "", card)


def read_press(data: str) -> Press | None:
    """What a button's data says; None for data that was never ours, or not of this version."""
    if len(data.encode(errors="replace")) > LONGEST_DATA:
        return None
    word, _, rest = data.partition(":")
    try:
        verb = Verb(word)
    except ValueError:
        return None
    patterns = _PARTS.get(verb, ())
    # The last part may hold colons of its own.
    parts = tuple(rest.split(":", max(len(patterns) - 1, 0))) if patterns else ((rest,) if ":" in data else ())
    if len(parts) != len(patterns):
        return None
    return Press(verb, parts) if all(re.fullmatch(form, part) for form, part in zip(patterns, parts, strict=True)) else None
