"""Speed as ratios to what the machine can do at most, in one run: `python -m tools.bench`; ends with 1 where a wanted ratio is missed."""

import asyncio
import sys
import tempfile
from pathlib import Path

from marstraining.core import config
from marstraining.core.db import connect, migrate
from tests.conftest import make_settings
from tests.postgres import throw_away_postgres
from tools.bench.line import Line, at_most
from tools.bench.lines import measured
from tools.bench.marks import with_marks
from tools.bench.searching import with_documents
from tools.bench.serving import cold_start


async def on_database(url: str, folder: Path) -> list[Line]:
    """Measure on an empty database, telling each line as it comes."""
    settings = make_settings(folder, url)
    config.use(settings)
    await migrate(settings)
    lines = []
    async with connect(settings) as db:
        async for line in measured(settings, db, folder):
            tell(line)
            lines.append(line)
        async for line in with_marks(settings, db):
            tell(line)
            lines.append(line)
        async for line in with_documents():
            tell(line)
            lines.append(line)
    seconds, memory = await asyncio.to_thread(cold_start, settings, folder)
    for line in (at_most("cold start to the first page, seconds", seconds, 1.5), at_most("memory after the first page, MB", memory, 90)):
        tell(line)
        lines.append(line)
    return lines


def tell(line: Line) -> None:
    """Print one line of the table."""
    ours, limit = (f"{value:.{0 if value >= 100 else 2}f}" for value in (line.ours, line.limit))
    print(f"  {line.what:60} {ours:>9} {limit:>9} {line.ratio:7.2f} {line.wanted:7.2f}  {'ok' if line.is_ok else 'MISSED'}", flush=True)


def main() -> int:
    """Print the tables; 1 where something wanted is missed."""
    heading = f"{'':60} {'ours':>9} {'limit':>9} {'ratio':>7} {'wanted':>7}"
    with tempfile.TemporaryDirectory() as folder:
        print(f"SQLite, synchronous FULL\n  {heading}")
        lines = asyncio.run(on_database(f"sqlite://{folder}/bench.sqlite3", Path(folder)))
    with tempfile.TemporaryDirectory() as folder, throw_away_postgres() as server:
        print(f"PostgreSQL, durability off for both sides\n  {heading}")
        lines += asyncio.run(on_database(server.url("postgres"), Path(folder)))
    missed = [line for line in lines if not line.is_ok]
    print(f"{len(lines) - len(missed)} of {len(lines)} as wanted.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
