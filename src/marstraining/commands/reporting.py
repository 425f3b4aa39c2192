"""`report`: figures frozen and written to a file."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from marstraining.commands.database import opened
from marstraining.commands.terminal import say
from marstraining.core import clock
from marstraining.core.config import load_settings
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM
from marstraining.reports.actions import take_annual_snapshot
from marstraining.reports.rules import Period, read_year


def annual(year: str, out: Path) -> None:
    """Freeze a financial year's figures and write them; refuses a year that is none, and an ending that is not known."""
    if out.suffix != ".json":
        raise Refused("The file's name must end in .json")
    content, differing = asyncio.run(_annual(Period(read_year(year))))
    try:
        out.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refused(f"{out} cannot be written: {error.strerror}") from error
    say(f"Figures of {year} written to {out}.")
    for line in differing:
        say(line)


async def _annual(period: Period) -> tuple[Mapping[str, object], list[str]]:
    async with opened(load_settings(need_secret=False)):
        frozen, changed = await take_annual_snapshot(period, by=SYSTEM, now=clock.now())
    content = {
        "report": "annual",
        "year": period.year_words,
        "starts": period.first.isoformat(),
        "ends": period.last.isoformat(),
        "snapshot": frozen.ref,
        "as_at": frozen.as_at.isoformat(timespec="seconds"),
        "content_hash": frozen.content_hash,
        "figures": frozen.content["figures"],
        "changed_since_last": [asdict(one) for one in changed],
    }
    return content, [f"Changed since the last snapshot: {one.label} ({one.measure}), {one.was} then, {one.now} now." for one in changed]
