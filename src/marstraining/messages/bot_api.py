"""The one call of Telegram's Bot API that letters need, over HTTP.

python-telegram-bot is the bot's; here it would bring its whole model of Telegram into each worker for one call. What it says of
itself is logged nowhere: an address of the Bot API holds the bot's token.
"""

import json

import httpx

from marstraining.core.config import Settings
from marstraining.messages.note import Note
from marstraining.messages.rules import ChatTrouble, chat_trouble

_SECONDS = httpx.Timeout(10.0, read=30.0)
# A minute where Telegram says that we send too much and not for how long.
_UNSAID_WAIT = 60.0


class ChatFault(Exception):  # noqa: N818 - a failed try is an ordinary event here
    """A try that failed; `wait` is how many seconds Telegram asks to wait, where it does."""

    def __init__(self, trouble: ChatTrouble, said: str, *, wait: float = 0.0) -> None:
        super().__init__(f"Telegram: {trouble.value}: {said}")
        self.trouble = trouble
        self.wait = wait


class ChatPost:
    """Sends notes by one connection that is kept; nothing is connected before the first."""

    def __init__(self, settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._address = f"{settings.telegram_api_url}/bot{settings.telegram_token}/sendMessage"
        self._client = httpx.AsyncClient(timeout=_SECONDS, transport=transport)

    async def send(self, chat: str, note: Note, *, is_silent: bool) -> None:
        """Send one note; ChatFault where Telegram did not take it, or nobody knows whether it did."""
        fields = {
            "chat_id": chat,
            "text": note.html,
            "parse_mode": "HTML",
            "link_preview_options": json.dumps({"is_disabled": True}),
            "disable_notification": json.dumps(is_silent),
        }
        if note.buttons:
            rows = [[{"text": label, "callback_data": data}] for label, data in note.buttons]
            fields["reply_markup"] = json.dumps({"inline_keyboard": rows})
        try:
            answer = await self._client.post(self._address, data=fields)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise ChatFault(ChatTrouble.AWAY, type(error).__name__) from None
        except httpx.HTTPError as error:
            # The request may have been read: whether the note was sent is not known.
            raise ChatFault(ChatTrouble.NO_ANSWER, type(error).__name__) from None
        if answer.status_code != httpx.codes.OK:
            raise _fault(answer)

    async def close(self) -> None:
        await self._client.aclose()


def _fault(answer: httpx.Response) -> ChatFault:
    try:
        told = answer.json()
        said, wait = str(told.get("description", "")), told.get("parameters", {}).get("retry_after", 0)
    except (ValueError, AttributeError):
        said, wait = f"answered {answer.status_code}", 0
    trouble = chat_trouble(answer.status_code, said)
    seconds = float(wait) if isinstance(wait, int | float) and wait > 0 else _UNSAID_WAIT
    return ChatFault(trouble, said[:200] or f"answered {answer.status_code}", wait=seconds if trouble is ChatTrouble.LIMITED else 0.0)
