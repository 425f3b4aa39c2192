"""Proof that a form was sent from our own page: where it came from, and a token of the sign-in."""

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request

from marstraining.core import config

# The only addresses that take a POST from elsewhere: a mail program's one-click unsubscribe and the bot's webhook. Each
# carries its own secret in the address or a header.
EXEMPT_PREFIXES = ("/bulletins/stop/", "/digests/stop/", "/telegram/")
TOKEN_FIELD = "csrf_token"  # noqa: S105 - the name of a form field

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SALT_LENGTH = 16


def _mac(secret: str, salt: str) -> str:
    return hmac.new(secret.encode(), f"csrf|{salt}".encode(), hashlib.sha256).hexdigest()


def csrf_token(request: Request) -> str:
    """A fresh token for a form, empty for people not signed in.

    Salted anew for every page: the same bytes in each compressed page could be found out by its length.
    """
    secret: str = request.scope.get("state", {}).get("csrf", "")
    if not secret:
        return ""
    salt = secrets.token_hex(_SALT_LENGTH // 2)
    return salt + _mac(secret, salt)


def is_token_right(request: Request, token: str) -> bool:
    """Whether a token belongs to this sign-in; always so where nobody is signed in.

    Anonymous forms carry none: there is no sign-in to misuse, and where they came from is checked for every form.
    """
    secret: str = request.scope.get("state", {}).get("csrf", "")
    if not secret:
        return True
    salt = token[:_SALT_LENGTH]
    return hmac.compare_digest(_mac(secret, salt).encode(), token[_SALT_LENGTH:].encode())


def is_from_here(request: Request) -> bool:
    """Whether the browser says that one of our own pages sent this.

    `Sec-Fetch-Site` decides where there is one ("none" is a person's own doing: a restored tab). Older browsers send
    `Origin`, compared with the base address. With neither it was no browser, or one too old to be used against its
    owner: the token of the sign-in still stands.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        return True
    base, asked = urlsplit(config.current().base_url), urlsplit(origin)
    if base.hostname in LOOPBACK:
        return asked.hostname in LOOPBACK and asked.scheme == base.scheme
    return (asked.scheme, asked.netloc.lower()) == (base.scheme, base.netloc.lower())
