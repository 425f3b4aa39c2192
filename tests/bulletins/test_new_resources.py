"""New resources reach who asked for their topic: the worker asks the library and hands over what is new."""

import json
from datetime import date, time
from typing import Any

from tortoise.context import TortoiseContext

from marstraining.bulletins.actions import subscribe_to_topic
from marstraining.core.clock import from_wall
from marstraining.core.db import rows
from marstraining.people.models import Person
from marstraining.programme.models import Course, Topic
from marstraining.resources.models import Resource, ResourceTopic
from marstraining.worker import tell_daily_news, tell_news_at_once
from tests import makers
from tests.conftest import Clock


async def a_resource(code: str, topic: Topic, clock: Clock, **columns: Any) -> Resource:
    made = await Resource.create(code=code, title=f"About {code}", kind="link", added_at=clock.now, changed_at=clock.now, **columns)
    await ResourceTopic.create(resource=made, topic=topic)
    return made


async def test_a_new_resource_is_told_once_and_a_restricted_or_withdrawn_one_never(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    topic, other = await Topic.create(slug="neglect", label="Neglect"), await Topic.create(slug="cse", label="CSE")
    licensed: Course = await makers.make_course("GCP2")
    assert await tell_daily_news(now=clock.now) == 0
    await a_resource("OLD", topic, clock)
    clock.forward(minutes=1)
    await subscribe_to_topic("neglect", by=makers.as_learner(asha), now=clock.now)
    clock.forward(minutes=1)
    await a_resource("NEW", topic, clock)
    await a_resource("ELSEWHERE", other, clock)
    await a_resource("RESTRICTED", topic, clock, requires=licensed)
    await a_resource("GONE", topic, clock, withdrawn_at=clock.now)
    clock.travel_to(from_wall(date(2026, 3, 10), time(8)))
    assert await tell_news_at_once(now=clock.now) == 0
    assert await tell_daily_news(now=clock.now) == 1
    assert await tell_daily_news(now=clock.now) == 0
    context = json.loads((await rows("SELECT context FROM messages_letter"))[0]["context"])
    assert [item["path"] for topic in context["topics"] for item in topic["resources"]] == ["/resources/NEW"]
