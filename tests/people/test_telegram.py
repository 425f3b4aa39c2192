"""Connecting an account to a Telegram chat: one link, once, for its owner (front_door.md 4)."""

import re
from collections.abc import Awaitable, Callable

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.core.errors import NotFound, Refused, TooFast
from marstraining.core.viewer import ANYBODY, Role
from marstraining.messages.actions.health import note_channel_account
from marstraining.messages.envelope import rendered
from marstraining.messages.queries import letter_of
from marstraining.people import actions, queries
from marstraining.people.models import Person, TelegramLink, TelegramToken
from marstraining.people.rules import TelegramWishes
from tests.conftest import Clock, Visitor
from tests.makers import as_desk, as_learner, make_person

CHAT = 5_000_000_000  # beyond 32 bits, as Telegram's numbers are
SignInAs = Callable[[Person], Awaitable[Visitor]]
pytestmark = pytest.mark.usefixtures("db")


async def connected(person: Person, clock: Clock, *, chat_id: int = CHAT, wishes: TelegramWishes | None = None) -> None:
    token = await actions.make_telegram_token(wishes or TelegramWishes(), by=as_learner(person), now=clock.now)
    assert await actions.link_telegram(token, chat_id=chat_id, now=clock.now) == person.id


async def letters() -> list[tuple[str, str]]:
    found = await rows("SELECT template, address FROM messages_letter ORDER BY id")
    return [(row["template"], row["address"]) for row in found]


async def test_a_link_connects_its_makers_account_once(asha: Person, clock: Clock) -> None:
    token = await actions.make_telegram_token(TelegramWishes(reminders=True), by=as_learner(asha), now=clock.now)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token)
    kept = await TelegramToken.get()
    assert token not in str(kept.__dict__)
    offer = await queries.telegram_offer(token, now=clock.now)
    assert offer == queries.TelegramOffer(asha.id, "a…@stlukes.example")
    assert await queries.viewer_of_chat(CHAT) is None
    assert await actions.link_telegram(token, chat_id=CHAT, now=clock.now) == asha.id
    with pytest.raises(Refused) as refused:
        await actions.link_telegram(token, chat_id=CHAT + 1, now=clock.now)
    assert refused.value.code == "spent"
    assert await queries.telegram_offer(token, now=clock.now) is None
    viewer = await queries.viewer_of_chat(CHAT)
    assert viewer is not None
    assert (viewer.person_id, viewer.name, viewer.roles) == (asha.id, "Asha Patel", frozenset({Role.LEARNER}))
    chat = await queries.telegram_chat_of(asha.id)
    assert chat == queries.TelegramChat(asha.id, CHAT, TelegramWishes(reminders=True), clock.now)
    assert await letters() == [("telegram_linked", "asha@stlukes.example")]


async def test_a_link_runs_out_after_ten_minutes_and_a_newer_one_ends_it(asha: Person, clock: Clock) -> None:
    first = await actions.make_telegram_token(TelegramWishes(), by=as_learner(asha), now=clock.now)
    second = await actions.make_telegram_token(TelegramWishes(), by=as_learner(asha), now=clock.now)
    assert await queries.telegram_offer(first, now=clock.now) is None
    clock.forward(minutes=9, seconds=59)
    assert await queries.telegram_offer(second, now=clock.now) is not None
    clock.forward(seconds=1)
    assert await queries.telegram_offer(second, now=clock.now) is None
    with pytest.raises(Refused):
        await actions.link_telegram(second, chat_id=CHAT, now=clock.now)
    assert await TelegramLink.all().count() == 0


@pytest.mark.parametrize("token", ["", "1", "0" * 22, "'; DROP TABLE people_person", "é" * 64, "x" * 5000])
async def test_a_token_that_never_was_connects_nothing(token: str, asha: Person, clock: Clock) -> None:
    assert await queries.telegram_offer(token, now=clock.now) is None
    with pytest.raises(Refused):
        await actions.link_telegram(token, chat_id=CHAT, now=clock.now)


async def test_only_somebody_signed_in_makes_a_link_and_not_without_end(asha: Person, clock: Clock) -> None:
    with pytest.raises(NotFound):
        await actions.make_telegram_token(TelegramWishes(), by=ANYBODY, now=clock.now)
    for _ in range(10):
        await actions.make_telegram_token(TelegramWishes(), by=as_learner(asha), now=clock.now)
    with pytest.raises(TooFast):
        await actions.make_telegram_token(TelegramWishes(), by=as_learner(asha), now=clock.now)


