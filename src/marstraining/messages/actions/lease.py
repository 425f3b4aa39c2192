"""What the worker does to rows: claims them by a lease, marks them, and takes up what a killed worker left."""

from collections.abc import Collection
from datetime import datetime, timedelta

from marstraining.core.db import dialect, execute, rows, transaction
from marstraining.messages.queries import INSTANTS, StoredLetter, stored_letter, unpacked
from marstraining.messages.rules import Channel, LetterState, Sibling, next_try

LEASE = timedelta(seconds=60)
_LONGEST_ERROR = 500
_NO_LEASE = "lease_until = NULL, lease_by = NULL"
# A letter that a chat did not take becomes one by mail, whose tries begin anew.
_BY_MAIL = "channel = 'email', address = fallback, fallback = NULL, tries = 0, first_try_at = NULL, next_try_at = ?, last_error = ?"


async def claim_letters(*, by: str, most: int, up_to_priority: int, channel: Channel = Channel.EMAIL, now: datetime) -> list[int]:
    """Take a lease on the due letters that should leave first; their ids, in that order.

    Two workers never get the same letter: PostgreSQL skips rows that another holds, and SQLite runs one writer at a time.
    """
    due = (
        "SELECT id FROM messages_letter WHERE state = 'waiting' AND priority <= ? AND next_try_at <= ? AND channel = ?"
        " AND (expires_at IS NULL OR expires_at > ?) ORDER BY priority, next_try_at, id LIMIT ?"
    )
    # A look first, since an UPDATE takes SQLite's write lock even when it finds nothing.
    found = await rows(due, up_to_priority, now, channel.value, now, most)
    if not found:
        return []
    # As an array, since PostgreSQL may run a joined sub-select again for each row and so lock more than its limit.
    which = f"id = ANY(ARRAY({due} FOR UPDATE SKIP LOCKED))" if dialect() == "postgres" else f"id IN ({due})"
    taken = await rows(
        f"UPDATE messages_letter SET state = 'sending', lease_until = ?, lease_by = ? WHERE {which} AND state = 'waiting'"
        " RETURNING id, priority, next_try_at",
        now + LEASE, by, up_to_priority, now, channel.value, now, most, instants=("next_try_at",),
    )  # fmt: skip
    return [row["id"] for row in sorted(taken, key=lambda row: (row["priority"], row["next_try_at"], row["id"]))]


async def take_in_hand(letter_id: int, *, by: str, now: datetime) -> StoredLetter | None:
    """The letter as it stands now, its lease renewed; None where it is no longer ours to send."""
    found = await rows(
        "UPDATE messages_letter SET lease_until = ? WHERE id = ? AND state = 'sending' AND lease_by = ? RETURNING *",
        now + LEASE, letter_id, by, instants=INSTANTS,
    )  # fmt: skip
    return stored_letter(found[0]) if found else None


async def siblings(letter: StoredLetter, *, now: datetime) -> list[Sibling]:
    """The other letters of its thread."""
    found = await rows(
        "SELECT sequence, state, not_before, calendar FROM messages_letter WHERE thread = ? AND id <> ?",
        letter.thread, letter.id, instants=("not_before",),
    )  # fmt: skip
    return [
        Sibling(
            sequence=row["sequence"],
            state=LetterState(row["state"]),
            is_due=row["not_before"] is None or row["not_before"] <= now,
            uids=frozenset(item["uid"] for item in unpacked(row["calendar"])),
        )
        for row in found
    ]


async def keep_leases(ids: Collection[int] | None = None, *, by: str, now: datetime) -> int:
    """Renew the leases of a worker that is alive: of the letters it has in hand, or by default of all that it holds."""
    which = "" if ids is None else f" AND id IN ({', '.join('?' * len(ids))})"
    if ids is not None and not ids:
        return 0
    return await execute(
        f"UPDATE messages_letter SET lease_until = ? WHERE state = 'sending' AND lease_by = ?{which}", now + LEASE, by, *(ids or ())
    )


async def release_letters(ids: list[int] | None = None, *, by: str, until: datetime | None = None) -> int:
    """Give back claimed letters that were not tried, all of the worker's by default; `until` is when to look at them again."""
    which = "" if ids is None else f" AND id IN ({', '.join('?' * len(ids))})"
    if ids is not None and not ids:
        return 0
    later = "" if until is None else ", next_try_at = ?"
    values: list[object] = [] if until is None else [until]
    return await execute(
        f"UPDATE messages_letter SET state = 'waiting', {_NO_LEASE}{later} WHERE state = 'sending' AND lease_by = ?{which}",
        *values, by, *(ids or []),
    )  # fmt: skip


async def mark_sent(letter_id: int, *, by: str, now: datetime) -> bool:
    """The server took the letter. False where another worker has it in hand meanwhile.

    One whose lease ran out while it could not be marked, and that waits again, is marked too: it must not go out twice.
    """
    sql = f"UPDATE messages_letter SET state = 'sent', sent_at = ?, tries = tries + 1, last_error = '', {_NO_LEASE}"
    return await execute(f"{sql} WHERE id = ? AND (state = 'waiting' OR state = 'sending' AND lease_by = ?)", now, letter_id, by) == 1


