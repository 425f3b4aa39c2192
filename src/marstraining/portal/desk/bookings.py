"""What the workspace's buttons do with one booking, and with the number of places."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.actions import cancel_booking, change_capacity, offer_now, set_priority
from marstraining.bookings.rules import BookingState
from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.web import page, read_form, see_other, viewer_of
from marstraining.portal.desk.workspace import PRIORITY_WORDS, WHO_RUNS_SESSIONS, load, workspace_page
from marstraining.portal.queries.workspace import booking_line


async def act(request: Request) -> Response:
    """Cancel, offer a place now, or change the place in line of one booking."""
    session = await load(request)
    line = await booking_line(session.id, request.path_params["booking"])
    form = await read_form(request)
    viewer, now = viewer_of(request), clock.now()
    done = "priority"
    try:
        if form.get("do") == "cancel":
            state = await cancel_booking(line["id"], by=viewer, now=now)
            done = "withdrawn" if state == BookingState.WITHDRAWN else "cancelled"
        elif form.get("do") == "offer":
            await offer_now(line["id"], by=viewer, now=now)
            done = "offered"
        else:
            chosen = form.choice("priority", "the place in line", {str(number): word for number, word in PRIORITY_WORDS.items()})
            if chosen:
                await set_priority(line["id"], priority=int(chosen), by=viewer, now=now)
    except Refused as refusal:
        form.refuse(refusal)
    if form.errors:
        return await workspace_page(request, session, form=form)
    return see_other(f"/desk/sessions/{session.ref}?done={done}")


async def places(request: Request) -> Response:
    """Change how many places there are; free ones are offered to the list in the same transaction."""
    session = await load(request)
    form = await read_form(request)
    number = form.integer("capacity", "the number of places", required=False, min=0, max=5000)
    if not form.errors:
        try:
            await change_capacity(
                session.id,
                number,
                capacity_room=session.capacity.room,
                capacity_online=session.capacity.online,
                by=viewer_of(request),
                now=clock.now(),
            )
        except Refused as refusal:
            form.refuse(refusal)
    if form.errors:
        return await workspace_page(request, session, form=form)
    return see_other(f"/desk/sessions/{session.ref}?done=places")


routes = [
    page("/desk/sessions/{ref}/bookings/{booking}", act, who=WHO_RUNS_SESSIONS, methods=("POST",)),
    page("/desk/sessions/{ref}/places", places, who=WHO_RUNS_SESSIONS, methods=("POST",)),
]
