"""Lists that are no known report: where the headings stand, what their columns look like, and the list as a report's."""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from marstraining.meeting_reports.columns import ASKED, Columns, FoundList, check_columns, columns_from_json
from marstraining.meeting_reports.dates import is_bare_date, is_bare_time, read_moment
from marstraining.meeting_reports.durations import read_duration
from marstraining.meeting_reports.headings import NO_WORDS, YES_WORDS, Field, fields_of
from marstraining.meeting_reports.model import Fault, refused
from marstraining.meeting_reports.tables import Sheet, Table, is_section, no_participants, not_a_report
from marstraining.meeting_reports.text import MAX_ROWS, Row, heading, records, tidy, too_many_rows

_DELIMITERS = ("\t", ";", ",", "|")
# Of a file's beginning so much tells what stands between its cells, and where its headings are.
_SAMPLE = 64 * 1024
_SAMPLE_ROWS = 200
_FIRST_ROWS = 50
_EXAMPLES = 3
_LONGEST_SHOWN = 60
_LONGEST_HEADING = 100
# A heading row is about as wide as the list below it.
_AS_WIDE = 0.6
_MOST = 0.6
_UNREADABLE = re.compile("[\ufffd\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_NUMBER = re.compile(r"[+\-]?\d+(?:[.,:/]\d+)*%?", re.ASCII)
_MINUTES = re.compile(r"\d{1,5}(?:[.,]\d+)?", re.ASCII)
# What people head their own lists with, beside the words of known reports.
_MORE: Mapping[str, Sequence[str]] = {
    "name": (
        "delegate", "delegate name", "name of delegate", "attendee", "attendees", "participant", "participants", "learner", "learner name",
        "staff name", "employee", "employee name", "practitioner", "person", "names",
    ),
    "first_name": ("forename", "forenames", "firstname", "first names", "given names"),
    "last_name": ("lastname", "family names", "surnames"),
    "email": ("e mail", "mail", "work email", "email (work)", "your email", "email addresses", "contact email", "delegate email"),
    "joined": (
        "time in", "in", "sign in", "sign in time", "signed in", "arrived", "arrival", "arrival time", "time of arrival", "check in",
        "check-in", "checked in", "check in time", "joined", "first joined", "entered", "start time",
    ),
    "left": (
        "time out", "out", "sign out", "sign out time", "signed out", "departed", "departure", "departure time", "time of departure",
        "check out", "check-out", "checked out", "left", "last left", "exited", "end time",
    ),
    "duration": (
        "minutes", "mins", "minutes attended", "time attended", "time spent", "total time", "duration (mins)", "duration in minutes",
        "minutes present", "attendance (minutes)", "total minutes", "time in meeting",
    ),
    "attended": ("attended?", "did attend", "present", "present?", "attendance", "attendance status", "attended (y/n)", "attended y/n"),
}  # fmt: skip
_BY_HEADING = {heading: word for word, headings in _MORE.items() for heading in headings}
_BY_FIELD = {
    Field.NAME: "name", Field.FIRST_NAME: "first_name", Field.LAST_NAME: "last_name", Field.EMAIL: "email", Field.FIRST_JOIN: "joined",
    Field.JOIN: "joined", Field.LAST_LEAVE: "left", Field.LEAVE: "left", Field.DURATION: "duration", Field.MINUTES: "duration",
    Field.ATTENDED: "attended",
}  # fmt: skip


def found_list(text: str) -> FoundList:
    """The list in a file's text, with a guess at its columns.

    Refuses with NOT_A_REPORT what is no list with headings, with NO_PARTICIPANTS one without rows, and as reading does with
    UNCLOSED_QUOTE and TOO_LARGE.
    """
    table = _table_of(text)
    headings = tuple(tidy(cell)[:_LONGEST_HEADING] for cell in table.headings)
    examples = tuple(tuple(tidy(cell)[:_LONGEST_SHOWN] for cell in _whole(row, len(headings))) for row in table.rows[:_EXAMPLES])
    return FoundList(headings, key_of(headings), examples, len(table.rows), _guess(table))


def sheet_by(text: str, columns: Columns) -> Sheet:
    """The list as a report's, with columns as somebody said; refuses as `found_list`, and what does not fit the cells.

    What stands above the headings is not read.
    """
    table = _table_of(text)
    placed = Table(table.number, [heading(cell) for cell in table.headings], columns.places, table.rows, is_everybody=columns.is_everybody)
    check_columns(columns, [tidy(cell)[:_LONGEST_HEADING] for cell in table.headings])
    _check_cells(columns, table)
    return Sheet((), [placed], ())


def key_of(headings: Sequence[str]) -> str:
    """The same for the same headings, however their case and spaces are."""
    return hashlib.sha256("\x1f".join(heading(cell) for cell in headings).encode("utf-8", "replace")).hexdigest()


# ---- where the list is -------------------------------------------------------------------------------------------------


def _table_of(text: str) -> Table:
    """The widest list: its headings as written, and the rows below them."""
    if len(_UNREADABLE.findall(text[:_SAMPLE])) > len(text[:_SAMPLE]) / 100:
        raise not_a_report()
    rows = list(records(text, _delimiter(text)))
    width = max((_filled(row) for row in rows[:_SAMPLE_ROWS]), default=0)
    # Above the list may stand what it is of, and a report of an unknown language has a summary there.
    first = next((place for place, row in enumerate(rows[:_FIRST_ROWS]) if _heads(row, width)), None)
    if first is None:
        raise not_a_report()
    head = rows[first]
    below: list[Row] = []
    for row in rows[first + 1 :]:
        if len(row.cells) == 1 and is_section(heading(row.cells[0])):
            break
        if row.cells != head.cells:
            below.append(row)
    if not below:
        raise no_participants()
    if len(below) > MAX_ROWS:
        raise too_many_rows()
    return Table(head.number, head.cells, {}, below)


def _delimiter(text: str) -> str:
    """What divides most rows of the file's beginning into cells."""
    sample = text[:_SAMPLE]

    def divided(delimiter: str) -> int:
        try:
            rows = list(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter))
        except csv.Error:
            return 0
        return sum(len([cell for cell in row if cell.strip()]) > 1 for row in rows[:_SAMPLE_ROWS])

    return max(_DELIMITERS, key=divided)


