"""What is printed for the room: the sheet that people sign, and badges; A4, tagged PDF."""

from collections.abc import Sequence
from datetime import datetime

from marstraining.core.typesetting import typeset
from marstraining.core.values import frozen
from marstraining.core.web.dates import day, day_short, span

# Room for who comes without a booking.
_BLANK_LINES = 4
_DAYS_ON_A_SHEET = 6


@frozen
class Printed:
    """A session as it is printed; people are (name, organisation) in order, days are (start, end)."""

    title: str
    place: str
    partnership: str
    trainers: Sequence[str]
    days: Sequence[tuple[datetime, datetime]]
    people: Sequence[tuple[str, str]]


async def attendance_sheet(printed: Printed) -> bytes:
    """The sheet with a box to sign for each training day, six of them at most, and lines for walk-ins; no address, no need."""
    return await typeset("attendance_sheet", {**_facts(printed), "days": _columns(printed), "blank": _BLANK_LINES})


async def badge_sheet(printed: Printed) -> bytes:
    """Ten badges on a page, each with name and organisation."""
    return await typeset("badges", _facts(printed))


def _facts(printed: Printed) -> dict[str, object]:
    return {
        "title": printed.title,
        "dates": [f"{day(starts)}, {span(starts, ends)}" for starts, ends in printed.days],
        "place": printed.place,
        "trainers": list(printed.trainers),
        "partnership": printed.partnership,
        "people": [{"name": name, "agency": agency} for name, agency in printed.people],
    }


def _columns(printed: Printed) -> list[str]:
    if len(printed.days) == 1:
        return ["Signature"]
    return [day_short(starts) for starts, _ in printed.days[:_DAYS_ON_A_SHEET]]
