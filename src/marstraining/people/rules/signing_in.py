"""How somebody shows who they are: how long what works, how often it may be asked for, and from where."""

import ipaddress
import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from marstraining.core.errors import NotAllowed
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.people.rules.states import STRONG_ROLES

MINTED_LASTS = timedelta(minutes=15)
CODE_LASTS = timedelta(minutes=10)
CODE_DIGITS = 8
CODE_TRIES = 5
LIVE_LINKS = 3
CHALLENGES_AN_HOUR = 10
ADDRESS_CHANGE_LASTS = timedelta(hours=24)
TELEGRAM_TOKEN_LASTS = timedelta(minutes=10)
# (window, attempts): security.md 5. The network's counts only unknown addresses and failed codes, since a council is one address.
ADDRESS_LIMITS = ((timedelta(minutes=15), 3), (timedelta(hours=1), 10))
NETWORK_LIMITS = ((timedelta(hours=1), 200),)
TOUCH_EVERY = timedelta(minutes=1)
# Signing in, or confirming it later, counts for so long (security.md 1).
CONFIRMED_LASTS = timedelta(minutes=10)
# A second press of the button within this time sends no second letter.
ASK_AGAIN_AFTER = timedelta(minutes=1)
SHARED_IDLE_MINUTES = 20


@frozen
class Purpose:
    """What the button of a letter with a link and a code does; `cookie` names the cookie of the browser that asked for it.

    `is_for_newcomers` says that an address without an account may answer too: the button makes one.
    """

    word: str
    cookie: str
    is_for_newcomers: bool = False


SIGN_IN = Purpose("sign_in", cookie="challenge")
# "Confirm it is you": bound to the sign-in itself, whose cookie stands for the browser that asked.
CONFIRM = Purpose("confirm", cookie="sid")


@frozen
class Lifetime:
    """How long a sign-in lives: unused, and in all."""

    idle_minutes: int
    lasts: timedelta


def lifetime(roles: Collection[Role], *, is_shared: bool) -> Lifetime:
    """12 hours unused and 7 days in all; 60 minutes and 12 hours for strong roles; 20 minutes on a shared computer (security.md 3)."""
    strong = not STRONG_ROLES.isdisjoint(roles)
    idle, lasts = (60, timedelta(hours=12)) if strong else (12 * 60, timedelta(days=7))
    if is_shared:
        return Lifetime(SHARED_IDLE_MINUTES, min(lasts, timedelta(hours=12)))
    return Lifetime(idle, lasts)


def wait_for(earlier: Sequence[datetime], limits: Sequence[tuple[timedelta, int]], *, now: datetime) -> int:
    """Seconds until one more attempt is allowed, 0 when it is now. `earlier` are the attempts so far, newest first."""
    waits = [0]
    for window, number in limits:
        if len(earlier) >= number:
            left = earlier[number - 1] + window - now
            waits.append(-(-int(left.total_seconds() * 1000) // 1000))
    return max(waits)


def network_of(address: str) -> str:
    """The network that a rate limit counts: one IPv4 address, or the /64 of an IPv6 address, which is one household or office."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)


def own_path(typed: str) -> str:
    """Where to go after signing in: a path of this site, or "" for anything that a browser could take elsewhere."""
    is_own = typed.startswith("/") and not typed.startswith("//") and len(typed) <= 300
    if not is_own or "\\" in typed or any(ord(character) <= 32 or ord(character) == 127 for character in typed):
        return ""
    return "" if typed.startswith(("/sign-in", "/sign-out")) else typed


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "Chromebook"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def device_name(user_agent: str) -> str:
    """A browser's name in words that its owner recognises: "Firefox on Windows"."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "an unknown device")
    return f"{browser} on {system}"


def is_confirmed(confirmed_at: datetime | None, *, now: datetime) -> bool:
    """Whether somebody showed lately that it is them; a clock that was set back does not make it last longer."""
    return confirmed_at is not None and abs(now - confirmed_at) <= CONFIRMED_LASTS


def check_confirmed(viewer: Viewer) -> None:
    """Refuse a verb that wants a confirmation to whoever acts through a sign-in and has not confirmed lately.

    Pages ask for it beforehand and keep what was typed; this is for whatever reaches the verb by another way.
    """
    if viewer.sign_in_id is not None and not viewer.is_stepped_up:
        raise NotAllowed("Confirm that it is you first: sign out and sign in again.")


def has_code(*, tries: int, expires_at: datetime, now: datetime) -> bool:
    """Whether the code of a challenge can still be typed: five times, for ten minutes (security.md 1)."""
    return tries < CODE_TRIES and expires_at > now


def code_digits(typed: str) -> str:
    """The digits of a typed code, however it was spaced."""
    return re.sub(r"\D", "", typed)
