"""Letters for tests, and a look into the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from marstraining.core.config import Settings
from marstraining.core.db import rows, transaction
from marstraining.messages.actions import queue_letters
from marstraining.messages.delivery import PostRoom
from marstraining.messages.post import Post, SmtpPost
from marstraining.messages.rules import CalendarItem, Letter, Priority, Recipient

NOTE: Mapping[str, object] = {
    "subject_line": "Parking on Tuesday",
    "text": "The car park is closed.",
    "paragraphs": ["The car park is closed."],
    "title": "Neglect",
}


def a_letter(key: str, *, address: str = "asha@school.example", name: str = "Asha Learner", **values: Any) -> Letter:
    letter = Letter(key=key, template="desk_note", to=Recipient(address, name), priority=Priority.CONFIRMATION, context=NOTE)
    return replace(letter, **values)


def an_entry(uid: str = "day-1", *, sequence: int = 0, method: Any = "REQUEST") -> CalendarItem:
    return CalendarItem(
        uid=uid,
        starts_at="2026-07-01T08:30:00+00:00",
        ends_at="2026-07-01T11:30:00+00:00",
        changed_at="2026-03-09T10:00:00+00:00",
        title="Neglect",
        location="Civic Centre",
        description="",
        url="/bookings/abc",
        sequence=sequence,
        method=method,
        status="CANCELLED" if method == "CANCEL" else "CONFIRMED",
    )


async def queued(*letters: Letter, now: datetime) -> None:
    async with transaction():
        await queue_letters(letters, now=now)


def a_room(settings: Settings, url: str, *, name: str = "tester", seconds: float = 0.4) -> PostRoom:
    """A post room that delivers to a server of the test's and does not wait long for its answers."""

    def make_post(made_for: Settings) -> Post:
        return SmtpPost(url, local_name=made_for.host, command_seconds=seconds, data_seconds=seconds)

    return PostRoom(replace(settings, smtp_url=url), name=name, make_post=make_post)


async def states() -> dict[str, str]:
    """The state of each letter by its key."""
    return {row["key"]: row["state"] for row in await rows("SELECT key, state FROM messages_letter ORDER BY id")}


async def row_of(key: str) -> dict[str, Any]:
    return (await rows("SELECT * FROM messages_letter WHERE key = ?", key, instants=("next_try_at", "created_at")))[0]


async def counted(table: str) -> Sequence[dict[str, Any]]:
    return await rows(f"SELECT * FROM {table} ORDER BY id")
