"""The rows of a report's lists, read cell by cell; times stay as written until the file's order of day and month is known."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from marstraining.meeting_reports.dates import Moment, is_bare_date, is_bare_time, read_moment
from marstraining.meeting_reports.durations import read_duration, read_minutes, read_own_minutes
from marstraining.meeting_reports.headings import JOINED_WORDS, LEFT_WORDS, NO_WORDS, YES_WORDS, Field
from marstraining.meeting_reports.model import LONGEST_SECONDS, Note, Variant
from marstraining.meeting_reports.names import Name, plain_name, teams_name, zoom_name
from marstraining.meeting_reports.tables import Sheet, Table
from marstraining.meeting_reports.text import Row, heading, tidy, unclosed

_EMPTY = frozenset({"", "-", "--", "n/a"})
_ADDRESS = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@,;<>().]+")
_LONGEST_ADDRESS = 254
_WHO = (Field.NAME, Field.EMAIL, Field.FIRST_NAME, Field.LAST_NAME)


class Kind(StrEnum):
    """What a row stands for: a whole person, one stay of theirs, a stay that explains a person's row, an event."""

    PERSON = "person"
    STAY = "stay"
    ACTIVITY = "activity"
    JOINED = "joined"
    LEFT = "left"


class Entry(NamedTuple):
    """One row. `joined` is the time of an event too.

    `line` is a connection of a live event, or a record of JSON; `person` is whom a live event takes for one person. `is_whole`: the
    file says that they were there, and not when or how long.
    """

    row: int
    kind: Kind
    name: Name
    email: str = ""
    joined: Moment | None = None
    left: Moment | None = None
    stated_seconds: float | None = None
    line: str = ""
    person: str = ""
    is_whole: bool = False


@dataclass
class Entries:
    """What the lists of a file hold, collected row by row; `moments` are all its dates, those of registrations too."""

    found: list[Entry] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)

    def note(self, row: int, text: str) -> None:
        self.notes.append(Note(row, text))


def entries_of(sheet: Sheet, variant: Variant) -> Entries:
    """Every row of every list that says something of presence; who registered and did not come is left out without a word."""
    entries = Entries()
    has_people = any(_is_of_people(table) for table in sheet.tables)
    for table in sheet.tables:
        kind = Kind.PERSON if _is_of_people(table) else Kind.ACTIVITY if has_people else Kind.STAY
        reader = _Reader(table, variant, kind, entries)
        width = len(table.headings)
        for row in table.rows:
            if "\n" in "".join(row.cells):
                raise unclosed(row.number)
            whole = row if len(row.cells) <= width else _mended(row)
            if len(whole.cells) > width:
                entries.note(row.number, "The row has more cells than there are headings and is not counted.")
            elif (entry := reader.read(whole)) is not None:
                entries.found.append(entry)
    if any(entry.is_whole for entry in entries.found):
        entries.found = _without_known(entries.found)
    return entries


def _without_known(found: Sequence[Entry]) -> list[Entry]:
    """Leave out who is said to have come where another list of the file says when: it would count twice."""
    timed = {who for entry in found if not entry.is_whole for who in _who(entry)}
    return [entry for entry in found if not entry.is_whole or timed.isdisjoint(_who(entry)[:1])]


def _who(entry: Entry) -> tuple[str, ...]:
    return (entry.email, *entry.name.keys) if entry.email else entry.name.keys


def _is_of_people(table: Table) -> bool:
    """Whether a list has one row for each person (or record of one), not one for each time of joining."""
    fields = table.places
    return not {Field.FIRST_JOIN, Field.LAST_LEAVE}.isdisjoint(fields) or {Field.JOIN, Field.LEAVE, Field.ACTION}.isdisjoint(fields)


def _mended(row: Row) -> Row:
    """A row in which dates were torn from their times, as when `9/22/26, 2:48 PM` is saved with commas and no quotation marks."""
    cells: list[str] = []
    for cell in row.cells:
        if cells and is_bare_time(tidy(cell)) and is_bare_date(tidy(cells[-1])):
            cells[-1] = f"{cells[-1]}, {cell}"
        else:
            cells.append(cell)
    return Row(row.number, cells)


