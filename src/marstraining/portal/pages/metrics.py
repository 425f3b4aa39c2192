"""Figures for the machine's own collector."""

import shutil
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.queries import oversold_sessions
from marstraining.core import clock, config, metrics
from marstraining.core.db import is_unavailable, rows
from marstraining.core.errors import NotFound
from marstraining.core.metrics import Figures
from marstraining.core.tokens import same
from marstraining.core.web import ANYONE, page
from marstraining.messages.rules import Priority
from marstraining.uploads.queries import waiting

_CLASSES = {int(priority): priority.name.lower() for priority in Priority}


async def figures(request: Request) -> Response:
    """Counts without names; 404 unless a token is set and sent, as if there were no such page.

    While the database is away what this service has counted is still told.
    """
    token = config.current().metrics_token
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token or not same(sent, token):
        raise NotFound
    try:
        read = await _read(now=clock.now())
    except Exception as error:
        if not is_unavailable(error):
            raise
        read = None
    return Response(metrics.show(read), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _read(*, now: datetime) -> Figures:
    letters = await rows("SELECT priority, state, count(*) AS n FROM messages_letter GROUP BY priority, state")
    # Since it was first due: a letter that is tried again and again would else be a young one after every try.
    oldest = await rows(
        "SELECT priority, min(coalesce(first_try_at, next_try_at)) AS due_at FROM messages_letter"
        " WHERE state IN ('waiting', 'sending') AND coalesce(first_try_at, next_try_at) <= ? GROUP BY priority",
        now,
        instants=("due_at",),
    )
    jobs = await rows("SELECT name, due_at, failing_since FROM history_job ORDER BY name", instants=("due_at",))
    backup = await rows(
        "SELECT max(at) AS made_at FROM history_entry WHERE subject_kind = 'database' AND action = 'backup'", instants=("made_at",)
    )
    made_at = backup[0]["made_at"]
    files = await waiting()
    return Figures(
        letters={(_CLASSES.get(row["priority"], "other"), row["state"]): row["n"] for row in letters},
        oldest={_CLASSES.get(row["priority"], "other"): (now - row["due_at"]).total_seconds() for row in oldest},
        oversold=len(await oversold_sessions(now=now)),
        links={row["state"]: row["n"] for row in await rows("SELECT state, count(*) AS n FROM resources_link GROUP BY state")},
        files_waiting=files.number,
        oldest_file=0.0 if files.since is None else max(0.0, (now - files.since).total_seconds()),
        jobs_late={row["name"]: max(0.0, (now - row["due_at"]).total_seconds()) for row in jobs},
        jobs_failing={row["name"]: row["failing_since"] is not None for row in jobs},
        backup_age=None if made_at is None else (now - made_at).total_seconds(),
        disk_used=_disk_used(),
    )


def _disk_used() -> float | None:
    try:
        disk = shutil.disk_usage(config.current().data_dir)
    except OSError:
        return None
    return round(disk.used / disk.total, 3)


routes = [page("/metrics", figures, who=ANYONE, impersonal=True)]
