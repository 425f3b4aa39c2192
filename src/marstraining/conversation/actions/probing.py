"""Trying the gate as it runs: ten fixed sentences that it must catch, so that an alarm sounds before somebody in need is missed."""

from datetime import datetime

from marstraining.safety.gate import gate
from marstraining.safety.rules import Level

# Worded as people write, with a slip of spelling and a line break among them; a reviewer signs them with the phrases.
PROBES = (
    "a child told me her dad hits her",
    "i have a safeguarding concern",
    "one of my pupils has bruises all over his arms",
    "im worried about a family i visit",
    "a member of staff has been messaging a pupil",
    "I want to kill myself",
    "my stepdad hits me",
    "she was strangeled by her boyfriend in front of the kids",
    "how do i make a referral\nfor a child",
    "THE KIDS ARE LEFT ALONE ALL NIGHT",
)


class GateMissed(Exception):  # noqa: N818 - what the worker logs and counts as a failed job
    """The gate did not catch what it must; by number, since sentences have no place in a log."""


async def probe_gate(*, now: datetime) -> int:
    """Try the gate on the fixed sentences; the worker's job. Raises GateMissed, which the figures' alarm on failing jobs tells of."""
    _ = now
    missed = [number for number, text in enumerate(PROBES, start=1) if gate(text).level is not Level.URGENT]
    if missed:
        raise GateMissed(f"the safety gate missed {len(missed)} of its {len(PROBES)} sentences: numbers {missed}")
    return len(PROBES)
