"""How often resources were opened, counted in memory until it is written: by resource and day, never by person."""

from collections import Counter
from datetime import date
from enum import StrEnum

# Whoever makes up resources by the thousand makes the count no longer than this; what is over is not counted.
_MOST = 10_000


class Way(StrEnum):
    """How a resource was had: opened by itself, or within the pack for a team meeting."""

    OPENED = "opened"
    PACKED = "packed"


class Uses:
    """What a process has counted and not yet written."""

    def __init__(self) -> None:
        self._counted: Counter[tuple[int, date, Way]] = Counter()

    def note(self, resource_id: int, way: Way, *, day: date) -> None:
        """Count one."""
        key = (resource_id, day, way)
        if key in self._counted or len(self._counted) < _MOST:
            self._counted[key] += 1

    def take(self) -> dict[tuple[int, date, Way], int]:
        """What was counted since the last time; it is no longer here."""
        taken, self._counted = dict(self._counted), Counter()
        return taken

    def put_back(self, taken: dict[tuple[int, date, Way], int]) -> None:
        """Count again what could not be written."""
        self._counted.update(taken)


UNWRITTEN = Uses()
