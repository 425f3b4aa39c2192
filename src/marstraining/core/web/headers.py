"""The outermost layer: the right host only, protective headers on every answer, compression, and pages kept rendered."""

import gzip
import itertools
import secrets
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import structlog
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marstraining.core.web.csrf import LOOPBACK
from marstraining.core.web.kept import HeaderList, KeptPage, KeptPages, is_textual

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_GZIP_FROM = 1024
_GZIP_LEVEL = 4  # a personal page is compressed for every answer: a tenth larger than level 9 at a third of the time

# Called after each answer with the route's path ("" for none, "kept" pages included), method, status and seconds taken.
Observer = Callable[[str, str, int, float], None]


def security_headers(base_url: str) -> HeaderList:
    """The headers of every answer; HSTS only where the base address is https."""
    headers: HeaderList = [
        (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"permissions-policy", _PERMISSIONS.encode()),
    ]
    if urlsplit(base_url).scheme == "https":
        headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    return headers


def _without_nul(scope: Scope) -> None:
    """Take the character NUL out of an address. PostgreSQL has no text with it, and nothing of ours has such a name."""
    if "\0" in scope["path"]:
        scope["path"] = scope["path"].replace("\0", "\N{REPLACEMENT CHARACTER}")
    if b"%00" in scope["query_string"]:
        scope["query_string"] = scope["query_string"].replace(b"%00", b"")


def _host_name(value: bytes) -> str:
    text = value.decode("latin-1").lower()
    return text[1 : text.find("]")] if text.startswith("[") else text.partition(":")[0]


class Headers:
    """Wraps the whole application; `kept` is its store of rendered pages."""

    def __init__(self, app: ASGIApp, *, base_url: str, routes: Sequence[BaseRoute], observe: Observer | None = None) -> None:
        host = urlsplit(base_url).hostname or ""
        self.app = app
        self._hosts = LOOPBACK | {host} if host in LOOPBACK else frozenset({host})
        self._good_hosts: set[bytes] = set()
        self._security = security_headers(base_url)
        self._observe = observe
        self._ids = itertools.count(1)
        self._id_start = secrets.token_hex(4)
        self.kept = KeptPages(routes, self._security)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        _without_nul(scope)
        # Of a header sent twice the last one counts; browsers send each of these once.
        sent = dict(scope["headers"])
        host = sent.get(b"host")
        encoding = sent.get(b"accept-encoding", b"")
        request_id = f"{self._id_start}-{next(self._ids):x}"
        method = scope["method"]
        if host not in self._good_hosts and not self._is_ours(host):
            await self._refuse_host(send, request_id)
            return
        accepts_gzip = b"gzip" in encoding and b"gzip;q=0" not in encoding.replace(b" ", b"")
        if method in {"GET", "HEAD"}:
            key = self.kept.key_of(scope["path"], scope["query_string"])
            if key is not None:
                started = time.perf_counter()
                page = self.kept.find(key) or await self.kept.make(key, self.app, scope, receive)
                tag = sent.get(b"if-none-match")
                status = await _send_kept(page, send, method, request_id, accepts_gzip=accepts_gzip, tag=tag)
                if self._observe:
                    self._observe("kept", method, status, time.perf_counter() - started)
                return
        await self._answer(scope, receive, send, request_id, accepts_gzip=accepts_gzip)

    def _is_ours(self, host: bytes | None) -> bool:
        if host is None or _host_name(host) not in self._hosts:
            return False
        if len(self._good_hosts) < 32:
            self._good_hosts.add(host)
        return True

    async def _refuse_host(self, send: Send, request_id: str) -> None:
        body = b"This service is not known by that name.\n"
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"), (b"x-request-id", request_id.encode()), *self._security,
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str, *, accepts_gzip: bool) -> None:
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        dressed = _Dressed(send, self._security, request_id, accepts_gzip=accepts_gzip)
        try:
            await self.app(scope, receive, dressed)
        finally:
            if self._observe:
                route = scope.get("marstraining.route")
                self._observe(route.path if route else "", scope["method"], dressed.status or 500, time.perf_counter() - started)


async def _send_kept(page: KeptPage, send: Send, method: str, request_id: str, *, accepts_gzip: bool, tag: bytes | None) -> int:
    variant = page.packed if accepts_gzip and page.packed is not None else page.plain
    identified = (b"x-request-id", request_id.encode())
    if tag is not None and page.is_known(variant, tag):
        await send({"type": "http.response.start", "status": 304, "headers": [*variant.unchanged, identified]})
        await send({"type": "http.response.body", "body": b""})
        return 304
    await send({"type": "http.response.start", "status": page.status, "headers": [*variant.headers, identified]})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else variant.body})
    return page.status


class _Dressed:
    """A `send` that adds the headers of every answer and compresses text that comes in one piece."""

    def __init__(self, send: Send, security: HeaderList, request_id: str, *, accepts_gzip: bool) -> None:
        self._send = send
        self._security = security
        self._request_id = request_id
        self._accepts_gzip = accepts_gzip
        self._held: Message | None = None
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._held = {**message, "headers": self._dress(message.get("headers", ()))}
            return
        if self._held is not None:
            start, self._held = self._held, None
            if self._accepts_gzip and not message.get("more_body") and len(message.get("body", b"")) >= _GZIP_FROM:
                message = _compress(start, message)
            await self._send(start)
        await self._send(message)

    def _dress(self, headers: Sequence[tuple[bytes, bytes]]) -> HeaderList:
        names = {name for name, _ in headers}
        dressed = [header for header in headers if header[0] != b"server"]
        dressed += [header for header in self._security if header[0] not in names]
        if b"cache-control" not in names:
            dressed.append((b"cache-control", b"no-store"))
        dressed.append((b"x-request-id", self._request_id.encode()))
        return dressed


def _compress(start: Message, message: Message) -> Message:
    headers = dict(start["headers"])
    if b"content-encoding" in headers or not is_textual(headers.get(b"content-type", b"")):
        return message
    body = gzip.compress(message["body"], _GZIP_LEVEL, mtime=0)
    start["headers"] = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    start["headers"] += [(b"content-length", str(len(body)).encode()), (b"content-encoding", b"gzip")]
    if b"vary" not in headers:
        start["headers"].append((b"vary", b"Accept-Encoding"))
    if b"etag" in headers and not headers[b"etag"].startswith(b"W/"):
        # The bytes differ from those the page tagged: the tag is a weak one now (RFC 9110, 8.8.1).
        start["headers"] = [(name, b"W/" + value if name == b"etag" else value) for name, value in start["headers"]]
    return {**message, "body": body}
