"""A talk with the chat, one event after another."""

import pytest

from marstraining.conversation.actions import answer
from marstraining.conversation.rules import Channel, Event, EventKind, Reply
from marstraining.core.viewer import ANYBODY, Viewer
from tests.conftest import Clock
from tests.conversation.talking import Talk


@pytest.fixture
def talk(clock: Clock) -> Talk:
    """Says or presses something in one conversation, each with an event of its own."""
    count = iter(range(10_000))

    async def send(
        text: str = "",
        *,
        press: str = "",
        viewer: Viewer = ANYBODY,
        key: str = "talk",
        event_id: str | None = None,
        channel: Channel = Channel.WEB,
    ) -> tuple[Reply, ...]:
        named = f"event-{next(count)}" if event_id is None else event_id
        kind = EventKind.BUTTON if press else EventKind.TEXT
        return await answer(Event(channel, key, kind, text=text, data=press, event_id=named, viewer=viewer), now=clock.now)

    return send