async def test_a_chat_has_one_account_and_an_account_one_chat(asha: Person, ben: Person, clock: Clock) -> None:
    await connected(asha, clock)
    await connected(ben, clock)
    assert await queries.telegram_chat_of(asha.id) is None
    viewer = await queries.viewer_of_chat(CHAT)
    assert viewer is not None
    assert viewer.person_id == ben.id
    await connected(ben, clock, chat_id=CHAT + 1)
    assert await queries.viewer_of_chat(CHAT) is None
    assert [(link.chat_id, link.ended_why) for link in await TelegramLink.all().order_by("id")] == [
        (None, "moved"),
        (None, "moved"),
        (CHAT + 1, ""),
    ]


async def test_parting_forgets_the_chat(asha: Person, clock: Clock) -> None:
    await connected(asha, clock)
    assert await actions.unlink_telegram(by=as_learner(asha), now=clock.now) is True
    assert await actions.unlink_telegram(by=as_learner(asha), now=clock.now) is False
    assert await queries.viewer_of_chat(CHAT) is None
    assert (await TelegramLink.get()).chat_id is None


async def test_a_chat_that_blocks_us_is_parted_and_told_by_mail_once(asha: Person, clock: Clock) -> None:
    await connected(asha, clock)
    assert await actions.note_chat_gone(CHAT, now=clock.now) is True
    assert await actions.note_chat_gone(CHAT, now=clock.now) is False
    assert await letters() == [("telegram_linked", "asha@stlukes.example"), ("telegram_stopped", "asha@stlukes.example")]
    assert (await TelegramLink.get()).ended_why == "blocked"


async def test_a_closed_account_is_parted_and_its_link_is_of_no_use(asha: Person, dee: Person, clock: Clock) -> None:
    await connected(asha, clock)
    token = await actions.make_telegram_token(TelegramWishes(), by=as_learner(asha), now=clock.now)
    await actions.close_account(asha.id, by=as_desk(dee), now=clock.now)
    assert await queries.viewer_of_chat(CHAT) is None
    assert await queries.telegram_offer(token, now=clock.now) is None
    with pytest.raises(Refused):
        await actions.link_telegram(token, chat_id=CHAT, now=clock.now)


async def test_merging_keeps_the_chat_of_the_record_that_stays(asha: Person, dee: Person, clock: Clock) -> None:
    twin, other = await make_person("A. Patel"), await make_person("Asha P")
    await connected(twin, clock)
    await actions.merge_people(asha.id, twin.id, by=as_desk(dee), now=clock.now)
    viewer = await queries.viewer_of_chat(CHAT)
    assert viewer is not None
    assert viewer.person_id == asha.id
    await connected(other, clock, chat_id=CHAT + 1)
    await actions.merge_people(asha.id, other.id, by=as_desk(dee), now=clock.now)
    assert await queries.viewer_of_chat(CHAT + 1) is None
    assert (await queries.viewer_of_chat(CHAT)) == viewer


async def test_a_learner_connects_chooses_and_parts_on_the_page(
    db: TortoiseContext, asha: Person, clock: Clock, sign_in_as: SignInAs
) -> None:
    visitor = await sign_in_as(asha)
    assert "is not on Telegram" in (await visitor.get("/me/account/telegram")).text
    assert "Telegram" not in (await visitor.get("/me/account")).text
    assert (await visitor.post("/me/account/telegram", {})).status_code == 404
    await note_channel_account("telegram", "MarsTrainingBot")
    assert "Not connected" in (await visitor.get("/me/account")).text
    made = await visitor.post("/me/account/telegram", {"letters": ["updates", "nonsense"]})
    found = re.search(r'href="https://t\.me/MarsTrainingBot\?start=([A-Za-z0-9_-]{22})"', made.text)
    assert found is not None
    assert "<svg" in made.text
    assert made.headers["cache-control"] == "no-store"
    await actions.link_telegram(found[1], chat_id=CHAT, now=clock.now)
    chat = await queries.telegram_chat_of(asha.id)
    assert chat is not None
    assert chat.wishes == TelegramWishes(updates=True)
    assert "since Monday 9 March 2026" in (await visitor.get("/me/account/telegram")).text
    saved = await visitor.post("/me/account/telegram", {"letters": ["bookings", "reminders"]})
    assert saved.headers["location"] == "/me/account/telegram?done=saved"
    chat = await queries.telegram_chat_of(asha.id)
    assert chat is not None
    assert chat.wishes == TelegramWishes(bookings=True, reminders=True)
    parted = await visitor.post("/me/account/telegram/part", seen="/me/account/telegram")
    assert parted.headers["location"] == "/me/account/telegram?done=parted"
    assert await queries.telegram_chat_of(asha.id) is None


