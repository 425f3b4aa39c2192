"""Which numbers answer now, by the hours that stand beside them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time

from marstraining.core.clock import local
from marstraining.core.partnership import Contact
from marstraining.core.values import frozen
from marstraining.core.working_time import WorkingCalendar

EMERGENCY = "emergency"
OFFICE = "single_point_of_contact"

# Lines that a country rings in need. Nobody rings them to try whether they answer.
_NATIONAL = frozenset({EMERGENCY, "police", "childline", "samaritans", "health", "nspcc"})
_LONGEST_NATIONAL = 8

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVERY_DAY = tuple(range(7))
_ALWAYS = ("at any time", "24 hours", "any time", "always")
_ELSE = re.compile(r"\b(?:out of (?:office )?hours|evenings?|nights?)\b")
_DAY = rf"(?:{'|'.join(_DAYS)})"
_MACHINE = re.compile(r"\b(?:answer ?(?:ing )?(?:phone|machine)|voicemail)")
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

    @property
    def is_answerphone(self) -> bool:
        """Whether a machine takes the call; the label says so."""
        return bool(_MACHINE.search(self.contact.label.casefold()))

    @property
    def is_national(self) -> bool:
        """Whether this is a national line: by its code, or as its number is too short for an office's."""
        return self.contact.code in _NATIONAL or len(self.contact.number.replace(" ", "")) <= _LONGEST_NATIONAL

    @property
    def said(self) -> str:
        """Whether it answers now and otherwise when, to stand in brackets.

        Of a number that is shut that it is shut stands first, and then the hours with "open" before them: "closed now: Monday to
        Thursday" was read as the days on which nobody is there. A machine is never said to be open.
        """
        hours = self.contact.hours
        if self.is_answerphone or self.is_open is None:
            return _begun_small(hours)
        return "open now" if self.is_open else f"closed at the moment; open {_begun_small(hours)}"


def emergency(contacts: Sequence[Contact]) -> Contact:
    """Whom to ring if a child is in danger now: 999, whatever a partnership's file leaves out."""
    named = next((contact for contact in contacts if contact.code == EMERGENCY), None)
    return named or Contact(code=EMERGENCY, label="Emergency services", number="999", hours="At any time")


def office(contacts: Sequence[Contact]) -> Contact | None:
    """Whom to ring with a worry where nobody is in danger now: the office, or else the first number but 999; None where there is none."""
    others = [contact for contact in contacts if contact.code != EMERGENCY]
    return next((contact for contact in others if contact.code == OFFICE), others[0] if others else None)


def standing(contact: Contact, contacts: Sequence[Contact], *, now: datetime) -> Standing:
    """Whether a contact answers at `now`. "Evenings, weekends and bank holidays" is whenever the office of the others is shut."""
    hours = contact.hours.casefold()
    if any(word in hours for word in _ALWAYS):
        return Standing(contact, is_open=True)
    if _ELSE.search(hours):
        named = next((one for one in contacts if one.code == OFFICE and one is not contact), None)
        shut = None if named is None else standing(named, contacts, now=now).is_open
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


def answering_first(numbers: Iterable[Standing]) -> list[Standing]:
    """The same numbers in the same order, but those that are shut now come last."""
    return sorted(numbers, key=lambda one: one.is_open is False)


def _begun_small(hours: str) -> str:
    first = hours.partition(" ")[0].casefold().rstrip("s,")
    return hours if first in _DAYS else f"{hours[:1].lower()}{hours[1:]}"


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
