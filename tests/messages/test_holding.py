"""Letters on hold after a backup was restored: none leaves until the desk has released it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.config import Settings
from marstraining.core.db import execute, rows
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM
from marstraining.messages import actions
from marstraining.messages.actions import lease
from marstraining.messages.delivery import send_due_letters
from marstraining.people.models import Person
from tests.conftest import Clock, Visitor
from tests.messages.letters import a_letter, a_room, an_entry, queued, row_of, states
from tests.messages.smtp_server import mail_server

SignInAs = Callable[[Person], Awaitable[Visitor]]
REASON = "On hold since a backup was restored"


async def _held(clock: Clock, *keys: str) -> None:
    await queued(*(a_letter(key, address=f"{key}@school.example") for key in keys), now=clock.now)
    assert await actions.hold_letters(reason=REASON) == len(keys)


async def _id(key: str) -> int:
    letter_id: int = (await row_of(key))["id"]
    return letter_id


async def _sent(settings: Settings) -> list[str]:
    """Send what is due; who got a letter."""
    async with mail_server() as server:
        await send_due_letters(a_room(settings, server.url))
    return sorted(to for [to] in server.recipients)


async def test_r5_a_held_letter_does_not_leave_and_a_new_one_does(db: TortoiseContext, settings: Settings, clock: Clock) -> None:
    await queued(a_letter("claimed"), now=clock.now)
    assert len(await lease.claim_letters(by="a worker that is gone", most=1, up_to_priority=9, now=clock.now)) == 1
    await queued(a_letter("sent"), a_letter("failed"), a_letter("waiting"), now=clock.now)
    await execute("UPDATE messages_letter SET state = key WHERE key IN ('sent', 'failed')")
    assert await actions.hold_letters(reason=REASON) == 2
    assert await states() == {"claimed": "held", "sent": "sent", "failed": "failed", "waiting": "held"}
    await queued(a_letter("new", address="new@school.example"), now=clock.now)
    clock.forward(hours=1)
    assert await lease.take_up_left_letters(now=clock.now) == 0
    assert await _sent(settings) == ["new@school.example"]


async def test_r5_the_desk_releases_one_and_sets_one_aside(settings: Settings, clock: Clock, dee: Person, sign_in_as: SignInAs) -> None:
    await _held(clock, "a", "b", "c")
    desk = await sign_in_as(dee)
    assert "3 letters are on hold since a backup was restored" in (await desk.get("/desk/letters")).text
    page = (await desk.get("/desk/letters?state=held")).text
    assert page.count("Was due on 9 Mar 2026, 10am. On hold since a backup was restored") == 3
    assert [page.count(words) for words in ("Release all 3", "Set all 3 aside", '/release"', '/take-back"')] == [1, 1, 3, 3]
    refs = {key: (await row_of(key))["ref"] for key in ("a", "b")}
    released = await desk.post(f"/desk/letters/{refs['a']}/release", {"from": "held"}, seen="/desk/letters?state=held")
    taken = await desk.post(f"/desk/letters/{refs['b']}/take-back", seen=f"/desk/letters/{refs['b']}")
    assert released.headers["location"] == "/desk/letters?state=held&done=released"
    assert taken.headers["location"] == f"/desk/letters/{refs['b']}?done=set_aside"
    assert await states() == {"a": "waiting", "b": "withdrawn", "c": "held"}
    assert await _sent(settings) == ["a@school.example"]
    found = await rows("SELECT action, subject_id FROM history_entry WHERE subject_kind = 'letter' ORDER BY id")
    assert [(row["action"], row["subject_id"]) for row in found] == [
        ("release_letter", await _id("a")),
        ("take_back_letter", await _id("b")),
    ]


@pytest.mark.parametrize(("button", "becomes"), [("release-held", "waiting"), ("take-back-held", "withdrawn")])
async def test_r5_one_button_for_all(clock: Clock, dee: Person, sign_in_as: SignInAs, button: str, becomes: str) -> None:
    await _held(clock, "a", "b")
    await queued(a_letter("new"), now=clock.now)
    desk = await sign_in_as(dee)
    answer = await desk.post(f"/desk/letters/{button}", seen="/desk/letters?state=held")
    done = {"waiting": "all_released", "withdrawn": "all_set_aside"}[becomes]
    assert answer.headers["location"] == f"/desk/letters?done={done}"
    assert await states() == {"a": becomes, "b": becomes, "new": "waiting"}
    again = await desk.post(f"/desk/letters/{button}", seen="/desk/letters")
    assert again.headers["location"] == "/desk/letters?done=none"
    story = (await desk.get("/desk/history")).text
    assert ("all letters on hold" in story, "2 letters" in story) == (True, True)


async def test_a_released_letter_keeps_its_time_and_begins_its_tries_anew(db: TortoiseContext, clock: Clock) -> None:
    later = clock.now + timedelta(days=3)
    await queued(a_letter("later", not_before=later), a_letter("tried"), now=clock.now)
    await execute("UPDATE messages_letter SET tries = 9, first_try_at = ? WHERE key = 'tried'", clock.now - timedelta(hours=47))
    await actions.hold_letters(reason=REASON)
    clock.forward(days=1)
    assert await actions.release_held_letters(by=SYSTEM, now=clock.now) == 2
    due = {key: (await row_of(key))["next_try_at"] for key in ("later", "tried")}
    assert due == {"later": later, "tried": clock.now}
    tried = await row_of("tried")
    assert (tried["tries"], tried["first_try_at"], tried["last_error"]) == (0, None, "")


async def test_what_is_not_on_hold_or_of_no_more_use_is_refused(db: TortoiseContext, clock: Clock) -> None:
    await queued(a_letter("over", expires_at=clock.now + timedelta(minutes=1)), a_letter("sent"), now=clock.now)
    await execute("UPDATE messages_letter SET state = 'sent' WHERE key = 'sent'")
    await actions.hold_letters(reason=REASON)
    clock.forward(minutes=2)
    refused = [
        ("over", actions.release_letter, "over"),
        ("sent", actions.release_letter, "not_held"),
        ("sent", actions.take_back_letter, "not_held"),
    ]
    for key, verb, code in refused:
        with pytest.raises(Refused) as refusal:
            await verb(await _id(key), by=SYSTEM, now=clock.now)
        assert refusal.value.code == code
    with pytest.raises(NotFound):
        await actions.release_letter(999_999, by=SYSTEM, now=clock.now)
    assert await actions.release_held_letters(by=SYSTEM, now=clock.now) == 0


async def test_a_held_letter_past_its_use_is_missed_and_one_whose_booking_ends_is_withdrawn(db: TortoiseContext, clock: Clock) -> None:
    await queued(a_letter("over", expires_at=clock.now + timedelta(minutes=1)), a_letter("booking", thread="booking:1"), now=clock.now)
    await actions.hold_letters(reason=REASON)
    clock.forward(minutes=2)
    assert await lease.mark_missed_letters(now=clock.now) == 1
    assert await actions.withdraw_letters(thread="booking:1") == 1
    assert await states() == {"over": "missed", "booking": "withdrawn"}


async def test_a_held_letter_keeps_no_later_one_waiting_and_never_follows_it(db: TortoiseContext, settings: Settings, clock: Clock) -> None:
    await queued(a_letter("first", thread="booking:1", sequence=1, calendar=(an_entry(sequence=1),)), now=clock.now)
    await actions.hold_letters(reason=REASON)
    moved = a_letter("moved", address="m@school.example", thread="booking:1", sequence=2, calendar=(an_entry(sequence=2),))
    await queued(moved, now=clock.now)
    assert await _sent(settings) == ["m@school.example"]
    await actions.release_held_letters(by=SYSTEM, now=clock.now)
    assert await _sent(settings) == []
    assert await states() == {"first": "withdrawn", "moved": "sent"}
