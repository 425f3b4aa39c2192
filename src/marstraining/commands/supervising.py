"""The worker as a child of the process that serves: one command for both, and neither outlives the other.

It stands apart from `worker`, whose jobs and mail client a web process would load for nothing.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog

# The worker gives itself 20 seconds to finish what is in hand.
_GRACE_SECONDS = 25.0
_RESTARTS = (1.0, 2.0, 5.0, 15.0, 30.0)
_RAN_WELL_SECONDS = 60.0

_log = structlog.get_logger(__name__)


@contextmanager
def start_worker_child(environ: Mapping[str, str] | None = None) -> Iterator[Callable[[], None]]:
    """Run a worker as a child process within the block, started again when it dies, ended with the block.

    The block gets a function that tells the worker to stop, without waiting until it has; a signal handler may call it.
    It ends with this process too, however that dies: it holds the reading end of a pipe that only this process writes to.
    (PR_SET_PDEATHSIG would not do: it follows the thread that started the child, and is Linux's alone.)
    """
    child = _Child(dict(os.environ if environ is None else environ))
    keeper = threading.Thread(target=child.keep, name="worker-keeper", daemon=True)
    keeper.start()
    try:
        yield child.tell
    finally:
        child.end()
        keeper.join()


class _Child:
    """The worker process and the thread that keeps one running."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._environ = environ
        self._is_over = threading.Event()
        # A second signal may come while the first is being told.
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Start the process, and again after it ended, later each time unless it ran well for a while."""
        tries = 0
        while True:
            with self._lock:
                if self._is_over.is_set():
                    return
                # In a session of its own, since Ctrl-C in a terminal reaches the whole group: it is this process that ends it.
                command = [sys.executable, "-m", "marstraining.worker"]
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, env=self._environ, start_new_session=True)  # noqa: S603 - our own module
            began = time.monotonic()
            with self._process as process:
                code = process.wait()
            if self._is_over.is_set():
                return
            tries = 0 if time.monotonic() - began > _RAN_WELL_SECONDS else tries + 1
            wait = _RESTARTS[min(tries, len(_RESTARTS)) - 1] if tries else _RESTARTS[0]
            _log.error("worker process ended", code=code, again_in=wait)
            self._is_over.wait(wait)

    def tell(self) -> None:
        """Tell the process to stop, and start no other."""
        with self._lock:
            self._is_over.set()
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()

    def end(self) -> None:
        """Tell it to stop and wait until it has; one that does not, or that nobody wants to wait for, is killed."""
        self.tell()
        process = self._process
        if process is None:
            return
        try:
            process.wait(timeout=_GRACE_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()
