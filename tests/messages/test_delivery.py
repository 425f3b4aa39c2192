import asyncio
from datetime import timedelta

import pytest

from marstraining.core.config import Settings
from marstraining.core.db import execute, rows, transaction
from marstraining.messages.actions import lease, queue_letter, queue_letters
from marstraining.messages.delivery import send_due_letters
from marstraining.messages.post import open_post
from marstraining.messages.rules import Letter, Priority
from tests.conftest import Clock
from tests.messages.faulty_smtp import FOR_GOOD, NOT_TAKEN, REPLY_LOST, faulty_server
from tests.messages.letters import a_letter, a_room, an_entry, counted, queued, row_of, states
from tests.messages.smtp_server import mail_server

pytestmark = pytest.mark.usefixtures("db")


async def test_letters_2_the_same_key_queued_twice_is_one_letter(clock: Clock) -> None:
    await queued(a_letter("confirm-1-1"), now=clock.now)
    await queued(a_letter("confirm-1-1", address="other@school.example"), a_letter("confirm-2-1"), now=clock.now)
    assert await states() == {"confirm-1-1": "waiting", "confirm-2-1": "waiting"}
    assert (await row_of("confirm-1-1"))["address"] == "asha@school.example"


async def test_letters_2_a_letter_is_not_written_when_its_action_fails(clock: Clock) -> None:
    with pytest.raises(RuntimeError, match="the booking"):
        async with transaction():
            await queue_letter(a_letter("confirm-1-1"), now=clock.now)
            raise RuntimeError("the booking failed")
    assert await states() == {}


async def test_letters_2_thousands_of_letters_are_written_in_few_statements(clock: Clock) -> None:
    await queued(*(a_letter(f"bulletin-{number}") for number in range(2500)), now=clock.now)
    assert len(await states()) == 2500


async def test_letters_2_one_recipient_and_the_message_id_of_its_creation(settings: Settings, clock: Clock) -> None:
    await queued(a_letter("confirm-1-1"), now=clock.now)
    fixed = (await row_of("confirm-1-1"))["message_id"]
    async with mail_server() as server:
        assert await send_due_letters(a_room(settings, server.url)) == 1
    [message] = server.messages
    assert server.recipients == [["asha@school.example"]]
    assert message["Message-ID"] == fixed
    assert fixed.endswith("@mars.example>")
    assert (message["Cc"], message["Bcc"]) == (None, None)
    assert await states() == {"confirm-1-1": "sent"}


async def test_letters_3_what_matters_most_goes_first(settings: Settings, clock: Clock) -> None:
    for priority in reversed(Priority):
        await queued(a_letter(f"p{priority}", address=f"p{int(priority)}@a.example", priority=priority), now=clock.now)
    async with mail_server() as server:
        await send_due_letters(a_room(settings, server.url))
    assert server.recipients == [[f"p{number}@a.example"] for number in (0, 1, 2, 3, 9)]


@pytest.mark.whole
async def test_letters_3_a_bulletin_to_5000_does_not_delay_a_sign_in_letter(settings: Settings, clock: Clock) -> None:
    async with transaction():
        await queue_letters([a_letter(f"b-{n}", address=f"b{n}@a.example", priority=Priority.BULLETIN) for n in range(5000)], now=clock.now)
    async with mail_server() as server:
        server.slowness = 0.05
        room = a_room(settings, server.url, seconds=5)
        bulletins = asyncio.create_task(send_due_letters(room))
        await asyncio.sleep(0.3)
        clock.forward(seconds=1)
        await queued(a_letter("sign-in-1", address="asha@a.example", priority=Priority.SIGN_IN), now=clock.now)
        before = len(server.messages)
        await send_due_letters(room, up_to_priority=Priority.SIGN_IN)
        assert len(server.to("asha@a.example")) == 1
        # Its own lane alone took it, while the other went on with few of the thousands.
        assert len(server.messages) - before < 20
        await queued(a_letter("sign-in-2", address="ben@a.example", priority=Priority.SIGN_IN), now=clock.now)
        before = len(server.messages)
        await server.wait_for("ben@a.example")
        # Even a single lane looks again after each batch.
        assert len(server.messages) - before <= 21
        room.stop.set()
        await bulletins


