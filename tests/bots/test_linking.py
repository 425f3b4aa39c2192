"""From the account page to the chat and back: connect, book, be told, stop (front_door.md 4)."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from tortoise.context import TortoiseContext

from marstraining.bulletins.actions import follow_course, subscribe_to_topic, tell_daily_news
from marstraining.bulletins.queries import my_subscriptions
from marstraining.conversation.actions import answer
from marstraining.conversation.rules.pressing import Verb
from marstraining.core import config
from marstraining.core.config import Settings
from marstraining.core.db import execute, rows
from marstraining.messages.bot_api import ChatPost
from marstraining.messages.delivery.chat import ChatRoom, send_due_notes
from marstraining.messages.note import STOP_DATA
from marstraining.people.actions import note_sent_letters
from marstraining.people.models import Person
from marstraining.people.queries import telegram_chat_of
from marstraining.programme.models import CourseTopic, Session, Topic
from tests import makers
from tests.bots.fake_telegram import FakeTelegram, FakeTransport
from tests.bots.talking import Phone, Service, running, with_bot
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
CHAT = 5_000_000_001


@pytest_asyncio.fixture
async def service(db: TortoiseContext, settings: Settings, fake: FakeTelegram) -> AsyncIterator[Service]:
    # The site's own address stays, since a browser visits it too.
    made = replace(with_bot(settings), base_url=settings.base_url)
    config.use(made)
    async with running(made, fake, answer=answer) as one:
        yield one
    config.use(settings)


async def token_from_page(person: Person, sign_in_as: SignInAs, letters: list[str]) -> str:
    visitor = await sign_in_as(person)
    page = await visitor.post("/me/account/telegram", {"letters": letters})
    found = re.search(r"https://t\.me/MarsTrainingBot\?start=([\w-]{22})", page.text)
    assert found is not None
    return found[1]


async def send_notes(service: Service, fake: FakeTelegram) -> int:
    way = FakeTransport(fake)
    return await send_due_notes(
        ChatRoom(with_bot(config.current()), name="w", make_post=lambda made_for: ChatPost(made_for, transport=way))
    )


async def test_from_the_account_page_to_a_booking_and_its_notes(
    service: Service, phone: Phone, fake: FakeTelegram, asha: Person, clock: Clock, sign_in_as: SignInAs
) -> None:
    session = await makers.make_session(course=await makers.make_course("Understanding neglect", code="NEG"), now=clock.now)
    token = await token_from_page(asha, sign_in_as, ["bookings"])
    [asked] = await phone.says(f"/start {token}")
    assert "Is this you?" in asked.text
    assert "a…@stlukes.example" in asked.text
    assert "Asha" not in asked.text
    [told] = await phone.taps("Yes, this is me")
    assert "Connected" in told.text
    assert await phone.taps("Yes, this is me")  # pressed twice: answered, and nothing connected anew
    chat = await telegram_chat_of(asha.id)
    assert chat is not None
    assert (chat.chat_id, chat.wishes.words) == (CHAT, ("bookings",))
    clock.forward(minutes=5)
    await phone.says("understanding neglect")
    await phone.says("book it")
    await phone.says("yes")
    assert [row["state"] for row in await rows("SELECT state FROM bookings_booking WHERE session_id = ?", session.id)] == ["confirmed"]
    await execute("UPDATE messages_letter SET state = 'sent', sent_at = ? WHERE channel = 'email'", clock.now)
    assert await note_sent_letters(now=clock.now) == 1
    assert await send_notes(service, fake) == 1
    assert phone.texts()[-1].splitlines()[0] == "Your place is booked: Understanding neglect"


async def test_somebody_else_who_got_the_link_learns_a_masked_address_and_can_say_no(
    service: Service, phone: Phone, asha: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    token = await token_from_page(asha, sign_in_as, [])
    stranger = Phone(service, 77, name="Mallory")
    await stranger.says(f"/start {token}")
    await stranger.taps("No")
    assert await telegram_chat_of(asha.id) is None
    await phone.says(f"/start {token}")
    await phone.taps("Yes, this is me")
    assert "Connected" not in (await stranger.taps("Yes, this is me"))[-1].text
    chat = await telegram_chat_of(asha.id)
    assert chat is not None
    assert chat.chat_id == CHAT
    clock.forward(minutes=11)
    assert "Is this you?" not in (await stranger.says(f"/start {token}"))[-1].text


def test_the_button_of_a_note_says_what_the_conversation_understands() -> None:
    assert Verb.UNFOLLOW_ALL.value == STOP_DATA


async def test_news_reaches_the_chat_and_one_tap_there_stops_it(
    service: Service, phone: Phone, fake: FakeTelegram, asha: Person, clock: Clock, sign_in_as: SignInAs
) -> None:
    course = await makers.make_course("Understanding neglect")
    await CourseTopic.create(course=course, topic=await Topic.create(slug="neglect", label="Neglect"))
    await phone.says(f"/start {await token_from_page(asha, sign_in_as, ['updates'])}")
    await phone.taps("Yes, this is me")
    await subscribe_to_topic("neglect", by=makers.as_learner(asha), now=clock.now)
    await follow_course(course.id, by=makers.as_learner(asha), now=clock.now)
    clock.forward(minutes=1)
    session = await makers.make_session(course=course, now=clock.now)
    await Session.filter(id=session.id).update(published_at=clock.now)
    clock.now += timedelta(days=1)
    assert await tell_daily_news(now=clock.now) == 1
    assert await send_notes(service, fake) == 1
    assert phone.texts()[-1].startswith("New dates: Understanding neglect\n")
    assert f"/sessions/{session.ref}" in phone.texts()[-1]
    shown = await phone.taps("Stop these")
    assert shown != []
    if await my_subscriptions(asha.id):
        pytest.fail(f"still told of things after: {[sent.text for sent in shown]}")
