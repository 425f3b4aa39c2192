"""What an import is given and what it answers: rows by number, counts, and a sentence for every fault."""

from collections.abc import Mapping
from dataclasses import dataclass

from marstraining.core.values import frozen


@frozen
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


@frozen
class ImportOutcome:
    """How many records an import created, changed and found as they were; with faults, nothing was written."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: tuple[Fault, ...] = ()
