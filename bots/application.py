"""The bot as a value: python-telegram-bot's application, which hands every update to one function."""

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog
from telegram import Bot, BotCommand, CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Update
from telegram.error import BadRequest, TelegramError
from telegram.ext import Application, ApplicationBuilder, TypeHandler
from telegram.request import BaseRequest, HTTPXRequest

from bots.courier import Courier
from bots.events import MENU, event_of, is_private
from bots.inline import answer_inline
from bots.order import InOrder, leave_place
from bots.pace import Pace
from bots.signpost import fault_reply
from bots.store import Store
from marstraining.conversation.rules import Event, Reply
from marstraining.core import clock
from marstraining.core.config import Settings
from marstraining.messages.actions.health import note_channel_account
from marstraining.messages.rules import Channel
from marstraining.people.actions import note_chat_gone

AnyApplication = Application[Any, Any, Any, Any, Any, Any]
# Everything else that Telegram could send is of no use here.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "inline_query", "my_chat_member")
# Where an application has its courier, for who ends it.
COURIER = "courier"
_CONNECTIONS = 32
_AWAY = frozenset({ChatMember.BANNED, ChatMember.LEFT})

_log = structlog.get_logger(__name__)


class Answer(Protocol):
    """What the conversation says to an event: `conversation.actions.answer`."""

    def __call__(self, event: Event, *, now: datetime) -> Awaitable[Sequence[Reply]]: ...


def make_application(
    settings: Settings,
    answer: Answer,
    store: Store,
    *,
    request: BaseRequest | None = None,
    pace: Pace | None = None,
    is_polling: bool = False,
) -> AnyApplication:
    """The application for these settings; `request` is how it reaches Telegram, by default over the network."""
    way = request or HTTPXRequest(connection_pool_size=_CONNECTIONS)
    builder = (
        ApplicationBuilder()
        .token(settings.telegram_token)
        .base_url(f"{settings.telegram_api_url}/bot")
        .concurrent_updates(InOrder())
        .job_queue(None)
        .request(way)
    )
    # Without polling the second way, which is for that alone, would be made for nothing.
    application: AnyApplication = builder.build() if is_polling else builder.get_updates_request(way).updater(None).build()
    bot: Bot = application.bot
    courier = application.bot_data[COURIER] = Courier(bot, base_url=settings.base_url, pace=pace)
    desk = _Desk(settings, answer, store, courier)
    application.add_handler(TypeHandler(Update, desk.take))
    application.add_error_handler(_log_fault)
    return application


async def introduce(application: AnyApplication) -> None:
    """Tell Telegram what the bot is and can, and the pages of the service what it is called."""
    bot: Bot = application.bot
    await bot.set_my_commands([BotCommand(name, words) for name, words in MENU])
    await bot.set_my_short_description("Finds and books multi-agency safeguarding training. Not for reporting concerns.")
    await bot.set_my_description(
        "An automated service: it finds and books safeguarding training and resources, and keeps nothing that you write. "
        "It is not for reporting concerns. If a child is in danger now, ring 999."
    )
    await note_channel_account(Channel.TELEGRAM.value, bot.username)


class _Desk:
    """Takes updates one at a time and answers each."""

    def __init__(self, settings: Settings, answer: Answer, store: Store, courier: Courier) -> None:
        self._settings = settings
        self._answer = answer
        self._store = store
        self._courier = courier

    async def take(self, update: Update, context: Any) -> None:  # noqa: ANN401 - python-telegram-bot's, of six parameters
        """Answer one update; private chats alone, groups are left."""
        bot: Bot = context.bot
        chat = update.effective_chat
        if update.inline_query is not None:
            await answer_inline(update.inline_query, base_url=self._settings.base_url, partnership=self._settings.partnership)
        elif update.my_chat_member is not None:
            await _note_membership(update.my_chat_member, bot)
        elif update.callback_query is not None and not is_private(chat):
            # Of a message that inline mode put into somebody else's chat, or of a group.
            await _quiet(update.callback_query)
        elif is_private(chat):
            await self._answer_private(update)
        elif chat is not None:
            await _leave(chat, bot)

    async def _answer_private(self, update: Update) -> None:
        chat, pressed = update.effective_chat, update.callback_query
        event = event_of(update)
        if chat is None or event is None or (update.effective_user is not None and update.effective_user.is_bot):
            return
        if pressed is not None:
            # First of all, since Telegram forgets a press after some seconds and shows a clock until then.
            await _quiet(pressed)
        try:
            replies = await self._answer(event, now=clock.now())
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the person is told whom to ring (front_door.md 7.11)
            _log.error("conversation_failed", error=type(error).__name__)
            self._store.note(error)
            replies = () if event.is_edited else (fault_reply(self._settings.partnership),)
        if any(reply.is_urgent for reply in replies):
            leave_place()
        await self._courier.show(chat.id, replies, pressed=pressed.message.message_id if pressed and pressed.message else None)


async def _quiet(pressed: CallbackQuery) -> None:
    """Tell Telegram that a press was seen; one that it has forgotten already is answered all the same."""
    try:
        await pressed.answer()
    except BadRequest:
        return
    except TelegramError as error:
        _log.warning("press not acknowledged", error=type(error).__name__)


async def _note_membership(changed: ChatMemberUpdated, bot: Bot) -> None:
    if is_private(changed.chat):
        if changed.new_chat_member.status in _AWAY:
            await note_chat_gone(changed.chat.id, now=clock.now())
    elif changed.new_chat_member.status not in _AWAY:
        await _leave(changed.chat, bot)


async def _leave(chat: Chat, bot: Bot) -> None:
    try:
        await bot.leave_chat(chat.id)
    except TelegramError as error:
        _log.warning("group not left", error=type(error).__name__)


async def _log_fault(_update: object, context: Any) -> None:  # noqa: ANN401 - as above
    # By its kind alone: its words and its traceback can carry what somebody wrote.
    _log.error("update_failed", error=type(context.error).__name__)
