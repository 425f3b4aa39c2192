"""Letters as they stand in the outbox, the outbox as the desk lists it, and how letters go out."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from marstraining.core.db import like_pattern, rows
from marstraining.core.values import frozen
from marstraining.messages.rules import CalendarItem, Channel, LetterState

OUTBOX_ORDER = {
    "template": "template",
    "to": "lower(name)",
    "state": "state",
    # Letters are numbered as they are written, and the table is kept in that order.
    "queued": "id",
}
INSTANTS = ("created_at", "not_before", "expires_at", "first_try_at", "next_try_at", "lease_until", "sent_at", "erased_at")
_LATE = timedelta(minutes=15)


@frozen
class StoredLetter:
    """One row of the outbox, with its values unpacked."""

    id: int
    ref: str
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
    channel: Channel = Channel.EMAIL

    @property
    def uids(self) -> frozenset[str]:
        return frozenset(item.uid for item in self.calendar)

    @property
    def shown_address(self) -> str:
        """Its address as the desk sees it: a chat's number says nothing to anybody."""
        return "Telegram" if self.channel is Channel.TELEGRAM else self.address


def stored_letter(row: Mapping[str, Any]) -> StoredLetter:
    """The letter of a whole row, read with `instants=INSTANTS`."""
    unsubscribe = unpacked(row["unsubscribe"])
    return StoredLetter(
        id=row["id"], ref=row["ref"], key=row["key"], template=row["template"], priority=row["priority"], state=LetterState(row["state"]),
        address=row["address"], name=row["name"], context=unpacked(row["context"]),
        tokens={name: _secret(value) for name, value in unpacked(row["tokens"]).items()},
        calendar=tuple(CalendarItem(**item) for item in unpacked(row["calendar"])),
        unsubscribe=None if unsubscribe is None else _secret(unsubscribe),
        thread=row["thread"], sequence=row["sequence"], message_id=row["message_id"], created_at=row["created_at"],
        not_before=row["not_before"], expires_at=row["expires_at"], tries=row["tries"], first_try_at=row["first_try_at"],
        next_try_at=row["next_try_at"], last_error=row["last_error"], sent_at=row["sent_at"], erased_at=row["erased_at"],
        channel=Channel(row["channel"]),
    )  # fmt: skip


async def letter_of(ref: str) -> StoredLetter | None:
    """The letter of a reference."""
    found = await rows("SELECT * FROM messages_letter WHERE ref = ?", ref, instants=INSTANTS)
    return stored_letter(found[0]) if found else None


