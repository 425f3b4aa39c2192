"""The columns of a list that is no known report: what a person says each of them holds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.meeting_reports.dates import Order
from marstraining.meeting_reports.headings import Field
from marstraining.meeting_reports.model import Fault

# What can be said of a column, in the order of the page, with what it is called in a sentence.
ASKED: Mapping[str, str] = {
    "name": "names",
    "first_name": "first names",
    "last_name": "last names",
    "email": "email addresses",
    "joined": "times of joining",
    "left": "times of leaving",
    "duration": "durations",
    "attended": "who attended",
}
_FIELDS: Mapping[str, Field] = {
    "name": Field.NAME,
    "first_name": Field.FIRST_NAME,
    "last_name": Field.LAST_NAME,
    "email": Field.EMAIL,
    "joined": Field.JOIN,
    "left": Field.LEAVE,
    "attended": Field.ATTENDED,
}
_WHO = ("name", "first_name", "last_name", "email")
_PRESENCE = ("joined", "left", "duration", "attended")


@frozen
class Columns:
    """Which column holds what, counted from 0; None where the list has no such column.

    `is_minutes` says that durations are numbers of minutes, not words as `1h 20m 5s`. `is_everybody`: whoever is on the list was
    there. `order` is how dates are written where nothing else shows it.
    """

    name: int | None = None
    first_name: int | None = None
    last_name: int | None = None
    email: int | None = None
    joined: int | None = None
    left: int | None = None
    duration: int | None = None
    attended: int | None = None
    is_minutes: bool = False
    is_everybody: bool = False
    order: Order | None = None

    @property
    def named(self) -> Mapping[str, int]:
        """What was said of columns, by the words of `ASKED`."""
        return {word: place for word in ASKED if (place := getattr(self, word)) is not None}

    @property
    def places(self) -> dict[Field, int]:
        """The same as the fields of a report's list."""
        found = {field: place for word, field in _FIELDS.items() if (place := getattr(self, word)) is not None}
        if self.duration is not None:
            found[Field.MINUTES if self.is_minutes else Field.DURATION] = self.duration
        return found


@frozen
class FoundList:
    """A list in a file that is no known report, for a person to say what its columns are.

    `headings` are as written, `key` is the same for files with the same headings, `examples` are the first rows, each as wide as
    the headings. `guess` is what the columns look like. `asks_order`: by the guess, the dates can be read day first and month first
    and nothing in the file or of the session shows which.
    """

    headings: tuple[str, ...]
    key: str
    examples: tuple[tuple[str, ...], ...]
    rows: int
    guess: Columns
    asks_order: bool = False


def check_columns(columns: Columns, headings: Sequence[str]) -> None:
    """Refuse what does not say who was there, or not how that is known; `field` is the word at fault."""
    if any(not 0 <= place < len(headings) for place in columns.named.values()):
        raise _wrong("Select a column of this file", "name")
    if not any(getattr(columns, word) is not None for word in _WHO):
        raise _wrong("Select the column with names, or the one with email addresses", "name")
    if columns.left is not None and columns.joined is None and columns.duration is None:
        raise _wrong("Select the column with times of joining too", "joined")
    if not columns.is_everybody and not any(getattr(columns, word) is not None for word in _PRESENCE):
        raise _wrong("Select a column that shows who was there, or say that everybody on this list was", "attended")
    taken: dict[int, str] = {}
    for word, place in columns.named.items():
        if place in taken:
            heading = headings[place] or f"Column {place + 1}"
            raise _wrong(f"“{heading}” is selected for {ASKED[taken[place]]} already: a column holds one thing", word)
        taken[place] = word


def _wrong(sentence: str, field: str) -> Refused:
    return Refused(sentence, code=Fault.WRONG_COLUMNS.value, field=field)


# ---- as plain values -------------------------------------------------------------------------------------------------


def columns_to_json(columns: Columns) -> dict[str, object]:
    """Plain values; what was not said is left out."""
    said = {field.name: getattr(columns, field.name) for field in fields(columns)}
    return {name: value for name, value in said.items() if value is not None and value is not False}


def columns_from_json(said: Mapping[str, Any], width: int | None = None) -> Columns:
    """The columns that `columns_to_json` wrote; what is beyond a width, or was never written by it, is left out."""
    order = said.get("order")
    read = {word: int(place) for word, place in _numbers(said) if width is None or place < width}
    return Columns(
        **read,
        is_minutes=bool(said.get("is_minutes")),
        is_everybody=bool(said.get("is_everybody")),
        order=Order(order) if order in set(Order) else None,
    )


def _numbers(said: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for word in ASKED:
        place = said.get(word)
        if isinstance(place, int) and not isinstance(place, bool) and place >= 0:
            yield word, place


def found_to_json(found: FoundList) -> dict[str, object]:
    return {field.name: getattr(found, field.name) for field in fields(found)} | {"guess": columns_to_json(found.guess)}


def found_from_json(said: Mapping[str, Any]) -> FoundList:
    """The list that `found_to_json` wrote."""
    examples = tuple(tuple(row) for row in said["examples"])
    return FoundList(tuple(said["headings"]), said["key"], examples, said["rows"], columns_from_json(said["guess"]), said["asks_order"])


def by_headings(said: Mapping[str, str], headings: Sequence[str]) -> Columns:
    """Columns named by their headings, or numbered from 1, as somebody types them; `said` is by the words of `ASKED`.

    Refuses a heading that the file has not, or more than once.
    """
    known = [" ".join(heading.casefold().split()) for heading in headings]
    found: dict[str, int] = {}
    for word, typed in said.items():
        wanted = " ".join(typed.casefold().split())
        places = [place for place, heading in enumerate(known) if heading == wanted]
        if not places and wanted.isascii() and wanted.isdigit() and 0 < int(wanted) <= len(headings):
            places = [int(wanted) - 1]
        if len(places) != 1:
            why = "has no column" if not places else "has more than one column"
            raise _wrong(f"The file {why} “{typed}”. Its columns are: {', '.join(heading for heading in headings if heading)}", word)
        found[word] = places[0]
    return columns_from_json(found)
