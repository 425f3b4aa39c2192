"""Whose a Telegram chat is, and what a link that connects one is good for."""

from collections.abc import Collection
from datetime import datetime

from marstraining.core import db
from marstraining.core.tokens import hash_token
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.people.rules import TELEGRAM_LETTERS, TelegramWishes, masked

# In the order of `TelegramWishes`.
_WISHES = tuple(f"wants_{word}" for word in TELEGRAM_LETTERS)


@frozen
class TelegramOffer:
    """What "Is this you?" shows before a chat is connected: whose account it is, with its address masked."""

    person_id: int
    masked_address: str


@frozen
class TelegramChat:
    """A person's connected chat and what they chose to get there."""

    person_id: int
    chat_id: int
    wishes: TelegramWishes
    linked_at: datetime


async def telegram_offer(token: str, *, now: datetime) -> TelegramOffer | None:
    """Whose account the token of a start link would connect; None when it was used, ran out or never was. Looking changes nothing."""
    found = await db.rows(
        "SELECT t.person_id, p.email FROM people_telegram_token t JOIN people_person p ON p.id = t.person_id"
        " WHERE t.token_hash = ? AND t.used_at IS NULL AND t.expires_at > ? AND p.state IN ('active', 'left')",
        hash_token(token), now,
    )  # fmt: skip
    return TelegramOffer(found[0]["person_id"], masked(found[0]["email"]) if found[0]["email"] else "no email address") if found else None


async def telegram_chat_of(person_id: int) -> TelegramChat | None:
    """The chat that somebody has connected."""
    found = await telegram_chats_of([person_id])
    return found.get(person_id)


async def telegram_chats_of(person_ids: Collection[int]) -> dict[int, TelegramChat]:
    """The connected chats of people, by person; whoever has none is absent."""
    if not person_ids:
        return {}
    found = await db.rows(
        f"SELECT person_id, chat_id, {', '.join(_WISHES)}, linked_at FROM people_telegram_link"
        f" WHERE ended_at IS NULL AND person_id IN ({', '.join('?' * len(person_ids))})",
        *person_ids, instants=("linked_at",), flags=_WISHES,
    )  # fmt: skip
    return {
        row["person_id"]: TelegramChat(
            person_id=row["person_id"],
            chat_id=row["chat_id"],
            wishes=TelegramWishes(*(row[column] for column in _WISHES)),
            linked_at=row["linked_at"],
        )
        for row in found
    }


async def viewer_of_chat(chat_id: int) -> Viewer | None:
    """Who is at the other end of a Telegram chat, as a learner whatever their roles; None where the chat is not connected.

    A chat is open to whoever holds the phone, so nothing that the desk or a lead may do can be done from one.
    """
    found = await db.rows(
        "SELECT p.id, p.name FROM people_telegram_link l JOIN people_person p ON p.id = l.person_id"
        " WHERE l.chat_id = ? AND l.ended_at IS NULL AND p.state IN ('active', 'left')",
        chat_id,
    )
    return Viewer(person_id=found[0]["id"], roles=frozenset({Role.LEARNER}), name=found[0]["name"]) if found else None
