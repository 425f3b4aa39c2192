"""The site's chat: a form that works without script, and the same answers as a piece of a page for the script that adds them."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from marstraining.conversation.actions import answer, resume
from marstraining.conversation.queries.numbers import numbers
from marstraining.conversation.rules import LONGEST_TEXT, Channel, Event, EventKind, Reply, useful_buttons
from marstraining.conversation.rules.signpost import CODES, answering_first
from marstraining.conversation.stories import GROUPS, published_stories
from marstraining.core import clock, config
from marstraining.core.web import ANYONE, Form, page, read_form, render, see_other, viewer_of
from marstraining.people.actions.limits import check_and_count
from marstraining.people.browsers import cookie_name, network_of
from marstraining.safety.gate import gate, is_read_whole
from marstraining.safety.rules import Level

COOKIE = "chat"
_COOKIE_LASTS = timedelta(days=30)
_KEY_BYTES = 24
_LONGEST_KEY = 64
# A council, a trust or a hotel is one address.
_NETWORK_A_MINUTE = 600
_OFTEN = "There were very many messages from your network in the last minute."
# What the script sends so that it gets a piece of a page; no other site can send it without being asked first.
_FRAGMENT = "x-mars-fragment"
_ALWAYS = (("Help", "h"), ("Back", "bk"), ("Start again", "sa"), ("Talk to a person", "p"))


async def chat(request: Request) -> Response:
    """The chat: where the conversation stands; a message or a pressed button goes on from there."""
    viewer, now = viewer_of(request), clock.now()
    key = request.cookies.get(cookie_name(COOKIE), "")[:_LONGEST_KEY]
    if request.method != "POST":
        return await _page(request, await resume(Channel.WEB, key, viewer=viewer, now=now), Form())
    form = await read_form(request)
    text, is_fragment = form.get("text"), _FRAGMENT in request.headers
    level = gate(text).level
    pressed = "" if level is Level.URGENT else form.get("press")
    if not pressed and not text:
        form.fail("text", "Write what you are looking for")
    # Whoever may be worried about somebody is answered however much they wrote, and so is who wrote more than the gate reads.
    elif len(text) > LONGEST_TEXT and level is Level.NONE and is_read_whole(text):
        form.fail("text", f"Your message must be {LONGEST_TEXT:,} characters or fewer")
    if form.errors:
        return await _page(request, () if is_fragment else await resume(Channel.WEB, key, viewer=viewer, now=now), form)
    if level is not Level.URGENT:
        minute = timedelta(minutes=1)
        await check_and_count("chat-network", network_of(request), most=_NETWORK_A_MINUTE, within=minute, sentence=_OFTEN, now=now)
    event = Event(
        channel=Channel.WEB,
        key=key or secrets.token_urlsafe(_KEY_BYTES),
        kind=EventKind.BUTTON if pressed else EventKind.TEXT,
        text="" if pressed else text,
        data=pressed,
        event_id=form.get("event")[:_LONGEST_KEY],
        viewer=viewer,
        message_id=form.get("message")[:20] if is_fragment else "",
    )
    replies = await answer(event, now=now)
    # Shown again it would be the same: then the answer has an address of its own, and loading it anew sends nothing twice.
    stands = await resume(Channel.WEB, event.key, viewer=viewer, now=now)
    if not is_fragment and (not replies or replies == stands):
        response: Response = see_other("/chat#latest")
    else:
        response = await _page(request, replies or stands, Form())
    return _with_cookie(response, event.key, is_new=event.key != key, is_shared=viewer.is_shared_computer)


def _with_cookie(response: Response, key: str, *, is_new: bool, is_shared: bool) -> Response:
    """The cookie that finds the conversation again; on a shared computer it ends with the browser."""
    if is_new:
        response.set_cookie(
            cookie_name(COOKIE), key, max_age=None if is_shared else int(_COOKIE_LASTS.total_seconds()), path="/",
            secure=config.current().is_https, httponly=True, samesite="lax",
        )  # fmt: skip
    return response


async def _page(request: Request, replies: Sequence[Reply], form: Form) -> Response:
    """The whole page, or for the script the new answers alone."""
    template = "conversation/_replies.html" if _FRAGMENT in request.headers else "conversation/chat.html"
    return render(
        request,
        template,
        replies=replies,
        form=form,
        event=secrets.token_hex(8),
        useful=useful_buttons(),
        always=_ALWAYS,
        longest=LONGEST_TEXT,
        numbers=answering_first(CODES[:4], await numbers(now=clock.now())),
    )


async def understood(request: Request) -> Response:
    """What the chat understands, by the stories that it is tested with."""
    stories = published_stories()
    groups = [(group, [story for story in stories if story.value("group") == group]) for group in GROUPS]
    return render(request, "conversation/understood.html", groups=groups)


async def transparency(request: Request) -> Response:
    """How the chat decides, what it keeps and who answers for it: an algorithmic transparency record, as GOV.UK asks of public bodies."""
    return render(request, "conversation/transparency.html")


routes = [
    page("/chat", chat, who=ANYONE, methods=("GET", "POST")),
    page("/chat/what-it-understands", understood, who=ANYONE, kept=True),
    page("/chat/how-it-works", transparency, who=ANYONE, kept=True),
]
