"""What a report is of, and what that means for the sessions that it counts."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from marstraining.core.clock import from_wall
from marstraining.core.values import frozen


@frozen
class Belongs:
    """A course belongs to what a report is of from a day to a day, both inclusive; `until` None is still so."""

    course: str
    since: date
    until: date | None

    def is_within(self, first: date, last: date) -> bool:
        return self.since <= last and (self.until is None or self.until >= first)


@frozen
class Narrowed:
    """What a report is of: some courses by their codes, None for all; some organisations, () for all; `words` for the cover.

    With `belongs`, of each course only the sessions whose first training day lies within its days.
    """

    words: str = ""
    courses: Sequence[str] | None = None
    agency_ids: Sequence[int] = ()
    belongs: Sequence[Belongs] = ()

    def courses_within(self, first: date, last: date) -> Sequence[str] | None:
        """The codes of the courses that it is of on a day at least of these, None for all."""
        return sorted({one.course for one in self.belongs if one.is_within(first, last)}) if self.belongs else self.courses

    def sessions(self) -> tuple[str, Sequence[object]]:
        """A condition on a session `s` of a course `c` that holds for those it is of, with its values."""
        if not self.belongs:
            return among("c.code", self.courses)
        spans = " OR ".join("(c.code = ? AND s.starts_at >= ? AND s.starts_at < ?)" for _ in self.belongs)
        return f" AND ({spans})", [value for one in self.belongs for value in (one.course, *_instants(one))]


WHOLE = Narrowed()


def _instants(one: Belongs) -> tuple[datetime, datetime]:
    # A session starts with its first training day that takes place.
    last = one.until or date(9998, 12, 31)
    return from_wall(one.since, time()), from_wall(last + timedelta(days=1), time())


def among(column: str, codes: Sequence[str] | None) -> tuple[str, Sequence[str]]:
    """A condition that holds for these codes alone, with its values; None is no condition, and no codes let nothing through."""
    if codes is None:
        return "", ()
    return (f" AND {column} IN ({', '.join('?' * len(codes))})", codes) if codes else (" AND 1 = 0", ())
