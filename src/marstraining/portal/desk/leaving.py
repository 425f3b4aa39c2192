"""Marking somebody as having left: the page says what becomes of their bookings and the sessions they train; one button does it."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.actions import mark_left
from marstraining.bookings.queries.roster import coming_bookings
from marstraining.bookings.rules import STATE_WORDS
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.people.queries import person_record, positions_of
from marstraining.people.rules import PersonState
from marstraining.programme.queries import coming_teaching


async def leaver(request: Request) -> Response:
    """What ends with a last day, and the day; if a booking or a session to train came or went meanwhile, the page is shown again."""
    person = await person_record(request.path_params["ref"])
    if person is None:
        raise NotFound
    home, now = f"/desk/people/{person['ref']}", clock.now()
    if person["state"] != PersonState.ACTIVE:
        return see_other(home)
    coming = await coming_bookings(person["id"], now=now)
    taught = await coming_teaching(person["id"], now=now)
    seen = "-".join([*(booking.ref for booking in coming), *(session.ref for session in taught)])
    form = Form.of(seen=seen)
    if request.method == "POST":
        form = await read_form(request)
        left_on = form.date("left_on", "the last day", latest=clock.today())
        if form.get("seen") != seen:
            form.fail("", "Their bookings or sessions changed after you opened this page. Look at them again, then press the button.")
            form.put("seen", seen)
        if not form.errors:
            try:
                await mark_left(person["id"], left_on=left_on, by=viewer_of(request), now=now)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"{home}?done=leaver")
    return render(
        request,
        "portal_desk/leaver.html",
        person=person,
        posts=await positions_of(person["id"], on=clock.today()),
        coming=coming,
        taught=taught,
        words=STATE_WORDS,
        form=form,
    )


routes = [page("/desk/people/{ref}/leaver", leaver, who=roles(Role.DESK, Role.ADMINISTRATOR), methods=("GET", "POST"))]