class _Reader:
    """Reads the rows of one list: where each field stands is found once, since a list can have twenty thousand."""

    def __init__(self, table: Table, variant: Variant, kind: Kind, entries: Entries) -> None:
        self._entries, self._kind = entries, kind
        self._name_of = zoom_name if variant.is_zoom else teams_name
        # The place of a field that the list has not is the last, at which every row is given an empty cell.
        self._width, places = len(table.headings), table.places
        self._name, self._email, self._first_name, self._last_name = self._at(places, *_WHO)
        self._joined = self._at(places, Field.FIRST_JOIN, Field.JOIN)
        self._left = self._at(places, Field.LAST_LEAVE, Field.LEAVE)
        self._minutes, self._duration = self._at(places, Field.MINUTES, Field.DURATION)
        self._attended, self._waiting, self._registered = self._at(places, Field.ATTENDED, Field.WAITING_ROOM, Field.REGISTERED)
        self._event = self._at(places, Field.ACTION, Field.UTC_TIMESTAMP, Field.TIMESTAMP, Field.EVENT_SESSION, Field.EVENT_PERSON)
        self._has_names_apart = not {Field.FIRST_NAME, Field.LAST_NAME}.isdisjoint(places)
        self._is_own, self._is_webinar = variant == Variant.OWN, variant == Variant.TEAMS_WEBINAR
        self._is_everybody, self._says_who = table.is_everybody, Field.ATTENDED in places
        self._has_events = Field.ACTION in places
        self._has_registrations = not {Field.REGISTERED, Field.REGISTRATION_STATUS}.isdisjoint(places)

    def _at(self, places: Mapping[Field, int], *fields: Field) -> tuple[int, ...]:
        return tuple(places.get(field, -1) for field in fields)

    def read(self, row: Row) -> Entry | None:
        """What a row says, None where it says nothing of presence; notes and moments are added to the file's."""
        number, entries = row.number, self._entries
        cells = [*row.cells, *[""] * (self._width + 1 - len(row.cells))]
        if self._has_registrations and (registered := read_moment(tidy(cells[self._registered]))):
            # Weeks before the meeting, it may show the file's order of day and month.
            entries.moments.append(registered)
        if self._says_who and not self._was_there(number, heading(cells[self._attended])):
            return None
        if cells[self._waiting] and heading(cells[self._waiting]) == "yes":
            entries.note(number, "Time in the waiting room is not counted.")
            return None
        name = self._named(cells)
        typed = cells[self._email]
        email = self._address(number, typed) if typed else ""
        if not (name.keys or name.telephone or email):
            entries.note(number, "The row has neither a name nor an email address and is not counted.")
            return None
        if self._has_events:
            return self._of_event(number, cells, name, email)
        joined = self._moment(number, cells, self._joined, "joining")
        left = self._moment(number, cells, self._left, "leaving")
        stated = self._stated(number, cells)
        is_whole = False
        if joined is None and left is None and not stated:
            is_whole = stated is None and self._is_there_whole(cells)
            if self._has_registrations and not is_whole:
                return None
            if stated is None and not is_whole:
                entries.note(number, "The row has neither times nor a duration: it counts as 0 minutes.")
        return Entry(number, self._kind, name, email, joined, left, stated, is_whole=is_whole)

    def _was_there(self, row: int, word: str) -> bool:
        """Whether a column of who attended lets a row count. Of a list of one's own a yes is asked for, and an empty cell is none."""
        if not self._is_own or word in YES_WORDS:
            return word not in NO_WORDS
        if word and word not in NO_WORDS:
            self._entries.note(row, "The row says neither yes nor no to having attended and is not counted.")
        return False

    def _is_there_whole(self, cells: Sequence[str]) -> bool:
        """Whether the file says of somebody without times that they were there: by a yes, or because everybody was."""
        if self._is_own:
            return self._says_who or self._is_everybody
        return self._is_webinar and heading(cells[self._attended]) in YES_WORDS

    def _named(self, cells: Sequence[str]) -> Name:
        shown = cells[self._name]
        name = self._name_of(shown)
        if not self._has_names_apart:
            return name
        written = plain_name(cells[self._first_name], cells[self._last_name])
        if not shown.strip():
            return written
        return Name(name.shown, name.company, tuple(dict.fromkeys((*name.keys, *written.keys))), name.telephone) if written.keys else name

    def _address(self, row: int, cell: str) -> str:
        """The address, lower-case, or "". What cannot be one is left out; the participant id beside it is never taken instead."""
        typed = heading(cell)
        if typed in _EMPTY:
            return ""
        if len(typed) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(typed):
            self._entries.note(row, "The email address cannot be one and is left out.")
            return ""
        return typed

    def _moment(self, row: int, cells: Sequence[str], places: Sequence[int], word: str) -> Moment | None:
        typed = tidy(cells[places[0]] or cells[places[1]])
        if typed in _EMPTY:
            return None
        moment = read_moment(typed)
        if moment is None:
            self._entries.note(row, f"The {word} time cannot be read.")
        else:
            self._entries.moments.append(moment)
        return moment

    def _stated(self, row: int, cells: Sequence[str]) -> float | None:
        minutes = tidy(cells[self._minutes])
        typed = minutes or tidy(cells[self._duration])
        read_number = read_own_minutes if self._is_own else read_minutes
        stated = read_number(minutes) if minutes else read_duration(typed)
        if stated is not None and stated <= LONGEST_SECONDS:
            return stated
        if typed not in _EMPTY:
            self._entries.note(row, "The duration cannot be read.")
        return None

    def _of_event(self, row: int, cells: Sequence[str], name: Name, email: str) -> Entry | None:
        action, utc, plain, line, person = (cells[place] for place in self._event)
        at = self._moment(row, (utc, plain), (0, 1), "joining or leaving")
        word = heading(action)
        if word not in JOINED_WORDS and word not in LEFT_WORDS:
            self._entries.note(row, "The row says neither joined nor left and is not counted.")
            return None
        if at is None:
            return None
        kind = Kind.JOINED if word in JOINED_WORDS else Kind.LEFT
        return Entry(row, kind, name, email, at, line=line.strip(), person=person.strip())