def unpacked(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON column as values: both drivers hand it over as text."""
    return json.loads(value) if isinstance(value, str) else value


def _secret(value: list[Any]) -> tuple[str, int | str, str]:
    purpose, row_id, nonce = value
    return str(purpose), row_id, str(nonce)


async def outbox(filters: Mapping[str, str], *, order: str, limit: int, offset: int = 0) -> tuple[list[StoredLetter], int]:
    """A page of the letters to people whose name or address holds `q`, in a state, made from a `template`, and how many there are.

    `order` is made of OUTBOX_ORDER. A letter that is being sent counts as waiting. In two statements.
    """
    where, values = _outbox_where(filters)
    counted = await rows(f"SELECT count(*) AS number FROM messages_letter WHERE {where}", *values)
    # Nearly all letters are sent: walking back from the newest finds a page of those sooner than sorting all that an index names.
    walked = where.replace("state = ?", "state || '' = ?") if filters.get("state") == LetterState.SENT else where
    found = await rows(
        f"SELECT * FROM messages_letter WHERE {walked} ORDER BY {order} LIMIT ? OFFSET ?", *values, limit, offset, instants=INSTANTS
    )
    return [stored_letter(row) for row in found], counted[0]["number"]


async def outbox_lines(filters: Mapping[str, str], *, order: str, limit: int) -> list[dict[str, Any]]:
    """The same letters without what they say, for a file of thousands."""
    where, values = _outbox_where(filters)
    return await rows(
        "SELECT ref, template, name, CASE WHEN channel = 'telegram' THEN 'Telegram' ELSE address END AS address, state, created_at,"
        " sent_at, tries, last_error FROM messages_letter"
        f" WHERE {where} ORDER BY {order} LIMIT ?",
        *values, limit, instants=("created_at", "sent_at"),
    )  # fmt: skip


def _outbox_where(filters: Mapping[str, str]) -> tuple[str, list[object]]:
    conditions, values = ["id > 0"], list[object]()
    if filters.get("q"):
        conditions.append(r"(lower(name) LIKE ? ESCAPE '\' OR lower(address) LIKE ? ESCAPE '\')")
        values += [like_pattern(filters["q"])] * 2
    if filters.get("template"):
        conditions.append("template = ?")
        values.append(filters["template"])
    state = filters.get("state", "")
    if state == LetterState.WAITING:
        conditions.append("state IN ('waiting', 'sending')")
    elif state in set(LetterState):
        conditions.append("state = ?")
        values.append(state)
    return " AND ".join(conditions), values


@frozen
class Delivery:
    """How letters go out: since when the mail server fails and with what words, since when letters wait that should have gone."""

    failing_since: datetime | None
    failing_with: str
    waiting_since: datetime | None


async def delivery(*, now: datetime) -> Delivery:
    """What the desk's banner tells of the outbox; a letter is late after a quarter of an hour."""
    found = await rows(
        "SELECT (SELECT min(failing_since) FROM messages_health WHERE channel = 'email') AS failing_since,"
        " (SELECT min(last_error) FROM messages_health WHERE channel = 'email') AS failing_with,"
        " (SELECT min(next_try_at) FROM messages_letter WHERE state = 'waiting' AND tries = 0 AND next_try_at < ?) AS waiting_since",
        now - _LATE,
        instants=("failing_since", "waiting_since"),
    )
    return Delivery(found[0]["failing_since"], found[0]["failing_with"] or "", found[0]["waiting_since"])


@frozen
class OutboxState:
    """The outbox in figures: letters by state, addresses that bounced, and how letters go out."""

    counts: Mapping[str, int]
    bounced: int
    delivery: Delivery

    def count(self, *states: LetterState) -> int:
        return sum(self.counts.get(state, 0) for state in states)


async def outbox_state(*, now: datetime) -> OutboxState:
    """The figures above the outbox, in three statements."""
    counted = await rows("SELECT state, count(*) AS number FROM messages_letter GROUP BY state")
    bounced = await rows("SELECT count(*) AS number FROM messages_bounced WHERE cleared_at IS NULL")
    return OutboxState({row["state"]: row["number"] for row in counted}, bounced[0]["number"], await delivery(now=now))


async def bounced_addresses(*, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    """A page of the addresses that a mail server refused for good and nobody has looked into, and how many there are.

    Each comes with the letter that was refused last, and with when the setting was asked whether somebody has left
    (`asked_at`). In two statements.
    """
    counted = await rows("SELECT count(*) AS number FROM messages_bounced WHERE cleared_at IS NULL")
    found = await rows(
        "SELECT b.id, b.address, b.reason, b.flagged_at, m.name, m.ref, m.template, (SELECT min(q.created_at) FROM messages_letter q"
        " WHERE q.thread = 'bounced:' || CAST(b.id AS varchar(20))) AS asked_at FROM messages_bounced b"
        " LEFT JOIN messages_letter m ON m.id = b.letter_id WHERE b.cleared_at IS NULL ORDER BY b.flagged_at, b.id LIMIT ? OFFSET ?",
        limit, offset, instants=("flagged_at", "asked_at"),
    )  # fmt: skip
    return found, counted[0]["number"]


async def is_mail_late() -> bool:
    """Whether the mail server could not be reached the last time it was tried, for pages that promise a letter."""
    return bool(await rows("SELECT id FROM messages_health WHERE channel = 'email' AND failing_since IS NOT NULL"))


async def channel_account(channel: str) -> str | None:
    """The name that people find a channel by, such as a bot's; None where the channel has not been used yet."""
    found = await rows("SELECT account FROM messages_health WHERE channel = ?", channel)
    return found[0]["account"] if found else None


async def gone_chats() -> list[str]:
    """Chats that took no letter because their owners have blocked or left them, and that nobody has heard of yet."""
    return [row["address"] for row in await rows("SELECT address FROM messages_gone_chat ORDER BY id")]
