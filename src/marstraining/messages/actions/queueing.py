"""Putting letters into the outbox, inside the transaction that gives rise to them, and taking them back."""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from marstraining.core import config, tokens
from marstraining.core.db import execute
from marstraining.messages.rules import CalendarItem, Letter

_COLUMNS = (
    "key, template, priority, channel, address, name, fallback, person_id, session_id, context, tokens, calendar, unsubscribe, "
    "thread, sequence, message_id, ref, created_at, not_before, expires_at, next_try_at, state, tries, last_error"
)
_ROW = "(" + "?, " * 21 + "'waiting', 0, '')"
# 21 values a row, and SQLite takes 32,766 in one statement, PostgreSQL 32,767.
_ROWS_IN_ONE_STATEMENT = 1000
_ITEM = tuple(field.name for field in fields(CalendarItem))


async def queue_letter(letter: Letter, *, now: datetime) -> None:
    """Write one letter to be sent by the worker; a key that was queued before is left as it is.

    Call it inside the transaction of the action that the letter tells of. Nothing is rendered or sent here. The Message-ID
    is fixed now, so that every copy a lost reply may cause carries the same one.
    """
    await queue_letters([letter], now=now)


async def queue_letters(letters: Sequence[Letter], *, now: datetime) -> None:
    """Write many letters, a thousand in a statement; otherwise as `queue_letter`."""
    domain = config.current().mail_from.rpartition("@")[2]
    for start in range(0, len(letters), _ROWS_IN_ONE_STATEMENT):
        part = letters[start : start + _ROWS_IN_ONE_STATEMENT]
        values = [value for letter in part for value in _values(letter, domain=domain, now=now)]
        rows = ", ".join([_ROW] * len(part))
        await execute(f"INSERT INTO messages_letter ({_COLUMNS}) VALUES {rows} ON CONFLICT (key) DO NOTHING", *values)


async def withdraw_letters(
    *,
    key: str | None = None,
    key_prefix: str | None = None,
    thread: str | None = None,
    session_id: int | None = None,
    template: str | None = None,
    may_come_again: bool = False,
) -> int:
    """Take back the letters still to be sent that match every condition given (one at least besides `template`); how many.

    They wait or are on hold. A letter being sent at this moment, or sent, stays as it is. With `may_come_again` their keys become
    free, so that the same letter can be queued anew; so do those of letters that were missed, which stay as they are.
    """
    if key is None and key_prefix is None and thread is None and session_id is None:
        message = "withdraw_letters needs a key, a prefix, a thread or a session"
        raise ValueError(message)
    conditions: list[str] = []
    values: list[object] = []
    for condition, value in (
        ("key = ?", key), ("thread = ?", thread), ("session_id = ?", session_id), ("template = ?", template),
    ):  # fmt: skip
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if key_prefix is not None:
        conditions.append("substr(key, 1, ?) = ?")
        values += [len(key_prefix), key_prefix]
    where = " AND ".join(conditions)
    if may_come_again:
        await execute(
            "UPDATE messages_letter SET key = key || '-' || CAST(id AS varchar(20))"
            f" WHERE state IN ('waiting', 'held', 'missed') AND {where}",
            *values,
        )
    return await execute(f"UPDATE messages_letter SET state = 'withdrawn' WHERE state IN ('waiting', 'held') AND {where}", *values)


async def forget_letters(template: str, *, before: datetime) -> int:
    """Delete the letters made from a template and queued before a moment that are no longer to be sent; how many.

    For those that say nothing worth keeping; of all others it stays that they were sent.
    """
    return await execute(
        "DELETE FROM messages_letter WHERE template = ? AND created_at < ? AND state NOT IN ('waiting', 'held', 'sending')",
        template, before,
    )  # fmt: skip


def _values(letter: Letter, *, domain: str, now: datetime) -> tuple[object, ...]:
    to = letter.to
    return (
        letter.key, letter.template, int(letter.priority), to.channel.value, to.address, to.name, to.fallback, to.person_id,
        letter.session_id, json.dumps(letter.context), json.dumps(letter.tokens), json.dumps([_item(item) for item in letter.calendar]),
        None if letter.unsubscribe is None else json.dumps(letter.unsubscribe), letter.thread, letter.sequence,
        f"<{tokens.new_ref()}{tokens.new_ref()}@{domain}>", tokens.new_ref(), now, letter.not_before, letter.expires_at,
        max(now, letter.not_before) if letter.not_before else now,
    )  # fmt: skip


def _item(item: CalendarItem) -> dict[str, object]:
    return {name: getattr(item, name) for name in _ITEM}
