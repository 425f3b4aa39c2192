"""The partnership that runs the training: its names, numbers, school calendar, colours and booking periods."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from marstraining.core.values import frozen
from marstraining.core.working_time import WorkingCalendar

PACKAGED = Path(__file__).with_name("north_lincolnshire.toml")

# Childline's number is as short as no other.
_NUMBER = re.compile(r"(999|111|101|112|116 ?\d{3}|08001111|0\d{9,10})")
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")
# Whom every page names at its foot: whatever the hour, one of these is there.
AT_THE_FOOT = ("emergency", "single_point_of_contact", "freephone", "out_of_hours")
_ACCENT = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


class PartnershipError(ValueError):
    """What is wrong with a partnership file, and where in it."""


@frozen
class Contact:
    """A number to ring, as people read it, with the day on which somebody last made sure that it answers, None where nobody has."""

    code: str
    label: str
    number: str
    hours: str
    checked_on: date | None = None


@frozen
class Term:
    """A school term or half-term holiday, both days included."""

    name: str
    starts: date
    ends: date


@frozen
class SchoolCalendar:
    """Terms and half-terms in order; after `published_until` nothing is known and nothing may be assumed."""

    published_until: date
    closed_days: frozenset[date]
    terms: tuple[Term, ...]
    half_terms: tuple[Term, ...]

    @property
    def school_holidays(self) -> tuple[tuple[date, date], ...]:
        """Half-terms and what lies between terms, as first and last day, in order."""
        between = (
            (date.fromordinal(earlier.ends.toordinal() + 1), date.fromordinal(later.starts.toordinal() - 1))
            for earlier, later in zip(self.terms, self.terms[1:], strict=False)
        )
        halves = ((half.starts, half.ends) for half in self.half_terms)
        return tuple(sorted((*between, *halves)))


@frozen
class Branding:
    """`accent` as #rrggbb; `logo` the name of a file under static/, empty for none."""

    accent: str
    logo: str


@frozen
class BookingRules:
    """Periods of booking.md; offer lengths are working hours, by how far off the session is."""

    day_starts: time
    day_ends: time
    cut_off_working_days: int
    offer_hours_far_off: float
    offer_hours_middle: float
    offer_hours_near: float


@frozen
class ProgrammeRules:
    """What the training team is warned of (rules.md 5.2): fewer trainers of a course than these, a larger group than this."""

    trainers_each: int = 2
    largest_group: int = 25


@dataclass(frozen=True)
class Partnership:
    name: str
    short_name: str
    from_name: str
    reply_to: str
    controller: str
    contacts: tuple[Contact, ...]
    calendar: SchoolCalendar
    branding: Branding
    booking: BookingRules
    programme: ProgrammeRules = field(default_factory=ProgrammeRules)
    aftercare: str = ""
    data_protection_officer: str = ""

    def contact(self, code: str) -> Contact:
        """The contact of that code; KeyError where the file has none."""
        found = {contact.code: contact for contact in self.contacts}
        return found[code]

    @cached_property
    def foot(self) -> dict[str, Contact]:
        """The contacts at the foot of every page, by code, as far as the file has them; of a file with other codes its first three."""
        found = {contact.code: contact for contact in self.contacts}
        named = {code: found[code] for code in AT_THE_FOOT if code in found}
        return named if len(named) > 1 else dict(list((named | found).items())[:3])

    @cached_property
    def working_calendar(self) -> WorkingCalendar:
        """Working days and hours as this partnership keeps them."""
        return WorkingCalendar(closed_days=self.calendar.closed_days, day_starts=self.booking.day_starts, day_ends=self.booking.day_ends)


