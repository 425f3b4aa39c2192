"""Spreadsheets that people send in: CSV read by header names into rows of text, with every fault named by row and column."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from marstraining.core.imports import Fault, Row
from marstraining.core.values import frozen

MAX_BYTES = 10_000_000
MAX_ROWS = 5_000
MAX_COLUMNS = 60
# The csv module's own limit, which it counts in characters.
_MAX_CELL = 131_072
_DELIMITERS = (",", ";", "\t")
# How the files begin that are sent by mistake for CSV.
_OTHER_FILES = (
    (b"PK\x03\x04", "This is an Excel workbook. In Excel, choose Save as, then CSV UTF-8, and send that file."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook. In Excel, choose Save as, then CSV UTF-8, and send that file."),
    (b"%PDF", "This is a PDF. Send the spreadsheet it was made from, saved as CSV."),
)
_NOT_CSV = "This file is not a CSV file, or it is damaged."
# Bytes that no encoding explains, and controls that no one types.
_UNREADABLE = re.compile("[\ufffd\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# A byte order mark or a zero-width space in a heading is left by files that were joined or pasted.
_SEPARATORS = re.compile("[\\s_\ufeff\u200b-]+")
# A first line that tells Excel the delimiter; Excel shows no row for it.
_HINT = re.compile("sep=([,;\t])\n", re.IGNORECASE)


@dataclass(slots=True)
class Faults:
    """The faults of one file, in the order of its rows; an importer adds its own to those of reading."""

    found: list[Fault] = field(default_factory=list)

    def add(self, row: int, column: str, message: str) -> None:
        self.found.append(Fault(row, column, message))

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Fault]:
        return iter(sorted(self.found, key=lambda fault: fault.row))

    def sentences(self) -> list[str]:
        """Every fault as a person reads it, first row first."""
        return [str(fault) for fault in self]


@frozen
class Table:
    """What a file said. `rows` are the faultless ones; `unknown` are headings that no column answers to.

    Whether an unknown heading matters is for the importer to say: a partner's export often has more columns than are asked for.
    """

    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    unknown: tuple[str, ...]
    faults: Faults


@frozen
class Limits:
    """How much of a file is read: more is a fault, so that nothing is left out without a word."""

    max_bytes: int = MAX_BYTES
    max_rows: int = MAX_ROWS


USUAL = Limits()


def read_rows(data: bytes, *, columns: Mapping[str, bool], limits: Limits = USUAL) -> Table:
    """Read a CSV file by the names in its heading row.

    `columns` are the names looked for and whether each is required: its heading must be there and no cell of it blank.
    Headings are matched whatever their order, case, spaces, hyphens and underscores. Commas, semicolons and tabs, any line
    ending, UTF-8 and UTF-16 with or without a mark, and Windows-1252 are read; blank rows are skipped and still counted.

    Cells of columns that the file leaves out are absent, not empty, so that an import can tell "not said" from "said to be
    nothing"; a cell that is blank, or that its row ends before, is "".

    Nothing is raised: `faults` holds everything that is wrong, so that one sending back mends it all. Limits, unless the
    importer has its own: 10 MB, 5,000 rows; and 60 columns. Cells are text; dates, numbers and addresses are the importer's to check.
    """
    faults = Faults()
    empty = Table(rows=(), columns=(), unknown=(), faults=faults)
    text = _decoded(data, faults, limits)
    if text is None:
        return empty
    hint = _HINT.match(text)
    delimiter = hint[1] if hint else _delimiter(text, columns)
    text = text[hint.end() :] if hint else text
    records = _records(text, delimiter, faults, limits)
    heading = next(records, None)
    if heading is None:
        if not faults:
            faults.add(0, "", "The file is empty.")
        return empty
    layout = _layout(heading, columns, faults)
    if layout is None:
        return empty
    rows = tuple(row for number, cells in records if (row := _row(number, cells, layout, faults)) is not None)
    return Table(rows=rows, columns=tuple(layout.places), unknown=layout.unknown, faults=faults)


def read_file(data: bytes, columns: Mapping[str, bool], *, limits: Limits = USUAL) -> tuple[tuple[Row, ...], tuple[Fault, ...]]:
    """As `read_rows`, for an import to which a heading that is none of the columns is a fault: it would be left unread without a word."""
    table = read_rows(data, columns=columns, limits=limits)
    unknown = [Fault(1, "", f"The column {heading} is not known here: use {', '.join(columns)}") for heading in table.unknown]
    return table.rows, tuple(sorted([*table.faults, *unknown]))


@frozen
class _Layout:
    wanted: Mapping[str, bool]
    places: Mapping[str, int]
    width: int
    unknown: tuple[str, ...]


def _decoded(data: bytes, faults: Faults, limits: Limits) -> str | None:
    sentence = _reason_not_to_read(data, limits)
    if sentence:
        faults.add(0, "", sentence)
        return None
    text = _text(data)
    if "\0" in text:
        faults.add(0, "", _NOT_CSV)
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _reason_not_to_read(data: bytes, limits: Limits) -> str | None:
    if len(data) > limits.max_bytes:
        return f"The file is larger than {limits.max_bytes // 1_000_000} MB. Split it into smaller files."
    return next((sentence for start, sentence in _OTHER_FILES if data.startswith(start)), None)


def _text(data: bytes) -> str:
    # Excel's "Unicode text" is UTF-16 with tabs. Bytes that no encoding explains stay as U+FFFD and are reported by row.
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # A file that says it is UTF-8 is damaged UTF-8; one that says nothing is what Excel writes in Britain.
        is_marked = data.startswith(codecs.BOM_UTF8)
        return data.decode("utf-8-sig" if is_marked else "cp1252", errors="replace")


def _delimiter(text: str, columns: Mapping[str, bool]) -> str:
    """The delimiter under which the heading row has most of the names looked for, then most cells."""
    wanted = {_key(name) for name in columns}
    lines = text.lstrip("\n \t;,")

    def found(delimiter: str) -> tuple[int, int]:
        try:
            heading = next(csv.reader(io.StringIO(lines), delimiter=delimiter), [])
        except csv.Error:
            return (0, 0)
        return (len(wanted & {_key(cell) for cell in heading}), len(heading))

    return max(_DELIMITERS, key=found)


def _records(text: str, delimiter: str, faults: Faults, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Filled records with their row numbers, the headings first; a record over several lines is one row, as in Excel."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    number = filled = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            # What follows a broken quotation cannot be told apart: its rows are not guessed at.
            faults.add(number + 1, "", _csv_sentence(error))
            return
        if cells is None:
            return
        number += 1
        if not any(cell.strip() for cell in cells):
            continue
        if filled > limits.max_rows:
            faults.add(number, "", f"The file has more than {limits.max_rows:,} rows. Split it into smaller files.")
            return
        filled += 1
        yield number, cells


def _csv_sentence(error: csv.Error) -> str:
    # The csv module (3.11) tells its faults apart by their words only.
    words = str(error)
    if "limit" in words:
        return f"A cell has more than {_MAX_CELL:,} characters. A quotation mark may be missing."
    if "end of data" in words:
        return "A quotation mark opens here and is never closed."
    return "A quotation mark is in the wrong place. Inside a quoted cell, write it twice."


def _layout(heading: tuple[int, list[str]], columns: Mapping[str, bool], faults: Faults) -> _Layout | None:
    """Where each column stands; None, with the faults, where the rows cannot be read by it."""
    number, names = heading
    while names and not names[-1].strip():
        names.pop()
    if len(names) > MAX_COLUMNS:
        faults.add(number, "", f"The file has more than {MAX_COLUMNS} columns. Keep only those that are asked for.")
        return None
    wanted = {_key(name): name for name in columns}
    places: dict[str, int] = {}
    unknown: list[str] = []
    for place, name in enumerate(names):
        column = wanted.get(_key(name))
        if column is None:
            if name.strip():
                unknown.append(name.strip())
        elif column in places:
            faults.add(number, column, "This heading is there twice. Remove or rename one of the columns.")
        else:
            places[column] = place
    missing = [name for name, is_required in columns.items() if is_required and name not in places]
    for name in missing:
        faults.add(number, name, "This column is missing. Check the headings in the first row.")
    if missing or faults:
        return None
    return _Layout(wanted=columns, places=places, width=len(names), unknown=tuple(unknown))


def _row(number: int, cells: list[str], layout: _Layout, faults: Faults) -> Row | None:
    """The row, or None with its faults."""
    before = len(faults)
    filled = len(cells)
    while filled and not cells[filled - 1].strip():
        filled -= 1
    if filled > layout.width:
        faults.add(number, "", f"This row has {_cells(filled)} but {_headings(layout)}. Put a cell with a comma in quotation marks.")
        return None
    required = [place for name, place in layout.places.items() if layout.wanted[name]]
    if required and len(cells) <= max(required):
        faults.add(number, "", f"This row has {_cells(len(cells))} but {_headings(layout)}.")
        return None
    found: dict[str, str] = {}
    for name, place in layout.places.items():
        cell = cells[place].strip() if place < len(cells) else ""
        found[name] = cell
        if _UNREADABLE.search(cell):
            faults.add(number, name, "A character here cannot be read. Save the file as CSV UTF-8.")
        elif not cell and layout.wanted[name]:
            faults.add(number, name, "This is blank.")
    return Row(number, found) if len(faults) == before else None


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _headings(layout: _Layout) -> str:
    return "there is 1 heading" if layout.width == 1 else f"there are {layout.width} headings"


def _key(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()
