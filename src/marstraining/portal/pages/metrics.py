"""Figures for the machine's own collector."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config, metrics
from marstraining.core.db import rows
from marstraining.core.errors import NotFound
from marstraining.core.tokens import same
from marstraining.core.web import ANYONE, page


async def figures(request: Request) -> Response:
    """Counts without names; 404 unless a token is set and sent, as if there were no such page."""
    token = config.current().metrics_token
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token or not same(sent, token):
        raise NotFound
    now = clock.now()
    letters = await rows("SELECT state, count(*) AS n FROM messages_letter GROUP BY state")
    oldest = await rows(
        "SELECT priority, min(next_try_at) AS due_at FROM messages_letter WHERE state IN ('waiting', 'sending') AND next_try_at <= ?"
        " GROUP BY priority",
        now,
        instants=("due_at",),
    )
    # The reconciler: it compares and alerts, and never repairs silently (security.md, R1).
    oversold = await rows(
        "SELECT count(*) AS n FROM programme_session s WHERE s.state = 'published' AND s.ends_at > ? AND s.capacity IS NOT NULL"
        " AND s.capacity < (SELECT count(*) FROM bookings_booking b WHERE b.session_id = s.id AND b.state IN ('confirmed', 'invited'))",
        now,
    )
    body = metrics.show(
        letters={row["state"]: row["n"] for row in letters},
        oldest={row["priority"]: (now - row["due_at"]).total_seconds() for row in oldest},
        oversold=oversold[0]["n"],
    )
    return Response(body, media_type="text/plain; version=0.0.4; charset=utf-8")


routes = [page("/metrics", figures, who=ANYONE, impersonal=True)]
