"""The gallery of core.web, served in process."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from jinja2 import ChoiceLoader, FileSystemLoader

from marstraining.core import config
from marstraining.core.web.headers import Headers
from marstraining.core.web.render import environment
from tests.core.web_gallery import counter, gallery_app

HERE = "http://127.0.0.1:8000"


@pytest.fixture
def web_settings(tmp_path: Path) -> Iterator[config.Settings]:
    before = config._current  # noqa: SLF001 - what a test replaces it puts back
    settings = config.load_settings(
        {"MARS_DATA_DIR": str(tmp_path), "MARS_SECRET_KEY": "0f8a7c5e9b1d4263a4c8e0f2d6b79153", "MARS_BASE_URL": HERE}
    )
    config.use(settings)
    yield settings
    config.use(before)


@pytest.fixture
def gallery(web_settings: config.Settings) -> Iterator[Headers]:
    assert web_settings.base_url == HERE
    env = environment()
    loader = env.loader
    assert loader is not None
    env.loader = ChoiceLoader([loader, FileSystemLoader(Path(__file__).with_name("templates"))])
    counter.made = counter.looked_up = 0
    counter.text = "first"
    yield gallery_app()
    env.loader = loader


@pytest_asyncio.fixture
async def browser(gallery: Headers) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(gallery, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=HERE, headers={"Accept-Encoding": "identity"}) as client:
        yield client