async def mark_ended(letter_id: int, state: LetterState, *, by: str, reason: str = "", is_try: bool = False) -> None:
    """The letter is never sent: `failed`, `missed` or `withdrawn`."""
    await execute(
        f"UPDATE messages_letter SET state = ?, last_error = ?, tries = tries + ?, {_NO_LEASE} WHERE id = ? AND state = 'sending'"
        " AND lease_by = ?",
        state.value, reason[:_LONGEST_ERROR], int(is_try), letter_id, by,
    )  # fmt: skip


async def put_off(letter: StoredLetter, *, by: str, reason: str, jitter: float, now: datetime) -> datetime | None:
    """A try failed that may succeed later: when the next one is, or None where 48 hours of tries are over and it failed."""
    first = letter.first_try_at or now
    again = next_try(tries=letter.tries + 1, first_try_at=first, now=now, jitter=jitter)
    state = LetterState.WAITING if again else LetterState.FAILED
    await execute(
        f"UPDATE messages_letter SET state = ?, tries = tries + 1, first_try_at = ?, next_try_at = ?, last_error = ?, {_NO_LEASE}"
        " WHERE id = ? AND state = 'sending' AND lease_by = ?",
        state.value, first, again or now, reason[:_LONGEST_ERROR], letter.id, by,
    )  # fmt: skip
    return again


async def fall_back(letter: StoredLetter, *, by: str, reason: str, now: datetime) -> bool:
    """The chat did not take the letter: it goes by mail instead, from the same row and so once. False where it went by mail anyway.

    Such a note, which stood beside a letter, is not sent at all.
    """
    moved = await execute(
        f"UPDATE messages_letter SET {_BY_MAIL}, state = 'waiting', {_NO_LEASE} WHERE id = ? AND state = 'sending' AND lease_by = ?"
        " AND fallback IS NOT NULL",
        now, reason[:_LONGEST_ERROR], letter.id, by,
    )  # fmt: skip
    if not moved:
        await mark_ended(letter.id, LetterState.WITHDRAWN, by=by, reason=reason, is_try=True)
    return bool(moved)


async def leave_chat(letter: StoredLetter, *, by: str, reason: str, now: datetime) -> None:
    """The chat's owner has blocked or left it: this letter and all that wait for it go by mail, or are not sent, as in `fall_back`.

    So do those that this worker has claimed and not tried yet. Whoever keeps the link between people and chats asks
    `queries.gone_chats`.
    """
    async with transaction():
        await fall_back(letter, by=by, reason=reason, now=now)
        await _leave("address = ?", letter.address, by=by, reason=reason, now=now)
        await execute(
            "INSERT INTO messages_gone_chat (address, gone_at) VALUES (?, ?) ON CONFLICT (address) DO NOTHING", letter.address, now
        )


async def forget_gone_chat(address: str) -> None:
    """Whoever keeps the link has heard that the chat is gone."""
    await execute("DELETE FROM messages_gone_chat WHERE address = ?", address)


async def leave_all_chats(*, now: datetime) -> int:
    """No bot is set up (any more): what waits for a chat goes by mail, or is not sent, as in `fall_back`; how many there were."""
    # A look first, since an UPDATE takes SQLite's write lock even when it finds nothing.
    if not await rows("SELECT id FROM messages_letter WHERE state = 'waiting' AND channel = 'telegram' LIMIT 1"):
        return 0
    async with transaction():
        return await _leave("1 = 1", by="", reason="Telegram is not set up", now=now)


async def _leave(which: str, *values: object, by: str, reason: str, now: datetime) -> int:
    waiting = f"WHERE channel = 'telegram' AND (state = 'waiting' OR state = 'sending' AND lease_by = ?) AND {which}"
    moved = await execute(
        f"UPDATE messages_letter SET {_BY_MAIL}, state = 'waiting', {_NO_LEASE} {waiting} AND fallback IS NOT NULL",
        now, reason[:_LONGEST_ERROR], by, *values,
    )  # fmt: skip
    return moved + await execute(
        f"UPDATE messages_letter SET state = 'withdrawn', last_error = ?, {_NO_LEASE} {waiting}", reason[:_LONGEST_ERROR], by, *values
    )


async def take_up_left_letters(*, now: datetime) -> int:
    """Letters in the hands of a worker that was killed wait again, after as long as for any other failed try from the third on."""
    left = await rows(
        "SELECT id, tries, first_try_at, lease_until FROM messages_letter WHERE state = 'sending' AND lease_until < ?",
        now, instants=("first_try_at", "lease_until"),
    )  # fmt: skip
    for row in left:
        first = row["first_try_at"] or row["lease_until"] - LEASE
        # At once at first, since kills are mostly of the machine; later as after any fault, in case the letter is what kills.
        again = now if row["tries"] < 2 else next_try(tries=row["tries"], first_try_at=first, now=now, jitter=0)
        await execute(
            f"UPDATE messages_letter SET state = ?, tries = tries + 1, first_try_at = ?, next_try_at = ?, last_error = ?, {_NO_LEASE}"
            " WHERE id = ? AND state = 'sending' AND lease_until = ?",
            "waiting" if again else "failed", first, again or now, "The sender was stopped in the middle of a try",
            row["id"], row["lease_until"],
        )  # fmt: skip
    return len(left)


async def mark_missed_letters(*, now: datetime) -> int:
    """Letters that are past their use are never sent late, whether they wait or are on hold."""
    return await execute(
        "UPDATE messages_letter SET state = 'missed', last_error = 'Too late to be of use'"
        " WHERE state IN ('waiting', 'held') AND expires_at <= ?",
        now,
    )
