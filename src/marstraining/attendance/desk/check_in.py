"""The screen in the room: a QR code and a short code that change every 30 seconds while learners check themselves in."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from marstraining.attendance import queries
from marstraining.attendance.actions import close_check_in, open_check_in
from marstraining.attendance.actions.checking_in import TOO_LATE, day_now
from marstraining.attendance.check_in_codes import screen_code, seconds_left
from marstraining.attendance.desk.taking import BOTH, Taking, load
from marstraining.core import config
from marstraining.core.errors import Refused
from marstraining.core.qr import qr_svg
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.core.web.dates import when

_OVER = "Checking in is over: the session has ended. Mark who came on the register."


async def screen(request: Request) -> Response:
    """The screen, and the buttons that open and close the check-in."""
    taking = await load(request)
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        by, session = viewer_of(request), taking.session
        try:
            if form.get("what") == "close":
                await close_check_in(session.id, by=by, now=taking.now)
            else:
                await open_check_in(session.id, last_admission_minutes=session.last_admission_minutes, by=by, now=taking.now)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"{taking.root}/check-in")
    until = taking.register.check_in_until if taking.register and not taking.is_locked else None
    is_open = until is not None and until > taking.now
    return render(
        request,
        "attendance/desk/check_in.html",
        taking=taking,
        session=taking.session,
        is_open=is_open,
        why_not="" if is_open else _why_not(taking),
        until=until,
        code=await _code(taking) if is_open else "",
        seconds=seconds_left(taking.now),
        host=urlsplit(config.current().base_url).netloc,
        form=form,
    )


def _why_not(taking: Taking) -> str:
    """Why the check-in cannot be opened now; "" where it can."""
    if taking.is_locked or taking.day is None:
        return taking.why_not
    if day_now(taking.days, now=taking.now) is None:
        opens_at = min((day.opens_at for day in taking.days if day.opens_at > taking.now), default=None)
        return f"You can open it from {when(opens_at)}." if opens_at else _OVER
    return TOO_LATE if taking.is_late_now else ""


async def _code(taking: Taking) -> str:
    register = await queries.check_in_now(taking.session.id, now=taking.now)
    return screen_code(config.current().secret_key, register.check_in_nonce, taking.now)


async def picture(request: Request) -> Response:
    """The QR code of this half minute, which leads to checking in with the screen's code."""
    code = await _code(await load(request))
    return Response(qr_svg(f"{config.current().base_url}/check-in?q={code}"), media_type="image/svg+xml")


async def code_now(request: Request) -> Response:
    """The short code as JSON, and for how many seconds it is shown: what the screen asks for by itself."""
    taking = await load(request)
    return JSONResponse({"code": await _code(taking), "seconds": seconds_left(taking.now)})


routes = [
    route
    for prefix, who in BOTH
    for route in (
        page(f"{prefix}/check-in", screen, who=who, methods=("GET", "POST")),
        page(f"{prefix}/check-in.svg", picture, who=who),
        page(f"{prefix}/check-in.json", code_now, who=who),
    )
]
