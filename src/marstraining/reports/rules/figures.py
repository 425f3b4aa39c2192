"""Periods, measures and figures of reports: what each counts, how it is printed, and what changed between two."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from hashlib import sha256
from json import dumps

from marstraining.core.errors import Refused
from marstraining.core.values import frozen

NOT_COLLECTED = "not collected yet"
LONGEST_WORDING = 2000

_YEAR = re.compile(r"(\d{4})/(\d{2})")


class Measure(StrEnum):
    """What a figure counts; people and attendances are never one number."""

    ATTENDANCES = "attendances"
    PEOPLE = "people who attended"
    SESSIONS = "sessions held"
    GROUP_PLACES = "group places attended (headcount, no names)"
    ORGANISATIONS = "organisations represented"
    ACCREDITED = "people who hold or held the accreditation"
    WORKBOOKS = "workbook completions"
    PLANNED = "sessions planned"
    CALLED_OFF = "sessions called off"
    PLACES = "places"
    BOOKED = "booked at the cut-off"
    PARTIAL = "attended in part"
    ABSENT = "did not attend"
    EXCUSED = "apologies"
    CANCELLED_LATE = "cancelled late"
    WALKED_IN = "walked in"
    FILL = "places filled, per cent"
    NO_SHOWS = "did not attend, per cent of booked"
    ATTENDANCE_RATE = "attendance rate, per cent"
    CONFIDENCE = "change in confidence, 0 to 10"


class Standing(StrEnum):
    """Where a figure comes from."""

    COMPUTED = "computed"
    AS_PUBLISHED = "as published"
    NOT_COLLECTED = NOT_COLLECTED
    NOT_HELD = "names are not held"
    NOTHING_HELD = "not held"
    NOT_PUBLISHED = "not published"


@frozen
class Period:
    """A financial year, 1 April to 31 March, or one of its quarters; quarter 1 is April to June."""

    year: int
    quarter: int | None = None

    @property
    def first(self) -> date:
        if self.quarter is None:
            return date(self.year, 4, 1)
        return date(self.year + (self.quarter == 4), (1, 4, 7, 10)[self.quarter % 4], 1)

    @property
    def last(self) -> date:
        following = Period(self.year + 1) if self.quarter is None else self.step(1)
        return date.fromordinal(following.first.toordinal() - 1)

    @property
    def year_words(self) -> str:
        return f"{self.year}/{(self.year + 1) % 100:02}"

    @property
    def words(self) -> str:
        """As "2022/23" or "quarter 3 of 2022/23"."""
        return self.year_words if self.quarter is None else f"quarter {self.quarter} of {self.year_words}"

    def step(self, quarters: int) -> "Period":
        """The quarter so many later, or earlier; a year steps by years."""
        if self.quarter is None:
            return Period(self.year + quarters)
        number = self.year * 4 + self.quarter - 1 + quarters
        return Period(number // 4, number % 4 + 1)

    @classmethod
    def holding(cls, day: date) -> "Period":
        """The quarter in which a day falls."""
        year = day.year - (day.month < 4)
        return cls(year, (day.month - 4) % 12 // 3 + 1)


def read_year(typed: str) -> int:
    """The first calendar year of a financial year as "2022/23"; Refused for anything else."""
    found = _YEAR.fullmatch(typed.strip())
    if found is None or (int(found[1]) + 1) % 100 != int(found[2]):
        raise Refused(f"“{typed}” is not a financial year: write it like 2022/23.", code="year", field="year")
    return int(found[1])


def read_quarter(typed: str) -> int:
    """A quarter of the financial year, 1 to 4; Refused for anything else."""
    if typed.strip() not in {"1", "2", "3", "4"}:
        raise Refused(f"“{typed}” is not a quarter: 1 is April to June, 4 is January to March.", code="quarter", field="quarter")
    return int(typed)


def check_begun(period: Period, today: date) -> None:
    """Refuse a period of which nothing can be held yet."""
    if period.first > today:
        raise Refused(f"{period.words[:1].upper()}{period.words[1:]} has not begun yet.", code="future", field="year")


def check_wording(text: str, place: str) -> str:
    """What a person made of a sentence, without blanks around it; Refused where it is empty or longer than a page holds."""
    text = text.strip()
    if not text:
        raise Refused("Enter a sentence, or leave the one that was drafted.", code="empty", field=place)
    if len(text) > LONGEST_WORDING:
        raise Refused(f"A sentence of a report must be {LONGEST_WORDING:,} characters or fewer.", code="long", field=place)
    return text


@frozen
class AnnualFigure:
    """One figure that the annual report prints each year: of which course, and by which measure.

    A `published` value is printed as it was published and never computed; `printed` stands where the report rounds ("over 150").
    `year` limits what was printed or published to the year it was said of.
    """

    key: str
    label: str
    measure: Measure
    course: str = ""
    published: int | None = None
    printed: str = ""
    year: int | None = None


@frozen
class Figure:
    """One figure as frozen: None where nothing is held, which is never nought."""

    key: str
    label: str
    measure: str
    value: float | None
    print: str
    standing: str
    as_at: str
    course: str = ""


@frozen
class Change:
    """A figure that came out otherwise than in the snapshot before."""

    key: str
    measure: str
    label: str
    was: str
    now: str


def printed(value: float | None, *, words: str = "", standing: str = Standing.COMPUTED) -> str:
    """A figure as a page prints it."""
    if words:
        return words
    return standing if value is None else f"{value:,}"


def changes(before: Iterable[Figure], after: Iterable[Figure]) -> tuple[Change, ...]:
    """What differs between two snapshots on the same definitions, by key and measure."""
    known: Mapping[tuple[str, str], Figure] = {(one.key, one.measure): one for one in before}
    found = []
    for one in after:
        was = known.get((one.key, one.measure))
        if was is not None and (was.value, was.print) != (one.value, one.print):
            # The words may round a difference away ("over 150"): then the values speak.
            words = (was.print, one.print)
            if was.print == one.print:
                words = (printed(was.value, standing=was.standing), printed(one.value, standing=one.standing))
            found.append(Change(one.key, one.measure, one.label, *words))
    return tuple(found)


def content_hash(content: Mapping[str, object]) -> str:
    """The SHA-256 of what a snapshot says, its date left out: the same figures have the same."""
    return sha256(dumps(_undated(content), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _undated(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _undated(one) for key, one in value.items() if key != "as_at"}
    if isinstance(value, list | tuple):
        return [_undated(one) for one in value]
    return value


def as_plain(figures: Iterable[Figure]) -> list[dict[str, object]]:
    """Figures as JSON holds them."""
    return [asdict(one) for one in figures]


def from_plain(rows: Iterable[Mapping[str, object]]) -> tuple[Figure, ...]:
    """Figures as they were frozen."""
    return tuple(Figure(**row) for row in rows)  # type: ignore[arg-type]  # written by `as_plain`
