import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

pytestmark = pytest.mark.whole


def _is_served(address: str) -> bool:
    try:
        return httpx2.get(address).status_code == 200
    except httpx2.TransportError:
        return False


def test_the_demo_is_served_and_ends_cleanly_when_interrupted(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "marstraining", "demo", "--data-dir", str(tmp_path), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not _is_served(f"http://127.0.0.1:{port}/programme"):
            assert (demo.poll(), time.monotonic() < deadline) == (None, True)
            time.sleep(0.1)
        second = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "marstraining", "demo", "--data-dir", str(tmp_path / "other"), "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (second.returncode, second.stderr) == (1, f"Port {port} is taken: choose another with --port.\n")
        while not list(tmp_path.glob("mail/*.eml")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        # To the whole group, as Ctrl-C in a terminal does.
        os.killpg(demo.pid, signal.SIGINT)
        said, complained = demo.communicate(timeout=30)
    links = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert links["base_url"] == f"http://127.0.0.1:{port}"
    assert [link for link in links["sign_in"].values() if link not in said] == []
    assert (demo.returncode, complained) == (0, "")
