"""Somebody's own calendar: what they booked, are offered and train, and the board's meetings where they read its papers."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.actions import feed_owner
from marstraining.bookings.calendar import feed_entries
from marstraining.core import clock, config
from marstraining.core.icalendar_writer import feed
from marstraining.core.web import ANYONE, conditional, page
from marstraining.people.queries import viewer_for
from marstraining.reports.calendar import board_entries


async def personal_feed(request: Request) -> Response:
    """Somebody's own entries by their token; 404 at once after it was changed or the account closed."""
    now = clock.now()
    person = await feed_owner(request.path_params["token"], now=now)
    entries = await feed_entries(person.id, now=now)
    viewer = await viewer_for(person.id)
    board = await board_entries(viewer, now=now) if viewer is not None else []
    entries += board
    name = f"{config.current().partnership.short_name}: my training"
    about = "Your bookings and offers, and the sessions you train" + (", and the board’s meetings." if board else ".")  # noqa: RUF001
    body = feed(entries, name=name, description=about)
    newest = max((entry.changed_at for entry in entries), default=None)
    headers = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if newest:
        headers["Last-Modified"] = f"{newest:%a, %d %b %Y %H:%M:%S GMT}"
    return conditional(request, Response(body, media_type="text/calendar; charset=utf-8", headers=headers))


routes = [page("/calendar/{token}.ics", personal_feed, who=ANYONE, impersonal=True)]
