"""How long somebody was there, in the words of a report."""

import re
from functools import lru_cache

_HOURS = "h|hr|hrs|hours?|std|stunden?|godz|horas?|heures?|or[ae]|uur"
_MINUTES = "m|min|mins|minutes?|minuten?|minutos?|minut[iy]|minuta"
_SECONDS = "s|sec|secs|seconds?|sek|sekunden?|sekund[ay]?|seg|segundos?|secondes?|second[io]"
# Digits are bounded so that no number of a hostile file becomes one that takes long to handle.
_WORDS = re.compile(
    rf"(?:(\d{{1,4}})\s*(?:{_HOURS})\b\.?)?\s*(?:(\d{{1,5}})\s*(?:{_MINUTES})\b\.?)?\s*(?:(\d{{1,6}})\s*(?:{_SECONDS})\b\.?)?", re.ASCII
)
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)", re.ASCII)
_PARTS_OF_MINUTES = re.compile(r"(\d{1,5})(?:[.,](\d{1,6}))?", re.ASCII)
_MINUTES_ALONE = re.compile(r"(\d{1,5})(?:[.,]0+)?", re.ASCII)
# "1h2m" has no boundary between unit and number that a word's end would give.
_GLUED = re.compile(r"(?<=[^\W\d_])\.?(?=\d)")


@lru_cache(maxsize=4096)
def read_duration(text: str) -> float | None:
    """Seconds of `3h 23m 20s`, `1h 7s`, `45m`, `59 Min. 0 Sek.`, `01:02:10`; None for anything else, a bare number too.

    Parts that are nought are left out by Teams, spaces may be missing, and units come in several languages.
    """
    typed = _GLUED.sub(" ", text.strip().casefold())
    clock = _CLOCK.fullmatch(typed)
    if clock:
        hours, minutes, seconds = (int(part) for part in clock.groups())
        return float(hours * 3600 + minutes * 60 + seconds)
    words = _WORDS.fullmatch(typed)
    if not words or not any(words.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in words.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def read_minutes(text: str) -> float | None:
    """Seconds of a column headed "(minutes)", in which Zoom rounds each join up; None for anything but a whole number."""
    found = _MINUTES_ALONE.fullmatch(text.strip())
    return int(found[1]) * 60.0 if found else None


def read_own_minutes(text: str) -> float | None:
    """Seconds of a number of minutes as people write it, `78`, `62.5` and `62,5`; None for anything else."""
    found = _PARTS_OF_MINUTES.fullmatch(text.strip())
    return float(f"{found[1]}.{found[2] or 0}") * 60.0 if found else None
