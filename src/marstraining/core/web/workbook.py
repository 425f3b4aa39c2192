"""A workbook of one sheet, written row by row: text always as text, numbers and dates as such, the headings fixed."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol
from zipfile import ZIP_DEFLATED, ZipFile

from marstraining.core.web.tables import Column

Rows = Iterable[Mapping[str, object]]
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET = "xl/worksheets/sheet1.xml"
# Styles by their place in `cellXfs`: plain, bold, date and time, date, time.
_BOLD, _INSTANT, _DATE, _TIME = 1, 2, 3, 4
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/{_SHEET}" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="166" formatCode="hh:mm"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    + "".join(f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>' for number in (164, 165, 166))
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook's days have no zone
_DAY = timedelta(days=1)
_LONGEST_CELL = 32_767
_ESCAPED = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")


class Target(Protocol):
    """Where a workbook goes: a file, or a pipe that is never read back."""

    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class Sheet:
    """A workbook on its way into a file or a pipe: headings first, then rows as they come; whole once `end` was called."""

    def __init__(self, target: Target, columns: Sequence[Column], name: str) -> None:
        self._keys = [column.key for column in columns]
        self._letters = [_letters(number) for number in range(len(columns))]
        self._line = 1
        # The fastest level: a text of many alike rows hardly gets smaller by the slower ones.
        self._book = ZipFile(target, "w", ZIP_DEFLATED, compresslevel=1)
        for path, text in _PARTS.items():
            self._book.writestr(path, _HEAD + text)
        shown = _escape(_NOT_IN_A_NAME.sub("-", name)[:31]).replace('"', "&quot;") or "Sheet1"
        workbook = (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{shown}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        )
        self._book.writestr("xl/workbook.xml", _HEAD + workbook)
        self._page = self._book.open(_SHEET, "w", force_zip64=True)
        frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        wide = f'<cols><col min="1" max="{max(1, len(columns))}" width="20" customWidth="1"/></cols>'
        heading = "".join(_text(f"{place}1", column.label, _BOLD) for place, column in zip(self._letters, columns, strict=True))
        self._page.write(
            f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>{wide}'
            f'<sheetData><row r="1">{heading}</row>'.encode()
        )

    def write(self, rows: Rows, plain: Callable[[object], object]) -> None:
        """Further rows; `plain` makes of a value one that a cell can hold."""
        lines = []
        for row in rows:
            self._line += 1
            cells = [
                _cell(f"{place}{self._line}", value)
                for key, place in zip(self._keys, self._letters, strict=True)
                if (value := plain(row.get(key))) is not None and value != ""
            ]
            lines.append(f'<row r="{self._line}">{"".join(cells)}</row>')
        self._page.write("".join(lines).encode())

    def end(self) -> None:
        self._page.write(b"</sheetData></worksheet>")
        self._page.close()
        self._book.close()


def _cell(place: str, value: object) -> str:
    if isinstance(value, str):
        return _text(place, value)
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
    if isinstance(value, datetime):
        return f'<c r="{place}" s="{_INSTANT}"><v>{(value - _EPOCH) / _DAY}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="{_DATE}"><v>{(datetime(value.year, value.month, value.day) - _EPOCH).days}</v></c>'  # noqa: DTZ001 - as above
    if isinstance(value, time):
        return f'<c r="{place}" s="{_TIME}"><v>{(value.hour * 3600 + value.minute * 60 + value.second) / 86_400}</v></c>'
    if isinstance(value, int | float | Decimal) and math.isfinite(value):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="e"><v>#NUM!</v></c>'


def _text(place: str, text: str, style: int = 0) -> str:
    styled = f' s="{style}"' if style else ""
    return f'<c r="{place}"{styled} t="inlineStr"><is><t xml:space="preserve">{_escape(text[:_LONGEST_CELL])}</t></is></c>'


def _escape(text: str) -> str:
    """Text as XML holds it; what XML cannot hold in the form that spreadsheet programs read back."""
    return _ESCAPED.sub(_entity, text) if _ESCAPED.search(text) else text


def _entity(found: re.Match[str]) -> str:
    return {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(found[0], f"_x{ord(found[0]):04X}_")


def _letters(number: int) -> str:
    """A column's name: A to Z, AA and on."""
    first, last = divmod(number, 26)
    return (_letters(first - 1) if first else "") + chr(ord("A") + last)
