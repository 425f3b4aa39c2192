"""From bytes to rows of cells: what kind of file it is, its encoding, its delimiter, its quotation marks."""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from marstraining.core.errors import Refused
from marstraining.meeting_reports.model import Fault, NamedFile, refused

MAX_BYTES = 5_000_000
MAX_ROWS = 20_000
MAX_COLUMNS = 64
# A report has a few rows besides those of people: its summary, headings and sections.
_ROWS_BESIDES = 200
_AGAIN = "Download the report from Teams or Zoom again as a CSV file, and send it without opening it first."
_AS_CSV = f"{_AGAIN} If it is a list of your own, choose Save as in Excel, then CSV UTF-8, and send that file."
_SPREADSHEETS = frozenset({"an Excel workbook or another zipped file", "an old Excel or Word file"})
# How the files begin that are sent by mistake, whatever they are named.
_OTHER_KINDS = (
    (b"PK", "an Excel workbook or another zipped file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"RIFF", "a picture or a recording"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a text document"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\x1a\x45\xdf\xa3", "a recording"),
    (b"ID3", "a recording"),
)
# Two letters begin many a text: a picture's header has a nought byte within its first bytes, a CSV file has none there.
_NEEDS_NOUGHT = frozenset({b"BM", b"RIFF", b"PK", b"ID3"})
_WEB_PAGES = (b"<!doctype", b"<html", b"<?xml")


class Row(NamedTuple):
    """One filled row: its number as Excel shows it (a cell over several lines is one row), and its cells."""

    number: int
    cells: list[str]


def check_size(file: NamedFile) -> None:
    """Refuse more bytes than a report of one session has."""
    if len(file.data) > MAX_BYTES:
        raise refused(
            Fault.TOO_LARGE,
            f"{_called(file.name)} is larger than {MAX_BYTES // 1_000_000} MB. Send the report of one session, as it was downloaded.",
        )


def check_kind(file: NamedFile) -> None:
    """Refuse by name what is no text at all."""
    data, name = file.data, file.name
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise refused(Fault.NOT_A_REPORT, f"{_called(name)} is empty. {_AGAIN}")
    kind = next(
        (kind for start, kind in _OTHER_KINDS if data.startswith(start) and (start not in _NEEDS_NOUGHT or b"\0" in data[:32])), None
    )
    if kind is None and data[4:8] == b"ftyp":
        kind = "a photograph or a recording"
    if kind is None and data.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower().startswith(_WEB_PAGES):
        kind = "a web page, perhaps the page that asks to sign in"
    if kind:
        how = _AS_CSV if kind in _SPREADSHEETS else _AGAIN
        raise refused(Fault.NOT_A_REPORT, f"{_called(name)} is {kind}, not an attendance report. {how}")


def _called(name: str) -> str:
    """The file's own name as a person may see it: without its folders, at most 80 characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if letter.isprintable())[:80].strip()
    return f"“{shown}”" if shown else "The file"


def decode(data: bytes) -> str:
    """The text of a file, in the order of attendance_reports.md 3.1; a byte that its encoding lacks becomes U+FFFD.

    Line ends are LF. Nought bytes are dropped: a copy can hold a stray one.
    """
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF8, "utf-8")):
        if data.startswith(mark):
            return _text(data[len(mark) :], encoding)
    start = data[:200]
    if start[1::2].count(0) > 0.3 * len(start[1::2]):
        return _text(data, "utf-16-le")
    if start[::2].count(0) > 0.3 * len(start[::2]):
        return _text(data, "utf-16-be")
    try:
        return _plain(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _text(data, "cp1252")


def _text(data: bytes, encoding: str) -> str:
    whole = data[: len(data) - len(data) % 2] if encoding.startswith("utf-16") else data
    return _plain(whole.decode(encoding, errors="replace"))


def _plain(text: str) -> str:
    return text.lstrip("\ufeff").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def tidy(cell: str) -> str:
    """A cell for comparing and for dates: compatible letters, plain single spaces, no marks of direction, no quotes around it."""
    # Nearly every cell is such a one, and there are a hundred thousand of them.
    if cell.isascii() and cell.isprintable() and '"' not in cell and "  " not in cell:
        return cell.strip()
    if not cell.isascii():
        cell = unicodedata.normalize("NFKC", cell)
    if not cell.isprintable():
        cell = "".join(letter for letter in cell if unicodedata.category(letter) != "Cf")
    return " ".join(cell.split()).strip('"').strip()


def heading(cell: str) -> str:
    """A cell as headings are compared: en-GB and en-US differ by case alone."""
    return tidy(cell).casefold()


def delimiter_of(line: str) -> str:
    """Tab if there is one, else the more frequent of semicolon and comma, as a heading line shows it."""
    if "\t" in line:
        return "\t"
    return ";" if line.count(";") > line.count(",") else ","


def records(text: str, delimiter: str) -> Iterator[Row]:
    """The filled rows of a file.

    Refuses with UNCLOSED_QUOTE a quotation mark that is not closed where it should be: what follows it may be other people's
    rows and is not guessed at. Refuses with TOO_LARGE too many rows or columns.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = filled = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise unclosed(number + 1) from None
        if cells is None:
            return
        number += 1
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        if len(cells) > MAX_COLUMNS:
            raise refused(Fault.TOO_LARGE, f"Row {number} has more than {MAX_COLUMNS} columns. {_AGAIN}")
        filled += 1
        if filled > MAX_ROWS + _ROWS_BESIDES:
            raise too_many_rows()
        yield Row(number, cells)


def unclosed(row: int) -> Exception:
    return refused(
        Fault.UNCLOSED_QUOTE,
        f"A quotation mark in row {row} is not closed where it should be, so the rows after it cannot be told apart. {_AGAIN}",
    )


def too_many_rows() -> Exception:
    return refused(Fault.TOO_LARGE, f"The report has more than {MAX_ROWS:,} rows. Send the report of one session, as it was downloaded.")


def too_hard() -> Refused:
    """The refusal of a file that took more time or memory than is allowed."""
    return refused(
        Fault.TOO_LARGE, "The report takes too long to read. Send the report of one session, downloaded again and not opened in between."
    )
