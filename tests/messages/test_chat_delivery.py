"""Letters by Telegram: what they say, once, at a pace, and by mail where the chat takes none (front_door.md 4 and 7.14, security.md R2)."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.core import paths
from marstraining.core.clock import from_wall
from marstraining.core.config import Settings
from marstraining.core.db import execute, rows
from marstraining.messages.actions import lease
from marstraining.messages.bot_api import ChatPost
from marstraining.messages.delivery import send_due_letters
from marstraining.messages.delivery.chat import ChatRoom, send_due_notes
from marstraining.messages.note import LONGEST_NOTE, STOP_DATA, note, note_text
from marstraining.messages.queries import StoredLetter
from marstraining.messages.rules import Channel, ChatTrouble, Letter, LetterState, Priority, Recipient, chat_trouble, quiet_until
from marstraining.people import actions as people_actions
from marstraining.people import queries as people_queries
from marstraining.people.models import Person
from marstraining.people.rules import TelegramWishes
from tests import makers
from tests.bots.fake_telegram import TOKEN, FakeTelegram, FakeTransport
from tests.conftest import STANDING_NOW, Clock, Visitor, make_settings
from tests.messages.letters import NOTE, a_letter, a_room, queued, row_of, states
from tests.messages.smtp_server import mail_server

CHAT = 5_000_000_000
FOLDERS = sorted(folder for folder in (paths.TEMPLATES / "messages").iterdir() if folder.is_dir())


def with_bot(settings: Settings) -> Settings:
    return replace(settings, telegram_token=TOKEN, telegram_api_url="http://tg.test")


@pytest.fixture
def fake() -> FakeTelegram:
    return FakeTelegram()


@pytest.fixture
def way(fake: FakeTelegram) -> FakeTransport:
    return FakeTransport(fake)


@pytest.fixture
def room(settings: Settings, way: FakeTransport) -> ChatRoom:
    return ChatRoom(with_bot(settings), name="tester", make_post=lambda made_for: ChatPost(made_for, transport=way))


def to_chat(key: str, *, chat: int = CHAT, fallback: str | None = "asha@school.example", **values: Any) -> Letter:
    to = Recipient(str(chat), "Asha Learner", channel=Channel.TELEGRAM, fallback=fallback)
    return a_letter(key, to=to, **values)


def a_row(template: str, context: dict[str, object], *, unsubscribe: bool = False) -> StoredLetter:
    return StoredLetter(
        id=1, ref="t0gtgs7pp4", key="k", template=template, priority=2, state=LetterState.SENDING, address=str(CHAT), name="Asha Patel",
        context=context, tokens={}, calendar=(), unsubscribe=("stop", 1, "n") if unsubscribe else None, thread=None, sequence=0,
        message_id="<abc@mars.example>", created_at=STANDING_NOW, not_before=None, expires_at=None, tries=0, first_try_at=None,
        next_try_at=STANDING_NOW, last_error="", sent_at=None, erased_at=None, channel=Channel.TELEGRAM,
    )  # fmt: skip


# ---- what a note says -----------------------------------------------------------------------------------------------


@pytest.fixture
def plain_settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path, f"sqlite://{tmp_path / 'none.sqlite3'}")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
async def test_a_note_says_titles_dates_and_links_and_nothing_else(plain_settings: Settings, fake: FakeTelegram, folder: Path) -> None:
    sample: dict[str, Any] = json.loads((folder / "sample.json").read_text())
    context = sample["context"] | {"joining_link": "https://teams.example/join/secret", "check_in_code": "460807", "reason": "She is ill"}
    written = note(a_row(folder.name, context, unsubscribe=bool(sample.get("unsubscribe"))), plain_settings)
    await fake.do_sendMessage({"chat_id": CHAT, "text": written.html, "parse_mode": "HTML"})
    text = fake.shown(CHAT)[0].text
    lines = text.splitlines()
    assert len(lines) > 1
    assert all(len(line) <= 160 for line in lines)
    others = [context.get(name) for name in ("learner", "name", "approver", "colleague", "invited_by", "lead", "contact", "masked")]
    secret = ["teams.example", "460807", "She is ill", "@", "Wharf Lane", *(str(other) for other in others if other)]
    assert [word for word in secret if word in text] == []
    links = re.findall(r"https?://\S+", text)
    assert [link for link in links if not link.startswith(plain_settings.base_url) or "/b/" in link or len(link) > 120] == []


def test_nothing_in_a_title_becomes_markup(plain_settings: Settings) -> None:
    context: dict[str, object] = {"title": '<a href="//evil">x</a> & "y" <script>'}
    written = note(a_row("desk_note", context), plain_settings)
    assert written.html.startswith("<b>The training team has written to you about &lt;a href=&quot;//evil&quot;&gt;x&lt;/a&gt; &amp;")
    assert written.html.count("<") == 2


def test_news_too_long_for_one_message_ends_with_where_the_rest_is(plain_settings: Settings) -> None:
    dates = [
        {"when": "Tuesday 12 January 2027, 09:30 \U0001f600", "course": "C", "place": "online", "path": f"/sessions/{number:010}"}
        for number in range(60)
    ]
    context: dict[str, object] = {"courses": [{"title": "C", "dates": dates, "resources": []}], "topics": [], "count": 60, "resources": 0}
    heading, rest = note_text(a_row("new_dates", context), plain_settings)
    assert heading == "New dates: C"
    assert rest.endswith(f"… and more: {plain_settings.base_url}/me/news")
    assert LONGEST_NOTE - 100 < len(f"{heading}\n{rest}".encode("utf-16-le")) // 2 <= LONGEST_NOTE


def test_news_has_a_button_that_stops_it(plain_settings: Settings) -> None:
    sample = json.loads((paths.TEMPLATES / "messages/new_dates/sample.json").read_text())
    assert note(a_row("new_dates", sample["context"], unsubscribe=True), plain_settings).buttons == (("Stop these", STOP_DATA),)
    assert note(a_row("desk_note", {"title": "x"}), plain_settings).buttons == ()


@pytest.mark.parametrize(
    ("status", "said", "trouble"),
    [
        (403, "Forbidden: bot was blocked by the user", ChatTrouble.GONE),
        (400, "Bad Request: chat not found", ChatTrouble.GONE),
        (400, "Bad Request: can't parse entities", ChatTrouble.REFUSED),
        (413, "", ChatTrouble.REFUSED),
        (429, "Too Many Requests: retry after 5", ChatTrouble.LIMITED),
        (401, "Unauthorized", ChatTrouble.NOT_LET_IN),
        (404, "Not Found", ChatTrouble.NOT_LET_IN),
        (500, "", ChatTrouble.AWAY),
        (502, "Bad Gateway", ChatTrouble.AWAY),
    ],
)
def test_what_an_answer_of_telegrams_means(status: int, said: str, trouble: ChatTrouble) -> None:
    assert chat_trouble(status, said) is trouble


def test_the_quiet_hours_end_on_the_morning_after() -> None:
    assert quiet_until(from_wall(date(2026, 3, 9), time(19, 59))) is None
    assert quiet_until(from_wall(date(2026, 3, 9), time(20))) == from_wall(date(2026, 3, 10), time(7, 30))
    assert quiet_until(from_wall(date(2026, 3, 29), time(0, 30))) == from_wall(date(2026, 3, 29), time(7, 30))
    assert quiet_until(from_wall(date(2026, 3, 10), time(7, 30))) is None


# ---- sending --------------------------------------------------------------------------------------------------------


async def test_a_note_is_sent_once_and_mail_lanes_leave_it_alone(
    db: TortoiseContext, settings: Settings, clock: Clock, room: ChatRoom, fake: FakeTelegram
) -> None:
    await queued(to_chat("news-1"), a_letter("mail-1"), now=clock.now)
    async with mail_server() as server:
        assert await send_due_letters(a_room(settings, server.url)) == 1
    assert server.recipients == [["asha@school.example"]]
    assert await send_due_notes(room) == 1
    assert await send_due_notes(room) == 0
    assert [sent.text.splitlines()[0] for sent in fake.shown(CHAT)] == ["The training team has written to you about Neglect"]
    assert await states() == {"news-1": "sent", "mail-1": "sent"}
    sent = fake.calls[0][1]
    assert (sent["parse_mode"], sent["link_preview_options"], sent["disable_notification"]) == ("HTML", '{"is_disabled": true}', "false")


@pytest.mark.whole
async def test_two_workers_send_each_note_once(
    db: TortoiseContext, settings: Settings, clock: Clock, way: FakeTransport, fake: FakeTelegram
) -> None:
    await queued(*(to_chat(f"n-{number}", chat=CHAT + number) for number in range(30)), now=clock.now)
    rooms = [
        ChatRoom(with_bot(settings), name=f"w{number}", make_post=lambda made_for: ChatPost(made_for, transport=way)) for number in range(2)
    ]
    await asyncio.gather(*(send_due_notes(one) for one in rooms))
    assert sorted(sent.chat_id - CHAT for sent in fake.messages) == list(range(30))
    assert set((await states()).values()) == {"sent"}


@pytest.mark.whole
async def test_no_more_than_twenty_a_second(db: TortoiseContext, clock: Clock, room: ChatRoom) -> None:
    await queued(*(to_chat(f"n-{number}", chat=CHAT + number) for number in range(11)), now=clock.now)
    began = asyncio.get_running_loop().time()
    assert await send_due_notes(room) == 11
    assert asyncio.get_running_loop().time() - began >= 0.5


async def test_who_sends_too_much_waits_as_long_as_telegram_asks(
    db: TortoiseContext, clock: Clock, room: ChatRoom, fake: FakeTelegram
) -> None:
    await queued(to_chat("n-1"), to_chat("n-2", chat=CHAT + 1), now=clock.now)
    fake.fail("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
    assert await send_due_notes(room) == 0
    assert fake.count("sendMessage") == 1
    assert room.is_paused
    first = await row_of("n-1")
    assert (first["state"], first["tries"], first["next_try_at"]) == ("waiting", 0, clock.now + timedelta(seconds=7))
    assert (await row_of("n-2"))["state"] == "waiting"
    room.pause(0)
    room._paused_until = 0.0  # noqa: SLF001 - seven seconds later
    clock.forward(seconds=7)
    assert await send_due_notes(room) == 2


async def test_a_chat_that_has_blocked_us_is_never_tried_again_and_its_letters_go_by_mail(
    settings: Settings, clock: Clock, room: ChatRoom, fake: FakeTelegram, asha: Person
) -> None:
    token = await people_actions.make_telegram_token(TelegramWishes(updates=True), by=makers.as_learner(asha), now=clock.now)
    await people_actions.link_telegram(token, chat_id=CHAT, now=clock.now)
    await queued(to_chat("news-1"), to_chat("news-2"), to_chat("note-1", fallback=None), to_chat("other", chat=CHAT + 1), now=clock.now)
    fake.blocked.add(CHAT)
    assert await send_due_notes(room) == 1
    assert fake.count("sendMessage") == 2
    assert await send_due_notes(room) == 0
    kept = {key: state for key, state in (await states()).items() if key != "other"}
    assert [state for key, state in sorted(kept.items()) if key.startswith(("news", "note"))] == ["waiting", "waiting", "withdrawn"]
    assert await people_actions.part_from_gone_chats(now=clock.now) == 1
    assert await people_actions.part_from_gone_chats(now=clock.now) == 0
    assert await people_queries.telegram_chat_of(asha.id) is None
    async with mail_server() as server:
        await send_due_letters(a_room(settings, server.url))
    assert sorted(to for [to] in server.recipients) == ["asha@school.example"] * 2 + ["asha@stlukes.example"] * 2
    assert "We cannot reach you on Telegram any more" in [message["Subject"] for message in server.messages]


@pytest.mark.parametrize("fallback", ["asha@school.example", None])
async def test_a_note_that_telegram_refuses_goes_by_mail_at_once(
    fallback: str | None, db: TortoiseContext, clock: Clock, room: ChatRoom, fake: FakeTelegram
) -> None:
    await queued(to_chat("n-1", fallback=fallback), now=clock.now)
    fake.fail("sendMessage", 400, "Bad Request: can't parse entities")
    assert await send_due_notes(room) == 0
    row = await row_of("n-1")
    assert (row["state"], row["channel"]) == (("waiting", "email") if fallback else ("withdrawn", "telegram"))
    assert row["address"] == (fallback or str(CHAT))


async def test_while_telegram_is_away_notes_wait_and_go_by_mail_after_five_tries(
    db: TortoiseContext, clock: Clock, room: ChatRoom, fake: FakeTelegram, way: FakeTransport
) -> None:
    await queued(to_chat("n-1"), now=clock.now)
    fake.fail("sendMessage", 502, "Bad Gateway", times=2)
    way.refused = 0
    for tries in range(1, 6):
        if tries == 3:
            way.refused = 3
        assert await send_due_notes(room) == 0
        assert room.is_paused
        room._paused_until = 0.0  # noqa: SLF001 - the pause is over
        row = await row_of("n-1")
        assert (row["state"], row["channel"], row["tries"]) == (("waiting", "telegram", tries) if tries < 5 else ("waiting", "email", 0))
        clock.travel_to(max(clock.now, row["next_try_at"]))
    failing = await rows("SELECT failing_since FROM messages_health WHERE channel = 'telegram'")
    assert failing[0]["failing_since"] is not None


async def test_a_note_whose_answer_was_lost_is_tried_once_more_and_then_goes_by_mail(
    db: TortoiseContext, clock: Clock, room: ChatRoom, fake: FakeTelegram, way: FakeTransport
) -> None:
    await queued(to_chat("n-1"), now=clock.now)
    way.lost = 2
    for _ in range(2):
        assert await send_due_notes(room) == 0
        room._paused_until = 0.0  # noqa: SLF001 - the pause is over
        clock.forward(hours=1)
    assert len(fake.shown(CHAT)) == 2
    assert (await row_of("n-1"))["channel"] == "email"


async def test_a_wrong_token_waits_an_hour_for_somebody_to_put_it_right(
    db: TortoiseContext, clock: Clock, room: ChatRoom, fake: FakeTelegram
) -> None:
    await queued(to_chat("n-1"), now=clock.now)
    for passed, channel in ((0, "telegram"), (59, "telegram"), (1, "email")):
        clock.forward(minutes=passed)
        fake.fail("sendMessage", 401, "Unauthorized")
        assert await send_due_notes(room) == 0
        room._paused_until = 0.0  # noqa: SLF001 - the pause is over
        assert (await row_of("n-1"))["channel"] == channel
    assert TOKEN not in str(await rows("SELECT last_error FROM messages_letter")) + str(await rows("SELECT * FROM messages_health"))


async def test_in_quiet_hours_news_waits_and_what_matters_comes_without_a_sound(
    db: TortoiseContext, clock: Clock, room: ChatRoom, fake: FakeTelegram
) -> None:
    clock.travel_to(from_wall(date(2026, 3, 9), time(21)))
    await queued(to_chat("news", priority=Priority.BULLETIN), to_chat("change", priority=Priority.CHANGE), now=clock.now)
    assert await send_due_notes(room) == 1
    assert [sent.is_silent for sent in fake.shown(CHAT)] == [True]
    assert (await row_of("news"))["next_try_at"] == from_wall(date(2026, 3, 10), time(7, 30))
    clock.travel_to(from_wall(date(2026, 3, 10), time(7, 30)))
    assert await send_due_notes(room) == 1
    assert [sent.is_silent for sent in fake.shown(CHAT)] == [True, False]


async def test_a_note_past_its_use_is_missed(db: TortoiseContext, clock: Clock, room: ChatRoom, fake: FakeTelegram) -> None:
    await queued(to_chat("n-1", expires_at=clock.now + timedelta(minutes=1)), now=clock.now)
    clock.forward(minutes=1)
    assert await send_due_notes(room) == 0
    assert fake.calls == []


async def test_where_no_bot_is_set_up_mail_takes_what_waited(db: TortoiseContext, clock: Clock) -> None:
    await queued(to_chat("news"), to_chat("note", fallback=None), a_letter("mail"), now=clock.now)
    assert await lease.leave_all_chats(now=clock.now) == 2
    assert await lease.leave_all_chats(now=clock.now) == 0
    assert [(row["key"], row["channel"], row["state"]) for row in await rows("SELECT * FROM messages_letter ORDER BY id")] == [
        ("news", "email", "waiting"),
        ("note", "telegram", "withdrawn"),
        ("mail", "email", "waiting"),
    ]


async def test_a_note_that_cannot_be_built_goes_by_mail(db: TortoiseContext, clock: Clock, room: ChatRoom, fake: FakeTelegram) -> None:
    await queued(to_chat("n-1", context={**NOTE, "title": None} | {"title": "x"}, template="place_offered"), now=clock.now)
    assert await send_due_notes(room) == 0
    assert (await row_of("n-1"))["channel"] == "email"
    assert fake.calls == []


# ---- notes beside letters -------------------------------------------------------------------------------------------


async def test_who_chose_so_gets_a_note_beside_each_letter_that_left(clock: Clock, asha: Person, ben: Person) -> None:
    for person, chat, wishes in ((asha, 51, TelegramWishes(bookings=True)), (ben, 52, TelegramWishes(account=True))):
        token = await people_actions.make_telegram_token(wishes, by=makers.as_learner(person), now=clock.now)
        await people_actions.link_telegram(token, chat_id=chat, now=clock.now)
    clock.forward(minutes=1)
    device = {"name": "x", "device": "Firefox", "at": "10:05", "is_shared": False}
    await queued(
        *(
            a_letter(f"{template}-{person.id}", to=Recipient(person.email or "", person.name, person_id=person.id), template=template,
                     context=context)
            for person in (asha, ben)
            for template, context in (("desk_note", NOTE), ("new_device", device), ("sign_in", {}), ("new_dates", {}))
        ),
        a_letter("nobody"),
        now=clock.now,
    )  # fmt: skip
    assert await people_actions.note_sent_letters(now=clock.now) == 0
    await execute("UPDATE messages_letter SET state = 'sent', sent_at = ?", clock.now)
    clock.forward(seconds=5)
    assert await people_actions.note_sent_letters(now=clock.now) == 2
    assert await people_actions.note_sent_letters(now=clock.now) == 0
    found = await rows("SELECT template, address, fallback, tokens, state FROM messages_letter WHERE channel = 'telegram' ORDER BY id")
    assert [(row["template"], row["address"], row["fallback"], row["tokens"], row["state"]) for row in found] == [
        ("desk_note", "51", None, "{}", "waiting"),
        ("new_device", "52", None, "{}", "waiting"),
    ]


async def test_letters_from_before_the_link_and_of_long_ago_get_no_note(clock: Clock, asha: Person) -> None:
    await queued(a_letter("old", to=Recipient("a@b.example", "Asha", person_id=asha.id)), now=clock.now)
    await execute("UPDATE messages_letter SET state = 'sent', sent_at = ?", clock.now)
    clock.forward(minutes=1)
    token = await people_actions.make_telegram_token(TelegramWishes(bookings=True), by=makers.as_learner(asha), now=clock.now)
    await people_actions.link_telegram(token, chat_id=51, now=clock.now)
    assert await people_actions.note_sent_letters(now=clock.now) == 0
    clock.forward(minutes=1)
    await queued(a_letter("late", to=Recipient("a@b.example", "Asha", person_id=asha.id)), now=clock.now)
    await execute("UPDATE messages_letter SET state = 'sent', sent_at = ? WHERE key = 'late'", clock.now)
    clock.forward(hours=1, seconds=1)
    assert await people_actions.note_sent_letters(now=clock.now) == 0


# ---- at the desk ----------------------------------------------------------------------------------------------------


async def test_the_desk_sees_what_a_note_says_and_no_number_of_a_chat(
    clock: Clock, dee: Person, sign_in_as: Callable[[Person], Awaitable[Visitor]]
) -> None:
    await queued(to_chat("note-1"), now=clock.now)
    desk = await sign_in_as(dee)
    ref = (await row_of("note-1"))["ref"]
    for path in (f"/desk/letters/{ref}", "/desk/letters", "/desk/letters?export=csv"):
        page = await desk.get(path)
        assert (page.status_code, "Telegram" in page.text, str(CHAT) in page.text) == (200, True, False)
    assert "The training team has written to you about Neglect" in (await desk.get(f"/desk/letters/{ref}")).text
    assert (await desk.get(f"/desk/letters/{ref}/body")).status_code == 404
