"""How serving processes stop: nobody new is let in, what is in hand is answered, none is left over, and the exit code is 0."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

Told = Callable[[], object]


def serve_until_told(config: uvicorn.Config, *, told: Told) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in hand within the grace of `config`; SystemExit where it cannot begin.

    `told` is called as soon as the signal is there, more than once if the signal is. uvicorn.run would raise the signal again
    once it has finished: the process would end by it, with what is left to do undone and an exit code that looks like a fault.
    """
    signal.signal(signal.SIGTERM, _leave)
    if config.workers > 1:
        supervisor = _Supervisor(config, told)
        supervisor.run()
        is_fit = all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)
    else:
        server = _Server(config, told)
        server.run()
        is_fit = server.started
    # On the way out already: a second signal changes nothing.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if not is_fit:
        raise SystemExit(STARTUP_FAILURE)


def end_with_parent() -> None:
    """End this process, one of several, as by SIGTERM when the process that started it is gone, however that died."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent-watcher", daemon=True).start()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


class _Server(uvicorn.Server):
    """One process that answers; it remembers no signal to raise again."""

    def __init__(self, config: uvicorn.Config, told: Told) -> None:
        super().__init__(config)
        self._told = told

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as signal handlers are called
        """Stop; whoever presses Ctrl-C a second time does not want to wait for what is in hand."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True
        self._told()


class _Supervisor(Multiprocess):
    """The process that keeps several others answering."""

    def __init__(self, config: uvicorn.Config, told: Told) -> None:
        super().__init__(config, sockets=[config.bind_socket()])
        self._told = told

    def terminate_all(self) -> None:
        self._told()
        # This process's copy of the door would go on taking callers in whom nobody answers any more.
        for listening in self.sockets:
            listening.close()
        super().terminate_all()
