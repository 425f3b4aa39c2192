"""What the worker does about files in quarantine: shows each to the scanner, lets it out or takes it away."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from marstraining.core import config
from marstraining.core.db import execute, rows, transaction
from marstraining.core.files import Lying, all_stored, drop, hold_back, quarantined, release
from marstraining.core.scanner import CannotScan, ScannerAway, ping, scan
from marstraining.core.viewer import SYSTEM
from marstraining.history.actions import record
from marstraining.uploads.actions.noting import note_unknown, tell
from marstraining.uploads.rules import FileState, next_try

# A file lies in its folder a moment before, or after, its row says what it is.
_SETTLED = timedelta(minutes=10)
_AT_ONCE = 500

_log = structlog.get_logger(__name__)


async def scan_waiting_files(*, now: datetime) -> int:
    """Show every file in quarantine to the scanner: a clean one is served from then on, one with a virus is removed.

    How many were decided on. What lies in the folder counts, not what rows say, so that a file is never forgotten; two workers
    at once do no harm. Where the scanner is away the files stay and the next run asks again; one that it will not look at is
    shown again later and later.
    """
    settings = config.current()
    if not settings.scan_url:
        return 0
    decided = 0
    for file in await _due(await asyncio.to_thread(all_stored, settings.data_dir, in_quarantine=True), now=now):
        try:
            decided += await _decide(settings.data_dir, settings.scan_url, file, now=now)
        except ScannerAway as away:
            if not await _is_there(settings.scan_url):
                _log.warning("virus scanner away", reason=str(away))
                break
            await _put_off(file, f"no answer: {away}", now=now)
        except CannotScan as unable:
            await _put_off(file, str(unable), now=now)
    return decided


async def hold_back_unscanned(*, now: datetime) -> int:
    """Put files into quarantine that came while no scanner was set, and note those that are gone; how many of both.

    So a scanner that is set later looks at every file that there is.
    """
    settings = config.current()
    if not settings.scan_url:
        return 0
    before = (now - _SETTLED).timestamp()
    lying = await asyncio.to_thread(all_stored, settings.data_dir, in_quarantine=False)
    settled = [file for file in lying if file.since < before]
    clean = await _in_state([file.stored_as for file in settled], FileState.CLEAN)
    held = [file for file in settled if file.stored_as not in clean]
    for file in held:
        await asyncio.to_thread(hold_back, settings.data_dir, file.stored_as)
        await _note_waiting(file, now=now)
    return len(held) + await _note_gone(settings.data_dir, now=now)


async def _due(lying: Sequence[Lying], *, now: datetime) -> list[Lying]:
    """Those that are not put off, the longest waiting first; each has a row from then on."""
    names = [file.stored_as for file in lying]
    known: dict[str, datetime | None] = {}
    for start in range(0, len(names), _AT_ONCE):
        lot = names[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(lot))
        found = await rows(f"SELECT stored_as, next_try_at FROM uploads_file WHERE stored_as IN ({marks})", *lot, instants=("next_try_at",))
        known |= {row["stored_as"]: row["next_try_at"] for row in found}
    due = []
    before = (now - _SETTLED).timestamp()
    for file in lying:
        if file.stored_as not in known:
            # Its entry is being written; one without any is noted as nobody's when that must be over.
            if file.since < before:
                await note_unknown(file.stored_as, size=file.size, now=now)
                due.append(file)
            continue
        later = known[file.stored_as]
        if later is None or later <= now:
            due.append(file)
    return due


async def _decide(data_dir: Path, url: str, file: Lying, *, now: datetime) -> int:
    path = quarantined(data_dir, file.stored_as)
    if await _in_state([file.stored_as], FileState.INFECTED):
        # Found before, and not taken away because the worker was stopped between the two.
        await asyncio.to_thread(drop, data_dir, file.stored_as)
        return 0
    try:
        with await asyncio.to_thread(path.open, "rb") as source:
            threat = await scan(url, source)
    except FileNotFoundError:
        return 0
    if not threat:
        await asyncio.to_thread(release, data_dir, file.stored_as)
        return await _settle(file, FileState.CLEAN, "", now=now)
    settled = await _settle(file, FileState.INFECTED, threat, now=now)
    await asyncio.to_thread(drop, data_dir, file.stored_as)
    return settled


async def _settle(file: Lying, state: FileState, threat: str, *, now: datetime) -> int:
    """Write what was found; of two workers that found it the first tells of it."""
    async with transaction():
        found = await rows(
            "UPDATE uploads_file SET state = ?, threat = ?, scanned_at = ?, next_try_at = NULL, last_error = '' WHERE stored_as = ?"
            " AND state <> ? RETURNING id",
            state.value,
            threat,
            now,
            file.stored_as,
            state.value,
        )
        if found and state == FileState.INFECTED:
            await tell(found[0]["id"], tells_sender=True, now=now)
            await record("virus_found", by=SYSTEM, now=now, subject_kind="file", subject_id=found[0]["id"], detail={"threat": threat})
    return len(found)


async def _put_off(file: Lying, why: str, *, now: datetime) -> None:
    [row] = await rows("SELECT tries FROM uploads_file WHERE stored_as = ?", file.stored_as) or [{"tries": 0}]
    tries = row["tries"] + 1
    await execute(
        "UPDATE uploads_file SET tries = ?, next_try_at = ?, last_error = ? WHERE stored_as = ?",
        tries,
        next_try(tries, now=now),
        why[:200],
        file.stored_as,
    )
    _log.warning("file not scanned", file=file.stored_as[:8], tries=tries, reason=why)


async def _is_there(url: str) -> bool:
    try:
        await ping(url)
    except ScannerAway:
        return False
    return True


async def _in_state(names: Sequence[str], state: FileState) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(names), _AT_ONCE):
        lot = names[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(lot))
        read = await rows(f"SELECT stored_as FROM uploads_file WHERE state = ? AND stored_as IN ({marks})", state.value, *lot)
        found |= {row["stored_as"] for row in read}
    return found


async def _note_waiting(file: Lying, *, now: datetime) -> None:
    if not await execute("UPDATE uploads_file SET state = 'waiting', waiting_since = ? WHERE stored_as = ?", now, file.stored_as):
        await note_unknown(file.stored_as, size=file.size, now=now)


async def _note_gone(data_dir: Path, *, now: datetime) -> int:
    """A row that waits for a file which lies nowhere would be an alarm for ever."""
    waiting = await rows("SELECT stored_as FROM uploads_file WHERE state = 'waiting' AND waiting_since < ?", now - _SETTLED)
    lying = {file.stored_as for held in (True, False) for file in await asyncio.to_thread(all_stored, data_dir, in_quarantine=held)}
    gone = [row["stored_as"] for row in waiting if row["stored_as"] not in lying]
    for stored_as in gone:
        await execute("UPDATE uploads_file SET state = 'gone' WHERE stored_as = ? AND state = 'waiting'", stored_as)
    return len(gone)
