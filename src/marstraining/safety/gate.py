"""The one way in: every text of every channel passes here before anything else looks at it."""

from urllib.parse import urlencode

import structlog

from marstraining.safety.phrases import MOST_LETTERS
from marstraining.safety.rules import Kind, Level, Verdict, judge

# Whoever cannot be judged is told whom to ring: silence would be the worse mistake.
FAILED = Verdict(Level.URGENT, (Kind.CHILD_AT_RISK,))

_log = structlog.get_logger(__name__)


def ring_first(text: str) -> str:
    """Where somebody is led who typed this into a box of words that shows no numbers itself: the search, which says whom to ring first.

    Its address is without the words where nothing but whom to ring is to be shown. "" for what is no worry.
    """
    verdict = gate(text)
    match verdict.level:
        case Level.URGENT:
            return f"/search?help={verdict.kinds[0]}"
        case Level.MAYBE:
            return f"/search?{urlencode({'q': text})}"
    return ""


def is_read_whole(text: str) -> bool:
    """Whether the gate looks at all of a text. What lies beyond may be anything, and is not to be shown again."""
    return len(text) <= MOST_LETTERS


def gate(text: str) -> Verdict:
    """What the gate makes of a text. A fault of its own is answered as an urgent worry and logged by its kind alone."""
    try:
        return judge(text)
    except Exception as fault:  # noqa: BLE001 - the one place where a bug must not end in an error page (front_door.md 7.11)
        # Without its traceback, which could carry the text.
        _log.error("safety_gate_failed", fault=type(fault).__name__)
        return FAILED
