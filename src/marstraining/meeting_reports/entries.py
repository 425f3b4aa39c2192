"""The rows of a report's lists, read cell by cell; times stay as written until the file's order of day and month is known."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from marstraining.meeting_reports.dates import Moment, is_bare_date, is_bare_time, read_moment
from marstraining.meeting_reports.durations import read_duration, read_minutes
from marstraining.meeting_reports.headings import JOINED_WORDS, LEFT_WORDS, Field
from marstraining.meeting_reports.model import LONGEST_SECONDS, Note, Variant
from marstraining.meeting_reports.names import Name, plain_name, teams_name, zoom_name
from marstraining.meeting_reports.tables import Sheet, Table
from marstraining.meeting_reports.text import Row, heading, tidy, unclosed

_EMPTY = frozenset({"", "-", "--", "n/a"})
_ADDRESS = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@,;<>().]+")
_LONGEST_ADDRESS = 254


class Kind(StrEnum):
    """What a row stands for: a whole person, one stay of theirs, a stay that explains a person's row, an event."""

    PERSON = "person"
    STAY = "stay"
    ACTIVITY = "activity"
    JOINED = "joined"
    LEFT = "left"


class Entry(NamedTuple):
    """One row. `joined` is the time of an event too.

    `line` is a connection of a live event, or a record of JSON; `person` is whom a live event takes for one person.
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
        for row in table.rows:
            if any("\n" in cell for cell in row.cells):
                raise unclosed(row.number)
            whole = _mended(row, len(table.headings))
            if len(whole.cells) > len(table.headings):
                entries.note(row.number, "The row has more cells than there are headings and is not counted.")
            else:
                entries.found.extend(_read(table, whole, variant, entries, kind))
    return entries


def _is_of_people(table: Table) -> bool:
    """Whether a list has one row for each person (or record of one), not one for each time of joining."""
    fields = table.places
    return not {Field.FIRST_JOIN, Field.LAST_LEAVE}.isdisjoint(fields) or {Field.JOIN, Field.LEAVE, Field.ACTION}.isdisjoint(fields)


def _mended(row: Row, width: int) -> Row:
    """A row in which dates were torn from their times, as when `9/22/26, 2:48 PM` is saved with commas and no quotation marks."""
    if len(row.cells) <= width:
        return row
    cells: list[str] = []
    for cell in row.cells:
        if cells and is_bare_time(tidy(cell)) and is_bare_date(tidy(cells[-1])):
            cells[-1] = f"{cells[-1]}, {cell}"
        else:
            cells.append(cell)
    return Row(row.number, cells)


def _read(table: Table, row: Row, variant: Variant, entries: Entries, kind: Kind) -> Iterator[Entry]:
    has_registrations = not {Field.REGISTERED, Field.REGISTRATION_STATUS}.isdisjoint(table.places)
    if has_registrations and (registered := read_moment(tidy(table.cell(row, Field.REGISTERED)))):
        # Weeks before the meeting, it may show the file's order of day and month.
        entries.moments.append(registered)
    if Field.ATTENDED in table.places and heading(table.cell(row, Field.ATTENDED)) == "no":
        return
    if Field.WAITING_ROOM in table.places and heading(table.cell(row, Field.WAITING_ROOM)) == "yes":
        entries.note(row.number, "Time in the waiting room is not counted.")
        return
    name = _name(table, row, variant)
    email = _email(table, row, entries)
    if not (name.keys or name.telephone or email):
        entries.note(row.number, "The row has neither a name nor an email address and is not counted.")
        return
    if Field.ACTION in table.places:
        yield from _event(table, row, entries, name, email)
        return
    joined = _moment(table, row, (Field.FIRST_JOIN, Field.JOIN), "joining", entries)
    left = _moment(table, row, (Field.LAST_LEAVE, Field.LEAVE), "leaving", entries)
    stated = _stated(table, row, entries)
    if has_registrations and not (joined or left or stated):
        return
    if joined is None and left is None and stated is None:
        entries.note(row.number, "The row has neither times nor a duration: it counts as 0 minutes.")
    yield Entry(row.number, kind, name, email, joined, left, stated)


def _name(table: Table, row: Row, variant: Variant) -> Name:
    shown = table.cell(row, Field.NAME)
    name = zoom_name(shown) if variant.is_zoom else teams_name(shown)
    if Field.FIRST_NAME not in table.places:
        return name
    written = plain_name(table.cell(row, Field.FIRST_NAME), table.cell(row, Field.LAST_NAME))
    if not shown.strip():
        return written
    return Name(name.shown, name.company, tuple(dict.fromkeys((*name.keys, *written.keys))), name.telephone) if written.keys else name


def _email(table: Table, row: Row, entries: Entries) -> str:
    """The address, lower-case, or "". What cannot be one is left out; the participant id beside it is never taken instead."""
    typed = tidy(table.cell(row, Field.EMAIL)).casefold()
    if typed in _EMPTY:
        return ""
    if len(typed) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(typed):
        entries.note(row.number, "The email address cannot be one and is left out.")
        return ""
    return typed


def _moment(table: Table, row: Row, fields: Sequence[Field], word: str, entries: Entries) -> Moment | None:
    typed = tidy(table.cell(row, fields[0]) or table.cell(row, fields[1]))
    if typed in _EMPTY:
        return None
    moment = read_moment(typed)
    if moment is None:
        entries.note(row.number, f"The {word} time cannot be read.")
    else:
        entries.moments.append(moment)
    return moment


def _stated(table: Table, row: Row, entries: Entries) -> float | None:
    minutes = tidy(table.cell(row, Field.MINUTES))
    typed = minutes or tidy(table.cell(row, Field.DURATION))
    stated = read_minutes(minutes) if minutes else read_duration(typed)
    if stated is not None and stated <= LONGEST_SECONDS:
        return stated
    if typed not in _EMPTY:
        entries.note(row.number, "The duration cannot be read.")
    return None


def _event(table: Table, row: Row, entries: Entries, name: Name, email: str) -> Iterator[Entry]:
    at = _moment(table, row, (Field.UTC_TIMESTAMP, Field.TIMESTAMP), "joining or leaving", entries)
    word = heading(table.cell(row, Field.ACTION))
    if word not in JOINED_WORDS | LEFT_WORDS:
        entries.note(row.number, "The row says neither joined nor left and is not counted.")
    elif at is not None:
        kind = Kind.JOINED if word in JOINED_WORDS else Kind.LEFT
        line, person = (table.cell(row, column).strip() for column in (Field.EVENT_SESSION, Field.EVENT_PERSON))
        yield Entry(row.number, kind, name, email, at, line=line, person=person)
