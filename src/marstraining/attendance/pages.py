"""Checking in at the door, without signing in: one's own code, and the code that is on the screen in the room."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance.actions import check_in
from marstraining.attendance.check_in_codes import Presented, make_pass, read_pass
from marstraining.attendance.rules import Evidence
from marstraining.core import clock, config
from marstraining.core.errors import Refused
from marstraining.core.web import ANYONE, Form, page, read_form, render
from marstraining.people.browsers import network_of

_LONGEST_CODE = 12


async def check_in_page(request: Request) -> Response:
    """Both codes, or one's own alone where the screen's was scanned; nobody learns here whether a code is right."""
    now, secret = clock.now(), config.current().secret_key
    scanned = _digits(request.query_params.get("q", ""))
    form = Form.of(**{"pass": make_pass(secret, Presented(scanned, Evidence.QR, now)) if scanned else ""})
    if request.method == "POST":
        form = await read_form(request)
        screen, code = _digits(form.get("screen")), _digits(form.get("code"))
        presented = Presented(screen, Evidence.CODE, now) if screen else read_pass(secret, form.get("pass"), now=now)
        try:
            checked_in = await check_in(presented, code, network=network_of(request), now=now)
        except Refused as refusal:
            form.refuse(refusal)
            form.put("screen", "")
        else:
            return render(request, "attendance/checked_in.html", checked_in=checked_in)
    return render(request, "attendance/check_in.html", form=form, asks_screen=bool(form.errors) or not form.get("pass"))


def _digits(typed: str) -> str:
    """A code as typed, with whatever spaces."""
    return "".join(character for character in typed if character.isascii() and character.isalnum())[:_LONGEST_CODE]


routes = [page("/check-in", check_in_page, who=ANYONE, methods=("GET", "POST"))]
