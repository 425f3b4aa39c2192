"""Rows of a resources file as drafts, every fault as a sentence by row; no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from marstraining.core.errors import Refused
from marstraining.core.imports import Fault, Row
from marstraining.core.values import frozen
from marstraining.resources.rules import (
    QualityNote,
    ResourceDraft,
    Verdict,
    audiences_of_words,
    check_quality_note,
    check_resource,
    kind_of,
)

COLUMNS = (
    "code", "title", "kind", "topics", "audience", "audience_codes", "requires_accreditation", "url", "summary", "source", "owner",
    "reviewed_on", "review_by", "quality_checked_on", "quality_checked_by",
)  # fmt: skip
REQUIRED = ("code", "title", "kind")
_TEXTS = {"summary": 10_000, "source": 200, "owner": 200, "audience": 300, "url": 1000}
_LISTS = ("topics", "audience_codes")
_LONGEST_TOPIC = 120


@frozen
class ReadResource:
    """One row: the draft, when its content was reviewed, and a quality check, where the row tells of them."""

    draft: ResourceDraft
    reviewed_on: date | None = None
    checked: QualityNote | None = None


@dataclass
class Reading:
    """Reads rows and keeps the faults it meets."""

    faults: list[Fault] = field(default_factory=list)

    def resources(self, rows: Sequence[Row], stored: Mapping[str, ResourceDraft], *, on: date) -> dict[str, ReadResource]:
        """What each row says, by code; columns that a file leaves out keep what is stored. Nothing of a faulty row is used."""
        found: dict[str, ReadResource] = {}
        first: dict[str, int] = {}
        for row in rows:
            code = row.cells.get("code", "").upper()
            if code in first:
                self._fault(row, "code", f"The code “{code}” is already in row {first[code]}")
                continue
            first[code] = row.number
            found[code] = self._resource(row, code, stored.get(code), on=on)
        return found

    def _resource(self, row: Row, code: str, stored: ResourceDraft | None, *, on: date) -> ReadResource:
        cells, before = row.cells, len(self.faults)
        changes: dict[str, Any] = {name: self._text(row, name, longest) for name, longest in _TEXTS.items() if name in cells}
        changes |= {name: self._list(row, name) for name in _LISTS if name in cells}
        if "audience" in cells and not changes.get("audience_codes"):
            changes["audience_codes"] = audiences_of_words(cells["audience"])
        if "requires_accreditation" in cells:
            changes["requires"] = cells["requires_accreditation"].upper()
        if "review_by" in cells:
            changes["review_by"] = self._date(row, "review_by")
        kind = kind_of(cells.get("kind", ""))
        if kind is None and cells.get("kind"):
            self._fault(row, "kind", f"“{cells['kind']}” is no kind of resource")
        base = stored or ResourceDraft(code=code, title="", kind="")
        draft = replace(base, title=cells.get("title", "") or base.title, kind=kind.value if kind else base.kind, **changes)
        if len(self.faults) == before:
            self._check(row, draft)
        return ReadResource(draft, self._date(row, "reviewed_on"), self._checked(row, on=on))

    def _check(self, row: Row, draft: ResourceDraft) -> None:
        try:
            check_resource(draft)
        except Refused as refusal:
            self._fault(row, refusal.field or "", refusal.message)

    def _checked(self, row: Row, *, on: date) -> QualityNote | None:
        day = self._date(row, "quality_checked_on")
        if day is None:
            return None
        role = row.cells.get("quality_checked_by", "") or "Training team"
        note = QualityNote(day, role, Verdict.GOOD)
        try:
            check_quality_note(note, on=on)
        except Refused as refusal:
            self._fault(row, "quality_checked_on", refusal.message)
        if len(role) > _LONGEST_TOPIC:
            self._fault(row, "quality_checked_by", f"This is longer than {_LONGEST_TOPIC} characters")
        return note

    def _text(self, row: Row, column: str, longest: int) -> str:
        typed = row.cells[column]
        if len(typed) > longest:
            self._fault(row, column, f"This is longer than {longest:,} characters")
        return typed

    def _list(self, row: Row, column: str) -> tuple[str, ...]:
        parts = tuple(part.strip() for part in row.cells[column].split(";") if part.strip())
        if any(len(part) > _LONGEST_TOPIC for part in parts):
            self._fault(row, column, f"One of these is longer than {_LONGEST_TOPIC} characters. Put semicolons between them.")
        return parts

    def _date(self, row: Row, column: str) -> date | None:
        typed = row.cells.get(column, "")
        if not typed:
            return None
        try:
            return date.fromisoformat(typed)
        except ValueError:
            self._fault(row, column, f"“{typed}” is not a date like 2027-03-28")
            return None

    def _fault(self, row: Row, column: str, message: str) -> None:
        self.faults.append(Fault(row.number, column, message))
