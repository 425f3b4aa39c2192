"""Courses, sessions and resources on a topic, and the letters that tell of them."""

import json
from datetime import date, time

from marstraining.bulletins.rules import NewResource
from marstraining.core.clock import from_wall
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.core.tokens import derive_token
from marstraining.programme.models import Course, CourseTopic, Session, Topic
from tests import makers
from tests.conftest import Clock


async def on_topic(slug: str = "neglect", label: str = "Neglect", title: str = "Understanding neglect") -> Course:
    topic = await Topic.get_or_none(slug=slug) or await Topic.create(slug=slug, label=label)
    course = await makers.make_course(title)
    await CourseTopic.create(course=course, topic=topic)
    return course


async def published(course: Course, clock: Clock, day: date = date(2026, 6, 9), **columns: object) -> Session:
    session = await makers.make_session(course=course, starts=from_wall(day, time(9, 30)), now=clock.now)
    await Session.filter(id=session.id).update(published_at=clock.now, **columns)
    return session


def briefing(clock: Clock, title: str = "Neglect in seven minutes", *topics: str) -> NewResource:
    return NewResource(title, f"/resources/{title[:7].casefold()}", "7 minute briefing", frozenset(topics or ("neglect",)), clock.now)


async def letters() -> list[dict[str, object]]:
    found = await rows("SELECT template, channel, address, name, fallback, context FROM messages_letter ORDER BY id")
    return [{**row, "context": json.loads(row["context"])} for row in found]


async def confirm_token(settings: Settings) -> str:
    found = await rows("SELECT tokens FROM messages_letter WHERE template = 'confirm_topic' ORDER BY id DESC LIMIT 1")
    purpose, ref, nonce = json.loads(found[0]["tokens"])["confirm"]
    return derive_token(settings.secret_key, purpose, ref, nonce)
