"""The process apart in which files are read: `python -m marstraining.meeting_reports.child`, started by `apart`.

Standard input is one line of JSON with the names and sizes of the files, the training days and what is asked, then the files'
bytes. Standard output is one JSON object, {"report": …}, {"lists": …} or {"refused": [code, sentence, field]}. It takes its own
limits before it reads anything.
"""

import gc
import json
import resource
import sys
import traceback
from types import TracebackType

from marstraining.core.errors import Refused
from marstraining.meeting_reports.columns import columns_from_json, found_to_json
from marstraining.meeting_reports.model import NamedFile
from marstraining.meeting_reports.reading import look_at, read_reports
from marstraining.meeting_reports.text import too_hard
from marstraining.meeting_reports.wire import days_from_json, report_to_json

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10


def main() -> None:
    _limit()
    # Nothing read here is let go of before the end, so that looking for what could be is time lost.
    gc.disable()
    sys.excepthook = _tell_place
    sys.stdout.write(json.dumps(_answer()))


def _answer() -> dict[str, object]:
    try:
        asked = json.loads(sys.stdin.buffer.readline())
        files = [NamedFile(name, sys.stdin.buffer.read(size)) for name, size in asked["files"]]
        days = days_from_json(asked["days"])
        if asked.get("looks"):
            lists = [look_at(file, days) for file in files]
            return {"lists": [found_to_json(found) if found else None for found in lists]}
        columns = asked.get("columns")
        return {"report": report_to_json(read_reports(files, days, columns_from_json(columns) if columns else None))}
    except Refused as refusal:
        return _refused(refusal)
    except MemoryError:
        return _refused(too_hard())


def _refused(refusal: Refused) -> dict[str, object]:
    return {"refused": [refusal.code, refusal.message, refusal.field]}


def _limit() -> None:
    """Bound memory and processor time, and allow no file to be written."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _tell_place(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
    """Say where a fault of our own happened, without its words: they can hold what was in the file."""
    frame = traceback.extract_tb(trace)[-1]
    sys.stderr.write(f"{kind.__name__} at {frame.filename}:{frame.lineno}\n")


if __name__ == "__main__":
    main()
