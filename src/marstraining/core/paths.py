"""Where the shipped folders are: beside the source in a checkout, inside the package in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_CHECKOUT = _PACKAGE.parent.parent


def _shipped(name: str, in_checkout: str = "") -> Path:
    packed = _PACKAGE / "_shipped" / name
    return packed if packed.is_dir() else _CHECKOUT / (in_checkout or name)


TEMPLATES = _shipped("templates")
STATIC = _shipped("static")
MIGRATIONS = _shipped("migrations")
# The stories that the chat is tested with are also its published list of what it understands.
DIALOGUES = _shipped("dialogues", "tests/conversation/dialogues")
