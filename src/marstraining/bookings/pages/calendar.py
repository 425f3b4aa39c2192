"""The address of the personal feed: made, changed, stopped. What it serves stands in `portal`, since it holds more than bookings."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings import actions
from marstraining.core import clock, config
from marstraining.core.errors import NotFound
from marstraining.core.web import SIGNED_IN, page, read_form, render, see_other, viewer_of

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


routes = [
    page("/me/calendar", my_calendar, who=SIGNED_IN, methods=("GET", "POST")),
]
