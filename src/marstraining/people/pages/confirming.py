"""Confirm it is you: a code by email, and on to where one was, with what one had typed (security.md 1)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from marstraining.core import clock
from marstraining.core.errors import Refused, TooFast
from marstraining.core.tokens import hash_token
from marstraining.core.values import frozen
from marstraining.core.web import NO_REFERRER, SIGNED_IN, Form, page, read_form, render, safe_next, see_other, viewer_of
from marstraining.core.web.confirming import ADDRESS, OWN_FIELDS
from marstraining.core.web.csrf import TOKEN_FIELD
from marstraining.messages.queries import is_mail_late
from marstraining.people import actions, queries, rules
from marstraining.people.browsers import browser_of, network_of, renew_browser, sign_in_token

_CODE = f"{OWN_FIELDS}code"


@frozen
class _Way:
    """Where somebody goes on: an address to look at, or a form to send again with the fields it had; a file stays on the page before it."""

    next: str
    back: str
    is_file: bool = False
    is_post: bool = False
    fields: Sequence[tuple[str, str]] = ()

    @property
    def address(self) -> str:
        """This page for an address to look at."""
        return f"{ADDRESS}?{urlencode({'next': self.next, **({'file': 'yes'} if self.is_file else {})})}"

    @property
    def hidden(self) -> dict[str, str]:
        """What the page's own forms carry of it, besides the fields."""
        flags = {"file": "yes" if self.is_file else "", "method": "post" if self.is_post else ""}
        return {"next": self.next, "back": self.back, **flags}


async def confirm(request: Request) -> Response:
    """Ask for a code, type it, go on; whoever has confirmed lately goes on at once."""
    viewer, form = viewer_of(request), Form()
    way = _asked_way(request)
    if request.method == "POST":
        form = await read_form(request)
        way = _sent_way(form)
    if viewer.is_stepped_up:
        return _go_on(request, way)
    if request.method == "POST":
        try:
            if form.get(f"{OWN_FIELDS}do") != "send":
                return await _answer(request, form, way)
            await _send(request, is_second=form.get(f"{OWN_FIELDS}to") == "second")
            if not way.is_post:
                return see_other(way.address)
        except Refused as refusal:
            form.fail(_CODE if refusal.field == "code" else "", refusal.message)
        except TooFast as limit:
            form.fail("", limit.message)
            return await _page(request, form, way, status=429, headers={**NO_REFERRER, "Retry-After": str(limit.retry_after)})
    return await _page(request, form, way)


def _asked_way(request: Request) -> _Way:
    query = request.query_params
    address = _own(query.get("next", ""))
    parts = urlsplit(address)
    kept = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != "export"])
    before = parts.path.rpartition("/")[0] if "." in parts.path.rpartition("/")[2] else parts.path
    return _Way(address, f"{before}?{kept}" if kept else before, is_file=query.get("file") == "yes")


def _sent_way(form: Form) -> _Way:
    own = {name: form.get(f"{OWN_FIELDS}{name}") for name in ("next", "back", "file", "method")}
    fields = [(name, value) for name, value in form.pairs if not name.startswith(OWN_FIELDS) and name != TOKEN_FIELD]
    return _Way(_own(own["next"]), _own(own["back"]), own["file"] == "yes", own["method"] == "post", fields)


def _own(address: str) -> str:
    """An address of ours to go on to, never this page again."""
    found = safe_next(address)
    return "/me" if urlsplit(found).path == ADDRESS else found


async def _send(request: Request, *, is_second: bool) -> None:
    browser = browser_of(request)
    await actions.ask_to_confirm(
        to_second=is_second,
        sign_in_token=sign_in_token(request),
        network=browser.network,
        device=browser.device,
        by=viewer_of(request),
        now=clock.now(),
    )


async def _answer(request: Request, form: Form, way: _Way) -> Response:
    code = form.text(_CODE, "the code from the email")
    if form.errors:
        return await _page(request, form, way)
    renewed = await actions.confirm_identity(
        code, sign_in_token=sign_in_token(request), network=network_of(request), by=viewer_of(request), now=clock.now()
    )
    response = _go_on(request, way)
    renew_browser(response, renewed)
    return response


def _go_on(request: Request, way: _Way) -> Response:
    """On to the page, or the form sent again as it was; a file is one more press, since a browser stays on the page it came from."""
    if way.is_file:
        return render(request, "people/confirmed.html", way=way, headers=NO_REFERRER)
    # 307: the browser sends this form's body once more, in which the fields stand as they were typed.
    return RedirectResponse(way.next, status_code=307) if way.is_post else see_other(way.next)


async def _page(request: Request, form: Form, way: _Way, **more: Any) -> Response:  # noqa: ANN401 - as render takes it
    person = await queries.own_record(viewer_of(request).person_id or 0) or {}
    asked = await queries.asked_code(hash_token(sign_in_token(request)), now=clock.now())
    form.put(_CODE, "")
    return render(
        request,
        "people/confirm_it_is_you.html",
        form=form,
        way=way,
        fields=way.fields,
        masked={column: rules.masked(person[column]) if person.get(column) else "" for column in ("email", "second_email")},
        sent_to=rules.masked(asked.address) if asked else "",
        is_late=await is_mail_late(),
        **{"headers": NO_REFERRER, **more},
    )


routes = [page(ADDRESS, confirm, who=SIGNED_IN, methods=("GET", "POST"))]
