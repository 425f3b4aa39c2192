"""How the pages of a report print figures."""

from marstraining.reports.document import Block, Text
from marstraining.reports.rules import NOT_COLLECTED

_NOT_HELD = "not held"


def counted(value: int | None) -> str:
    """A count, or that nothing is held."""
    return _NOT_HELD if value is None else f"{value:,}"


def several(number: int, one: str, many: str = "") -> str:
    """A count with its noun, as in "1 session" and "2 sessions"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def percent(share: float | None) -> str:
    """A share in whole per cent, or that nothing is held."""
    return _NOT_HELD if share is None else f"{share:.0%}"


def not_collected(what: str) -> tuple[Block, ...]:
    """A page of which nothing is held yet."""
    return (Text(f"{what}: {NOT_COLLECTED}. Nothing is held, which is not the same as none."),)


def of_the_whole(what: str) -> tuple[Block, ...]:
    """What a narrower report leaves out."""
    return (Text(f"{what}: only in the report of the whole programme."),)
