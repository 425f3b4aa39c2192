"""What the training team does in the outbox: send again, release what is on hold or set it aside, clear a flagged address."""

from datetime import datetime, timedelta

from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record

BODIES_KEPT = timedelta(days=90)
# A failed letter begins its 48 hours of tries anew; its Message-ID stays, so that a copy is known as one.
_AGAIN = "state = 'waiting', tries = 0, first_try_at = NULL, next_try_at = ?, last_error = ''"
_CAN_GO = "erased_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"
_ENDED = ("failed", "missed", "sent")
# It leaves at once, or when it is due; its tries begin anew.
_RELEASED = (
    "state = 'waiting', tries = 0, first_try_at = NULL, last_error = '',"
    " next_try_at = CASE WHEN next_try_at > ? THEN next_try_at ELSE ? END"
)
_SET_ASIDE = "state = 'withdrawn', last_error = substr('Set aside by the training team. ' || last_error, 1, 500)"


async def resend_letter(letter_id: int, *, by: Viewer, now: datetime) -> None:
    """Send a letter again that failed, was missed, or was sent and did not arrive.

    Refused for one whose contents were erased or whose time is over, and for one that is still to be sent anyway.
    """
    async with transaction():
        done = await execute(
            f"UPDATE messages_letter SET {_AGAIN} WHERE id = ? AND state IN ('failed', 'missed', 'sent') AND {_CAN_GO}", now, letter_id, now
        )
        if not done:
            await _refuse_resending(letter_id)
        await record("resend_letter", by=by, now=now, subject_kind="letter", subject_id=letter_id)


async def resend_failed_letters(*, by: Viewer, now: datetime) -> int:
    """Send every failed letter again that still can be of use; how many."""
    async with transaction():
        done = await execute(f"UPDATE messages_letter SET {_AGAIN} WHERE state = 'failed' AND {_CAN_GO}", now, now)
        if done:
            await record("resend_failed_letters", by=by, now=now, subject_kind="letter", subject_id=None, detail={"letters": done})
    return done


async def hold_letters(*, reason: str) -> int:
    """Keep every letter that is still to be sent from leaving until the desk has looked at it; how many.

    For use where nobody knows whether they were sent already, by whoever knows why.
    """
    return await execute(
        "UPDATE messages_letter SET state = 'held', last_error = ?, lease_until = NULL, lease_by = NULL"
        " WHERE state IN ('waiting', 'sending')",
        reason,
    )


async def release_letter(letter_id: int, *, by: Viewer, now: datetime) -> None:
    """Let a letter that is on hold go; refused for one that is not, or whose time is over."""
    async with transaction():
        done = await execute(
            f"UPDATE messages_letter SET {_RELEASED} WHERE id = ? AND state = 'held' AND (expires_at IS NULL OR expires_at > ?)",
            now, now, letter_id, now,
        )  # fmt: skip
        if not done:
            await _refuse_held(letter_id)
        await record("release_letter", by=by, now=now, subject_kind="letter", subject_id=letter_id)


async def release_held_letters(*, by: Viewer, now: datetime) -> int:
    """Let every letter go that is on hold and can still be of use; how many."""
    async with transaction():
        done = await execute(
            f"UPDATE messages_letter SET {_RELEASED} WHERE state = 'held' AND (expires_at IS NULL OR expires_at > ?)", now, now, now
        )
        if done:
            await record("release_held_letters", by=by, now=now, subject_kind="letter", subject_id=None, detail={"letters": done})
    return done


async def take_back_letter(letter_id: int, *, by: Viewer, now: datetime) -> None:
    """Never send a letter that is on hold, or leave a failed one at that; refused for any other."""
    async with transaction():
        if not await execute(f"UPDATE messages_letter SET {_SET_ASIDE} WHERE id = ? AND state IN ('held', 'failed')", letter_id):
            await _refuse_held(letter_id)
        await record("take_back_letter", by=by, now=now, subject_kind="letter", subject_id=letter_id)


async def take_back_held_letters(*, by: Viewer, now: datetime) -> int:
    """Never send any of the letters that are on hold; how many."""
    async with transaction():
        done = await execute(f"UPDATE messages_letter SET {_SET_ASIDE} WHERE state = 'held'")
        if done:
            await record("take_back_held_letters", by=by, now=now, subject_kind="letter", subject_id=None, detail={"letters": done})
    return done


async def clear_bounced_address(bounced_id: int, *, by: Viewer, now: datetime) -> None:
    """Take the flag off an address that somebody has looked into; it comes back with the next refusal."""
    async with transaction():
        done = await execute("UPDATE messages_bounced SET cleared_at = ? WHERE id = ? AND cleared_at IS NULL", now, bounced_id)
        if done:
            await record("clear_bounced_address", by=by, now=now, subject_kind="bounced_address", subject_id=bounced_id)
        elif not await rows("SELECT 1 FROM messages_bounced WHERE id = ?", bounced_id):
            raise NotFound


async def erase_old_bodies(*, now: datetime) -> int:
    """Empty letters of 90 days ago that are no longer to be sent: what they said is gone, that they were sent stays."""
    return await execute(
        "UPDATE messages_letter SET context = '{}', tokens = '{}', calendar = '[]', unsubscribe = NULL, erased_at = ?"
        " WHERE erased_at IS NULL AND state NOT IN ('waiting', 'held', 'sending') AND created_at < ?",
        now, now - BODIES_KEPT,
    )  # fmt: skip


async def _refuse_resending(letter_id: int) -> None:
    found = await rows("SELECT state, erased_at FROM messages_letter WHERE id = ?", letter_id)
    if not found:
        raise NotFound
    if found[0]["state"] not in _ENDED:
        raise Refused("This letter is waiting to be sent already, or was set aside.", code="not_ended")
    if found[0]["erased_at"] is not None:
        raise Refused("What this letter said was erased after 90 days, so it cannot be sent again.", code="erased")
    raise Refused("The time for which this letter was of use is over, so it cannot be sent again.", code="over")


async def _refuse_held(letter_id: int) -> None:
    found = await rows("SELECT state FROM messages_letter WHERE id = ?", letter_id)
    if not found:
        raise NotFound
    if found[0]["state"] != "held":
        raise Refused("This letter is not on hold any more.", code="not_held")
    raise Refused("The time for which this letter was of use is over, so it cannot be sent.", code="over")
