"""The code on the trainer's screen, which changes every 30 seconds, and the pass that somebody gets who has just scanned it."""

from datetime import UTC, datetime, timedelta

from marstraining.attendance.rules import Evidence
from marstraining.core.tokens import derive_code, derive_token, same
from marstraining.core.values import frozen

STEP = timedelta(seconds=30)
# Long enough to look one's own code up in a letter.
PASS_LASTS = timedelta(minutes=10)
_DIGITS = 6
_SCREEN, _PASS = "check-in-screen", "check-in-pass"


@frozen
class Presented:
    """A code of a screen as somebody brought it, how, and when; nothing says yet that it is right."""

    code: str
    evidence: Evidence
    at: datetime


def screen_code(secret: str, nonce: str, at: datetime) -> str:
    """The six digits that the screen of a check-in shows at an instant."""
    return derive_code(secret, _SCREEN, _step(at), nonce, digits=_DIGITS)


def is_screen_code(secret: str, nonce: str, code: str, at: datetime) -> bool:
    """Whether the code was on the screen at an instant, or in the step before: a hand needs a moment."""
    found = [same(screen_code(secret, nonce, at - back), code) for back in (timedelta(0), STEP)]
    return any(found)


def seconds_left(at: datetime) -> int:
    """Seconds until the code on the screen changes."""
    return int(STEP.total_seconds() - at.timestamp() % STEP.total_seconds()) or 1


def make_pass(secret: str, presented: Presented) -> str:
    """What a page carries of a code that was scanned, so that it need not be on the screen any more when one's own is typed."""
    at = int(presented.at.timestamp())
    return f"{at}.{presented.code}.{_mac(secret, at, presented.code)}"


def read_pass(secret: str, text: str, *, now: datetime) -> Presented | None:
    """The code that a pass of the last ten minutes carries; None for one that is older or was not made here."""
    at, _, rest = text.partition(".")
    code, _, mac = rest.partition(".")
    if not (at.isascii() and at.isdigit() and len(at) <= 12 and same(_mac(secret, int(at), code), mac)):
        return None
    presented = Presented(code, Evidence.QR, datetime.fromtimestamp(int(at), UTC))
    return presented if now - PASS_LASTS <= presented.at <= now else None


def _step(at: datetime) -> int:
    return int(at.timestamp() // STEP.total_seconds())


def _mac(secret: str, at: int, code: str) -> str:
    return derive_token(secret, _PASS, at, code)
