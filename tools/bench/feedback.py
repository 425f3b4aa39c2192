"""Feedback and reports: the survey's page beside a bare one of its size, and how pages answer while a quarterly report is made."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from marstraining.core.config import Settings
from tests.evaluation.asked import an_asked_session, links_of
from tests.races.crowd import people
from tests.reports.many import fill_quarter
from tools.bench.line import Line, at_least, at_most
from tools.bench.lines import alternately
from tools.bench.load import cookie, fetched, get, latencies, rate
from tools.bench.serving import BARE, OURS, ROOT, environ, serving

SECONDS = 0.7
TURNS = 3
# A page each ten milliseconds is more than a partnership's staff ask for on its busiest morning.
EVERY = 0.01
IDLE_SECONDS = 5.0


async def with_feedback(settings: Settings, folder: Path) -> AsyncIterator[Line]:
    """The lines of feedback and of a report of 2,000 sessions and 40,000 answers, on the database that is open."""
    now = datetime.now(UTC)
    taught, survey = await an_asked_session(now, people=3)
    path = f"/evaluation/{(await links_of(survey.id))[taught.learners[0].id]}"
    [person] = await people(1, now=now)
    async with serving(OURS, settings, folder) as (ours, _):
        yield await _survey_page(settings, folder, ours, path)
        await fill_quarter(now=now)
        asked = [get("/programme"), get(path), get("/me", Cookie=cookie(person))]
        turns = []
        for _ in range(TURNS):
            idle = _late(await latencies(ours, asked, every=EVERY, seconds=IDLE_SECONDS))
            during, took = await _while_a_report_is_made(settings, folder, ours, asked)
            turns.append((_late(during), idle, took))
    # Both of one turn, one after the other, since a noisy machine harms both.
    busy, idle, _ = min(turns, key=lambda turn: turn[0] / turn[1])
    yield at_most("web p99 while a quarterly report is made, ms; twice idle", 1000 * busy, 2000 * idle)
    yield at_most("a quarterly report as PDF in a process of its own, seconds", min(took for _, _, took in turns), 20)


async def _survey_page(settings: Settings, folder: Path, ours: int, path: str) -> Line:
    """The form of a survey as often as can be, beside a page of as many bytes that Jinja makes of nothing."""
    _, body = await fetched(ours, path)
    bare_folder = folder / "survey"
    bare_folder.mkdir()
    for name in ("programme", "feed", "me"):
        (bare_folder / name).write_bytes(body)
    (bare_folder / "sessions.json").write_text("[]", encoding="utf-8")
    async with serving(BARE, settings, bare_folder) as (bare, _):
        limit_rate, our_rate = await alternately(
            lambda: rate(bare, [get("/jinja")], wanted=b"200", seconds=SECONDS),
            lambda: rate(ours, [get(path)], wanted=b"200", seconds=SECONDS),
        )
    return at_least(f"survey page of {len(body) // 1024} KB", our_rate, limit_rate, 0.3)


def _late(seconds: Sequence[float]) -> float:
    """What 99 of 100 answers take at most."""
    return sorted(seconds)[int(len(seconds) * 0.99)]


async def _while_a_report_is_made(settings: Settings, folder: Path, ours: int, asked: Sequence[bytes]) -> tuple[list[float], float]:
    """How long answers take while the command makes a report, and how long that takes."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "marstraining", "report", "quarterly", "--year", "2025/26", "--quarter", "3",
        "--out", str(folder / "report.pdf"), cwd=ROOT, env=environ(settings, folder, ours),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    done = asyncio.create_task(process.wait())
    found: list[float] = []
    try:
        while not done.done():
            found += await latencies(ours, asked, every=EVERY, seconds=0.25)
    finally:
        if process.returncode is None:
            process.terminate()
        await done
    if process.returncode:
        raise RuntimeError(f"no report was made: {process.returncode}")
    return found, time.perf_counter() - began
