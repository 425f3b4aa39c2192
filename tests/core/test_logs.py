import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from marstraining.core.logs import address_mark, configure_logs
from tests.conftest import SECRET_KEY, make_settings


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    configure_logs(make_settings(tmp_path, f"sqlite://{tmp_path}/none.sqlite3"), written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_r7_a_line_is_json_with_the_request_id(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("marstraining.test").warning("letter not sent", letter=7)
    [line] = lines(stream)
    assert {name: line[name] for name in ("event", "level", "letter", "request_id", "logger")} == {
        "event": "letter not sent", "level": "warning", "letter": 7, "request_id": "r1", "logger": "marstraining.test",
    }  # fmt: skip


def test_r7_addresses_are_marked_and_tokens_and_queries_left_out(stream: io.StringIO) -> None:
    token = "A1b2" * 11
    path = f"/sign-in/l/{token}?next=/me&q=neglect"
    structlog.get_logger("x").warning("refused asha@school.example", path=path, body="secret", who=["asha@school.example"])
    logging.getLogger("library").warning("GET /programme?q=worried+about+%s from %s", "x", "Asha@School.example")
    mark = address_mark("asha@school.example", SECRET_KEY)
    first, second = lines(stream)
    assert (first["event"], first["path"], first["who"], "body" in first) == (f"refused {mark}", "/sign-in/l/[token]?…", [mark], False)
    assert second["event"] == f"GET /programme?… from {mark}"


def test_r7_an_exception_is_kept_without_addresses(stream: io.StringIO) -> None:
    try:
        raise ValueError("no mail can be sent to asha@school.example")
    except ValueError:
        structlog.get_logger("x").exception("job failed")
    [line] = lines(stream)
    assert "ValueError: no mail can be sent to address:" in line["exception"]
    assert "asha@" not in line["exception"]


def test_the_level_is_that_of_the_setting(stream: io.StringIO) -> None:
    structlog.get_logger("x").debug("not told")
    logging.getLogger("asyncio").info("not told either")
    assert lines(stream) == []