@pytest.mark.parametrize("fault", NOT_TAKEN)
async def test_letters_4_after_a_certain_fault_the_letter_arrives_exactly_once(settings: Settings, clock: Clock, fault: str) -> None:
    await queued(a_letter("confirm-1-1"), now=clock.now)
    async with faulty_server([fault]) as server:
        assert await send_due_letters(a_room(settings, server.url)) == 0
        row = await row_of("confirm-1-1")
        assert (row["state"], row["tries"]) == ("waiting", 1)
        assert timedelta(seconds=30) <= row["next_try_at"] - clock.now <= timedelta(seconds=33)
        assert row["last_error"]
        assert await send_due_letters(a_room(settings, server.url)) == 0
        clock.forward(seconds=34)
        assert await send_due_letters(a_room(settings, server.url)) == 1
        clock.forward(hours=3)
        assert await send_due_letters(a_room(settings, server.url)) == 0
    assert [message["Message-ID"] for message in server.taken] == [row["message_id"]]
    assert await states() == {"confirm-1-1": "sent"}


async def test_letters_4_through_every_certain_fault_in_turn_many_letters_arrive_exactly_once(settings: Settings, clock: Clock) -> None:
    await queued(*(a_letter(f"l-{n}", address=f"l{n}@a.example") for n in range(20)), now=clock.now)
    async with faulty_server(NOT_TAKEN) as server:
        for _ in range(12):
            await send_due_letters(a_room(settings, server.url))
            clock.forward(minutes=3)
    assert sorted(to for [to] in server.recipients) == sorted(f"l{n}@a.example" for n in range(20))


@pytest.mark.parametrize("fault", REPLY_LOST)
async def test_letters_4_after_a_lost_reply_each_copy_carries_the_same_message_id(settings: Settings, clock: Clock, fault: str) -> None:
    await queued(a_letter("confirm-1-1"), now=clock.now)
    async with faulty_server([fault]) as server:
        for _ in range(5):
            await send_due_letters(a_room(settings, server.url))
            clock.forward(minutes=1)
    fixed = (await row_of("confirm-1-1"))["message_id"]
    assert [message["Message-ID"] for message in server.taken] == [fixed, fixed]


@pytest.mark.parametrize("fault", FOR_GOOD)
async def test_letters_4_a_refusal_for_good_fails_at_once_and_flags_the_address(settings: Settings, clock: Clock, fault: str) -> None:
    await queued(a_letter("confirm-1-1"), a_letter("confirm-2-1", address="ben@a.example"), now=clock.now)
    async with faulty_server([fault]) as server:
        assert await send_due_letters(a_room(settings, server.url)) == 1
    assert await states() == {"confirm-1-1": "failed", "confirm-2-1": "sent"}
    [flagged] = await counted("messages_bounced")
    assert flagged["address"] == "asha@school.example"
    assert fault[-3:] in flagged["reason"]
    assert [to for [to] in server.recipients] == ["ben@a.example"]


async def test_letters_4_a_letter_that_cannot_be_built_fails_after_one_try_and_the_next_goes_out(settings: Settings, clock: Clock) -> None:
    await queued(
        a_letter("poison", name="Asha\r\nBcc: everyone@evil.example"),
        a_letter("lacking", context={}),
        a_letter("strange", address="not an address"),
        a_letter("next"),
        now=clock.now,
    )
    async with mail_server() as server:
        assert await send_due_letters(a_room(settings, server.url)) == 1
    assert await states() == {"poison": "failed", "lacking": "failed", "strange": "failed", "next": "sent"}
    assert (await row_of("poison"))["tries"] == 1
    assert "several lines" in (await row_of("poison"))["last_error"]


