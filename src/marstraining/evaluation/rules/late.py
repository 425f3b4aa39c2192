"""What a later figure of a survey may change: forms that came after it closed count line by line (evaluation.md 4.5, differencing)."""

from collections.abc import Mapping, Sequence
from typing import Any

from marstraining.evaluation.gate import STEP
from marstraining.evaluation.rules.questions import Measure

Measures = Mapping[str, Any]
HELD_ABOVE = 1 << 52
"""Comments of late forms have numbers above this, and everything else below, until a step of their survey counts the forms: shown any
sooner, beside a figure that says how many came, they would be of one person. Nothing else is kept of when they came."""


def has_grown_enough(answers: int, shown_before: int) -> bool:
    """Whether a line may be shown anew: it is as it was, or so many answered it since that none of them can be told apart."""
    return answers == shown_before or answers - shown_before >= STEP


def of_a_later_step(was: Measures, now: Measures) -> dict[str, Any]:
    """What is frozen at a later step of a survey, from what was frozen last and what all its forms come to now.

    Five late forms are not five answers to each line. A statement, a question and the spread are taken anew where they gained none or
    enough, and stay as they were otherwise. The course's score is made of all its statements, so it stays with the first of them that
    does; so do the flags, which are seen in the lines. `is_waiting` says that something stayed.
    """
    statements = _lines(was["statements"], now["statements"], ("question", "text"))
    stayed = [new for new, taken in zip(now["statements"], statements, strict=True) if taken is not new]
    keeps_course = any(one["measure"] == Measure.CONFIDENCE for one in stayed) or not has_grown_enough(
        now["course"]["n"], was["course"]["n"]
    )
    counted = _lines(was["counted"], now["counted"], ("question",))
    numbered = _lines(was.get("numbered", ()), now["numbered"], ("question",))
    found = {**now, "statements": statements, "counted": counted, "numbered": numbered}
    if keeps_course:
        found |= {"course": was["course"], "pairs": was["pairs"]}
    if keeps_course or stayed:
        found["flags"] = was["flags"]
    if "spread" in was and "spread" in now and not has_grown_enough(now["spread"]["answers"], was["spread"]["answers"]):
        found["spread"] = was["spread"]
    others = zip((*counted, *numbered), (*now["counted"], *now["numbered"]), strict=True)
    waits = keeps_course or bool(stayed) or any(taken is not new for taken, new in others)
    return found | {"is_waiting": waits}


def _lines(was: Sequence[Measures], now: Sequence[Measures], names: tuple[str, ...]) -> list[Measures]:
    """Each line as it is now, or as it was where it gained a few answers."""
    known = {tuple(one[name] for name in names): one for one in was}
    found = []
    for one in now:
        before = known.get(tuple(one[name] for name in names))
        found.append(one if before is None or has_grown_enough(_answers(one), _answers(before)) else before)
    return found


def _answers(line: Measures) -> int:
    return int(line["summary"]["n"] if "summary" in line else line["answers"])
