"""What may be said of a change in one word (evaluation.md 4.4): by its interval, and by no verb at all where few answered."""

from collections.abc import Sequence
from enum import StrEnum


class Verdict(StrEnum):
    IMPROVED = "improved"
    NO_CLEAR_CHANGE = "no clear change"
    FELL = "fell"
    UNSAID = ""


def verdict(low: float | None, high: float | None, *, answers: int) -> Verdict:
    """Improved where the interval lies above nought, fell where below, no clear change where it spans it; nothing under ten answers."""
    if answers < 10 or low is None or high is None:
        return Verdict.UNSAID
    if low > 0:
        return Verdict.IMPROVED
    return Verdict.FELL if high < 0 else Verdict.NO_CLEAR_CHANGE


def all_improved(shown: int, improved: int, *, held_back: int, unpublished: Sequence[str] = ()) -> str:
    """The sentence about all courses: only where every one that is published improved, with the number of those that are not.

    `unpublished` are their titles, where the sentence stands without a list of its own.
    """
    if shown < 2 or improved < shown:
        return ""
    names = f": {', '.join(unpublished)}" if unpublished else ""
    rest = "" if not held_back else f" {held_back} more {'has' if held_back == 1 else 'have'} too few answers to be published{names}."
    return f"Confidence improved after all {shown} courses with enough answers.{rest}"


def signed(number: float) -> str:
    """A change to one decimal with its sign, nought without."""
    rounded = round(number, 1) + 0.0
    return f"{rounded:+.1f}" if rounded else "0.0"


def shift_words(shift: float, low: float | None, high: float | None) -> str:
    """What the shift between "before today" and a true rating before the session says of the score (evaluation.md 4.1, 4.2)."""
    bounds = "" if low is None or high is None else f" (95% interval {signed(low)} to {signed(high)})"
    found = f"a shift of {signed(shift)}{bounds} on the scale of 0 to 10"
    if low is None or high is None or low <= 0 <= high:
        return f"{found}: no clear shift, so the score is not clearly biased either way"
    if high < 0:
        return f"{found}: looking back, people rated where they had stood lower, so changes reported afterwards are larger by about as much"
    return f"{found}: looking back, people rated where they had stood higher, so changes reported afterwards are smaller by about as much"