def load_partnership(path: Path = PACKAGED) -> Partnership:
    """The partnership of a TOML file; a missing, wrong or unknown value is refused with PartnershipError naming it."""
    try:
        document = _parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PartnershipError(f"cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise PartnershipError(f"is no TOML: {error}") from error
    root = _Table(document, "")
    head, calendar = root.table("partnership"), root.table("calendar")
    branding, booking = root.table("branding"), root.table("booking")
    programme = root.table("programme") if root.has("programme") else _Table({}, "programme.")
    partnership = Partnership(
        name=head.text("name"),
        short_name=head.text("short_name"),
        from_name=head.text("from_name"),
        reply_to=head.text("reply_to", _ADDRESS),
        controller=head.text("controller"),
        aftercare=head.text("aftercare") if head.has("aftercare") else "",
        data_protection_officer=head.text("data_protection_officer") if head.has("data_protection_officer") else "",
        contacts=tuple(_contact(table) for table in root.tables("contacts")),
        calendar=SchoolCalendar(
            published_until=calendar.day("published_until"),
            closed_days=frozenset(calendar.days("closed_days")),
            terms=_terms(calendar, "terms"),
            half_terms=_terms(calendar, "half_terms"),
        ),
        branding=Branding(accent=branding.text("accent", _ACCENT), logo=branding.text("logo", re.compile(r"[\w./-]*"))),
        booking=BookingRules(
            day_starts=booking.clock("day_starts"),
            day_ends=booking.clock("day_ends"),
            cut_off_working_days=int(booking.number("cut_off_working_days")),
            offer_hours_far_off=booking.number("offer_hours_far_off"),
            offer_hours_middle=booking.number("offer_hours_middle"),
            offer_hours_near=booking.number("offer_hours_near"),
        ),
        programme=_programme_rules(programme),
    )
    for table in (root, head, calendar, branding, booking, programme):
        table.check_read()
    if partnership.booking.day_starts >= partnership.booking.day_ends:
        raise PartnershipError("booking.day_ends must be later than booking.day_starts")
    return partnership


def _programme_rules(table: "_Table") -> ProgrammeRules:
    """The file may leave out what it does not change."""
    return ProgrammeRules(**{name: int(table.number(name)) for name in ("trainers_each", "largest_group") if table.has(name)})


@lru_cache(maxsize=2)
def _parsed(text: str) -> Mapping[str, Any]:
    # A start reads its settings more than once, and nothing changes what was read.
    return tomllib.loads(text)


class _Table:
    """A table of the document that says by name what is missing, of the wrong kind or not known."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._values = values
        self._where = where
        self._read: set[str] = set()

    def _take(self, key: str, *kinds: type) -> Any:  # noqa: ANN401 - the callers name the kind
        self._read.add(key)
        if key not in self._values:
            raise PartnershipError(f"{self._where}{key} is missing")
        value = self._values[key]
        # Exact kinds: true is an int to Python, and a TOML date with a time is a date.
        if type(value) not in kinds:
            raise PartnershipError(f"{self._where}{key} must be {_KINDS[kinds[0]]}")
        return value

    def table(self, key: str) -> "_Table":
        return _Table(self._take(key, dict), f"{self._where}{key}.")

    def has(self, key: str) -> bool:
        return key in self._values

    def tables(self, key: str) -> list["_Table"]:
        tables = []
        for number, value in enumerate(self._take(key, list), start=1):
            if not isinstance(value, dict):
                raise PartnershipError(f"{self._where}{key} must be tables, as [[{self._where}{key}]]")
            tables.append(_Table(value, f"{self._where}{key}[{number}]."))
        return tables

    def text(self, key: str, pattern: re.Pattern[str] = re.compile(r".*\S.*")) -> str:
        value: str = self._take(key, str)
        if not pattern.fullmatch(value):
            raise PartnershipError(f"{self._where}{key} is not valid: {value!r}")
        return value

    def number(self, key: str) -> float:
        value: float = self._take(key, int, float)
        if value < 0:
            raise PartnershipError(f"{self._where}{key} must not be negative")
        return value

    def day(self, key: str) -> date:
        value: date = self._take(key, date)
        return value

    def days(self, key: str) -> list[date]:
        values: list[date] = self._take(key, list)
        if not all(type(value) is date for value in values):
            raise PartnershipError(f"{self._where}{key} must be dates, as 2026-12-29")
        return values

    def clock(self, key: str) -> time:
        value: time = self._take(key, time)
        return value

    def check_read(self) -> None:
        unknown = sorted(self._values.keys() - self._read)
        if unknown:
            raise PartnershipError(f"{self._where}{unknown[0]} is not known")

    def fail(self, key: str, why: str) -> PartnershipError:
        return PartnershipError(f"{self._where}{key} {why}")


_KINDS = {dict: "a table", list: "a list", str: "text", int: "a number", date: "a date, as 2026-12-29", time: "a time, as 08:00:00"}


def _contact(table: _Table) -> Contact:
    number = table.text("number")
    if not _NUMBER.fullmatch(number.replace(" ", "")):
        raise table.fail("number", f"is no number that can be dialled in the United Kingdom: {number!r}")
    contact = Contact(
        code=table.text("code", re.compile(r"[a-z_][a-z0-9_]*")),
        label=table.text("label"),
        number=number,
        hours=table.text("hours"),
        checked_on=table.day("checked_on") if table.has("checked_on") else None,
    )
    table.check_read()
    return contact


def _terms(calendar: _Table, key: str) -> tuple[Term, ...]:
    terms: list[Term] = []
    for table in calendar.tables(key):
        term = Term(name=table.text("name"), starts=table.day("starts"), ends=table.day("ends"))
        table.check_read()
        if term.starts > term.ends:
            raise table.fail("ends", "must not be before starts")
        if terms and term.starts <= terms[-1].ends:
            raise table.fail("starts", "must be after the one before has ended")
        terms.append(term)
    return tuple(terms)