async def test_letters_4_retries_come_after_30_s_1_2_5_10_20_40_min_then_hourly_and_end_after_48_hours(
    settings: Settings, clock: Clock
) -> None:
    await queued(a_letter("confirm-1-1"), now=clock.now)
    began = clock.now
    async with faulty_server() as server:
        closed = server.url
    waits = []
    while (await row_of("confirm-1-1"))["state"] == "waiting":
        due = (await row_of("confirm-1-1"))["next_try_at"]
        waits.append((due - clock.now).total_seconds())
        clock.travel_to(due)
        await send_due_letters(a_room(settings, closed))
    assert await states() == {"confirm-1-1": "failed"}
    assert timedelta(hours=48) <= clock.now - began <= timedelta(hours=50)
    bases = [0, 30, 60, 120, 300, 600, 1200, 2400, 3600, 3600]
    assert all(base <= wait <= base * 1.1 for base, wait in zip(bases, waits, strict=False))


async def test_letters_4_a_sign_in_letter_past_its_expiry_is_dropped(settings: Settings, clock: Clock) -> None:
    await queued(a_letter("sign-in-1", expires_at=clock.now + timedelta(minutes=15), priority=Priority.SIGN_IN), now=clock.now)
    clock.forward(minutes=16)
    async with mail_server() as server:
        assert await send_due_letters(a_room(settings, server.url)) == 0
    assert await lease.mark_missed_letters(now=clock.now) == 1
    assert (await states(), server.messages) == ({"sign-in-1": "missed"}, [])


async def test_letters_4_a_letter_is_not_sent_before_its_time(settings: Settings, clock: Clock) -> None:
    await queued(a_letter("later", not_before=clock.now + timedelta(hours=1)), now=clock.now)
    async with mail_server() as server:
        assert await send_due_letters(a_room(settings, server.url)) == 0
        clock.forward(hours=1)
        assert await send_due_letters(a_room(settings, server.url)) == 1


async def test_letters_4_a_lease_left_by_a_killed_worker_is_taken_up_again(settings: Settings, clock: Clock) -> None:
    await queued(a_letter("confirm-1-1"), now=clock.now)
    assert len(await lease.claim_letters(by="killed", most=10, up_to_priority=9, now=clock.now)) == 1
    async with mail_server() as server:
        assert await send_due_letters(a_room(settings, server.url)) == 0
        clock.forward(seconds=59)
        assert await lease.take_up_left_letters(now=clock.now) == 0
        clock.forward(seconds=2)
        assert await lease.take_up_left_letters(now=clock.now) == 1
        assert await send_due_letters(a_room(settings, server.url)) == 1
    assert await states() == {"confirm-1-1": "sent"}


async def test_letters_4_the_lease_of_a_living_worker_is_kept(clock: Clock) -> None:
    await queued(a_letter("confirm-1-1"), now=clock.now)
    await lease.claim_letters(by="alive", most=10, up_to_priority=9, now=clock.now)
    for _ in range(10):
        clock.forward(seconds=15)
        assert await lease.keep_leases(by="alive", now=clock.now) == 1
        assert await lease.take_up_left_letters(now=clock.now) == 0


async def test_letters_4_two_workers_never_claim_the_same_letter(clock: Clock) -> None:
    await queued(*(a_letter(f"l-{n}") for n in range(100)), now=clock.now)
    claims = await asyncio.gather(*(lease.claim_letters(by=f"w{n}", most=10, up_to_priority=9, now=clock.now) for n in range(10)))
    claimed = [letter_id for ids in claims for letter_id in ids]
    assert len(claimed) == len(set(claimed))
    assert all(len(ids) <= 10 for ids in claims)


async def test_letters_4_a_letter_withdrawn_after_it_was_claimed_is_not_sent(settings: Settings, clock: Clock) -> None:
    await queued(a_letter("confirm-1-1"), now=clock.now)
    [letter_id] = await lease.claim_letters(by="tester", most=10, up_to_priority=9, now=clock.now)
    await execute("UPDATE messages_letter SET state = 'withdrawn' WHERE id = ?", letter_id)
    assert await lease.take_in_hand(letter_id, by="tester", now=clock.now) is None
    async with mail_server() as server:
        assert await send_due_letters(a_room(settings, server.url)) == 0
    assert server.messages == []


def _version(number: int, *uids: str) -> Letter:
    return a_letter(
        f"booking-1-{number}", thread="booking:1", sequence=number, calendar=tuple(an_entry(uid, sequence=number) for uid in uids)
    )


