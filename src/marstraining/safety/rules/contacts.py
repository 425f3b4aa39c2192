"""Which numbers answer now, by the hours that stand beside them."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

from marstraining.core.clock import local
from marstraining.core.partnership import Contact
from marstraining.core.values import frozen
from marstraining.core.working_time import WorkingCalendar

EMERGENCY = "emergency"
OFFICE = "single_point_of_contact"

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVERY_DAY = tuple(range(7))
_ALWAYS = ("at any time", "24 hours", "any time", "always")
_ELSE = re.compile(r"\b(?:out of (?:office )?hours|evenings?|nights?)\b")
_DAY = rf"(?:{'|'.join(_DAYS)})"
_CLOCK = r"(\d{1,2})(?:[:.](\d{2}))? ?(am|pm)?"
_OPENING = re.compile(rf"({_DAY})s?(?: (?:to|until|-|–) ({_DAY})s?)?,? (?:from )?{_CLOCK} ?(?:to|until|-|–) ?{_CLOCK}")  # noqa: RUF001 - as typed
# Bank holidays alone: when the training team is away says nothing of who answers for children.
_CALENDAR = WorkingCalendar()
_NOON = 12


@frozen
class Standing:
    """A contact and whether it answers now; None where its hours are not written so that this could be told."""

    contact: Contact
    is_open: bool | None

    @property
    def tel(self) -> str:
        return "tel:" + self.contact.number.replace(" ", "")


def emergency(contacts: Sequence[Contact]) -> Contact:
    """Whom to ring if a child is in danger now: 999, whatever a partnership's file leaves out."""
    named = next((contact for contact in contacts if contact.code == EMERGENCY), None)
    return named or Contact(code=EMERGENCY, label="Emergency services", number="999", hours="At any time")


def standing(contact: Contact, contacts: Sequence[Contact], *, now: datetime) -> Standing:
    """Whether a contact answers at `now`. "Evenings, weekends and bank holidays" is whenever the office of the others is shut."""
    hours = contact.hours.casefold()
    if any(word in hours for word in _ALWAYS):
        return Standing(contact, is_open=True)
    if _ELSE.search(hours):
        office = next((one for one in contacts if one.code == OFFICE and one is not contact), None)
        shut = None if office is None else standing(office, contacts, now=now).is_open
        return Standing(contact, is_open=None if shut is None else not shut)
    openings = list(_openings(hours))
    if not openings:
        return Standing(contact, is_open=None)
    wall = local(now)
    is_open = not _is_bank_holiday(wall.date()) and any(
        wall.weekday() in days and opens <= wall.time().replace(tzinfo=None) < shuts for days, opens, shuts in openings
    )
    return Standing(contact, is_open=is_open)


def signpost_contacts(contacts: Sequence[Contact], codes: Sequence[str], *, now: datetime) -> list[Standing]:
    """The contacts of these codes, in this order, as far as there are any."""
    by_code = {contact.code: contact for contact in contacts}
    return [standing(by_code[code], contacts, now=now) for code in codes if code in by_code]


def _openings(hours: str) -> Iterator[tuple[tuple[int, ...], time, time]]:
    for found in _OPENING.finditer(hours):
        first, last, *clock = found.groups()
        shuts = _time(clock[3], clock[4], clock[5] or "pm")
        # "9 to 5pm" begins in the morning.
        opens = _time(clock[0], clock[1], clock[2] or "am")
        if opens is not None and shuts is not None and opens < shuts:
            yield _days(first, last or first), opens, shuts


def _days(first: str, last: str) -> tuple[int, ...]:
    start, end = _DAYS.index(first), _DAYS.index(last)
    return tuple(range(start, end + 1)) if start <= end else tuple(day for day in _EVERY_DAY if day >= start or day <= end)


def _time(hour: str, minutes: str | None, half: str) -> time | None:
    number = int(hour)
    if number > _NOON or (minutes and int(minutes) > 59):
        return None
    return time(number % _NOON + (_NOON if half == "pm" else 0), int(minutes or 0))


def _is_bank_holiday(day: date) -> bool:
    return day.weekday() < 5 and not _CALENDAR.is_working_day(day)
