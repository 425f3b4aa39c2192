"""Rows as CSV and XLSX files in which nothing typed by a person can run as a formula."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import xlsxwriter
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response, StreamingResponse

from marstraining.core import clock
from marstraining.core.web.tables import Column

# Half-width and full-width forms: spreadsheet programs take either as the beginning of a formula.
_STARTERS = frozenset("=+-@\t\r\n\0＝＋－＠")  # noqa: RUF001 - the full-width forms are the point
_SKIPPED = " \u00a0\u3000\"'"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ROWS_AT_ONCE = 500
Rows = Iterable[Mapping[str, object]]


def neutral(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet program would run it."""
    stripped = text.lstrip(_SKIPPED)
    return f"'{text}" if (stripped[:1] in _STARTERS and stripped) or text[:1] in _STARTERS else text


def _plain(value: object) -> object:
    if value is None or isinstance(value, (int, float, Decimal)):
        return value
    if isinstance(value, datetime):
        return clock.local(value).replace(tzinfo=None)
    return value if isinstance(value, (date, time)) else str(value)


def _csv_value(value: object) -> object:
    plain = _plain(value)
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, datetime):
        return f"{plain:%Y-%m-%d %H:%M}"
    if isinstance(plain, time):
        return f"{plain:%H:%M}"
    return neutral(plain) if isinstance(plain, str) else plain


def csv_lines(columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """A CSV file piece by piece: UTF-8 with a byte order mark, which Excel needs, and Windows line ends."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([neutral(column.label) for column in columns])
    yield b"\xef\xbb\xbf"
    for number, row in enumerate(rows, 1):
        writer.writerow([_csv_value(row.get(column.key)) for column in columns])
        if number % _ROWS_AT_ONCE == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def write_xlsx(target: Path, columns: Sequence[Column], rows: Rows, *, sheet: str = "Sheet1") -> None:
    """An XLSX file: text always as text, numbers and dates as such, the headings fixed."""
    options = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "remove_timezone": True,
        "constant_memory": True, "nan_inf_to_errors": True,
    }  # fmt: skip
    with xlsxwriter.Workbook(str(target), options) as book:
        page = book.add_worksheet(sheet[:31])
        bold = book.add_format({"bold": True})
        formats = {
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            time: book.add_format({"num_format": "hh:mm"}),
        }
        page.freeze_panes(1, 0)
        page.set_column(0, max(0, len(columns) - 1), 20)
        for index, column in enumerate(columns):
            page.write_string(0, index, column.label, bold)
        for line, row in enumerate(rows, 1):
            for index, column in enumerate(columns):
                value = _plain(row.get(column.key))
                if isinstance(value, str):
                    page.write_string(line, index, value)
                elif value is not None:
                    page.write(line, index, value, formats.get(type(value)))


def _attachment(name: str, ending: str) -> dict[str, str]:
    safe = "".join(character if character.isascii() and (character.isalnum() or character in "-_") else "-" for character in name)
    return {"Content-Disposition": f'attachment; filename="{safe}.{ending}"', "Cache-Control": "no-store"}


def csv_response(name: str, columns: Sequence[Column], rows: Rows) -> Response:
    """A CSV file to save, sent as it is made."""
    return StreamingResponse(csv_lines(columns, rows), media_type="text/csv; charset=utf-8", headers=_attachment(name, "csv"))


def xlsx_response(name: str, columns: Sequence[Column], rows: Rows) -> Response:
    """An XLSX file to save; written to a temporary file that goes when it has been sent."""
    with tempfile.NamedTemporaryFile(prefix="export-", suffix=".xlsx", delete=False) as handle:
        target = Path(handle.name)
    try:
        write_xlsx(target, columns, rows, sheet=name)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    tidy = BackgroundTask(target.unlink, missing_ok=True)
    return FileResponse(target, media_type=_XLSX, headers=_attachment(name, "xlsx"), background=tidy)


def export_response(kind: str, name: str, columns: Sequence[Column], rows: Rows) -> Response:
    """The rows as a file of the kind that `TableView.export` names."""
    return xlsx_response(name, columns, rows) if kind == "xlsx" else csv_response(name, columns, rows)
