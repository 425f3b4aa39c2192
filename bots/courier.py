"""Showing replies in a chat: sent or edited into place, at a pace, and never in silence where Telegram refuses or is away."""

import asyncio
import html
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from bots.pace import Pace
from bots.rendering import Outgoing, outgoing
from marstraining.conversation.actions import note_unanswered
from marstraining.conversation.rules import Button, Reply, line
from marstraining.core import clock
from marstraining.people.actions import note_chat_gone

T = TypeVar("T")

_TRIES = 3
_AGAIN_AFTER, _LONGEST_AFTER = 1.0, 20.0
# So long is tried to show what is urgent, before the outbox is left to say something.
_URGENT_FOR = 300.0
_TAGS = re.compile(r"<[^>]*>")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_CANNOT_REMOVE = (
    "Telegram does not let me remove it any more. You can delete it yourself: press on it and choose Delete. I had not kept it anyway."
)
_NOT_REMOVED = (
    "Telegram did not tell me that it is removed. If it is still there, you can delete it yourself: press on it and choose Delete. "
    "I had not kept it anyway."
)

_log = structlog.get_logger(__name__)


class Courier:
    """Shows replies by one bot."""

    def __init__(self, bot: Bot, *, base_url: str, pace: Pace | None = None) -> None:
        self._bot = bot
        self._base_url = base_url
        self._pace = pace or Pace()
        self._is_closing = asyncio.Event()

    def close(self) -> None:
        """The process stops: what Telegram did not take by now is not waited for."""
        self._is_closing.set()
        self._pace.close()

    async def show(self, chat_id: int, replies: Sequence[Reply], *, pressed: int | None = None) -> None:
        """Show replies one after another; `pressed` is the message whose button was pressed, which one of them may take the place of.

        What is urgent does not wait behind others. A chat that has blocked us is parted from its account. Where Telegram took none of it
        for as long as it is tried, the outbox says so later.
        """
        try:
            for reply in replies:
                if await self._show(chat_id, reply, pressed=pressed):
                    pressed = None
        except Forbidden:
            await note_chat_gone(chat_id, now=clock.now())
        except (RetryAfter, NetworkError) as error:
            # Of what may have arrived, and was not urgent, is not said that it did not.
            if isinstance(error, BadRequest) or (isinstance(error, TimedOut) and not reply.is_urgent):
                raise
            _log.warning("not answered", error=type(error).__name__)
            await note_unanswered(chat_id, now=clock.now())

    async def _show(self, chat_id: int, reply: Reply, *, pressed: int | None) -> bool:
        """Show one reply; whether it took the place of the message whose button was pressed."""
        if reply.removes_message and (told := await self._not_removed(chat_id, reply.removes_message)):
            reply = replace(reply, blocks=(line(told),))
        *first, last = outgoing(reply, base_url=self._base_url)
        for message in first:
            await self._send(chat_id, message, is_urgent=reply.is_urgent)
        if pressed is not None and reply.edits_previous and not first:
            await self._edit(chat_id, pressed, last, is_urgent=reply.is_urgent)
            return True
        await self._send(chat_id, last, is_urgent=reply.is_urgent)
        return False

    async def _send(self, chat_id: int, message: Outgoing, *, is_urgent: bool) -> None:
        async def send() -> object:
            return await self._bot.send_message(
                chat_id, message.html, parse_mode=ParseMode.HTML, link_preview_options=_NO_PREVIEW, reply_markup=_markup(message)
            )

        try:
            await self._insist(send, is_urgent=is_urgent)
        except BadRequest as error:
            # A bug of ours in form or keyboard must not end in silence: the words alone are sent.
            _log.error("message refused", error=error.message[:100])
            plain = html.unescape(_TAGS.sub("", message.html))
            await self._insist(lambda: self._bot.send_message(chat_id, plain), is_urgent=is_urgent)

    async def _edit(self, chat_id: int, message_id: int, message: Outgoing, *, is_urgent: bool) -> None:
        async def edit() -> object:
            return await self._bot.edit_message_text(
                message.html,
                chat_id,
                message_id,
                parse_mode=ParseMode.HTML,
                link_preview_options=_NO_PREVIEW,
                reply_markup=_markup(message),
            )

        try:
            await self._insist(edit, is_urgent=is_urgent)
        except BadRequest as error:
            if "message is not modified" in error.message.casefold():
                return
            await self._send(chat_id, message, is_urgent=is_urgent)

    async def _not_removed(self, chat_id: int, message_id: str) -> str:
        """Take the person's message out of the chat, which Telegram allows for 48 hours; what to say where it is not gone, "" where it is.

        It is tried no longer than any answer: whoever removes it can see that it stands there and do it themselves, and others wait.
        """
        try:
            await self._insist(lambda: self._bot.delete_message(chat_id, int(message_id)), is_urgent=False)
        except ValueError:
            return _CANNOT_REMOVE
        except BadRequest as error:
            # Gone already: the button was pressed twice, or the person deleted it.
            return "" if "message to delete not found" in error.message.casefold() else _CANNOT_REMOVE
        except (RetryAfter, NetworkError):
            return _NOT_REMOVED
        return ""

    async def _insist(self, call: Callable[[], Awaitable[T]], *, is_urgent: bool) -> T:
        """Call until Telegram takes it: three times at most, for minutes where it is urgent.

        What may have arrived is sent again only where it is urgent: two copies of a signpost do no harm, and python-telegram-bot 22.8
        tells of a connection that was never made by the same error.
        """
        loop = asyncio.get_running_loop()
        over_at, tries = loop.time() + _URGENT_FOR, 0
        while True:
            if not is_urgent:
                await self._pace.wait()
            tries += 1
            try:
                return await call()
            except (BadRequest, Forbidden):
                raise
            except (RetryAfter, NetworkError) as error:
                wait = self._wait_after(error, tries)
                is_over = loop.time() + wait > over_at if is_urgent else tries >= _TRIES or isinstance(error, TimedOut)
                if is_over or self._is_closing.is_set():
                    raise
                # The others wait for a pause of Telegram's at their next try.
                if is_urgent or not isinstance(error, RetryAfter):
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._is_closing.wait(), timeout=wait)

    def _wait_after(self, error: TelegramError, tries: int) -> float:
        """How many seconds to wait after a failed try; where Telegram says how many, nothing else is sent meanwhile."""
        if isinstance(error, RetryAfter):
            wait = _seconds(error.retry_after)
            self._pace.pause(wait)
            return wait
        return min(_AGAIN_AFTER * 2.0 ** (tries - 1), _LONGEST_AFTER)


def _seconds(wait: float | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _markup(message: Outgoing) -> InlineKeyboardMarkup | None:
    if not message.rows:
        return None
    return InlineKeyboardMarkup([[_key(button) for button in row] for row in message.rows])


def _key(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(button.label, callback_data=button.data or None, url=button.href or None)
