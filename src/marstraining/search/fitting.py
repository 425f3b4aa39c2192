"""Whether a document and which of its sessions fit what narrows a wish."""

from collections.abc import Sequence

from marstraining.core.values import frozen
from marstraining.search.rules import Dated, Document, Family, Mode, Slots

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@frozen
class Fitting:
    """What narrows, prepared once for all documents that are looked at."""

    slots: Slots
    needs_sessions: bool
    is_narrow: bool

    @classmethod
    def of(cls, slots: Slots) -> "Fitting":
        needs = bool(slots.dates or slots.time_from or slots.time_to or slots.weekdays or slots.venue or slots.has_places or slots.places)
        return cls(slots, needs, is_narrow=needs or bool(slots.types or slots.audience or slots.mode))

    def sessions(self, document: Document, coming: Sequence[Dated]) -> Sequence[Dated] | None:
        """Which of its coming sessions fit, soonest first; None where the document does not fit.

        A course without coming sessions fits as long as nothing is asked that only sessions have.
        """
        if not self.is_narrow:
            return coming
        slots = self.slots
        if slots.types and document.type not in slots.types:
            return None
        is_for = not slots.audience or _is_for(document.audiences, slots.audience)
        if document.family is not Family.COURSE:
            is_online = document.family is Family.WORKBOOK and slots.mode == Mode.ONLINE
            return () if is_for and not self.needs_sessions and (not slots.mode or is_online) else None
        fitting = [one for one in coming if _fits(one, slots)]
        if fitting:
            return fitting
        if self.needs_sessions or not is_for or (coming and (slots.mode or slots.audience)):
            return None
        return () if not slots.mode or not document.mode or _offers(document.mode, slots.mode) else None


def _fits(one: Dated, slots: Slots) -> bool:
    if slots.mode and not _offers(one.mode, slots.mode):
        return False
    if slots.audience and not _is_for(one.audiences, slots.audience):
        return False
    if slots.venue and slots.venue.casefold() not in one.place:
        return False
    return _has_a_day(one, slots)


def _has_a_day(one: Dated, slots: Slots) -> bool:
    """Whether one of its training days lies within the dates, on such a weekday; times are those of every day that does."""
    days = [
        (starts, ends)
        for day, starts, ends in one.days
        if (slots.dates is None or (day >= slots.dates.start and (slots.dates.end is None or day <= slots.dates.end)))
        and (not slots.weekdays or _WEEKDAYS[day.weekday()] in slots.weekdays)
    ]
    if not one.days:
        return not (slots.dates or slots.weekdays or slots.time_from or slots.time_to)
    return bool(days) and all(
        (not slots.time_from or starts >= slots.time_from) and (not slots.time_to or ends <= _by(slots.time_to)) for starts, ends in days
    )


def _by(time_to: str) -> str:
    """The latest end of "mornings": a session that ends at half past twelve or at one still is one."""
    return "13:00" if time_to == "12:00" else time_to


def _offers(mode: str, asked: str) -> bool:
    """Who may come either way offers both."""
    return mode == asked or (mode == Mode.HYBRID and asked != Mode.HYBRID)


def _is_for(audiences: Sequence[str], asked: str) -> bool:
    return not audiences or "all" in audiences or asked in audiences
