"""Inline mode: `@bot neglect` in any chat finds training of the public programme. Never anything of a person's own."""

import html
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
from marstraining.programme.queries import SessionRow, coming_sessions
from marstraining.programme.rules import ProgrammeFilter
from marstraining.safety.gate import gate
from marstraining.safety.rules import Level

_MOST = 10
_LONGEST_QUERY = 100
# Telegram keeps results for everybody who types the same; seats and dates change.
_KEPT_SECONDS = 60


async def answer_inline(query: InlineQuery, *, base_url: str, partnership: Partnership) -> None:
    """Answer what somebody types after the bot's name; words that may be a worry find the number to ring, and nothing else."""
    words = " ".join(query.query.split())
    results = [_signpost(partnership)] if gate(words).level is not Level.NONE else await _found(words[:_LONGEST_QUERY], base_url=base_url)
    try:
        await query.answer(results, cache_time=_KEPT_SECONDS, is_personal=False)
    except BadRequest:
        # Typed on already: Telegram has forgotten this one.
        return


async def _found(words: str, *, base_url: str) -> list[InlineQueryResultArticle]:
    sessions = await coming_sessions(ProgrammeFilter(words=words), now=clock.now(), size=_MOST)
    return [_article(session, base_url=base_url) for session in sessions]


def _article(session: SessionRow, *, base_url: str) -> InlineQueryResultArticle:
    at = local(session.starts_at)
    when = f"{at:%A} {at.day} {at:%B %Y}, {at:%H:%M}"
    where = "Online" if session.delivery == "online" else session.venue or "Venue to be confirmed"
    address = f"{base_url}/sessions/{session.ref}"
    text = f"<b>{html.escape(session.title)}</b>\n{when}\n{html.escape(where)}\n{html.escape(address)}"
    # Telegram takes no button that leads to this machine alone.
    button = InlineKeyboardMarkup([[InlineKeyboardButton("See it and book", url=address)]]) if base_url.startswith("https://") else None
    return InlineQueryResultArticle(
        id=session.ref,
        title=session.title,
        description=f"{when}. {where}",
        input_message_content=_content(text),
        reply_markup=button,
    )


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
