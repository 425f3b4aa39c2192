"""`serve`, `worker` and `demo`: the processes that stay."""

import asyncio
import os
import socket
from contextlib import ExitStack
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from marstraining.app import create_app
from marstraining.commands.database import opened
from marstraining.commands.terminal import reporting, say
from marstraining.core.config import Settings, load_settings
from marstraining.core.errors import Refused
from marstraining.core.logs import configure_logs
from marstraining.demo.folder import prepare
from marstraining.worker import run_worker, start_worker_child

_HOST = "127.0.0.1"
_USUAL_PORT = 8000
_PORTS_TRIED = 100
# A request in hand may take this long after the signal to stop (security.md R4).
_GRACE_SECONDS = 20


def application() -> ASGIApp:
    """The application of one of several serving processes, from the environment."""
    settings = load_settings()
    configure_logs(settings)
    return create_app(settings)


def serve(host: str, port: int, workers: int, with_worker: bool) -> None:  # noqa: FBT001 - the command's flag
    settings = load_settings()
    asyncio.run(_check_database(settings))
    if not _is_free(host, port):
        raise Refused(f"Port {port} at {host} is taken: choose another with --port.")
    with ExitStack() as stack:
        if with_worker:
            stack.enter_context(start_worker_child())
        _serve(settings, host=host, port=port, workers=workers)


def work() -> None:
    settings = load_settings()
    asyncio.run(_check_database(settings))
    run_worker(settings)


def run_demo(folder: Path, port: int | None, is_fresh: bool) -> None:  # noqa: FBT001 - the command's flag
    """Make the demo if it is not there, print a sign-in link for each role, and serve it until it is interrupted."""
    chosen = _port(port)
    with reporting() as report:
        demo = asyncio.run(prepare(folder.absolute(), f"http://{_HOST}:{chosen}", os.environ, is_fresh=is_fresh, report=report))
    # The worker is a process of its own and takes the demo's settings from the environment.
    for name in [name for name in os.environ if name.startswith("MARS_")]:
        del os.environ[name]
    os.environ.update(demo.environment)
    say(f"\n  The demo runs at {demo.settings.base_url} until you press Ctrl-C.\n\n  Sign in as")
    for role, link in demo.sign_in.items():
        say(f"    {role.replace('_', ' '):14} {link}")
    say(f"\n  Letters are collected in {folder / 'mail'}.\n")
    with start_worker_child():
        _serve(demo.settings, host=_HOST, port=chosen, workers=1)


async def _check_database(settings: Settings) -> None:
    async with opened(settings):
        pass


def _port(wanted: int | None) -> int:
    """The port asked for, or else the usual one or the next that is free."""
    if wanted is not None:
        if not _is_free(_HOST, wanted):
            raise Refused(f"Port {wanted} is taken: choose another with --port.")
        return wanted
    free = next((port for port in range(_USUAL_PORT, _USUAL_PORT + _PORTS_TRIED) if _is_free(_HOST, port)), None)
    if free is None:
        raise Refused(f"No port from {_USUAL_PORT} to {_USUAL_PORT + _PORTS_TRIED - 1} is free: choose one with --port.")
    if free != _USUAL_PORT:
        say(f"Port {_USUAL_PORT} is taken, so the demo uses {free}.")
    return free


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        # As the server itself will: a port that an ended process still lingers on is free.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def _serve(settings: Settings, *, host: str, port: int, workers: int) -> None:
    # One process runs the application made here; each of several makes its own.
    configure_logs(settings)
    uvicorn.run(
        "marstraining.commands.serving:application" if workers > 1 else create_app(settings),
        factory=workers > 1,
        host=host,
        port=port,
        workers=workers,
        server_header=False,
        access_log=False,
        log_config=None,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
