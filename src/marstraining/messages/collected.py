"""Letters that a folder collected, read back from their `.eml` files, the newest first."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from marstraining.core.values import frozen

_NAME = re.compile(r"(\d{8}T\d{6})-\d{8}-[a-z_]+\.eml")


@frozen
class Collected:
    """A letter as its reader would find it; `text` is its plain part."""

    name: str
    to: str
    subject: str
    queued_at: datetime
    text: str


def collected_letters(folder: Path, *, most: int) -> Sequence[Collected]:
    """The newest letters of a folder."""
    names = sorted((path.name for path in folder.glob("*.eml") if _NAME.fullmatch(path.name)), reverse=True)
    return [found for name in names[:most] if (found := collected_letter(folder, name))]


def collected_letter(folder: Path, name: str) -> Collected | None:
    """The letter of one file; None where there is none of that name."""
    matched = _NAME.fullmatch(name)
    path = folder / name
    if matched is None or not path.is_file():
        return None
    message = message_from_bytes(path.read_bytes(), EmailMessage, policy=default)
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body else ""
    queued_at = datetime.strptime(matched[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return Collected(name, str(message["to"] or ""), str(message["subject"] or ""), queued_at, text)
