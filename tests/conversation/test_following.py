"""Following a topic in the chat, whatever its name is like."""

from datetime import datetime

import pytest
from tortoise.context import TortoiseContext

from marstraining.bulletins.models import TopicSubscription
from marstraining.conversation.actions import answer
from marstraining.conversation.rules import Button, Channel, Event, EventKind, Reply, all_buttons, plain_lines
from marstraining.core.viewer import Viewer
from marstraining.people.models import Person
from marstraining.programme.models import Course, CourseTopic, Topic
from marstraining.programme.topics import topic_of
from tests import makers
from tests.conftest import Clock
from tests.conversation.world import make_world


async def press(data: str, viewer: Viewer, now: datetime) -> tuple[Reply, ...]:
    return await answer(Event(Channel.WEB, "talk", EventKind.BUTTON, data=data, viewer=viewer), now=now)


def key(replies: tuple[Reply, ...], label: str) -> Button:
    return next(button for button in all_buttons(replies) if button.label.startswith(label))


@pytest.mark.parametrize(
    "name", ["Graffiti", "Working with resistant families and disguised compliance", "A topic of sixty letters " + "and then some " * 4]
)
async def test_a_topic_is_followed_and_left_by_buttons_however_long_its_name_is(
    db: TortoiseContext, clock: Clock, asha: Person, name: str
) -> None:
    await make_world(now=clock.now)
    slug, label = topic_of(name)
    topic = await Topic.create(slug=slug, label=label)
    await CourseTopic.create(course=await Course.get(code="CP"), topic=topic)
    viewer = makers.as_learner(asha)
    clock.forward(seconds=5)
    card = await press(f"su:{slug}", viewer, clock.now)
    assert f"Topic: {label}" in "\n".join(line for reply in card for line in plain_lines(reply))
    assert len(key(card, "Yes, tell me").data) <= 64
    told = await press(key(card, "Yes, tell me").data, viewer, clock.now)
    assert [one.topic_id for one in await TopicSubscription.filter(ended_at=None)] == [topic.id]
    await press(key(told, "Stop ").data, viewer, clock.now)
    assert await TopicSubscription.filter(ended_at=None).count() == 0
    # The card is spent: pressed again it follows nothing.
    again = await press(key(card, "Yes, tell me").data, viewer, clock.now)
    assert "This button has expired" in "\n".join(line for reply in again for line in plain_lines(reply))
    assert await TopicSubscription.filter(ended_at=None).count() == 0
