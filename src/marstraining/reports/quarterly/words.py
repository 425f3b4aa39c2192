"""How the pages of a report print figures."""

from marstraining.reports.document import Block, Text
from marstraining.reports.queries.impact import ThreeWave
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
    return (Text(f"{what}: {NOT_COLLECTED}."),)


def of_the_whole(what: str) -> tuple[Block, ...]:
    """What a narrower report leaves out."""
    return (Text(f"{what}: only in the report of the whole programme."),)


def three_wave_words(found: ThreeWave) -> str:
    """The method note: whether the score is biased, by those who rated themselves before the session too."""
    check = f"Three-wave check of {found.year}"
    if not found.is_asked:
        return f"{check}: {NOT_COLLECTED}."
    one = found.wave.shown if found.wave else None
    if found.wave is None or one is None or not found.wave.shift_words:
        why = f" {one.gate.why}" if one is not None else " Too few people have rated themselves both before and after a session."
        return f"{check}: not published.{why}"
    few = " Few replied." if one.gate.few_replied else ""
    return (
        f"{check}: people at {several(found.wave.sessions, 'session')} also rated themselves before they came; {one.gate.words} did so both"
        f" times. They show {found.wave.shift_words}.{few}"
    )
