"""The demo's mailbox: every letter it would have sent, for whoever tries it out."""

import asyncio
import re
from pathlib import Path

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import config
from marstraining.core.errors import NotFound
from marstraining.core.web import ANYONE, NO_REFERRER, page, render
from marstraining.messages.collected import collected_letter, collected_letters

_SHOWN = 50


async def mailbox(request: Request) -> Response:
    """The newest letters."""
    letters = await asyncio.to_thread(collected_letters, _folder(), most=_SHOWN)
    return render(request, "messages_demo/mailbox.html", letters=letters, headers=NO_REFERRER)


async def letter(request: Request) -> Response:
    """One letter, its plain text; links of our own can be followed."""
    found = await asyncio.to_thread(collected_letter, _folder(), request.path_params["name"])
    if found is None:
        raise NotFound
    return render(request, "messages_demo/letter.html", letter=found, text=_with_links(found.text), headers=NO_REFERRER)


def _folder() -> Path:
    """The folder; outside the demo there is no such page."""
    settings = config.current()
    if not settings.shows_mail or settings.mail_folder is None:
        raise NotFound
    return settings.mail_folder


def _with_links(text: str) -> Markup:
    ours = re.compile(rf"({re.escape(config.current().base_url)}/[^\s<>\"]*)")
    return Markup("").join(
        Markup('<a class="govuk-link" href="{0}">{0}</a>').format(part) if ours.fullmatch(part) else escape(part)
        for part in ours.split(text)
    )


routes = [page("/demo/mail", mailbox, who=ANYONE), page("/demo/mail/{name}", letter, who=ANYONE)]
