"""Signing in by link or code, and signing out; looking at a link never consumes it."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.errors import Refused
from marstraining.core.tokens import hash_token
from marstraining.core.web import ANYONE, NO_REFERRER, Form, page, read_form, render, safe_next, see_other, viewer_of
from marstraining.messages.queries import is_mail_late
from marstraining.people import actions, queries, rules
from marstraining.people.actions import OpenedSignIn
from marstraining.people.browsers import (
    browser_of,
    challenge_of,
    forget_browser,
    forget_challenge,
    network_of,
    put_challenge,
    remember_browser,
)

DONE: dict[str, str | tuple[str, str]] = {"signed-out": "You are signed out."}
GONE = 410


async def sign_in(request: Request) -> Response:
    """Ask for the address and send a letter to it: the same answer whoever has an account."""
    next_path = rules.own_path(request.query_params.get("next", ""))
    if request.method != "POST":
        if viewer_of(request).is_signed_in:
            return see_other(safe_next(next_path))
        return render(request, "people/sign_in.html", form=Form.of(next=next_path), is_late=await is_mail_late(), done=DONE)
    form = await read_form(request)
    try:
        address = rules.normal_address(form.get("email"))
    except Refused as refusal:
        form.refuse(refusal)
        return render(request, "people/sign_in.html", form=form, is_late=await is_mail_late())
    cookie = await actions.ask_for_sign_in(
        address,
        next_path=rules.own_path(form.get("next")),
        network=network_of(request),
        cookie_token=challenge_of(request, rules.SIGN_IN),
        now=clock.now(),
    )
    response = see_other("/sign-in/sent")
    put_challenge(response, rules.SIGN_IN, cookie, lasts=timedelta(minutes=config.current().sign_in_minutes))
    return response


async def sent(request: Request) -> Response:
    """Check your email: the link there, or the code here."""
    now = clock.now()
    cookie = challenge_of(request, rules.SIGN_IN)
    address = await queries.asked_address(hash_token(cookie), now=now) if cookie else None
    if address is None:
        return see_other("/sign-in")
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        browser = browser_of(request, is_shared=form.checkbox("shared"))
        try:
            return _signed_in(await actions.redeem_code(form.get("code"), cookie_token=cookie, browser=browser, now=now))
        except Refused as refusal:
            form.refuse(refusal)
    return render(request, "people/sent.html", form=form, masked=rules.masked(address), is_late=await is_mail_late(), headers=NO_REFERRER)


async def link(request: Request) -> Response:
    """The page of a letter's link: a button for the browser that asked, and the code besides for any other."""
    token, now = request.path_params["token"], clock.now()
    cookie = challenge_of(request, rules.SIGN_IN)
    challenge = await queries.open_challenge(hash_token(token), cookie_hash=hash_token(cookie or ""), now=now)
    if challenge is None:
        return render(request, "people/link_over.html", status=GONE, headers=NO_REFERRER, minutes=config.current().sign_in_minutes)
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        browser = browser_of(request, is_shared=form.checkbox("shared"))
        try:
            if challenge.is_of_this_browser:
                return _signed_in(await actions.redeem_link(token, cookie_token=cookie, browser=browser, now=now))
            if challenge.has_code and form.text("code", "the code from the email"):
                return _signed_in(await actions.redeem_code(form.get("code"), cookie_token=cookie, token=token, browser=browser, now=now))
        except Refused as refusal:
            form.refuse(refusal)
    return render(
        request,
        "people/link.html",
        form=form,
        masked=rules.masked(challenge.address),
        needs_code=not challenge.is_of_this_browser,
        has_code=challenge.has_code,
        headers=NO_REFERRER,
    )


def _signed_in(opened: OpenedSignIn) -> Response:
    response = see_other(opened.next_path or "/me?done=signed-in")
    remember_browser(response, opened)
    forget_challenge(response, rules.SIGN_IN)
    return response


async def sign_out(request: Request) -> Response:
    """End this browser's sign-in; again when it has ended already, the answer is the same."""
    await read_form(request)
    viewer = viewer_of(request)
    if viewer.sign_in_id is not None:
        await actions.end_sign_in(viewer.sign_in_id, by=viewer, now=clock.now())
    response = see_other("/sign-in?done=signed-out")
    forget_browser(response)
    return response


routes = [
    page("/sign-in", sign_in, who=ANYONE, methods=("GET", "POST")),
    page("/sign-in/sent", sent, who=ANYONE, methods=("GET", "POST")),
    page("/sign-in/l/{token}", link, who=ANYONE, methods=("GET", "POST")),
    page("/sign-out", sign_out, who=ANYONE, methods=("POST",)),
]
