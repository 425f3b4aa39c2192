"""Letters of news: what they tell, what they leave out and count, when they leave, on which way."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bulletins import actions, queries
from marstraining.bulletins.rules import Heading, NewDate, Pace, left_out, without_repeats
from marstraining.core.clock import from_wall
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.messages.envelope import rendered
from marstraining.messages.note import note_text
from marstraining.messages.queries import letter_of
from marstraining.messages.rules import is_quiet
from marstraining.people.actions import link_telegram, make_telegram_token
from marstraining.people.models import Person
from marstraining.people.rules import TelegramWishes
from tests import makers
from tests.bulletins.news import briefing, letters, on_topic, published
from tests.conftest import Clock

# ---- rules ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wall", "quiet"),
    [
        ("2026-03-09T20:00", True),
        ("2026-03-09T19:59", False),
        ("2026-03-09T07:29", True),
        ("2026-03-09T07:30", False),
        ("2026-03-09T00:00", True),
        ("2026-07-01T07:29", True),
        ("2026-07-01T07:30", False),
        ("2026-07-01T19:59", False),
        ("2026-03-29T07:30", False),
        ("2026-10-25T07:29", True),
    ],
)
def test_quiet_hours_are_londons_on_both_sides_of_the_clock_change(wall: str, *, quiet: bool) -> None:
    at = datetime.fromisoformat(wall)
    assert is_quiet(from_wall(at.date(), at.time())) is quiet


def test_what_stands_under_one_heading_is_not_told_again_under_another() -> None:
    at = datetime.fromisoformat("2026-06-09T08:30:00+00:00")
    same = NewDate("ref1", "Understanding neglect", at, "online")
    other = NewDate("ref2", "Another", at, "online")
    kept = without_repeats([Heading("Course", (same,), is_course=True), Heading("Neglect", (same, other)), Heading("CSE", (other,))])
    assert kept == [Heading("Course", (same,), is_course=True), Heading("Neglect", (other,))]
    whole = [Heading("Course", (same, other)), Heading("Neglect", (same, other))]
    cut = without_repeats(whole, most=1)
    assert (cut, left_out(whole, cut)) == ([Heading("Course", (same,))], (1, 0))


async def test_what_a_letter_has_no_room_for_is_counted_in_it_with_where_to_find_it(
    db: TortoiseContext, clock: Clock, settings: Settings, asha: Person
) -> None:
    """It is told of now or never: the next letter begins where this one ended."""
    course = await on_topic()
    await actions.subscribe_to_topic("neglect", pace=Pace.AT_ONCE, by=makers.as_learner(asha), now=clock.now)
    clock.forward(minutes=5)
    for number in range(62):
        await published(course, clock, date(2026, 6, 9) + timedelta(days=number))
    resources = [replace(briefing(clock), title=f"Briefing {number}", path=f"/resources/{number}") for number in range(3)]
    clock.forward(minutes=5)
    assert await actions.tell_news_at_once(resources=resources, now=clock.now) == 1
    [row] = await rows("SELECT ref FROM messages_letter WHERE template = 'new_dates'")
    letter = await letter_of(row["ref"])
    assert letter is not None
    parts = rendered(letter, settings)
    heading, rest = note_text(letter, settings)
    assert parts.text.count("/sessions/") == 60
    for text in (parts.text, parts.html):
        flat = " ".join(re.sub(r"<[^>]+>", " ", text).split())
        assert "And 2 more dates in the programme" in flat
        assert "And 3 more resources in the library" in flat
        assert f"{settings.base_url}/programme" in text
        assert f"{settings.base_url}/resources" in text
    # The note is shorter still, and says so in its last line.
    assert (heading, rest.splitlines()[-1]) == ("New dates: Neglect", f"… and more: {settings.base_url}/me/news")
    small = note_text(replace(letter, context={**letter.context, "topics": []}), settings)[1]
    assert small.splitlines()[-2:] == [
        f"And 2 more dates in the programme: {settings.base_url}/programme",
        f"And 3 more resources in the library: {settings.base_url}/resources",
    ]


# ---- the letters ----------------------------------------------------------------------------------------------------


async def test_one_daily_letter_tells_of_courses_topics_and_resources_each_once(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    course = await on_topic()
    await actions.follow_course(course.id, by=makers.as_learner(asha), now=clock.now)
    await actions.subscribe_to_topic("neglect", by=makers.as_learner(asha), now=clock.now)
    clock.forward(hours=1)
    first = await published(course, clock)
    second = await published(await on_topic(title="Graded Care"), clock)
    news = [briefing(clock), briefing(clock, "County lines", "cce")]
    assert await actions.tell_daily_news(resources=news, now=clock.now) == 0
    clock.travel_to(from_wall(date(2026, 3, 10), time(8)))
    assert await actions.tell_daily_news(resources=news, now=clock.now) == 1
    assert await actions.tell_daily_news(resources=news, now=clock.now) == 0
    told = await letters()
    assert [(one["template"], one["channel"], one["address"]) for one in told] == [("new_dates", "email", "asha@stlukes.example")]
    context = told[0]["context"]
    assert isinstance(context, dict)
    assert (context["count"], context["resources"]) == (2, 1)
    assert [(group["title"], [item["path"] for item in group["dates"]]) for group in context["courses"]] == [
        ("Understanding neglect", [f"/sessions/{first.ref}"])
    ]
    assert [(group["title"], [item["path"] for item in group["dates"]]) for group in context["topics"]] == [
        ("Neglect", [f"/sessions/{second.ref}"])
    ]
    assert [item["title"] for item in context["topics"][0]["resources"]] == ["Neglect in seven minutes"]


async def test_only_what_is_public_new_and_to_come_is_told(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    course = await on_topic()
    old = briefing(clock)
    await published(course, clock)
    clock.forward(minutes=5)
    await actions.subscribe_to_topic("neglect", by=makers.as_learner(asha), now=clock.now)
    clock.forward(minutes=5)
    await published(course, clock, state="draft")
    await published(course, clock, access="invited")
    await published(course, clock, day=date(2026, 3, 9))
    await published(await on_topic("cse", "Child sexual exploitation", "CSE"), clock)
    clock.forward(days=1)
    assert await actions.tell_daily_news(resources=[old], now=clock.now) == 0


async def test_at_once_is_within_minutes_and_waits_for_the_morning(db: TortoiseContext, clock: Clock, asha: Person, ben: Person) -> None:
    course = await on_topic()
    await actions.subscribe_to_topic("neglect", pace=Pace.AT_ONCE, by=makers.as_learner(asha), now=clock.now)
    await actions.subscribe_to_topic("neglect", by=makers.as_learner(ben), now=clock.now)
    clock.forward(minutes=1)
    await published(course, clock)
    clock.forward(minutes=1)
    assert await actions.tell_news_at_once(now=clock.now) == 1
    assert await actions.tell_news_at_once(now=clock.now) == 0
    assert [one["address"] for one in await letters()] == ["asha@stlukes.example"]
    clock.travel_to(from_wall(date(2026, 3, 9), time(20)))
    await published(course, clock)
    assert await actions.tell_news_at_once(now=clock.now) == 0
    clock.travel_to(from_wall(date(2026, 3, 10), time(7, 29)))
    assert await actions.tell_news_at_once(now=clock.now) == 0
    clock.forward(minutes=1)
    assert await actions.tell_news_at_once(now=clock.now) == 1


async def test_news_goes_to_the_chat_of_who_chose_so_with_the_address_to_fall_back_on(
    db: TortoiseContext, clock: Clock, asha: Person, ben: Person
) -> None:
    course = await on_topic()
    for person, chat, wishes in ((asha, 51, TelegramWishes(updates=True)), (ben, 52, TelegramWishes(bookings=True))):
        token = await make_telegram_token(wishes, by=makers.as_learner(person), now=clock.now)
        await link_telegram(token, chat_id=chat, now=clock.now)
        await actions.subscribe_to_topic("neglect", by=makers.as_learner(person), now=clock.now)
    clock.forward(minutes=1)
    await published(course, clock)
    clock.forward(days=1)
    assert await actions.tell_daily_news(now=clock.now) == 2
    news = [one for one in await letters() if one["template"] == "new_dates"]
    assert [(one["channel"], one["address"], one["fallback"]) for one in news] == [
        ("telegram", "51", "asha@stlukes.example"),
        ("email", "ben@police.example", None),
    ]


async def test_what_was_stopped_between_looking_and_writing_is_not_told(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    course = await on_topic()
    await actions.subscribe_to_topic("neglect", by=makers.as_learner(asha), now=clock.now)
    clock.forward(minutes=1)
    await published(course, clock)
    clock.forward(days=1)
    await actions.stop_topic("neglect", by=makers.as_learner(asha), now=clock.now)
    assert await actions.tell_daily_news(now=clock.now) == 0


async def test_the_earliest_wish_says_from_when_resources_are_asked(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    assert await queries.told_until() is None
    begun = clock.now
    await actions.subscribe_to_topic("neglect", by=makers.as_learner(asha), now=clock.now)
    clock.forward(days=1)
    await actions.subscribe_to_topic("cse", by=makers.as_learner(asha), now=clock.now)
    assert await queries.told_until() == begun
