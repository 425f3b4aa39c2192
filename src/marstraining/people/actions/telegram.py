"""Connecting an account to a Telegram chat by a one-time link, choosing what is sent there, and parting again."""

import secrets
from datetime import datetime, timedelta
from typing import Literal

from marstraining.core import db
from marstraining.core.errors import NotFound, Refused, TooFast
from marstraining.core.tokens import hash_token
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter, queue_letters
from marstraining.messages.actions.lease import forget_gone_chat
from marstraining.messages.queries import INSTANTS, StoredLetter, gone_chats, stored_letter
from marstraining.messages.rules import LETTER_KINDS, Channel, Letter, LetterKind, Priority, Recipient
from marstraining.people.rules import TELEGRAM_LETTERS, TELEGRAM_TOKEN_LASTS, TelegramWishes, keeps_records

# 128 bits as 22 characters of the alphabet that a start link takes (front_door.md 4).
_TOKEN_BYTES = 16
_TOKENS_AN_HOUR = 10
# In the order of `TelegramWishes`.
_WISHES = tuple(f"wants_{word}" for word in TELEGRAM_LETTERS)
_COLUMNS = ", ".join(_WISHES)
_MARKS = ", ".join("?" * len(_WISHES))
# A letter that left longer ago needs no note: it would only puzzle.
_NOTED_FOR = timedelta(hours=1)
_SPENT = "This link has been used or has run out. Make a new one on your account page."


async def make_telegram_token(wishes: TelegramWishes, *, by: Viewer, now: datetime) -> str:
    """The token of a link `t.me/<bot>?start=<token>` that connects the asker's account to a chat: once, within ten minutes.

    An earlier one that was not used ends. Only its hash is kept. TooFast beyond ten an hour.
    """
    if by.person_id is None:
        raise NotFound
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    async with db.transaction():
        await db.execute("UPDATE people_telegram_token SET used_at = ? WHERE person_id = ? AND used_at IS NULL", now, by.person_id)
        asked = await db.rows(
            "SELECT id FROM people_telegram_token WHERE person_id = ? AND created_at > ?", by.person_id, now - timedelta(hours=1)
        )
        if len(asked) >= _TOKENS_AN_HOUR:
            raise TooFast("You have made several links to Telegram. Wait an hour.", retry_after=3600)
        await db.execute(
            f"INSERT INTO people_telegram_token (person_id, token_hash, {_COLUMNS}, created_at, expires_at)"
            f" VALUES (?, ?, {_MARKS}, ?, ?)",
            by.person_id, hash_token(token), *wishes.flags, now, now + TELEGRAM_TOKEN_LASTS,
        )  # fmt: skip
    return token


async def link_telegram(token: str, *, chat_id: int, now: datetime) -> int:
    """Connect the account of a start link to the chat that brought it, once its owner said that it is theirs; the person's number.

    Refuses a token that was used, ran out or never was ("spent"). Another chat of the person's, and another account of the
    chat's, are parted. A letter tells the account's address.
    """
    async with db.transaction():
        taken = await db.rows(
            "UPDATE people_telegram_token SET used_at = ? WHERE token_hash = ? AND used_at IS NULL AND expires_at > ? AND EXISTS"
            " (SELECT 1 FROM people_person p WHERE p.id = people_telegram_token.person_id AND p.state IN ('active', 'left'))"
            f" RETURNING id, person_id, {_COLUMNS}",
            now, hash_token(token), now,
        )  # fmt: skip
        if not taken:
            raise Refused(_SPENT, code="spent")
        person_id = int(taken[0]["person_id"])
        await _end("person_id = ? OR chat_id = ?", person_id, chat_id, why="moved", now=now)
        await db.execute(
            f"INSERT INTO people_telegram_link (person_id, chat_id, {_COLUMNS}, linked_at, ended_why) VALUES (?, ?, {_MARKS}, ?, '')",
            person_id, chat_id, *(taken[0][column] for column in _WISHES), now,
        )  # fmt: skip
        by = Viewer(person_id=person_id, roles=frozenset({Role.LEARNER}))
        await record("link_telegram", by=by, now=now, subject_kind="person", subject_id=person_id)
        await _tell(person_id, "telegram_linked", key=f"telegram-linked-{taken[0]['id']}", now=now)
    return person_id


async def unlink_telegram(*, by: Viewer, now: datetime) -> bool:
    """Part one's account from its chat, from the page or from the chat itself. False when there was none."""
    if by.person_id is None:
        raise NotFound
    async with db.transaction():
        ended = await _end("person_id = ?", by.person_id, why="unlinked", now=now)
        if ended:
            await record("unlink_telegram", by=by, now=now, subject_kind="person", subject_id=by.person_id)
    return bool(ended)


async def revoke_telegram(person_id: int, *, by: Viewer, now: datetime) -> bool:
    """Part somebody's account from its chat and end links that were not used: one's own, or anybody's as the desk. False when none was.

    For a lost phone, and with signing out everywhere. A letter tells whoever did not do it themselves. NotFound for anybody else.
    """
    if by.person_id != person_id and not keeps_records(by):
        raise NotFound
    async with db.transaction():
        ended = await drop_telegram(person_id, why="revoked", now=now)
        for link_id in ended:
            await record("unlink_telegram", by=by, now=now, subject_kind="person", subject_id=person_id, detail={"why": "revoked"})
            if by.person_id != person_id:
                await _tell(person_id, "telegram_stopped", key=f"telegram-stopped-{link_id}", now=now, is_revoked=True)
    return bool(ended)


