"""Leases when things go wrong in the middle: nothing is kept for ever, nothing is taken from who is at work, nothing goes out twice."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from marstraining import worker
from marstraining.core.config import Settings
from marstraining.messages.actions import lease
from marstraining.messages.delivery import PostRoom, send_due_letters
from tests.conftest import Clock
from tests.messages.letters import a_letter, a_room, queued, row_of, states
from tests.messages.smtp_server import mail_server

pytestmark = pytest.mark.usefixtures("db")


class BrokenPost:
    """A way of delivering with a mistake in it."""

    async def send(self, data: bytes, *, sender: str, recipient: str, name: str) -> None:  # noqa: ARG002 - as posts are called
        raise ZeroDivisionError

    async def close(self) -> None:
        return


async def test_r2_a_letter_that_breaks_this_program_waits_out_its_lease_and_holds_up_no_other(settings: Settings, clock: Clock) -> None:
    await queued(*(a_letter(f"l-{number}") for number in range(3)), now=clock.now)
    room = PostRoom(settings, name="broken", make_post=lambda _settings: BrokenPost())
    with pytest.raises(ZeroDivisionError):
        await send_due_letters(room)
    # What was not tried is free at once; what broke is not, or it would be the first of every batch.
    assert await states() == {"l-0": "sending", "l-1": "waiting", "l-2": "waiting"}
    clock.forward(seconds=59)
    assert await lease.keep_leases(room.in_hand, by=room.name, now=clock.now) == 0
    clock.forward(seconds=2)
    assert await lease.take_up_left_letters(now=clock.now) == 1
    assert (await row_of("l-0"))["tries"] == 1


async def test_r2_a_letter_sent_and_not_marked_in_time_is_marked_and_not_sent_again(clock: Clock) -> None:
    await queued(a_letter("l-1"), now=clock.now)
    [letter_id] = await lease.claim_letters(by="cut off", most=10, up_to_priority=9, now=clock.now)
    clock.forward(minutes=2)
    await lease.take_up_left_letters(now=clock.now)
    assert await states() == {"l-1": "waiting"}
    assert await lease.mark_sent(letter_id, by="cut off", now=clock.now)
    assert await states() == {"l-1": "sent"}


async def test_r2_a_letter_that_another_worker_has_in_hand_is_not_marked_by_who_lost_it(clock: Clock) -> None:
    await queued(a_letter("l-1"), now=clock.now)
    [letter_id] = await lease.claim_letters(by="cut off", most=10, up_to_priority=9, now=clock.now)
    clock.forward(minutes=2)
    await lease.take_up_left_letters(now=clock.now)
    await lease.claim_letters(by="another", most=10, up_to_priority=9, now=clock.now)
    assert not await lease.mark_sent(letter_id, by="cut off", now=clock.now)
    assert (await row_of("l-1"))["lease_by"] == "another"


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "back"])
async def test_r4_a_letter_in_hand_while_the_clock_jumps_goes_out_once(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    looks = asyncio.Event()
    take_up = lease.take_up_left_letters

    async def seen(*, now: datetime) -> int:
        taken = await take_up(now=now)
        looks.set()
        return taken

    monkeypatch.setattr(worker, "_LEFT_SECONDS", 0.02)
    monkeypatch.setattr(lease, "take_up_left_letters", seen)
    await queued(a_letter("l-1"), now=clock.now)
    stop = asyncio.Event()
    async with mail_server() as server:
        server.door.clear()
        working = asyncio.create_task(worker.run(replace(settings, smtp_url=server.url), stop))
        await asyncio.wait_for(server.waits.wait(), 10)
        clock.now += jump
        for _ in range(3):
            looks.clear()
            await asyncio.wait_for(looks.wait(), 10)
        server.door.set()
        await server.wait_for("asha@school.example")
        stop.set()
        await asyncio.wait_for(working, 10)
        assert len(server.messages) == 1
    assert (await row_of("l-1"))["state"] == "sent"
    assert (await row_of("l-1"))["tries"] == 1


async def test_r4_what_could_not_be_given_back_is_given_back_before_the_next_letter(settings: Settings, clock: Clock) -> None:
    await queued(a_letter("l-1"), now=clock.now)
    async with mail_server() as server:
        room = a_room(settings, server.url, seconds=10)
        ids = await lease.claim_letters(by=room.name, most=10, up_to_priority=9, now=clock.now)
        # As after a fault of the database in the middle of giving back.
        room._left.update(ids)  # noqa: SLF001 - what the fault leaves behind
        assert await send_due_letters(room) == 1
    assert await states() == {"l-1": "sent"}
