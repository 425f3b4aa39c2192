"""News of a topic: asked for signed in or by an address, daily or at once, never at night, stopped by one press."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bulletins import actions, queries
from marstraining.bulletins.models import TopicRequest, TopicSubscription
from marstraining.bulletins.rules import Heading, NewDate, NewResource, Pace, left_out, without_repeats
from marstraining.core.clock import from_wall
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.core.errors import NotFound, Refused, TooFast
from marstraining.core.tokens import derive_token
from marstraining.core.viewer import ANYBODY
from marstraining.messages.envelope import rendered
from marstraining.messages.note import note_text
from marstraining.messages.queries import letter_of
from marstraining.messages.rules import is_quiet
from marstraining.people.actions import link_telegram, make_telegram_token
from marstraining.people.models import Person
from marstraining.people.rules import TelegramWishes
from marstraining.programme.models import Course, CourseTopic, Session, Topic
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
NEWCOMER = "newcomer@school.example"


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


# ---- subscribing and stopping ---------------------------------------------------------------------------------------


async def test_a_topic_that_nothing_is_about_yet_can_be_followed(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    assert await actions.subscribe_to_topic("fgm", by=makers.as_learner(asha), now=clock.now) is True
    assert await actions.subscribe_to_topic("fgm", pace=Pace.AT_ONCE, by=makers.as_learner(asha), now=clock.now) is False
    mine = await queries.my_subscriptions(asha.id)
    assert [(topic.slug, topic.label, topic.pace) for topic in mine.topics] == [("fgm", "Female genital mutilation", Pace.AT_ONCE)]
    with pytest.raises(NotFound):
        await actions.subscribe_to_topic("bees", by=makers.as_learner(asha), now=clock.now)
    with pytest.raises(NotFound):
        await actions.subscribe_to_topic("fgm", by=ANYBODY, now=clock.now)
    assert await actions.stop_topic("fgm", by=makers.as_learner(asha), now=clock.now) is True
    assert await actions.stop_topic("fgm", by=makers.as_learner(asha), now=clock.now) is False
    assert not await queries.my_subscriptions(asha.id)
    assert await actions.subscribe_to_topic("fgm", by=makers.as_learner(asha), now=clock.now) is True


async def test_stopping_everything_stops_ones_own_alone(db: TortoiseContext, clock: Clock, asha: Person, ben: Person) -> None:
    course = await on_topic()
    for person in (asha, ben):
        await actions.subscribe_to_topic("neglect", by=makers.as_learner(person), now=clock.now)
        await actions.follow_course(course.id, by=makers.as_learner(person), now=clock.now)
    assert await actions.stop_all(by=makers.as_learner(asha), now=clock.now) == 2
    assert not await queries.my_subscriptions(asha.id)
    theirs = await queries.my_subscriptions(ben.id)
    assert (len(theirs.courses), len(theirs.topics)) == (1, 1)


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


# ---- an address without an account ----------------------------------------------------------------------------------


async def test_an_address_follows_once_it_is_confirmed(db: TortoiseContext, clock: Clock, settings: Settings, client: Visitor) -> None:
    course = await on_topic()
    asked = await client.post("/topics/neglect/news", {"email": f" {NEWCOMER.upper()} ", "pace": "daily"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/topics/neglect/news?done=sent")
    sent = await client.get(asked.headers["location"])
    assert ("The link in the letter works for three days" in sent.text, 'name="email"' in sent.text) == (True, False)
    assert await TopicSubscription.all().count() == 0
    path = f"/bulletins/confirm/{await confirm_token(settings)}"
    assert "News about Neglect" in (await client.get(path)).text
    assert await TopicSubscription.all().count() == 0
    for _ in range(2):
        assert "We will tell you what is new on Neglect" in (await client.post(path)).text
    only = await TopicSubscription.get()
    assert (only.person_id, only.address) == (None, NEWCOMER)
    clock.forward(minutes=1)
    await published(course, clock)
    clock.forward(days=1)
    assert await actions.tell_daily_news(now=clock.now) == 1
    told = (await letters())[-1]
    assert (told["template"], told["address"], told["name"]) == ("new_dates", NEWCOMER, "")
    token = derive_token(settings.secret_key, actions.TOPIC_PURPOSE, only.id, only.nonce)
    stopped = await client.http.post(f"/bulletins/stop/{token}", data={"List-Unsubscribe": "One-Click"})
    assert stopped.status_code == 200
    assert await TopicSubscription.filter(ended_at=None).count() == 0
    assert (await client.get(f"/bulletins/stop/{token}")).status_code == 200


async def test_an_address_that_belongs_to_an_account_is_the_accounts(
    db: TortoiseContext, clock: Clock, settings: Settings, asha: Person, client: Visitor
) -> None:
    await on_topic()
    await client.post("/topics/neglect/news", {"email": "asha@stlukes.example", "pace": "at_once"})
    await client.post(f"/bulletins/confirm/{await confirm_token(settings)}")
    assert [(one.person_id, one.address) for one in await TopicSubscription.all()] == [(asha.id, None)]
    mine = await queries.my_subscriptions(asha.id)
    assert [topic.pace for topic in mine.topics] == [Pace.AT_ONCE]


async def test_what_an_address_followed_is_its_owners_once_they_have_an_account(
    db: TortoiseContext, clock: Clock, settings: Settings, client: Visitor
) -> None:
    await on_topic()
    await client.post("/topics/neglect/news", {"email": NEWCOMER, "pace": "daily"})
    await client.post(f"/bulletins/confirm/{await confirm_token(settings)}")
    person = await makers.make_person("New Comer", email=NEWCOMER)
    assert [topic.slug for topic in (await queries.my_subscriptions(person.id)).topics] == ["neglect"]
    assert await actions.stop_topic("neglect", by=makers.as_learner(person), now=clock.now) is True
    assert not await queries.my_subscriptions(person.id)


async def test_a_request_that_is_not_confirmed_runs_out_and_is_forgotten(
    db: TortoiseContext, clock: Clock, settings: Settings, client: Visitor
) -> None:
    await on_topic()
    await client.post("/topics/neglect/news", {"email": NEWCOMER, "pace": "daily"})
    token = await confirm_token(settings)
    clock.forward(days=3)
    assert "has run out" in (await client.get(f"/bulletins/confirm/{token}")).text
    assert "has run out" in (await client.post(f"/bulletins/confirm/{token}")).text
    with pytest.raises(Refused):
        await actions.confirm_topic(token, now=clock.now)
    assert await TopicSubscription.all().count() == 0
    clock.forward(days=2)
    assert await actions.forget_topic_requests(now=clock.now) == 1
    assert await TopicRequest.all().count() == 0


async def test_an_address_is_not_flooded(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    await on_topic()
    for _ in range(5):
        await actions.ask_to_subscribe("neglect", NEWCOMER, pace=Pace.DAILY, network="192.0.2.1", now=clock.now)
    with pytest.raises(TooFast):
        await actions.ask_to_subscribe("neglect", NEWCOMER, pace=Pace.DAILY, network="192.0.2.2", now=clock.now)
    answer = await client.post("/topics/neglect/news", {"email": NEWCOMER, "pace": "daily"})
    assert "several times" in answer.text
    assert f'value="{NEWCOMER}"' in answer.text
    assert len(await letters()) == 5
    clock.forward(hours=1, seconds=1)
    await actions.ask_to_subscribe("neglect", NEWCOMER, pace=Pace.DAILY, network="192.0.2.1", now=clock.now)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "no address", "pace": "daily"}, "Enter an email address in the correct format"),
        ({"email": NEWCOMER}, "Select how often we tell you"),
        ({"email": NEWCOMER, "pace": "hourly"}, "Select how often we tell you"),
    ],
)
async def test_a_mistake_is_said_and_what_was_typed_is_kept(
    fields: dict[str, str], said: str, db: TortoiseContext, clock: Clock, client: Visitor
) -> None:
    await on_topic()
    answer = await client.post("/topics/neglect/news", fields)
    assert said in answer.text
    assert f'value="{fields["email"]}"' in answer.text


async def test_a_topic_that_is_none_is_not_found(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    assert (await client.get("/topics/bees/news")).status_code == 404
    assert (await client.get("/bulletins/confirm/" + "0" * 64)).status_code == 200
    assert (await client.get("/topics/fgm/news")).status_code == 200


# ---- one's own page -------------------------------------------------------------------------------------------------


async def test_a_learner_sees_adds_and_stops_what_they_are_told_of(
    db: TortoiseContext, clock: Clock, asha: Person, ben: Person, sign_in_as: SignInAs
) -> None:
    course = await on_topic()
    visitor = await sign_in_as(asha)
    assert "not told about anything yet" in (await visitor.get("/me/news")).text
    added = await visitor.post("/me/news", {"topic": "neglect", "pace": "at_once"})
    assert added.headers["location"] == "/me/news?done=following"
    await visitor.post(f"/courses/{course.code}/new-dates")
    page = (await visitor.get("/me/news")).text
    assert "as soon as there is something" in page
    assert "Understanding neglect" in page
    await visitor.post("/me/news", {"stop": f"course:{course.code}"})
    await visitor.post("/me/news", {"stop": "topic:neglect"})
    assert not await queries.my_subscriptions(asha.id)
    other = await sign_in_as(ben)
    await other.post("/topics/neglect/news", {"pace": "daily"})
    await visitor.post("/me/news", {"stop": "all"})
    assert await queries.my_subscriptions(ben.id)
    assert "Stop telling me" in (await other.get("/topics/neglect/news")).text
    await other.post("/topics/neglect/news", {"stop": "yes"})
    assert not await queries.my_subscriptions(ben.id)


async def test_a_wrong_choice_on_ones_own_page_is_said(db: TortoiseContext, clock: Clock, asha: Person, sign_in_as: SignInAs) -> None:
    await on_topic()
    visitor = await sign_in_as(asha)
    answer = await visitor.post("/me/news", {"topic": "bees", "pace": "daily"})
    assert "Select a topic" in answer.text
    assert (await visitor.post("/me/news", {"stop": "topic:bees"})).status_code == 303


async def test_the_letters_link_stops_one_topic_or_all(
    db: TortoiseContext, clock: Clock, settings: Settings, asha: Person, client: Visitor
) -> None:
    course = await on_topic()
    await actions.follow_course(course.id, by=makers.as_learner(asha), now=clock.now)
    for slug in ("neglect", "cse"):
        await actions.subscribe_to_topic(slug, by=makers.as_learner(asha), now=clock.now)
    one = await TopicSubscription.filter(topic__slug="neglect").get()
    path = f"/bulletins/stop/{derive_token(settings.secret_key, actions.TOPIC_PURPOSE, one.id, one.nonce)}"
    page = (await client.get(path)).text
    assert re.findall(r'name="(topic|course)"', page) == ["topic", "topic", "course"]
    await client.post(path, {"topic": str(one.topic_id)})
    mine = await queries.my_subscriptions(asha.id)
    assert ([topic.slug for topic in mine.topics], [followed.title for followed in mine.courses]) == (["cse"], ["Understanding neglect"])
    await client.post(path, {"topic": "999999"})
    assert await queries.my_subscriptions(asha.id) == mine
    await client.post(path)
    assert not await queries.my_subscriptions(asha.id)


async def test_the_letter_reads_well_with_and_without_a_name(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    await actions.subscribe_to_topic("neglect", by=makers.as_learner(asha), now=clock.now)
    clock.forward(hours=1)
    news = [briefing(clock)]
    clock.forward(days=1)
    assert await actions.tell_daily_news(resources=news, now=clock.now) == 1
    assert (await rows("SELECT expires_at FROM messages_letter"))[0]["expires_at"] is None
    clock.forward(days=1)
    assert await actions.tell_daily_news(resources=news, now=clock.now + timedelta(days=1)) == 0
