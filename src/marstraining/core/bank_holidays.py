"""England's bank holidays, as the library `holidays` knows them."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from marstraining.core.apart import run_apart

_LEARNT_WITHIN = 20.0  # seconds


@cache
def _united_kingdom() -> Any:  # noqa: ANN401 - a class of a module that is found by its file
    # Asked for by name, in whatever way, `holidays` (0.109) loads all its 250 countries first: 60 ms and 8 MB a process. The rest
    # takes as long to load, so it waits for the first day that is asked about.
    path = Path(str(import_module("holidays").__file__)).parent / "countries" / "united_kingdom.py"
    spec = spec_from_file_location("holidays_of_the_united_kingdom", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.UnitedKingdom


learnt: dict[int, Mapping[date, str]] = {}


def bank_holidays(year: int) -> Mapping[date, str]:
    """England's bank holidays of a year with their names."""
    return learnt.get(year) or _reckoned(year)


@lru_cache(maxsize=64)
def _reckoned(year: int) -> Mapping[date, str]:
    return dict(_united_kingdom()(subdiv="ENG", years=year))


async def learn_bank_holidays(years: Iterable[int]) -> None:
    """Know these years' bank holidays without the library in this process: another reckons them and ends.

    The library takes 4 MB, which a process that serves need not carry for 40 days. What cannot be learnt so is reckoned here when it
    is asked for.
    """
    missing = [str(year) for year in years if year not in learnt]
    if not missing:
        return
    with suppress(OSError, TimeoutError, ValueError):
        told = json.loads((await run_apart("-m", __spec__.name, *missing, given=b"", deadline=_LEARNT_WITHIN)).answer)
        learnt.update({int(year): {date.fromisoformat(day): name for day, name in days.items()} for year, days in told.items()})


def _tell(years: Sequence[str]) -> None:
    told = {year: {day.isoformat(): name for day, name in bank_holidays(int(year)).items()} for year in years}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    _tell(sys.argv[1:])
