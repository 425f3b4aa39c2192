"""`demo`: the reference case and an invented programme, served with a worker beside it."""

import asyncio
import os
from pathlib import Path

from marstraining.commands.serving import is_free, run_server
from marstraining.commands.supervising import start_worker_child
from marstraining.commands.terminal import reporting, say
from marstraining.core.errors import Refused
from marstraining.demo.folder import prepare

_HOST = "127.0.0.1"
_USUAL_PORT = 8000
_PORTS_TRIED = 100


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
    say(f"\n  Letters are collected in {folder / 'mail'} and shown at {demo.settings.base_url}/demo/mail.\n")
    with start_worker_child() as tell_worker:
        run_server(demo.settings, host=_HOST, port=chosen, workers=1, told=tell_worker)


def _port(wanted: int | None) -> int:
    """The port asked for, or else the usual one or the next that is free."""
    if wanted is not None:
        if not is_free(_HOST, wanted):
            raise Refused(f"Port {wanted} is taken: choose another with --port.")
        return wanted
    free = next((port for port in range(_USUAL_PORT, _USUAL_PORT + _PORTS_TRIED) if is_free(_HOST, port)), None)
    if free is None:
        raise Refused(f"No port from {_USUAL_PORT} to {_USUAL_PORT + _PORTS_TRIED - 1} is free: choose one with --port.")
    if free != _USUAL_PORT:
        say(f"Port {_USUAL_PORT} is taken, so the demo uses {free}.")
    return free
