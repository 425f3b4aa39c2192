"""Rows as CSV and XLSX files in which nothing typed by a person can run as a formula."""

import asyncio
import csv
import io
import itertools
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from marstraining.core import clock
from marstraining.core.web.confirming import check_export
from marstraining.core.web.tables import Column
from marstraining.core.web.workbook import Sheet

# Half-width and full-width forms: spreadsheet programs take either as the beginning of a formula.
_STARTERS = frozenset("=+-@\t\r\n\0＝＋－＠")  # noqa: RUF001 - the full-width forms are the point
_SKIPPED = " \u00a0\u3000\"'"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DOCUMENTS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json; charset=utf-8",
}
_ROWS_AT_ONCE = 500
Rows = Iterable[Mapping[str, object]]
Batches = AsyncIterator[Sequence[Mapping[str, object]]]


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


def _csv_writer(columns: Sequence[Column]) -> tuple[io.StringIO, Callable[[Rows], None]]:
    """A buffer with the headings, and what writes rows into it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([neutral(column.label) for column in columns])
    return buffer, lambda rows: writer.writerows([_csv_value(row.get(column.key)) for column in columns] for row in rows)


async def csv_parts(columns: Sequence[Column], batches: Batches) -> AsyncIterator[bytes]:
    """As `csv_lines`, of rows that are read while the file is made: the headings leave before the first of them is asked for."""
    buffer, write = _csv_writer(columns)
    yield b"\xef\xbb\xbf" + _emptied(buffer)
    async for rows in batches:
        write(rows)
        yield _emptied(buffer)


def csv_lines(columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """A CSV file piece by piece: UTF-8 with a byte order mark, which Excel needs, and Windows line ends."""
    buffer, write = _csv_writer(columns)
    yield b"\xef\xbb\xbf"
    for number, row in enumerate(rows, 1):
        write([row])
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
    lines = iter(rows)
    with target.open("wb") as file:
        page = Sheet(file, columns, sheet)
        while lot := list(itertools.islice(lines, _ROWS_AT_ONCE)):
            page.write(lot, _plain)
        page.end()


async def xlsx_parts(columns: Sequence[Column], batches: Batches, *, sheet: str = "Sheet1") -> AsyncIterator[bytes]:
    """As `write_xlsx`, piece by piece, of rows that are read while the file is made; others are answered while a lot is written."""
    pipe = _Pipe()
    page = Sheet(pipe, columns, sheet)
    yield pipe.taken()
    async for rows in batches:
        await asyncio.to_thread(page.write, rows, _plain)
        yield pipe.taken()
    page.end()
    yield pipe.taken()


class _Pipe:
    """A file that is only written to, and taken from as it fills."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """What was written stays to be taken."""

    def taken(self) -> bytes:
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole


def _attachment(name: str, ending: str) -> dict[str, str]:
    safe = "".join(character if character.isascii() and (character.isalnum() or character in "-_") else "-" for character in name)
    return {"Content-Disposition": f'attachment; filename="{safe}.{ending}"', "Cache-Control": "no-store"}


def csv_response(request: Request, name: str, columns: Sequence[Column], rows: Rows) -> Response:
    """A CSV file to save, sent as it is made, from a route that says whom its files are about."""
    check_export(request)
    return StreamingResponse(csv_lines(columns, rows), media_type="text/csv; charset=utf-8", headers=_attachment(name, "csv"))


def xlsx_response(request: Request, name: str, columns: Sequence[Column], rows: Rows) -> Response:
    """An XLSX file to save; written to a temporary file that goes when it has been sent."""
    check_export(request)
    with tempfile.NamedTemporaryFile(prefix="export-", suffix=".xlsx", delete=False) as handle:
        target = Path(handle.name)
    try:
        write_xlsx(target, columns, rows, sheet=name)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    tidy = BackgroundTask(target.unlink, missing_ok=True)
    return FileResponse(target, media_type=_XLSX, headers=_attachment(name, "xlsx"), background=tidy)


def export_response(request: Request, kind: str, name: str, columns: Sequence[Column], rows: Rows) -> Response:
    """The rows as a file of the kind that `TableView.export` names."""
    make = xlsx_response if kind == "xlsx" else csv_response
    return make(request, name, columns, rows)


def pdf_response(request: Request, name: str, made: bytes) -> Response:
    """A finished PDF to save."""
    check_export(request)
    return Response(made, media_type="application/pdf", headers=_attachment(name, "pdf"))


def document_response(request: Request, name: str, ending: str, made: bytes) -> Response:
    """A finished document to save: `docx` or `json`."""
    check_export(request)
    return Response(made, media_type=_DOCUMENTS[ending], headers=_attachment(name, ending))


def streamed_response(request: Request, kind: str, name: str, columns: Sequence[Column], batches: Batches) -> StreamingResponse:
    """The rows as a CSV or XLSX file, read while they are sent; it begins at once, and no more than a lot of them is ever held."""
    check_export(request)
    media_type = _XLSX if kind == "xlsx" else "text/csv; charset=utf-8"
    ending = "xlsx" if kind == "xlsx" else "csv"
    return StreamingResponse(streamed(kind, name, columns, batches), media_type=media_type, headers=_attachment(name, ending))


def streamed(kind: str, name: str, columns: Sequence[Column], batches: Batches) -> AsyncIterator[bytes]:
    """What `streamed_response` sends, piece by piece."""
    return xlsx_parts(columns, batches, sheet=name) if kind == "xlsx" else csv_parts(columns, batches)
