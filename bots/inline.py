"""Inline mode: `@bot neglect` in any chat finds training of the public programme. Never anything of a person's own."""

import html
from datetime import datetime
from hashlib import sha256

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest

from marstraining.core import clock
from marstraining.core.clock import local
from marstraining.core.partnership import Partnership
from marstraining.core.viewer import ANYBODY
from marstraining.core.web.dates import clock_time
from marstraining.programme.queries import coming_sessions
from marstraining.programme.rules import ProgrammeFilter
from marstraining.safety.gate import gate
from marstraining.safety.rules import Level
from marstraining.search.queries import current_lexicon, find
from marstraining.search.rules import Mode
from marstraining.search.understanding import understand

_MOST = 10
_LONGEST_QUERY = 100
# Telegram keeps results for everybody who types the same; seats and dates change.
_KEPT_SECONDS = 60


async def answer_inline(query: InlineQuery, *, base_url: str, partnership: Partnership) -> None:
    """Answer what somebody types after the bot's name; words that may be a worry find the number to ring, and nothing else."""
    words = " ".join(query.query.split())
    results = (
        [_signpost(partnership)]
        if gate(words).level is not Level.NONE
        else await _found(words[:_LONGEST_QUERY], base_url=base_url, partnership=partnership)
    )
    try:
        await query.answer(results, cache_time=_KEPT_SECONDS, is_personal=False)
    except BadRequest:
        # Typed on already: Telegram has forgotten this one.
        return


async def _found(words: str, *, base_url: str, partnership: Partnership) -> list[InlineQueryResultArticle]:
    """What the site's search finds for anybody: sessions first, then what they are of and what there is to read."""
    now = clock.now()
    if not words:
        coming = await coming_sessions(ProgrammeFilter(), now=now, size=_MOST)
        return [_dated(one.ref, one.title, one.starts_at, _where(one.delivery == "online", one.venue), base_url) for one in coming]
    understood = understand(words, now=now, lexicon=await current_lexicon(), calendar=partnership.calendar, is_search=True)
    found = await find(understood, viewer=ANYBODY, now=now, limit=_MOST)
    sessions = [
        _dated(one.ref, one.title, one.starts_at, _where(one.mode == Mode.ONLINE, one.venue), base_url)
        for _, one in found.sessions[:_MOST]
        if one.is_public
    ]
    others = [
        _article(sha256(hit.document.key.encode()).hexdigest()[:32], hit.document.title, hit.document.kind, hit.document.path, base_url)
        for hit in found.hits
        if not hit.sessions and hit.document.is_public
    ]
    return (sessions + others)[:_MOST]


def _dated(ref: str, title: str, starts_at: datetime, where: str, base_url: str) -> InlineQueryResultArticle:
    at = local(starts_at)
    return _article(ref, title, f"{at:%A} {at.day} {at:%B %Y}, {clock_time(at.time())}. {where}", f"/sessions/{ref}", base_url)


def _article(number: str, title: str, about: str, path: str, base_url: str) -> InlineQueryResultArticle:
    address = f"{base_url}{path}"
    text = f"<b>{html.escape(title)}</b>\n{html.escape(about)}\n{html.escape(address)}"
    # Telegram takes no button that leads to this machine alone.
    button = InlineKeyboardMarkup([[InlineKeyboardButton("See it", url=address)]]) if base_url.startswith("https://") else None
    return InlineQueryResultArticle(id=number, title=title, description=about, input_message_content=_content(text), reply_markup=button)


def _where(is_online: bool, venue: str) -> str:  # noqa: FBT001 - of two facts
    return "Online" if is_online else venue or "Venue to be confirmed"


def _signpost(partnership: Partnership) -> InlineQueryResultArticle:
    said = [
        "If a child is in danger now, ring 999.",
        *(f"{one.label}: {one.number}" for one in partnership.contacts if one.code in {"single_point_of_contact", "out_of_hours"}),
    ]
    return InlineQueryResultArticle(
        id=sha256("\n".join(said).encode()).hexdigest()[:16],
        title=said[0],
        description=". ".join(said[1:]),
        input_message_content=_content(html.escape("\n".join(said))),
    )


def _content(text: str) -> InputTextMessageContent:
    return InputTextMessageContent(text, parse_mode=ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True))
