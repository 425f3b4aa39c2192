"""Rows of a courses or sessions file as drafts, every fault as a sentence by row; no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any

from marstraining.core.errors import Refused
from marstraining.core.imports import Fault, Row
from marstraining.core.values import frozen
from marstraining.programme.rules import Access, CourseDraft, DayPlan, Delivery, check_course, check_days

_YES = {"yes": True, "true": True, "1": True, "y": True, "no": False, "false": False, "0": False, "n": False, "": False}
_DELIVERIES = {"in person": Delivery.IN_PERSON, "face to face": Delivery.IN_PERSON, "online": Delivery.ONLINE, "hybrid": Delivery.HYBRID}
_COURSE_TEXTS = ("level", "summary", "audience", "content_note", "joining_text", "counts_as", "owner", "external_url")
_COURSE_LISTS = {"audience_codes": ";", "topics": ";", "outcomes": "|", "needs": ";"}
_COURSE_FLAGS = {"priority": "is_priority", "meets_annex_c": "meets_annex_c", "grants_accreditation": "grants_accreditation"}
_LONGEST_CODE = 60
_LONGEST_VENUE = 200
_MOST = 1_000_000


@frozen
class SessionRows:
    """One code's rows: their number, what they say alike (columns of the session's table), the venue's name and the training days."""

    code: str
    number: int
    course_id: int
    values: Mapping[str, Any]
    venue: str
    plans: tuple[DayPlan, ...]


@dataclass
class Reading:
    """Reads rows and keeps the faults it meets."""

    faults: list[Fault] = field(default_factory=list)

    def courses(self, rows: Sequence[Row], stored: Mapping[str, CourseDraft]) -> dict[str, CourseDraft]:
        """Drafts by code; columns that a file leaves out keep what is stored."""
        drafts: dict[str, CourseDraft] = {}
        first: dict[str, int] = {}
        for row in rows:
            code = row.cells.get("code", "")
            if code in drafts:
                self._fault(row, "code", f"The code “{code}” is already in row {first[code]}")
                continue
            drafts[code], first[code] = self._course(row, stored.get(code)), row.number
            try:
                check_course(drafts[code])
            except Refused as refusal:
                self._fault(row, refusal.field or "", refusal.message)
        return drafts

    def sessions(self, rows: Sequence[Row], courses: Mapping[str, int]) -> list[SessionRows]:
        """Sessions in the order in which their codes first appear; `courses` are ids by code."""
        groups: dict[str, list[Row]] = {}
        for row in rows:
            code = row.cells.get("code", "")
            if not code or len(code) > _LONGEST_CODE:
                self._fault(row, "code", f"The code must have 1 to {_LONGEST_CODE} characters")
            else:
                groups.setdefault(code, []).append(row)
        found = [self._session(code, group, courses) for code, group in groups.items()]
        return [session for session in found if session is not None]

    def _course(self, row: Row, stored: CourseDraft | None) -> CourseDraft:
        cells = row.cells
        changes: dict[str, Any] = {name: cells[name] for name in _COURSE_TEXTS if name in cells}
        if cells.get("kind"):
            changes["kind"] = cells["kind"].casefold()
        if "visibility" in cells:
            changes["access"] = cells["visibility"].casefold() or Access.PUBLIC.value
        if "delivery" in cells:
            changes["delivery"] = self._one_of(row, "delivery", ("either", *_DELIVERIES)) or "either"
        for column, separator in _COURSE_LISTS.items():
            if column in cells:
                changes[column] = tuple(part.strip() for part in cells[column].split(separator) if part.strip())
        for column in ("duration_minutes", "capacity"):
            if column in cells:
                changes[column] = self._number(row, column)
        changes |= {name: self._yes(row, column) for column, name in _COURSE_FLAGS.items() if column in cells}
        base = stored or CourseDraft(code=cells.get("code", ""), title="")
        return replace(base, title=cells.get("title", "") or base.title, **changes)

    def _session(self, code: str, group: Sequence[Row], courses: Mapping[str, int]) -> SessionRows | None:
        first, before = group[0], len(self.faults)
        course = first.cells.get("course", "")
        if course not in courses:
            self._fault(first, "course", f"There is no course with the code “{course}”")
        for row in group[1:]:
            for column in ("course", "venue", "delivery"):
                if row.cells.get(column, "") != first.cells.get(column, ""):
                    self._fault(row, column, f"The {column} differs from row {first.number}, which has the same code")
        plans = [plan for row in group if (plan := self._day(row)) is not None]
        delivery = _DELIVERIES.get(self._one_of(first, "delivery", tuple(_DELIVERIES)), Delivery.IN_PERSON)
        values = {
            "delivery": delivery.value,
            "imported_headcount": self._number(first, "attended"),
            "organisations_represented": self._number(first, "organisations"),
            "counted_as": self._one_of(first, "counted_as", ("named", "headcount")) or "named",
            "date_basis": self._one_of(first, "date_basis", ("published", "month", "assumed")),
            "notes": "; ".join(dict.fromkeys(row.cells["notes"] for row in group if row.cells.get("notes"))),
        }
        if len(first.cells.get("venue", "")) > _LONGEST_VENUE:
            self._fault(first, "venue", f"The venue's name is longer than {_LONGEST_VENUE} characters")
        if len(self.faults) == before:
            try:
                check_days(plans)
            except Refused as refusal:
                self._fault(first, "date", refusal.message)
        if len(self.faults) > before:
            return None
        return SessionRows(code, first.number, courses[course], values, " ".join(first.cells.get("venue", "").split()), tuple(plans))

    def _day(self, row: Row) -> DayPlan | None:
        """The training day of a row; every cell of it is looked at, so that one sending back mends them all."""
        day = self._date(row)
        starts, ends = self._time(row, "starts"), self._time(row, "ends")
        if day is None or starts is None or ends is None:
            return None
        plan = DayPlan(day, starts, ends)
        try:
            plan.instants()
        except Refused as refusal:
            self._fault(row, "starts", refusal.message)
            return None
        return plan

    def _date(self, row: Row) -> date | None:
        typed = row.cells.get("date", "")
        try:
            return date.fromisoformat(typed)
        except ValueError:
            self._fault(row, "date", f"“{typed}” is not a date like 2027-03-28")
            return None

    def _time(self, row: Row, column: str) -> time | None:
        typed = row.cells.get(column, "")
        try:
            at = time.fromisoformat(typed.zfill(5))
        except ValueError:
            at = None
        # Times are those of a clock on the wall in London: one with an offset is none.
        if at is None or at.tzinfo is not None:
            self._fault(row, column, f"“{typed}” is not a time like 09:30")
            return None
        return at

    def _fault(self, row: Row, column: str, message: str) -> None:
        self.faults.append(Fault(row.number, column, message))

    def _number(self, row: Row, column: str) -> int | None:
        typed = row.cells.get(column, "")
        if not typed:
            return None
        if not typed.isdecimal() or int(typed[:8]) > _MOST:
            self._fault(row, column, f"“{typed}” is not a whole number from 0 to {_MOST:,}")
            return None
        return int(typed)

    def _yes(self, row: Row, column: str) -> bool:
        typed = row.cells[column].casefold()
        if typed not in _YES:
            self._fault(row, column, f"“{row.cells[column]}” is not yes or no")
        return _YES.get(typed, False)

    def _one_of(self, row: Row, column: str, known: Sequence[str]) -> str:
        typed = row.cells.get(column, "").casefold()
        if typed and typed not in known:
            self._fault(row, column, f"“{row.cells[column]}” is not one of: {', '.join(known)}")
            return ""
        return typed