def _heads(row: Row, width: int) -> bool:
    """Whether a row can be that of headings: about as wide as the list, words only, most of them once."""
    words = [tidy(cell).casefold() for cell in row.cells if cell.strip()]
    return (
        len(words) >= 2
        and len(words) >= width * _AS_WIDE
        and len(set(words)) >= max(2, len(words) * _MOST)
        and all(len(word) <= _LONGEST_HEADING and not _is_value(word) for word in words)
    )


def _is_value(word: str) -> bool:
    is_number = _NUMBER.fullmatch(word) is not None or not any(letter.isalpha() for letter in word)
    return is_number or _ADDRESS.fullmatch(word) is not None or read_moment(word) is not None or is_bare_date(word)


def _filled(row: Row) -> int:
    return sum(bool(cell.strip()) for cell in row.cells)


def _whole(row: Row, width: int) -> list[str]:
    return [*row.cells, *[""] * width][:width]


# ---- what its columns look like ----------------------------------------------------------------------------------------


def _guess(table: Table) -> Columns:
    """By the headings, then by what stands below them; nothing is said of a column that looks like nothing."""
    names = [heading(cell) for cell in table.headings]
    said: dict[str, int] = {}
    for place, name in enumerate(names):
        field = next(iter(fields_of([name])), None)
        word = _BY_FIELD.get(field) if field else None
        said.setdefault(word or _BY_HEADING.get(name, ""), place)
    said.pop("", None)
    cells = [_column(table, place) for place in range(len(names))]
    for word, looks_so in _LOOKS:
        free = [place for place in range(len(names)) if place not in said.values()]
        if word not in said and (found := next((place for place in free if _mostly(cells[place], looks_so)), None)) is not None:
            said[word] = found
    if {"first_name", "last_name"} <= said.keys():
        said.pop("name", None)
    elif "name" in said:
        said = {word: place for word, place in said.items() if word not in {"first_name", "last_name"}}
    _drop_unfit(said, cells)
    duration = said.get("duration")
    is_minutes = duration is not None and _mostly(cells[duration], lambda cell: _MINUTES.fullmatch(cell) is not None)
    return columns_from_json({**said, "is_minutes": is_minutes})


