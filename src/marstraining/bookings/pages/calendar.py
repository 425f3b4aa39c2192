"""The personal feed: making its address, changing it, and serving it."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings import actions
from marstraining.bookings.calendar import feed_entries
from marstraining.core import clock, config
from marstraining.core.errors import NotFound
from marstraining.core.icalendar_writer import feed
from marstraining.core.web import ANYONE, SIGNED_IN, conditional, page, read_form, render, see_other, viewer_of

DONE = {"stopped": "Your calendar address no longer works."}


async def my_calendar(request: Request) -> Response:
    """Make a feed address, shown once, or stop the one there is."""
    viewer = viewer_of(request)
    if viewer.person_id is None:
        raise NotFound
    address = ""
    if request.method == "POST":
        form = await read_form(request)
        if form.get("do") == "stop":
            await actions.stop_feed(viewer.person_id, by=viewer, now=clock.now())
            return see_other("/me/calendar?done=stopped")
        token = await actions.rotate_feed(viewer.person_id, by=viewer, now=clock.now())
        address = f"{config.current().base_url}/calendar/{token}.ics"
    return render(
        request,
        "bookings/my_calendar.html",
        address=address,
        webcal=address.replace("https://", "webcal://").replace("http://", "webcal://"),
        has_feed=await actions.has_feed(viewer.person_id),
        done=DONE,
    )


async def personal_feed(request: Request) -> Response:
    """Somebody's own entries by their token; 404 at once after it was changed or the account closed."""
    now = clock.now()
    person = await actions.feed_owner(request.path_params["token"], now=now)
    entries = await feed_entries(person.id, now=now)
    name = f"{config.current().partnership.short_name}: my training"
    body = feed(entries, name=name, description="Your bookings and offers, and the sessions you train.")
    newest = max((entry.changed_at for entry in entries), default=None)
    headers = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if newest:
        headers["Last-Modified"] = f"{newest:%a, %d %b %Y %H:%M:%S GMT}"
    return conditional(request, Response(body, media_type="text/calendar; charset=utf-8", headers=headers))


routes = [
    page("/me/calendar", my_calendar, who=SIGNED_IN, methods=("GET", "POST")),
    page("/calendar/{token}.ics", personal_feed, who=ANYONE, impersonal=True),
]