async def test_letters_4_sequence_n_is_skipped_when_a_later_letter_says_all_it_said(settings: Settings, clock: Clock) -> None:
    await queued(_version(1, "a"), _version(2, "a"), now=clock.now)
    async with mail_server() as server:
        assert await send_due_letters(a_room(settings, server.url)) == 1
    assert await states() == {"booking-1-1": "withdrawn", "booking-1-2": "sent"}


async def test_letters_4_sequence_n_goes_before_n_and_one_when_it_carries_more(settings: Settings, clock: Clock) -> None:
    await queued(_version(1, "a", "b"), now=clock.now)
    async with faulty_server(["recipient 450"]) as server:
        await send_due_letters(a_room(settings, server.url))
        await queued(_version(2, "a"), now=clock.now)
        assert await send_due_letters(a_room(settings, server.url)) == 0
        assert await states() == {"booking-1-1": "waiting", "booking-1-2": "waiting"}
        clock.forward(minutes=1)
        assert await send_due_letters(a_room(settings, server.url)) == 1
        clock.forward(seconds=2)
        assert await send_due_letters(a_room(settings, server.url)) == 1
    numbers = [[part.get_content().split("SEQUENCE:")[1][0] for part in message.iter_attachments()] for message in server.taken]
    assert numbers == [["1", "1"], ["2"]]


async def test_letters_4_an_older_letter_never_follows_a_later_one(settings: Settings, clock: Clock) -> None:
    await queued(_version(2, "a"), now=clock.now)
    async with mail_server() as server:
        await send_due_letters(a_room(settings, server.url))
        await queued(_version(1, "a"), now=clock.now)
        assert await send_due_letters(a_room(settings, server.url)) == 0
    assert await states() == {"booking-1-2": "sent", "booking-1-1": "withdrawn"}


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # on this machine alone, in a test
async def test_letters_6_a_wrong_password_is_told_to_the_desk_and_the_letter_tried_again(settings: Settings, clock: Clock) -> None:
    await queued(a_letter("confirm-1-1"), a_letter("confirm-2-1"), now=clock.now)
    async with mail_server(password="right") as server:
        wrong = server.url.replace("smtp://", "smtp://training:wrong@")
        assert await send_due_letters(a_room(settings, wrong, seconds=10)) == 0
        [health] = await counted("messages_health")
        assert health["failing_since"] is not None
        assert "user name and password" in health["last_error"]
        # The server is paused after the first: the second letter keeps all its tries.
        assert sorted([(await row_of("confirm-1-1"))["tries"], (await row_of("confirm-2-1"))["tries"]]) == [0, 1]
        assert await counted("messages_bounced") == []
        clock.forward(minutes=1)
        assert await send_due_letters(a_room(settings, server.url.replace("smtp://", "smtp://training:right@"))) == 2
    [health] = await counted("messages_health")
    assert (health["failing_since"], health["last_error"]) == (None, "")


async def test_r2_queueing_goes_on_while_the_mail_server_is_away(settings: Settings, clock: Clock) -> None:
    async with faulty_server() as server:
        closed = server.url
    for number in range(5):
        await queued(a_letter(f"l-{number}"), now=clock.now)
        await send_due_letters(a_room(settings, closed))
    assert set((await states()).values()) == {"waiting"}
    async with mail_server() as back:
        clock.forward(minutes=1)
        assert await send_due_letters(a_room(settings, back.url)) == 5


async def test_letters_without_a_mail_server_land_in_a_folder_once_each(settings: Settings, clock: Clock) -> None:
    await queued(a_letter("confirm-1-1"), now=clock.now)
    room = a_room(settings, settings.smtp_url)
    room.make_post = open_post
    assert await send_due_letters(room) == 1
    await execute("UPDATE messages_letter SET state = 'waiting'")
    assert await send_due_letters(room) == 1
    [file] = (settings.data_dir / "mail").iterdir()
    assert file.suffix == ".eml"
    assert b"To: Asha Learner <asha@school.example>" in file.read_bytes()
    assert [row["address"] for row in await rows("SELECT address FROM messages_letter")] == ["asha@school.example"]
