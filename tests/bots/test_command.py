"""`marstraining-bot` as its own process against another's address, and what `check` says of Telegram."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn

from bots.webhook import SECRET_HEADER
from marstraining.commands.telegram import telegram_faults
from marstraining.core.config import Settings, load_settings
from marstraining.core.db import migrate
from tests.bots.fake_telegram import TOKEN, FakeTelegram
from tests.conftest import SECRET_KEY, run_apart

pytestmark = pytest.mark.whole

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-that-telegram-sends-along"
CHAT = 5_000_000_001


@pytest.fixture
def fake() -> FakeTelegram:
    return FakeTelegram(now=time.time)


@pytest.fixture
def telegram(fake: FakeTelegram) -> Iterator[str]:
    """The fake on a port of this machine's."""
    server = uvicorn.Server(uvicorn.Config(fake.app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def environ(tmp_path: Path, telegram: str) -> dict[str, str]:
    made = {
        "MARS_DATA_DIR": str(tmp_path),
        "MARS_SECRET_KEY": SECRET_KEY,
        "MARS_TELEGRAM_TOKEN": TOKEN,
        "MARS_TELEGRAM_API_URL": telegram,
        "MARS_TELEGRAM_WEBHOOK_URL": "https://training.example/telegram/webhook",
        "MARS_TELEGRAM_WEBHOOK_SECRET": SECRET,
    }
    run_apart(lambda: migrate(load_settings(made)))
    return made


@contextmanager
def bot(environ: dict[str, str], *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    path = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "bots", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, env=path | environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(is_so: Callable[[], object], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def post(port: int, update: object, *, secret: str = SECRET) -> int:
    address = f"http://127.0.0.1:{port}/telegram/webhook"
    return httpx2.post(address, json=update, headers={SECRET_HEADER: secret}, timeout=30).status_code


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def an_update(number: int, text: str) -> dict[str, object]:
    chat = {"id": CHAT, "type": "private", "first_name": "Asha"}
    message = {"message_id": number, "date": int(time.time()), "chat": chat, "from": {**chat, "is_bot": False}, "text": text}
    return {"update_id": number, "message": message}


@pytest.mark.faults
def test_the_command_answers_calls_and_ends_as_told(environ: dict[str, str], fake: FakeTelegram) -> None:
    port = free_port()
    with bot(environ, "--port", str(port)) as process:
        until(lambda: fake.webhook or process.poll() is not None)
        assert process.poll() is None, process.communicate()[1]
        assert post(port, an_update(1, "help"), secret="wrong") == 401
        assert post(port, an_update(1, "help")) == 200
        assert post(port, an_update(1, "help")) == 200
        until(lambda: fake.shown(CHAT))
        assert post(port, an_update(2, "neglect training")) == 200
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert len(fake.shown(CHAT)) == 2
    assert TOKEN.partition(":")[2] not in said
    assert "Traceback" not in said


@pytest.mark.faults
def test_the_command_asks_telegram_itself_for_trying_out(environ: dict[str, str], fake: FakeTelegram) -> None:
    fake.webhook = {"url": "https://old.example"}
    fake.updates.append(an_update(1, "help"))
    with bot(environ, "--poll") as process:
        until(lambda: fake.shown(CHAT) or process.poll() is not None)
        assert process.poll() is None, process.communicate()[1]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, fake.webhook) == (0, {})
    assert TOKEN.partition(":")[2] not in said


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"MARS_TELEGRAM_TOKEN": "", "MARS_TELEGRAM_WEBHOOK_URL": ""}, r"MARS_TELEGRAM_TOKEN is not set: @BotFather gives a bot its token"),
        ({"MARS_TELEGRAM_WEBHOOK_URL": ""}, r"MARS_TELEGRAM_WEBHOOK_URL is not set: .* or use --poll to try it out"),
        ({"MARS_TELEGRAM_TOKEN": "999:AAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}, r"Telegram does not know the bot of MARS_TELEGRAM_TOKEN\."),
        ({"MARS_TELEGRAM_API_URL": "http://127.0.0.1:1"}, r"Telegram could not be reached, or refused the bot: NetworkError: .*"),
        ({"MARS_DATABASE_URL": "sqlite:///nowhere/at/all.sqlite3"}, r"There is no database at /nowhere/at/all.sqlite3 yet: .*"),
    ],
)
def test_what_is_missing_is_refused_with_a_sentence(environ: dict[str, str], changed: dict[str, str], sentence: str) -> None:
    with bot(environ | changed, "--port", str(free_port())) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(sentence, said.strip().splitlines()[-1]), said
    assert "Traceback" not in said


def test_neither_the_pages_nor_a_worker_without_a_bot_load_anything_of_telegrams() -> None:
    code = "import sys, marstraining.app, marstraining.worker; print([one for one in ('telegram', 'httpx', 'bots') if one in sys.modules])"
    environ = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert done.stdout.strip() == "[]"


# ---- check ----------------------------------------------------------------------------------------------------------


def checked(environ: dict[str, str], capsys: pytest.CaptureFixture[str], **changed: str) -> tuple[list[str], list[str]]:
    """What is wrong, and what is said besides."""
    settings: Settings = load_settings(environ | changed)
    wrong = list(telegram_faults(settings))
    return wrong, capsys.readouterr().out.splitlines()


def test_check_says_whether_telegram_knows_the_bot_and_calls_it(
    environ: dict[str, str], fake: FakeTelegram, capsys: pytest.CaptureFixture[str]
) -> None:
    known = "ok     Telegram knows the bot @MarsTrainingBot."
    assert checked(environ, capsys) == (
        ["Telegram does not call MARS_TELEGRAM_WEBHOOK_URL yet: start marstraining-bot, which tells it to."],
        [known],
    )
    fake.webhook = {"url": environ["MARS_TELEGRAM_WEBHOOK_URL"]}
    assert checked(environ, capsys) == ([], [known, "ok     Telegram's calls arrive."])
    fake.webhook |= {"last_error_date": int(time.time()) - 60, "last_error_message": "Wrong response: 401 Unauthorized"}
    assert checked(environ, capsys)[0] == ["Telegram's calls fail: Wrong response: 401 Unauthorized"]
    fake.webhook = {"url": environ["MARS_TELEGRAM_WEBHOOK_URL"]}
    fake.updates.extend(an_update(number, "x") for number in range(101))
    assert checked(environ, capsys)[0] == ["101 messages wait at Telegram: is marstraining-bot running?"]
    quiet = {"MARS_TELEGRAM_WEBHOOK_URL": ""}
    assert checked(environ, capsys, **quiet)[1][1].startswith("note   MARS_TELEGRAM_WEBHOOK_URL is not set")


def test_check_names_a_wrong_token_and_a_telegram_out_of_reach(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {"MARS_TELEGRAM_TOKEN": "999:AAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
    assert checked(environ, capsys, **wrong) == (["Telegram does not know the bot of MARS_TELEGRAM_TOKEN."], [])
    away = {"MARS_TELEGRAM_API_URL": "http://127.0.0.1:1"}
    assert checked(environ, capsys, **away) == (["Telegram cannot be reached at 127.0.0.1: URLError."], [])
    none = {"MARS_TELEGRAM_TOKEN": "", "MARS_TELEGRAM_WEBHOOK_URL": ""}
    assert checked(environ, capsys, **none) == ([], [])