def _drop_unfit(said: dict[str, int], cells: Sequence[Sequence[str]]) -> None:
    """Let a guess by its heading go where nothing below is of that kind: "Sign in" can head signatures."""
    for word, fits in _FITS.items():
        place = said.get(word)
        if place is not None and cells[place] and not any(fits(cell) for cell in cells[place]):
            del said[word]


def _column(table: Table, place: int) -> list[str]:
    cells = (tidy(row.cells[place]) for row in table.rows[:_SAMPLE_ROWS] if place < len(row.cells))
    return [cell for cell in cells if cell]


def _mostly(cells: Sequence[str], looks_so: Callable[[str], bool]) -> bool:
    return bool(cells) and sum(looks_so(cell) for cell in cells) >= len(cells) * _MOST


def _is_moment(cell: str) -> bool:
    return read_moment(cell) is not None


def _is_yes_or_no(cell: str) -> bool:
    return cell.casefold() in YES_WORDS or cell.casefold() in NO_WORDS


def _is_name(cell: str) -> bool:
    return " " in cell and not any(letter.isdigit() for letter in cell) and not is_bare_time(cell)


def _is_duration(cell: str) -> bool:
    return _MINUTES.fullmatch(cell) is not None or read_duration(cell) is not None


_LOOKS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("email", lambda cell: _ADDRESS.fullmatch(cell) is not None),
    ("joined", _is_moment),
    ("left", _is_moment),
    ("duration", lambda cell: read_duration(cell) is not None),
    # A column of ones and noughts can be anything.
    ("attended", lambda cell: _is_yes_or_no(cell) and not cell.isdigit()),
    ("name", _is_name),
)
_FITS: Mapping[str, Callable[[str], bool]] = {
    "joined": _is_moment,
    "left": _is_moment,
    "duration": _is_duration,
    "attended": _is_yes_or_no,
}


# ---- what was said of them ---------------------------------------------------------------------------------------------


def _check_cells(columns: Columns, table: Table) -> None:
    """Refuse with WRONG_COLUMNS a column in which nothing is of its kind: everybody would count as 0 minutes."""
    for word, place in columns.named.items():
        fits = _FITS.get(word)
        if word == "duration":
            fits = _is_minutes if columns.is_minutes else _is_words
        if fits is None:
            continue
        cells = list(_cells_of(table, place))
        if not any(fits(cell) for cell in cells):
            raise refused(Fault.WRONG_COLUMNS, _unfit(word, table.headings[place], columns, is_empty=not cells), field=word)


def _cells_of(table: Table, place: int) -> Iterator[str]:
    return (cell for row in table.rows if place < len(row.cells) and (cell := tidy(row.cells[place])))


def _is_minutes(cell: str) -> bool:
    return _MINUTES.fullmatch(cell) is not None


def _is_words(cell: str) -> bool:
    return read_duration(cell) is not None


def _unfit(word: str, written: str, columns: Columns, *, is_empty: bool) -> str:
    shown = tidy(written)[:_LONGEST_HEADING] or "this column"
    if is_empty:
        return f"“{shown}” is empty: select another column for {ASKED[word]}"
    if word == "attended":
        return f"No cell of “{shown}” says yes or no: select another column, or say that everybody on this list attended"
    if word != "duration":
        return f"No cell of “{shown}” is a time such as 09:30 or 14/11/2026 09:30: select another column"
    if columns.is_minutes:
        return f"No cell of “{shown}” is a number of minutes: select another column, or hours and minutes"
    return f"No cell of “{shown}” is a duration such as 1h 20m or 1:20:00: select another column, or minutes"
