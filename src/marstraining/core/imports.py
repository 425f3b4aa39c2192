"""What an import reads and what it answers: rows by number, counts, and a sentence for every fault."""

from collections.abc import Mapping
from dataclasses import dataclass

from marstraining.core.spreadsheet import read_rows


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: its number as a spreadsheet shows it (the header is 1) and its cells, trimmed, by column name."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong with one row, as a finished sentence; row 0 is the file itself, `column` may be empty."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        place = f"Row {self.row}, {self.column}" if self.column else f"Row {self.row}"
        return f"{place}: {self.message}" if self.row else self.message


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """How many records an import created, changed and found as they were; with faults, nothing was written."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: tuple[Fault, ...] = ()


def read_file(data: bytes, columns: Mapping[str, bool]) -> tuple[tuple[Row, ...], tuple[Fault, ...]]:
    """The rows of a CSV file and what is wrong with it; `columns` are the names it may have and whether each must be there.

    A heading that is none of these is a fault: it would be left unread without a word. Cells of columns that the file
    leaves out are absent, not empty, so that an import can tell "not said" from "said to be nothing".
    """
    table = read_rows(data, columns=columns)
    faults = [Fault(fault.row, fault.column or "", fault.sentence) for fault in table.faults]
    faults += [Fault(1, "", f"The column {heading} is not known here: use {', '.join(columns)}") for heading in table.unknown]
    rows = [Row(row.number, {name: row.cells[name] for name in table.columns}) for row in table.rows]
    return tuple(rows), tuple(sorted(faults))
