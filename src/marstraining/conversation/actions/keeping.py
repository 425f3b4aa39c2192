"""The row of a conversation and what is counted: read, written if nobody has since, claimed once."""

import json
from collections.abc import Sequence
from datetime import datetime

from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import Channel, Event
from marstraining.conversation.rules.state import State, from_json, to_json
from marstraining.core import config
from marstraining.core.clock import today_of
from marstraining.core.db import execute, rows
from marstraining.core.tokens import derive_token
from marstraining.core.values import frozen
from marstraining.core.viewer import ANYBODY, Viewer
from marstraining.people.queries import viewer_of_chat


@frozen
class Dialogue:
    """A conversation's row as it was read; `id` 0 is one that is not written yet."""

    id: int
    state: State
    version: int
    seen_at: datetime | None


class Changed(Exception):  # noqa: N818 - the signal to start again
    """Somebody else has written the state meanwhile."""


def key_hash_of(channel: Channel, key: str) -> str:
    """What stands for a conversation in the database: of no use without the key, since a chat's number could be tried out."""
    return derive_token(config.current().secret_key, "conversation", str(channel), key)


async def viewer_of(channel: Channel, key: str, viewer: Viewer) -> Viewer:
    """Who asks: whom the channel has signed in, or whose account is connected to the chat."""
    if viewer.is_signed_in or channel is not Channel.TELEGRAM or not key.lstrip("-").isdecimal():
        return viewer
    return await viewer_of_chat(int(key)) or ANYBODY


async def load(channel: Channel, key_hash: str, asker: Asker) -> Dialogue:
    found = await rows(
        "SELECT id, person_id, CAST(state AS TEXT) AS state, version, seen_at FROM conversation_dialogue"
        " WHERE channel = ? AND key_hash = ?",
        str(channel), key_hash, instants=("seen_at",),
    )  # fmt: skip
    if not found:
        return Dialogue(0, State(), 0, None)
    row = found[0]
    # What somebody looked at while signed in is theirs; what nobody had signed in for goes along with who signs in.
    is_theirs = row["person_id"] is None or row["person_id"] == asker.person_id
    state = from_json(json.loads(row["state"])) if is_theirs else State()
    return Dialogue(row["id"], state, row["version"], row["seen_at"] if is_theirs else None)


async def save(dialogue: Dialogue, state: State, event: Event, asker: Asker, *, key_hash: str) -> None:
    """Write the state if nobody has since it was read; raises Changed otherwise, and all that was done is undone."""
    told = json.dumps(to_json(state))
    if dialogue.id:
        written = await execute(
            "UPDATE conversation_dialogue SET state = ?, person_id = ?, version = version + 1, seen_at = ? WHERE id = ? AND version = ?",
            told, asker.person_id, asker.now, dialogue.id, dialogue.version,
        )  # fmt: skip
    else:
        written = await execute(
            "INSERT INTO conversation_dialogue (channel, key_hash, person_id, state, version, started_at, seen_at)"
            " VALUES (?, ?, ?, ?, 1, ?, ?) ON CONFLICT DO NOTHING",
            str(event.channel), key_hash, asker.person_id, told, asker.now, asker.now,
        )  # fmt: skip
    if not written:
        raise Changed


async def claim(event: Event, *, now: datetime) -> bool:
    """Note that an event is answered. False for one that is already; while another worker is at it, this waits for it."""
    return bool(
        await rows(
            "INSERT INTO conversation_event (channel, event, taken_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
            str(event.channel),
            event.event_id[:64],
            now,
        )
    )


async def tally(words: Sequence[str], *, now: datetime) -> None:
    for word in words:
        await execute(
            "INSERT INTO conversation_tally (day, word, number) VALUES (?, ?, 1)"
            " ON CONFLICT (day, word) DO UPDATE SET number = conversation_tally.number + 1",
            today_of(now), word,
        )  # fmt: skip
