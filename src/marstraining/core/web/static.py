"""Style sheets, scripts and icons, served from memory for a year under an address that changes with their content."""

import gzip
import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import config, paths
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen

# Only what a browser may ask for: readme, licence and checksum files lie in the same folder.
_TYPES = {".css", ".js", ".svg", ".png", ".ico", ".webp", ".jpg"}
OWN_STYLE = "mars.css"
_FOREVER = "public, max-age=31536000, immutable"
_COMPRESSED = {".css", ".js", ".svg"}


@frozen
class _Asset:
    body: bytes
    packed: bytes | None
    media_type: str


@cache
def _names() -> dict[str, Path]:
    root = paths.STATIC
    return {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if path.suffix in _TYPES}


def _accent() -> str:
    return config.current().partnership.branding.accent


@cache
def _digest(accent: str) -> str:
    # One digest for the folder: scripts import each other by relative address, so they must change address together.
    whole = hashlib.sha256(accent.encode())
    for name, path in _names().items():
        whole.update(name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:12]


@cache
def _asset(name: str, accent: str) -> _Asset:
    path = _names()[name]
    body = path.read_bytes()
    if name == OWN_STYLE:
        # Inline styles are forbidden, so the partnership's colour travels in the style sheet itself.
        body += f":root {{ --mars-accent: {accent}; }}\n".encode()
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in _COMPRESSED else None
    return _Asset(body, packed, mimetypes.guess_type(name)[0] or "application/octet-stream")


def static_url(name: str) -> str:
    """The address of a file under `static/`; KeyError for one that is not there, so that a typing error is found by any test."""
    if name not in _names():
        raise KeyError(name)
    return f"/static/{_digest(_accent())}/{name}"


async def serve_static(request: Request) -> Response:
    """A file by digest and name; under an outdated digest today's file, to be asked for again."""
    name = request.path_params["name"]
    if name not in _names():
        raise NotFound
    asset = _asset(name, _accent())
    current = request.path_params["digest"] == _digest(_accent())
    headers = {"Cache-Control": _FOREVER if current else "no-cache", "Vary": "Accept-Encoding"}
    body = asset.body
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = asset.packed
    return Response(body, media_type=asset.media_type, headers=headers)


async def favicon(_request: Request) -> Response:
    """The icon at the address that browsers try by themselves."""
    return Response(_asset("icon.svg", _accent()).body, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
