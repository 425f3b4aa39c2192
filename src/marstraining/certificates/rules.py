"""What a certificate says, the code it is verified by, how it stands, and how long accreditations are reminded of."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from marstraining.core.clock import from_wall, today_of
from marstraining.core.errors import Refused
from marstraining.core.values import frozen

CODE_LENGTH = 16
LINK_LASTS = timedelta(days=7)
LINK_PURPOSE = "certificate-link"
VERIFIED_A_MINUTE = 30
# What an end says that came of a corrected register, so that a second correction can undo it. Whatever the desk ends stays ended.
CORRECTED = "The register was corrected."
RENAMED = "Issued again with the corrected name."
FULL_NOW = "Attended the whole after all."
# Days before an accreditation ends on which its holder is told, the day itself last.
REMINDED_DAYS_BEFORE = (90, 30, 7, 0)

_CODE = re.compile(rf"[0-9a-hjkmnp-tv-z]{{{CODE_LENGTH}}}")
# Crockford's base32: what is misread on paper is forgiven (O is 0, I and L are 1).
_MISREAD = str.maketrans("oil", "011")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212._]+")


class Standing(StrEnum):
    """What anybody may learn of a certificate by its code."""

    VALID = "valid"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@frozen
class Facts:
    """Everything that is printed on a certificate, as it was when it was issued; nothing on it changes later.

    `minutes` None is not known. `organisation` is the one that the learner attended for, "" for none.
    """

    name: str
    course_code: str
    course_title: str
    level: str
    mode: str
    minutes: int | None
    outcomes: tuple[str, ...]
    delivered_by: tuple[str, ...]
    organisation: str
    meets_annex_c: bool
    completed_on: date
    issued_by: str
    is_partial: bool = False

    def as_json(self) -> dict[str, object]:
        """As the row keeps them."""
        return asdict(self) | {"completed_on": self.completed_on.isoformat()}

    @classmethod
    def from_json(cls, kept: Mapping[str, object]) -> "Facts":
        """The facts that `as_json` gave."""
        values: dict[str, object] = dict(kept)
        values["completed_on"] = date.fromisoformat(str(kept["completed_on"]))
        values["outcomes"] = tuple(_texts(kept["outcomes"]))
        values["delivered_by"] = tuple(_texts(kept["delivered_by"]))
        return cls(**values)  # type: ignore[arg-type]  # what as_json wrote

    @property
    def hours(self) -> str:
        return hours_words(self.minutes)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else []


def hours_words(minutes: int | None) -> str:
    """As in "6 hours", "2 hours 30 minutes"; "" where it is not known or nought."""
    if not minutes:
        return ""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} hour{'' if hours == 1 else 's'}"] if hours else []
    parts += [f"{rest} minute{'' if rest == 1 else 's'}"] if rest else []
    return " ".join(parts)


def time_words(minutes: int | None, course_minutes: int | None = None) -> str:
    """How long something took: as recorded, else about the course's length where that is known, and else that nobody knows.

    The one rule for a record, a lead's pages and a print; what is only about right is never added up.
    """
    if minutes is not None:
        return hours_words(minutes) or "0 minutes"
    return f"About {hours_words(course_minutes)}, the course’s length" if course_minutes else "Not known"  # noqa: RUF001 - as printed


def grouped(code: str) -> str:
    """A code as it is printed: capitals, in groups of four."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4)).upper()


def read_code(typed: str) -> str | None:
    """The code that somebody typed, with or without groups, in either case, O for 0 and I or L for 1; None for what is none."""
    code = _SEPARATORS.sub("", typed).casefold().translate(_MISREAD)
    return code if _CODE.fullmatch(code) else None


def first_name(name: str) -> str:
    """All that verifying tells of a person."""
    return name.split(maxsplit=1)[0] if name.split() else ""


@frozen
class Held:
    """An accreditation that a course granted: its last day, if it has one, and whether it was ended before."""

    expires_on: date | None
    ended_on: date | None

    def is_current(self, on: date) -> bool:
        """Whether it holds on that day, its last day included."""
        return (self.ended_on is None or self.ended_on > on) and (self.expires_on is None or self.expires_on >= on)


def standing_of(*, is_withdrawn: bool, held: Sequence[Held], on: date) -> Standing:
    """How a certificate stands; `held` are what its holder was accredited with by its course, nothing for most courses.

    A certificate does not expire, an accreditation does: by its date, or because the desk ended it.
    """
    if is_withdrawn:
        return Standing.WITHDRAWN
    if not held or any(one.is_current(on) for one in held):
        return Standing.VALID
    last = max(held, key=lambda one: (one.ended_on is None, one.expires_on or date.max))
    return Standing.EXPIRED if last.ended_on is None else Standing.WITHDRAWN


def check_reason(typed: str) -> str:
    """The reason that the desk gives, on one line, as it is kept."""
    reason = " ".join(typed.split())
    if not reason:
        raise Refused("Say why.", code="reason", field="reason")
    if len(reason) > 300:
        raise Refused("The reason must be 300 characters or fewer.", code="reason", field="reason")
    return reason


def link_key(ref: str, *, until: int) -> str:
    """What a time-limited link stands for: the certificate and the second on which it ends."""
    return f"{ref}|{until}"


def link_end(now: datetime) -> int:
    """The second on which a link made now ends: the midnight after its last day in London, so that a page shows one link a day."""
    return int(from_wall(today_of(now) + LINK_LASTS + timedelta(days=1), time(0)).timestamp())


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def reminder_due(expires_on: date, *, on: date) -> int | None:
    """How many days before its end the reminder was to go that is due now; None where none is. One that a later one overtook is skipped."""
    left = (expires_on - on).days
    if left < 0:
        return None
    return min((step for step in REMINDED_DAYS_BEFORE if step >= left), default=None)