async def test_the_page_is_ones_own(asha: Person, ben: Person, clock: Clock, sign_in_as: SignInAs, client: Visitor) -> None:
    await note_channel_account("telegram", "MarsTrainingBot")
    await connected(asha, clock)
    assert (await client.get("/me/account/telegram")).status_code == 303
    visitor = await sign_in_as(ben)
    assert "since" not in (await visitor.get("/me/account/telegram")).text
    await visitor.post("/me/account/telegram/part", seen="/me/account/telegram")
    assert await queries.telegram_chat_of(asha.id) is not None


async def test_too_many_links_are_refused_on_the_page(asha: Person, clock: Clock, sign_in_as: SignInAs) -> None:
    await note_channel_account("telegram", "MarsTrainingBot")
    visitor = await sign_in_as(asha)
    for _ in range(10):
        await visitor.post("/me/account/telegram")
    assert "Wait an hour" in (await visitor.post("/me/account/telegram")).text


# ---- a lost phone ---------------------------------------------------------------------------------------------------


async def test_the_desk_parts_a_chat_whose_phone_is_lost_and_nobody_else_does(
    asha: Person, ben: Person, dee: Person, clock: Clock, settings: Settings
) -> None:
    await connected(asha, clock)
    unused = await actions.make_telegram_token(TelegramWishes(), by=as_learner(asha), now=clock.now)
    with pytest.raises(NotFound):
        await actions.revoke_telegram(asha.id, by=as_learner(ben), now=clock.now)
    assert await queries.viewer_of_chat(CHAT) is not None
    assert [await actions.revoke_telegram(asha.id, by=as_desk(dee), now=clock.now) for _ in range(2)] == [True, False]
    assert await queries.viewer_of_chat(CHAT) is None
    assert await queries.telegram_offer(unused, now=clock.now) is None
    link = await TelegramLink.get()
    assert (link.chat_id, link.ended_why) == (None, "revoked")
    [event] = await rows("SELECT actor_id, subject_id FROM history_entry WHERE action = 'unlink_telegram'")
    assert (event["actor_id"], event["subject_id"]) == (dee.id, asha.id)
    assert await letters() == [("telegram_linked", "asha@stlukes.example"), ("telegram_stopped", "asha@stlukes.example")]
    [row] = await rows("SELECT ref FROM messages_letter WHERE template = 'telegram_stopped'")
    letter = await letter_of(row["ref"])
    assert letter is not None
    parts = rendered(letter, settings)
    assert parts.subject == "Telegram is disconnected from your training account"
    assert all("The training team has disconnected your Telegram chat" in text for text in (parts.text, parts.html))


@pytest.mark.parametrize("who", ["asha", "dee"])
async def test_signing_out_everywhere_parts_the_chat_too(asha: Person, dee: Person, clock: Clock, who: str) -> None:
    await connected(asha, clock)
    by = as_learner(asha) if who == "asha" else as_desk(dee)
    await actions.end_all_sign_ins(asha.id, by=by, now=clock.now)
    assert await queries.viewer_of_chat(CHAT) is None
    # Whoever does it themselves knows of it.
    assert len(await letters()) == (1 if who == "asha" else 2)


async def test_a_persons_page_at_the_desk_shows_the_chat_and_disconnects_it(
    asha: Person, dee: Person, clock: Clock, sign_in_as: SignInAs
) -> None:
    dees, home = await sign_in_as(dee), f"/desk/people/{asha.ref}"
    assert "Disconnect Telegram" not in (await dees.get(home)).text
    await connected(asha, clock)
    page = (await dees.get(home)).text
    assert "Connected since" in page
    assert "Sign out everywhere" in page
    answer = await dees.post(f"{home}/part-telegram", {}, seen=home)
    assert answer.headers["location"] == f"{home}?done=part-telegram"
    page = (await dees.get(answer.headers["location"])).text
    assert "Telegram is disconnected." in page
    assert "Disconnect Telegram" not in page
    assert await queries.viewer_of_chat(CHAT) is None