async def note_chat_gone(chat_id: int, *, now: datetime, why: Literal["blocked"] = "blocked") -> bool:
    """The owner of a chat has blocked or left the bot: nothing is sent there any more, and a letter says so. False when it was no link."""
    async with db.transaction():
        ended = await _end("chat_id = ?", chat_id, why=why, now=now)
        for link_id, person_id in ended:
            await record("unlink_telegram", by=SYSTEM, now=now, subject_kind="person", subject_id=person_id, detail={"why": why})
            await _tell(person_id, "telegram_stopped", key=f"telegram-stopped-{link_id}", now=now)
    return bool(ended)


async def choose_telegram_letters(wishes: TelegramWishes, *, by: Viewer, now: datetime) -> None:
    """Which letters reach one's chat from now on; NotFound where none is connected."""
    async with db.transaction():
        if not await db.execute(
            f"UPDATE people_telegram_link SET {' = ?, '.join(_WISHES)} = ? WHERE person_id = ? AND ended_at IS NULL",
            *wishes.flags, by.person_id or 0,
        ):  # fmt: skip
            raise NotFound
        detail: dict[str, object] = {"letters": list(wishes.words)}
        await record("choose_telegram_letters", by=by, now=now, subject_kind="person", subject_id=by.person_id, detail=detail)


async def part_from_gone_chats(*, now: datetime) -> int:
    """Part accounts from chats that took no letter because their owners have blocked or left them; the worker's job. How many."""
    parted = 0
    for chat in await gone_chats():
        parted += await note_chat_gone(int(chat), now=now)
        await forget_gone_chat(chat)
    return parted


async def note_sent_letters(*, now: datetime) -> int:
    """Write a note for the chat of whoever chose so beside each letter that has left by mail in the last hour; how many.

    News of topics and courses goes to the chat in place of a letter and is none of these. Safe to run twice: a letter has one note.
    """
    found = await db.rows(_UNNOTED, now - _NOTED_FOR, now, instants=INSTANTS)
    notes = [_note_beside(stored_letter(row), chat_id=row["chat_id"], person_id=row["person_id"]) for row in found]
    async with db.transaction():
        await queue_letters(notes, now=now)
    return len(notes)


def _note_beside(letter: StoredLetter, *, chat_id: int, person_id: int) -> Letter:
    return Letter(
        key=f"{_NOTE_KEY}{letter.id}",
        template=letter.template,
        to=Recipient(str(chat_id), letter.name, person_id=person_id, channel=Channel.TELEGRAM),
        priority=Priority(letter.priority),
        context=letter.context,
        expires_at=letter.expires_at,
    )


def _templates(kind: LetterKind) -> str:
    return ", ".join(f"'{template}'" for template in sorted(LETTER_KINDS[kind]))


_NOTE_KEY = "note-of-letter-"
_UNNOTED = (
    "SELECT l.chat_id, m.* FROM people_telegram_link l JOIN messages_letter m ON m.person_id = l.person_id AND m.sent_at > ?"
    " AND m.sent_at > l.linked_at WHERE l.ended_at IS NULL AND m.channel = 'email' AND m.state = 'sent' AND m.erased_at IS NULL"
    " AND (m.expires_at IS NULL OR m.expires_at > ?) AND ("
    + " OR ".join(
        f"(l.wants_{kind} AND m.template IN ({_templates(kind)}))"
        for kind in (LetterKind.BOOKINGS, LetterKind.REMINDERS, LetterKind.ACCOUNT)
    )
    + f") AND NOT EXISTS (SELECT 1 FROM messages_letter n WHERE n.key = '{_NOTE_KEY}' || CAST(m.id AS varchar(20))) ORDER BY m.id LIMIT 500"
)


async def drop_telegram(person_id: int, *, why: Literal["closed", "revoked"] = "closed", now: datetime) -> list[int]:
    """Inside a caller's transaction: the account's chat and its unused links end; the ids of the links between them that did."""
    await db.execute("UPDATE people_telegram_token SET used_at = ? WHERE person_id = ? AND used_at IS NULL", now, person_id)
    return [link_id for link_id, _ in await _end("person_id = ?", person_id, why=why, now=now)]


async def _end(which: str, *values: object, why: str, now: datetime) -> list[tuple[int, int]]:
    ended = await db.rows(
        f"UPDATE people_telegram_link SET ended_at = ?, ended_why = ?, chat_id = NULL WHERE ended_at IS NULL AND ({which})"
        " RETURNING id, person_id",
        now, why, *values,
    )  # fmt: skip
    return [(int(row["id"]), int(row["person_id"])) for row in ended]


async def _tell(person_id: int, template: str, *, key: str, now: datetime, **more: bool) -> None:
    found = await db.rows("SELECT name, email FROM people_person WHERE id = ? AND email IS NOT NULL", person_id)
    for person in found:
        await queue_letter(
            Letter(
                key=key,
                template=template,
                to=Recipient(address=person["email"], name=person["name"], person_id=person_id),
                priority=Priority.CHANGE,
                context={"name": person["name"], **more},
            ),
            now=now,
        )
