"""Telegram's Bot API in process: it answers what python-telegram-bot can read, and refuses what Telegram refuses (front_door.md 5.2)."""

import json
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "123456:AAtestTOKENtestTOKENtestTOKENtest12"
BOT_ID = 123456
BOT_NAME = "MarsTrainingBot"
_TAGS = frozenset({"b", "strong", "i", "em", "u", "ins", "s", "del", "code", "pre", "a", "blockquote"})
_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)")
_SHORT_MARKS = 200
_HOURS_48 = 48 * 3600


class ApiError(Exception):
    """An answer of the Bot API other than 200."""

    def __init__(self, status: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.retry_after = status, description, retry_after

    def response(self) -> Response:
        body: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return JSONResponse(body, status_code=self.status)


def bad(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


@dataclass
class Sent:
    """A message that stands in a chat; `by_bot` False for those of the person."""

    chat_id: int
    message_id: int
    date: int
    text: str = ""
    html: str = ""
    buttons: list[list[dict[str, str]]] = field(default_factory=list)
    by_bot: bool = True
    is_silent: bool = False
    is_deleted: bool = False
    edits: int = 0

    def api(self) -> dict[str, Any]:
        who = {"id": BOT_ID, "first_name": "Ask about training", "is_bot": True, "username": BOT_NAME}
        message: dict[str, Any] = {
            "message_id": self.message_id, "date": self.date, "chat": {"id": self.chat_id, "type": "private"}, "from": who,
            "text": self.text,
        }  # fmt: skip
        return message | ({"reply_markup": {"inline_keyboard": self.buttons}} if self.buttons else {})


class FakeTelegram:
    """The chats of one bot. `calls` are all methods that were called, `fail` scripts faults, `blocked` are chats that answer 403."""

    def __init__(self, *, now: Callable[[], float] = lambda: 1_773_050_400.0) -> None:
        self.now = now
        self.messages: list[Sent] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.blocked: set[int] = set()
        self.unknown: set[int] = set()
        self.callbacks: dict[str, bool] = {}
        self.inline: dict[str, list[dict[str, Any]]] = {}
        self.webhook: dict[str, Any] = {}
        self.commands: list[dict[str, str]] = []
        self.left: list[int] = []
        self.updates: deque[dict[str, Any]] = deque()
        self._faults: list[tuple[str, ApiError]] = []
        self._numbers = 1000
        self.app = Starlette(routes=[Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"])])

    # ---- what a test says --------------------------------------------------------------------------------------------

    def fail(self, method: str, status: int, description: str = "", *, retry_after: int | None = None, times: int = 1) -> None:
        """Let the next calls of a method end so."""
        self._faults += [(method, ApiError(status, description or f"Error {status}", retry_after=retry_after))] * times

    def shown(self, chat_id: int) -> list[Sent]:
        """The bot's messages that stand in a chat."""
        return [sent for sent in self.messages if sent.chat_id == chat_id and sent.by_bot and not sent.is_deleted]

    def written(self, chat_id: int, *, text: str = "", date: float | None = None) -> Sent:
        """A message of the person's own, as it stands in their chat."""
        sent = Sent(chat_id, self._number(), int(date if date is not None else self.now()), text=text, by_bot=False)
        self.messages.append(sent)
        return sent

    def count(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    # ---- the API -----------------------------------------------------------------------------------------------------

    async def _answer(self, request: Request) -> Response:
        method = request.path_params["method"]
        if request.path_params["token"] != TOKEN:
            return ApiError(401, "Unauthorized").response()
        fields = {name: value if isinstance(value, str) else await value.read() for name, value in (await request.form()).items()}
        self.calls.append((method, fields))
        try:
            for place, (named, fault) in enumerate(self._faults):
                if named == method:
                    del self._faults[place]
                    raise fault
            verb = getattr(self, f"do_{method}", None)
            if verb is None:
                raise ApiError(404, "Not Found: method not found")
            return JSONResponse({"ok": True, "result": await verb(fields)})
        except ApiError as error:
            return error.response()

    async def do_getMe(self, _fields: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - the API's name
        return {
            "id": BOT_ID, "first_name": "Ask about training", "is_bot": True, "username": BOT_NAME, "supports_inline_queries": True,
            "can_join_groups": False,
        }  # fmt: skip

    async def do_sendMessage(self, fields: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        chat_id = self._chat(fields)
        text, html = self._text(fields)
        sent = Sent(
            chat_id, self._number(), int(self.now()), text=text, html=html, buttons=_buttons(fields),
            is_silent=fields.get("disable_notification") == "true",
        )  # fmt: skip
        self.messages.append(sent)
        return sent.api()

    async def do_editMessageText(self, fields: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        sent = self._message(fields)
        text, html = self._text(fields)
        buttons = _buttons(fields)
        if (html, buttons) == (sent.html, sent.buttons):
            raise bad("message is not modified: specified new message content and reply markup are exactly the same")
        sent.text, sent.html, sent.buttons, sent.edits = text, html, buttons, sent.edits + 1
        return sent.api()

    async def do_editMessageReplyMarkup(self, fields: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        sent = self._message(fields)
        buttons = _buttons(fields)
        if buttons == sent.buttons:
            raise bad("message is not modified: specified new message content and reply markup are exactly the same")
        sent.buttons = buttons
        return sent.api()

    async def do_deleteMessage(self, fields: Mapping[str, Any]) -> bool:  # noqa: N802
        sent = self._message(fields, any_author=True)
        if self.now() - sent.date > _HOURS_48:
            raise bad("message can't be deleted for everyone")
        sent.is_deleted = True
        return True

    async def do_answerCallbackQuery(self, fields: Mapping[str, Any]) -> bool:  # noqa: N802
        if not self.callbacks.get(fields.get("callback_query_id", ""), False):
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if len(fields.get("text", "")) > _SHORT_MARKS:
            raise bad("MESSAGE_TOO_LONG")
        self.callbacks[fields["callback_query_id"]] = False
        return True

    async def do_answerInlineQuery(self, fields: Mapping[str, Any]) -> bool:  # noqa: N802
        results = json.loads(fields["results"])
        if len(results) > 50:
            raise bad("RESULTS_TOO_MUCH")
        if len({result["id"] for result in results}) != len(results):
            raise bad("RESULT_ID_DUPLICATE")
        for result in results:
            if not 1 <= len(result["id"].encode()) <= 64:
                raise bad("RESULT_ID_INVALID")
            content = result.get("input_message_content", {})
            if result.get("type") != "article" or not result.get("title") or not content.get("message_text"):
                raise bad("can't parse inline query result")
            self._text({"text": content["message_text"], "parse_mode": content.get("parse_mode", "")})
            _buttons(result if "reply_markup" in result else {})
        self.inline[fields["inline_query_id"]] = results
        return True

    async def do_sendChatAction(self, fields: Mapping[str, Any]) -> bool:  # noqa: N802
        self._chat(fields)
        return True

    async def do_setMyCommands(self, fields: Mapping[str, Any]) -> bool:  # noqa: N802
        commands = json.loads(fields["commands"])
        if any(not re.fullmatch(r"[a-z0-9_]{1,32}", one["command"]) or not 1 <= len(one["description"]) <= 256 for one in commands):
            raise bad("BOT_COMMAND_INVALID")
        self.commands = commands
        return True

    async def do_setMyDescription(self, fields: Mapping[str, Any]) -> bool:  # noqa: N802
        return self._short(fields, "description", 512)

    async def do_setMyShortDescription(self, fields: Mapping[str, Any]) -> bool:  # noqa: N802
        return self._short(fields, "short_description", 120)

    async def do_leaveChat(self, fields: Mapping[str, Any]) -> bool:  # noqa: N802
        self.left.append(int(fields["chat_id"]))
        return True

    async def do_sendDocument(self, fields: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        sent = Sent(self._chat(fields), self._number(), int(self.now()))
        self.messages.append(sent)
        return sent.api() | {"document": {"file_id": "file", "file_unique_id": "unique"}}

    async def do_setWebhook(self, fields: Mapping[str, Any]) -> bool:  # noqa: N802
        if not fields["url"].startswith("https://"):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", fields.get("secret_token", "x")):
            raise bad("secret token contains unallowed characters")
        self.webhook = {**fields, "allowed_updates": json.loads(fields.get("allowed_updates", "[]"))}
        return True

    async def do_deleteWebhook(self, _fields: Mapping[str, Any]) -> bool:  # noqa: N802
        self.webhook = {}
        return True

    async def do_getWebhookInfo(self, _fields: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        told: dict[str, Any] = {name: self.webhook[name] for name in ("last_error_date", "last_error_message") if name in self.webhook}
        return {"url": self.webhook.get("url", ""), "has_custom_certificate": False, "pending_update_count": len(self.updates), **told}

    async def do_getUpdates(self, fields: Mapping[str, Any]) -> list[dict[str, Any]]:  # noqa: N802
        if self.webhook:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(fields.get("offset", 0))
        while self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        return list(self.updates)[: int(fields.get("limit", 100))]

    # ---- what it looks at --------------------------------------------------------------------------------------------

    def _chat(self, fields: Mapping[str, Any]) -> int:
        chat_id = int(fields["chat_id"])
        if chat_id in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat_id in self.unknown:
            raise bad("chat not found")
        return chat_id

    def _message(self, fields: Mapping[str, Any], *, any_author: bool = False) -> Sent:
        chat_id, number = self._chat(fields), int(fields["message_id"])
        for sent in self.messages:
            if (sent.chat_id, sent.message_id, sent.is_deleted) == (chat_id, number, False) and (sent.by_bot or any_author):
                return sent
        raise bad("message to delete not found" if any_author else "message to edit not found")

    def _text(self, fields: Mapping[str, Any]) -> tuple[str, str]:
        """The text as people read it, and as it was sent."""
        raw = fields.get("text", "")
        text = _plain(raw) if fields.get("parse_mode") == "HTML" else raw
        if fields.get("parse_mode", "HTML") not in {"HTML", ""}:
            raise bad(f"unsupported parse_mode {fields['parse_mode']}")
        if not text.strip():
            raise bad("message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise bad("message is too long")
        return text, raw

    @staticmethod
    def _short(fields: Mapping[str, Any], name: str, most: int) -> bool:
        if len(fields.get(name, "")) > most:
            raise bad(f"{name} is too long")
        return True


def _buttons(fields: Mapping[str, Any]) -> list[list[dict[str, str]]]:
    markup = fields.get("reply_markup")
    if not markup:
        return []
    rows: list[list[dict[str, str]]] = (json.loads(markup) if isinstance(markup, str) else markup).get("inline_keyboard", [])
    if sum(map(len, rows)) > 100 or any(len(row) > 8 for row in rows):
        raise bad("reply markup is too long")
    for button in (button for row in rows for button in row):
        if not button.get("text", "").strip():
            raise bad("inline keyboard button text is empty")
        actions = set(button) - {"text"}
        if len(actions) != 1:
            raise bad("inline keyboard button must have exactly one action")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
            raise bad("BUTTON_DATA_INVALID")
        if "url" in button and not re.match(r"(https?|tg)://[^/\s]*\.[^/\s]*", button["url"]):
            raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    return rows


class _Reader(HTMLParser):
    """Telegram's HTML: a few tags, each closed in its turn, and no other entity than it knows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self.entities = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS or (tag == "a") != bool(attrs) or (tag == "a" and [name for name, _ in attrs] != ["href"]):
            raise bad(f'can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append(tag)
        self.entities += 1

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise bad("can't parse entities: Unexpected end tag")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_comment(self, data: str) -> None:  # noqa: ARG002 - as the class it stands on has it
        raise bad("can't parse entities: Unsupported start tag")


def _plain(html: str) -> str:
    if _ENTITY.search(html) or re.search(r"<(?!/?[a-z])", html):
        raise bad("can't parse entities")
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.open:
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag {reader.open[-1]}")
    if reader.entities > 100:
        raise bad("too many entities")
    return "".join(reader.parts)


class FakeTransport(httpx.AsyncBaseTransport):
    """Leads to the fake without a socket; `refused` calls never arrive, `lost` ones arrive and their answers do not."""

    def __init__(self, fake: FakeTelegram) -> None:
        self._inner = httpx.ASGITransport(app=fake.app)
        self.refused = 0
        self.lost = 0
        self.before: Callable[[], Awaitable[None]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.before is not None:
            await self.before()
        if self.refused:
            self.refused -= 1
            raise httpx.ConnectError("refused", request=request)
        response = await self._inner.handle_async_request(request)
        if self.lost:
            self.lost -= 1
            raise httpx.ReadTimeout("no answer", request=request)
        return response
