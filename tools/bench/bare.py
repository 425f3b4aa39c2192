"""What the machine can do at most: the same bytes, a page of the same size by Jinja, a transaction of as many rows, nothing else."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import DictLoader, Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from marstraining.core.config import load_settings
from marstraining.core.db import connect, execute, hold, transaction
from marstraining.programme.models import Session

_ROW = "<li class='card'><a href='{{ item.href }}'>{{ item.title }}</a><p>{{ item.text }}</p></li>\n"
# A booking writes itself, its transition, its letter, its calendar entry and its row of history.
ROWS_OF_A_BOOKING = 5


def application() -> Starlette:
    """The bare application; MARS_BENCH_FOLDER holds what the real one answered, and the numbers of the sessions."""
    folder = Path(os.environ["MARS_BENCH_FOLDER"])
    page, feed = (folder / "programme").read_bytes(), (folder / "feed").read_bytes()
    size = len((folder / "me").read_bytes())
    session_ids: list[int] = json.loads((folder / "sessions.json").read_text(encoding="utf-8"))
    template = Environment(autoescape=True, loader=DictLoader({"me": "{% for item in items %}" + _ROW + "{% endfor %}"})).get_template("me")
    item = {"href": "/bookings/0123456789", "title": "Child Protection", "text": "Tuesday 3 March 2026, 9:30am to 12:30pm"}
    items = [item] * (size // len(template.render(items=[item])) + 1)

    async def show_page(_request: Request) -> Response:
        return Response(page, media_type="text/html", headers={"content-encoding": "gzip"})

    async def show_feed(_request: Request) -> Response:
        return Response(feed, media_type="text/calendar")

    async def show_jinja(_request: Request) -> Response:
        return HTMLResponse(template.render(items=items))

    async def nothing(_request: Request) -> Response:
        return Response()

    async def write(request: Request) -> Response:
        number, now = int(request.query_params["n"]), datetime.now(UTC)
        async with transaction():
            await hold(Session, session_ids[number % len(session_ids)])
            for place in range(ROWS_OF_A_BOOKING):
                await execute(
                    "INSERT INTO history_entry (at, actor_id, actor_role, action, subject_kind, subject_id, detail)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    now, number, "learner", "bench", "booking", place, "{}",
                )  # fmt: skip
        return Response()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with connect(load_settings()):
            yield

    routes = [
        Route("/page", show_page), Route("/feed", show_feed), Route("/jinja", show_jinja), Route("/empty", nothing),
        Route("/transaction", write), Route("/healthz", nothing),
    ]  # fmt: skip
    return Starlette(routes=routes, lifespan=lifespan)
