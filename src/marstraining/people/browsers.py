"""Browsers and their cookies: who a request's sign-in belongs to, what a sign-in leaves behind, what a browser calls itself."""

from datetime import datetime, timedelta

import structlog
from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.db import is_unavailable
from marstraining.core.tokens import hash_token
from marstraining.core.viewer import ANYBODY, Viewer
from marstraining.people import queries, rules
from marstraining.people.actions.confirming import RenewedSignIn
from marstraining.people.actions.signing_in import Browser, OpenedSignIn, touch_sign_in

_DEVICE_LASTS = 400 * 24 * 3600

_log = structlog.get_logger(__name__)


def cookie_name(name: str) -> str:
    """`__Host-` cookies need https, which there is not on loopback."""
    return f"__Host-{name}" if config.current().is_https else name


async def resolve(request: Request) -> Viewer:
    """Who the request's sign-in belongs to, by one statement; its use is noted at most once a minute."""
    token = request.cookies.get(cookie_name("sid"))
    if not token:
        return ANYBODY
    now = clock.now()
    live = await queries.signed_in(hash_token(token), now=now)
    if live is None:
        return ANYBODY
    request.state.csrf = live.csrf
    if live.needs_touch and live.viewer.sign_in_id is not None:
        await _touch(live.viewer.sign_in_id, now=now)
    return live.viewer


async def _touch(sign_in_id: int, *, now: datetime) -> None:
    """Note that the sign-in is in use; where nothing can be written (a full disk), what can be read is still shown."""
    try:
        await touch_sign_in(sign_in_id, now=now)
    except Exception as error:
        if not is_unavailable(error):
            raise
        _log.warning("sign_in_not_touched", error=type(error).__name__)


def browser_of(request: Request, *, is_shared: bool = False) -> Browser:
    """The browser as a sign-in keeps it: its make and platform, never the whole user agent."""
    return Browser(
        device=rules.device_name(request.headers.get("user-agent", "")),
        network=network_of(request),
        device_token=request.cookies.get(cookie_name("device")),
        old_token=request.cookies.get(cookie_name("sid")),
        is_shared=is_shared,
    )


def network_of(request: Request) -> str:
    """The network a request comes from; a proxy's word counts only where the server trusts that proxy."""
    return rules.network_of(request.client.host if request.client else "")


def remember_browser(response: Response, opened: OpenedSignIn) -> None:
    """Give the browser the cookies of its new sign-in; on a shared computer they end with the browser."""
    _put(response, "sid", opened.token, int(opened.lasts.total_seconds()) if opened.lasts else None)
    if opened.device_token:
        _put(response, "device", opened.device_token, _DEVICE_LASTS)


def sign_in_token(request: Request) -> str:
    """The token of the browser's sign-in, "" where it has none."""
    return request.cookies.get(cookie_name("sid"), "")


def renew_browser(response: Response, renewed: RenewedSignIn) -> None:
    """Give the browser the new token of the sign-in it has, for as long as that lasts."""
    _put(response, "sid", renewed.token, int(renewed.lasts.total_seconds()) if renewed.lasts else None)


def forget_browser(response: Response) -> None:
    """Take the sign-in's cookie away."""
    _drop(response, "sid")


def put_challenge(response: Response, purpose: rules.Purpose, token: str, *, lasts: timedelta) -> None:
    """The cookie that ties a letter's link to the browser that asked for it, for as long as the link works."""
    _put(response, purpose.cookie, token, int(lasts.total_seconds()))


def challenge_of(request: Request, purpose: rules.Purpose) -> str | None:
    """That cookie, if the browser has it."""
    return request.cookies.get(cookie_name(purpose.cookie))


def forget_challenge(response: Response, purpose: rules.Purpose) -> None:
    """Take that cookie away once it has served."""
    _drop(response, purpose.cookie)


def _drop(response: Response, name: str) -> None:
    response.delete_cookie(cookie_name(name), path="/", secure=config.current().is_https, httponly=True, samesite="lax")


def _put(response: Response, name: str, value: str, lasts: int | None) -> None:
    response.set_cookie(cookie_name(name), value, max_age=lasts, path="/", secure=config.current().is_https, httponly=True, samesite="lax")
