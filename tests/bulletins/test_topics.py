"""News of a topic: asked for signed in or by an address, daily or at once, never at night, stopped by one press."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bulletins import actions, queries
from marstraining.bulletins.models import TopicRequest, TopicSubscription
from marstraining.bulletins.rules import Pace
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.core.errors import NotFound, Refused, TooFast
from marstraining.core.tokens import derive_token
from marstraining.core.viewer import ANYBODY
from marstraining.people.models import Person
from tests import makers
from tests.bulletins.news import briefing, confirm_token, letters, on_topic, published
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
NEWCOMER = "newcomer@school.example"


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


# ---- an address without an account ----------------------------------------------------------------------------------


async def test_an_address_follows_once_it_is_confirmed(db: TortoiseContext, clock: Clock, settings: Settings, client: Visitor) -> None:
    course = await on_topic()
    asked = await client.post("/topics/neglect/news", {"email": f" {NEWCOMER.upper()} ", "pace": "daily"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/topics/neglect/news?done=sent")
    sent = await client.get(asked.headers["location"])
    assert ("The link in the email works for three days" in sent.text, 'name="email"' in sent.text) == (True, False)
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
