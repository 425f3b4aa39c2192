"""Reading reports in a process of its own, which a hostile or enormous file can hurt and the service cannot."""

import asyncio
import gc
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from marstraining.core.apart import run_apart
from marstraining.core.errors import Refused
from marstraining.meeting_reports.columns import Columns, FoundList, columns_to_json, found_from_json
from marstraining.meeting_reports.model import Fault, NamedFile, Report, TaughtDay, refused
from marstraining.meeting_reports.text import check_size, too_hard
from marstraining.meeting_reports.wire import days_to_json, report_from_json

T = TypeVar("T")

DEADLINE_SECONDS = 20.0
MAX_FILES = 20
_CHILD = "marstraining.meeting_reports.child"
# A reader logs nothing, and what makes logs takes as long to load as the reader itself: the package is told that it is there.
_START = "import sys, runpy; sys.modules['structlog'] = None; runpy.run_module({module!r}, run_name='__main__')"


async def read_apart(
    files: Sequence[NamedFile], days: Sequence[TaughtDay] = (), columns: Columns | None = None, *, deadline: float = DEADLINE_SECONDS
) -> Report:
    """What `reading.read_reports` says, refusals included, found in a process with limits on memory and processor time.

    `deadline` is in seconds; a process that is not done by then is killed, as is that of a task that is cancelled. A file that
    needs more than is allowed is refused with TOO_LARGE. Nothing is written to disk.
    """
    asked = {"columns": columns_to_json(columns) if columns else None}
    return await _ask(asked, files, days, lambda said: report_from_json(said["report"]), deadline)


async def look_apart(
    files: Sequence[NamedFile], days: Sequence[TaughtDay] = (), *, deadline: float = DEADLINE_SECONDS
) -> list[FoundList | None]:
    """What `reading.look_at` says of each file, in a process apart like that of `read_apart`."""
    return await _ask({"looks": True}, files, days, lambda said: [found_from_json(one) if one else None for one in said["lists"]], deadline)


async def _ask(
    asked: Mapping[str, object],
    files: Sequence[NamedFile],
    days: Sequence[TaughtDay],
    unpack: Callable[[Mapping[str, Any]], T],
    deadline: float,
) -> T:
    if len(files) > MAX_FILES:
        raise refused(Fault.TOO_LARGE, f"A session has at most {MAX_FILES} reports. Send only those of this session.")
    for file in files:
        check_size(file)
    question = {**asked, "files": [[file.name, len(file.data)] for file in files], "days": days_to_json(days)}
    given = b"".join([json.dumps(question).encode(), b"\n", *(file.data for file in files)])
    try:
        code, answer, complaint = await run_apart("-c", _START.format(module=_CHILD), given=given, deadline=deadline)
    except TimeoutError:
        raise too_hard() from None
    if code < 0:
        raise too_hard()
    if code:
        raise RuntimeError(f"the reader of reports failed: {complaint.decode(errors='replace').strip()}")
    # Twenty thousand people take a while to unpack, in which the service answers others.
    return await asyncio.to_thread(_unpacked, answer, unpack)


def _unpacked(answer: bytes, unpack: Callable[[Mapping[str, Any]], T]) -> T:
    # Of what is unpacked nothing is rubbish, and looking for it takes longer than unpacking.
    gc.disable()
    try:
        said = json.loads(answer)
        if "refused" in said:
            code, message, field = said["refused"]
            raise Refused(message, code=code, field=field)
        return unpack(said)
    finally:
        gc.enable()
