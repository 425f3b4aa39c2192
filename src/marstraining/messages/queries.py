"""Letters as they stand in the outbox."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.messages.rules import CalendarItem, LetterState

INSTANTS = ("created_at", "not_before", "expires_at", "first_try_at", "next_try_at", "lease_until", "sent_at", "erased_at")


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """One row of the outbox, with its values unpacked."""

    id: int
    key: str
    template: str
    priority: int
    state: LetterState
    address: str
    name: str
    context: Mapping[str, object]
    tokens: Mapping[str, tuple[str, int | str, str]]
    calendar: tuple[CalendarItem, ...]
    unsubscribe: tuple[str, int | str, str] | None
    thread: str | None
    sequence: int
    message_id: str
    created_at: datetime
    not_before: datetime | None
    expires_at: datetime | None
    tries: int
    first_try_at: datetime | None
    next_try_at: datetime
    last_error: str
    sent_at: datetime | None
    erased_at: datetime | None

    @property
    def uids(self) -> frozenset[str]:
        return frozenset(item.uid for item in self.calendar)


def stored_letter(row: Mapping[str, Any]) -> StoredLetter:
    """The letter of a whole row, read with `instants=INSTANTS`."""
    unsubscribe = unpacked(row["unsubscribe"])
    return StoredLetter(
        id=row["id"], key=row["key"], template=row["template"], priority=row["priority"], state=LetterState(row["state"]),
        address=row["address"], name=row["name"], context=unpacked(row["context"]),
        tokens={name: _secret(value) for name, value in unpacked(row["tokens"]).items()},
        calendar=tuple(CalendarItem(**item) for item in unpacked(row["calendar"])),
        unsubscribe=None if unsubscribe is None else _secret(unsubscribe),
        thread=row["thread"], sequence=row["sequence"], message_id=row["message_id"], created_at=row["created_at"],
        not_before=row["not_before"], expires_at=row["expires_at"], tries=row["tries"], first_try_at=row["first_try_at"],
        next_try_at=row["next_try_at"], last_error=row["last_error"], sent_at=row["sent_at"], erased_at=row["erased_at"],
    )  # fmt: skip


async def letter(letter_id: int) -> StoredLetter | None:
    """One letter of the outbox."""
    found = await rows("SELECT * FROM messages_letter WHERE id = ?", letter_id, instants=INSTANTS)
    return stored_letter(found[0]) if found else None


def unpacked(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON column as values: both drivers hand it over as text."""
    return json.loads(value) if isinstance(value, str) else value


def _secret(value: list[Any]) -> tuple[str, int | str, str]:
    purpose, row_id, nonce = value
    return str(purpose), row_id, str(nonce)


async def is_mail_late() -> bool:
    """Whether the mail server could not be reached the last time it was tried, for pages that promise a letter."""
    return bool(await rows("SELECT id FROM messages_health WHERE channel = 'email' AND failing_since IS NOT NULL"))
