"""A real Chromium, and the service really served to it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, async_playwright

from marstraining.app import create_app
from marstraining.core import config
from marstraining.core.config import load_settings
from marstraining.core.db import connect, migrate
from marstraining.core.tokens import derive_token
from marstraining.core.viewer import Role
from marstraining.messages.models import Message
from marstraining.people.actions.signing_in import Browser as Device
from marstraining.people.actions.signing_in import open_sign_in
from marstraining.people.models import Person
from tests import makers
from tests.conftest import SECRET_KEY

CHROMIUM = "/usr/bin/chromium"
WIDTHS = (1280, 390)


@dataclass
class Site:
    """The served service, the people in it and what they may open."""

    base_url: str
    asha: Person
    dee: Person
    open_ref: str
    full_ref: str
    past_ref: str

    async def sign_in(self, person: Person) -> list[dict[str, Any]]:
        """The cookies of somebody signed in."""
        opened = await open_sign_in(person.id, browser=Device(device="Chromium"), now=datetime.now(UTC))
        return [{"name": "sid", "value": opened.token, "url": self.base_url}]

    async def token_of(self, template: str, name: str) -> str:
        """The token of the latest letter of a kind, as its reader would find it."""
        letter = await Message.filter(template=template).order_by("-id").first()
        assert letter is not None
        purpose, row, nonce = letter.tokens[name]
        return derive_token(config.current().secret_key, str(purpose), str(row), str(nonce))


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """The service on a port of its own with a small programme."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = load_settings(
        {
            "MARS_DATA_DIR": str(tmp_path),
            "MARS_SECRET_KEY": SECRET_KEY,
            "MARS_BASE_URL": f"http://127.0.0.1:{port}",
            "MARS_MAIL_FROM": "training@mars.example",
        }
    )
    config.use(settings)
    await migrate(settings)
    async with connect(settings):
        made = await _fill(settings.base_url)
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(settings, connect_database=False, is_watching=False),
                host="127.0.0.1",
                port=port,
                log_level="warning",
                lifespan="off",
            )
        )
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn sets a flag, no event
            await asyncio.sleep(0.02)
        yield made
        server.should_exit = True
        await serving
    config.use(None)


async def _fill(base_url: str) -> Site:
    now = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
    school = await makers.make_agency("St Luke's School", code="STLUKES")
    asha = await makers.make_person("Asha Patel", email="asha@stlukes.example", agency=school, job_role="dsl")
    dee = await makers.make_person("Dee Ward", email="dee@council.example", roles=(Role.DESK, Role.ADMINISTRATOR))
    venue = await makers.make_venue("Hewson House", address="Station Road, Brigg", directions="By the station.", parking="Free.")
    course = await makers.make_course(
        "Child Protection", code="CP", summary="Recognise and act.", outcomes=["Recognise abuse"], content_note="Abuse."
    )
    refs = []
    for days, columns in ((20, {"capacity": 12}), (30, {"capacity": 0}), (-5, {"capacity": 10})):
        session = await makers.make_session(course=course, now=now, starts=now + timedelta(days=days), venue=venue, **columns)
        refs.append(session.ref)
    return Site(base_url, asha, dee, *refs)


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    if not os.access(CHROMIUM, os.X_OK):
        pytest.fail("the browser tests need Debian's chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()
