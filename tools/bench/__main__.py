"""Speed as ratios to what the machine can do at most: `python -m tools.bench [PART …]`; ends with 1 where a wanted ratio is missed."""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from marstraining.core import config
from marstraining.core.db import connect, migrate
from tests.conftest import make_settings
from tests.postgres import throw_away_postgres
from tools.bench.feedback import with_feedback
from tools.bench.line import Line, at_most
from tools.bench.lines import measured
from tools.bench.marks import with_marks
from tools.bench.searching import with_documents
from tools.bench.serving import cold_start

_STARTS = 3
PARTS = ("pages", "marks", "search", "start", "feedback")
_HEADING = f"{'':60} {'ours':>9} {'limit':>9} {'ratio':>7} {'wanted':>7}"


async def on_database(url: str, folder: Path, parts: Sequence[str]) -> list[Line]:
    """Measure these parts on an empty database, telling each line as it comes."""
    settings = make_settings(folder, url)
    config.use(settings)
    await migrate(settings)
    lines = []
    async with connect(settings) as db:
        made = {
            "pages": lambda: measured(settings, db, folder),
            "feedback": lambda: with_feedback(settings, folder),
            "marks": lambda: with_marks(settings, db),
            "search": with_documents,
        }
        for part in PARTS:
            if part in parts and part in made:
                async for line in made[part]():
                    tell(line)
                    lines.append(line)
    if "start" in parts:
        # As elsewhere the best of some, since a machine may be slow for some seconds.
        seconds, memory = min([await asyncio.to_thread(cold_start, settings, folder) for _ in range(_STARTS)])
        for line in (
            at_most("cold start to the first page, seconds", seconds, 1.5),
            at_most("memory after the first page, MB", memory, 90),
        ):
            tell(line)
            lines.append(line)
    return lines


def tell(line: Line) -> None:
    """Print one line of the table."""
    ours, limit = (f"{value:.{0 if value >= 100 else 2}f}" for value in (line.ours, line.limit))
    print(f"  {line.what:60} {ours:>9} {limit:>9} {line.ratio:7.2f} {line.wanted:7.2f}  {'ok' if line.is_ok else 'MISSED'}", flush=True)


def main() -> int:
    """Print the tables; 1 where something wanted is missed, 2 for a part that there is not."""
    parts = sys.argv[1:] or PARTS
    if set(parts) - set(PARTS):
        print(f"Parts are {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    # What feedback is measured on would be in the way of the others, so it has databases of its own.
    groups = [group for group in ([one for one in parts if one != "feedback"], [one for one in parts if one == "feedback"]) if group]
    print(f"SQLite, synchronous FULL\n  {_HEADING}")
    lines = []
    for group in groups:
        with tempfile.TemporaryDirectory() as folder:
            lines += asyncio.run(on_database(f"sqlite://{folder}/bench.sqlite3", Path(folder), group))
    print(f"PostgreSQL, durability off for both sides\n  {_HEADING}")
    for group in groups:
        with tempfile.TemporaryDirectory() as folder, throw_away_postgres() as server:
            lines += asyncio.run(on_database(server.url("postgres"), Path(folder), group))
    missed = [line for line in lines if not line.is_ok]
    print(f"{len(lines) - len(missed)} of {len(lines)} as wanted.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
