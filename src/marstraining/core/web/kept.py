"""Public pages kept as rendered: bounded, dropped when anything they show has changed, made by one request for all that wait."""

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import parse_qsl, urlencode

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope

from marstraining.core.values import frozen
from marstraining.core.web.guards import PageRoute

HeaderList = list[tuple[bytes, bytes]]

MAX_AGE = 30.0  # seconds; what depends on the clock (a booking window opening) is at most this late on kept pages
MAX_ENTRIES = 512
MAX_BYTES = 48 * 1024 * 1024
MAX_ENTRY_BYTES = 4 * 1024 * 1024
MAX_VALUE = 100  # characters of a query value; longer ones are answered, but not kept
_GZIP_FROM = 1024
_TEXTUAL = (b"text/", b"application/json", b"application/xml", b"application/atom+xml", b"application/rss+xml", b"image/svg+xml")
_OWN_HEADERS = {b"content-length", b"etag", b"set-cookie", b"server", b"date"}

_log = structlog.get_logger(__name__)


def is_textual(content_type: bytes) -> bool:
    """Whether compressing pays."""
    return content_type.startswith(_TEXTUAL)


@frozen
class Variant:
    """A response ready to send, in one encoding: headers of the answer and of its 304, and the body."""

    etag: bytes
    headers: HeaderList
    unchanged: HeaderList
    body: bytes


