"""Work in a process of its own that is told no secret and ends with its task."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from typing import NamedTuple

# How to find Python and the program.
_SURROUNDINGS = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONTZPATH", "LANG", "LC_ALL")


class Ended(NamedTuple):
    """A process that is over: its exit code (negative for a signal that ended it), standard output and standard error."""

    code: int
    answer: bytes
    complaint: bytes


def surroundings() -> dict[str, str]:
    """What a process apart may know of this one's environment: how to find Python and the program, and no setting of ours."""
    return {name: value for name in _SURROUNDINGS if (value := os.environ.get(name)) is not None}


async def run_apart(*arguments: str, given: bytes, deadline: float, settings: Mapping[str, str] | None = None) -> Ended:
    """Run Python with these arguments, hand it `given`, and wait until it has ended, `deadline` seconds at most.

    Of our settings it is told `settings` alone. It is killed when the time is over (TimeoutError) and with a task that is cancelled.
    """
    # In a session of its own, so that Ctrl-C at a terminal reaches the one who started it and not this.
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, env={**surroundings(), **(settings or {})}, start_new_session=True
    )
    try:
        answer, complaint = await asyncio.wait_for(process.communicate(given), deadline)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode or 0, answer, complaint)
