"""`serve`: the processes that answer requests."""

import asyncio
import gc
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from starlette.types import ASGIApp

from marstraining.app import create_app
from marstraining.commands.database import opened
from marstraining.commands.stopping import Told, end_with_parent, serve_until_told
from marstraining.commands.supervising import start_worker_child
from marstraining.core.config import Settings, load_settings
from marstraining.core.errors import Refused
from marstraining.core.logs import configure_logs
from marstraining.core.metrics import SHARED_FOLDER
from marstraining.core.web.headers import Headers

# A request in hand may take this long after the signal to stop (security.md R4).
_GRACE_SECONDS = 20
_THINGS_BETWEEN_LOOKS = 20_000


def application() -> ASGIApp:
    """The application of one of several serving processes, from the environment."""
    settings = load_settings()
    configure_logs(settings)
    end_with_parent()
    return _settled(create_app(settings))


def _settled(application: Headers) -> Headers:
    # Code, routes and templates stay for good: no later search for rubbish need look at them.
    gc.freeze()
    # A request makes thousands of things and few rings of them: looking after each 700 found nothing, time and again.
    gc.set_threshold(_THINGS_BETWEEN_LOOKS, 20, 20)
    return application


def serve(host: str, port: int, workers: int, with_worker: bool) -> None:  # noqa: FBT001 - the command's flag
    settings = load_settings()
    asyncio.run(check_database(settings))
    if not is_free(host, port):
        raise Refused(f"Port {port} at {host} is taken: choose another with --port.")
    with ExitStack() as stack:
        if workers > 1:
            stack.enter_context(_shared_figures())
        tell_worker = stack.enter_context(start_worker_child()) if with_worker else _nothing
        run_server(settings, host=host, port=port, workers=workers, told=tell_worker)


@contextmanager
def _shared_figures() -> Iterator[None]:
    """A folder in which several processes keep their counts, so that whichever is asked for figures tells those of all.

    In memory where there is such a folder: a process that writes to a mapped file on a full disk is killed.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    base = memory if os.access(memory, os.W_OK) else None
    with TemporaryDirectory(prefix="marstraining-figures-", dir=base) as folder:
        os.environ[SHARED_FOLDER] = folder
        yield


async def check_database(settings: Settings) -> None:
    """Refused with a sentence where the database is away or not up to date."""
    async with opened(settings):
        pass


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        # As the server itself will: a port that an ended process still lingers on is free.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def _nothing() -> None:
    """What is told where no worker is started here."""


def run_server(settings: Settings, *, host: str, port: int, workers: int, told: Told) -> None:
    """Serve until told to stop; `told` is called as soon as that is, more than once if the signal comes again."""
    # One process runs the application made here; each of several makes its own.
    configure_logs(settings)
    config = uvicorn.Config(
        "marstraining.commands.serving:application" if workers > 1 else _settled(create_app(settings)),
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
    serve_until_told(config, told=told)