@frozen
class KeptPage:
    """A rendered response in both encodings."""

    status: int
    plain: Variant
    packed: Variant | None
    made_at: float

    @property
    def size(self) -> int:
        return len(self.plain.body) + (len(self.packed.body) if self.packed else 0)

    def is_known(self, variant: Variant, if_none_match: bytes) -> bool:
        """Whether the asker already has this page, by its tag alone.

        A date would not do: where something leaves a calendar, the last change of what is left in it may be an older one.
        """
        if self.status != 200:
            return False
        if if_none_match == variant.etag:
            return True
        tags = {tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")}
        return b"*" in tags or self.plain.etag in tags or (self.packed is not None and self.packed.etag in tags)


def _variant(headers: HeaderList, tag: str, body: bytes, *, packed: bool) -> Variant:
    etag = f'"{tag}-gz"'.encode() if packed else f'"{tag}"'.encode()
    own: HeaderList = [(b"etag", etag)]
    encoding: HeaderList = [(b"content-encoding", b"gzip")] if packed else []
    unchanged = [header for header in headers if header[0] not in {b"content-type", b"content-disposition"}]
    return Variant(etag, [*headers, *own, *encoding, (b"content-length", str(len(body)).encode())], [*unchanged, *own], body)


def make_page(status: int, headers: HeaderList, body: bytes, security: HeaderList) -> KeptPage:
    """A page to keep, from what the application answered; cookies fall away, the tag is the hash of the body."""
    sent = {name for name, _ in headers}
    final = [header for header in headers if header[0] not in _OWN_HEADERS]
    if b"cache-control" not in sent:
        final.append((b"cache-control", b"no-cache" if status == 200 else b"no-store"))
    final += [header for header in security if header[0] not in sent]
    content_type = next((value for name, value in headers if name == b"content-type"), b"")
    compressible = is_textual(content_type) and len(body) >= _GZIP_FROM
    if compressible:
        final.append((b"vary", b"Accept-Encoding"))
    tag = hashlib.sha256(body).hexdigest()[:24]
    return KeptPage(
        status=status,
        plain=_variant(final, tag, body, packed=False),
        packed=_variant(final, tag, gzip.compress(body, 6, mtime=0), packed=True) if compressible else None,
        made_at=time.monotonic(),
    )


class KeptPages:
    """The store of one process.

    Nothing is kept until `watch` has seen the stamp once, so that a program that does not watch (a test, a script)
    always sees the present. A page under way while the stamp changes is answered but not kept.
    """

    def __init__(self, routes: Sequence[BaseRoute], security: HeaderList) -> None:
        kept = [route for route in routes if isinstance(route, PageRoute) and route.kept]
        self._exact = {route.path: route for route in kept if "{" not in route.path}
        self._patterns = [route for route in kept if "{" in route.path]
        self._security = security
        self._pages: OrderedDict[str, KeptPage] = OrderedDict()
        self._keys: dict[tuple[str, bytes], str | None] = {}
        self._flights: dict[str, asyncio.Future[KeptPage | None]] = {}
        self._bytes = 0
        self._generation = 0
        self._is_watching = False

    def key_of(self, path: str, query: bytes) -> str | None:
        """What a page is kept under; None for an address that is not kept."""
        raw = (path, query)
        try:
            return self._keys[raw]
        except KeyError:
            if len(self._keys) > 8 * MAX_ENTRIES:
                self._keys.clear()
            key = self._keys[raw] = self._normalised(path, query)
            return key

    def _normalised(self, path: str, query: bytes) -> str | None:
        route = self._exact.get(path) or next((route for route in self._patterns if route.path_regex.match(path)), None)
        if route is None or len(path) > 4 * MAX_VALUE:
            return None
        if not query:
            return path
        try:
            pairs = parse_qsl(query.decode("ascii"), max_num_fields=3 * len(route.known) + 1)
        except ValueError:
            return None
        if any(name not in route.known or len(value) > MAX_VALUE for name, value in pairs):
            return None
        # Sorting is stable, so several values of one name keep their order.
        return f"{path}?{urlencode(sorted(pairs, key=lambda pair: pair[0]))}"

    def find(self, key: str) -> KeptPage | None:
        """The kept page, if it is still good."""
        page = self._pages.get(key)
        if page is None:
            return None
        if time.monotonic() - page.made_at > MAX_AGE:
            self._drop(key)
            return None
        self._pages.move_to_end(key)
        return page

    async def make(self, key: str, app: ASGIApp, scope: Scope, receive: Receive) -> KeptPage:
        """Have the page made, or wait for the request that is making it already."""
        flight = self._flights.get(key)
        if flight is not None:
            page = await asyncio.shield(flight)
            if page is not None:
                return page
        ours: asyncio.Future[KeptPage | None] = asyncio.get_running_loop().create_future()
        self._flights[key] = ours
        page, generation = None, self._generation
        try:
            page = await self._ask(app, scope, receive)
            if self._is_watching and generation == self._generation and page.status == 200 and page.size <= MAX_ENTRY_BYTES:
                self._keep(key, page)
            return page
        finally:
            # Also on a fault or a cancelled request: those who wait then ask for themselves.
            if self._flights.get(key) is ours:
                del self._flights[key]
            ours.set_result(page)

    async def _ask(self, app: ASGIApp, scope: Scope, receive: Receive) -> KeptPage:
        # The page sees neither cookies nor preferences of whoever happened to ask first.
        headers = [header for header in scope["headers"] if header[0] == b"host"]
        started: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))

        try:
            await app({**scope, "method": "GET", "headers": headers, "state": dict(scope.get("state", {}))}, receive, collect)
        except Exception:
            if not started:
                raise
            # Starlette has answered with the error page and raises so that the fault is seen: here is where it is.
            _log.exception("kept_page_failed", path=scope["path"])
        return make_page(started["status"], list(started["headers"]), bytes(body), self._security)

    def _keep(self, key: str, page: KeptPage) -> None:
        self._drop(key)
        self._pages[key] = page
        self._bytes += page.size
        while len(self._pages) > MAX_ENTRIES or self._bytes > MAX_BYTES:
            self._drop(next(iter(self._pages)))

    def _drop(self, key: str) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self._bytes -= page.size

    def forget(self) -> None:
        """Drop everything: something that pages show has changed."""
        self._generation += 1
        self._pages.clear()
        self._bytes = 0

    async def watch(self, poll: Callable[[], Awaitable[object]], every: float = 1.0) -> None:
        """Compare what `poll` answers every so many seconds and forget all pages when it differs; ends when cancelled.

        While the database is away the pages kept stay good for their 30 seconds.
        """
        stamp: object = None
        is_away = False
        while True:
            try:
                seen = await poll()
            except Exception:  # noqa: BLE001 - whatever the database says, the watch goes on; the next look may succeed
                if not is_away:
                    _log.warning("kept_pages_poll_failed", exc_info=True)
                is_away = True
            else:
                is_away = False
                if seen != stamp:
                    self.forget()
                stamp = seen
                self._is_watching = True
            await asyncio.sleep(every)


def conditional(request: Request, response: Response) -> Response:
    """The response with a strong tag of its body, or 304 when the asker has it: for feeds that are not kept."""
    body = bytes(response.body)
    page = make_page(200, [(b"content-type", b"")], body, [])
    tag = request.headers.get("if-none-match")
    response.headers["ETag"] = page.plain.etag.decode()
    if tag is not None and page.is_known(page.plain, tag.encode("latin-1")):
        kept_headers = {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}
        return Response(status_code=304, headers=kept_headers)
    return response
