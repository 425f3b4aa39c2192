"""R4: the clock jumps an hour ahead and back; links, codes and sign-ins made meanwhile end all the same."""

import re
from datetime import timedelta

import pytest

from marstraining.core.db import rows
from marstraining.core.errors import Refused
from marstraining.core.tokens import derive_token, hash_token
from marstraining.people import actions
from marstraining.people.actions import Browser, OpenedSignIn
from marstraining.people.models import Person
from marstraining.people.queries import signed_in
from tests.conftest import SECRET_KEY, Clock

BROWSER = Browser(device="Firefox on Windows", network="192.0.2.1")
HOUR = timedelta(hours=1)


async def asked(clock: Clock) -> tuple[str, str]:
    """Ask for a letter: the cookie, and the token of the letter's link."""
    cookie = await actions.ask_for_sign_in("asha@stlukes.example", next_path="", network=BROWSER.network, cookie_token=None, now=clock.now)
    told = await rows("SELECT tokens FROM messages_letter WHERE template = 'sign_in' ORDER BY id DESC")
    ref, nonce = re.findall(r'"link_token": \["sign_in", "(\w+)", "(\w+)"\]', told[0]["tokens"])[0]
    return cookie, derive_token(SECRET_KEY, "sign_in", ref, nonce)


async def redeemed(letter: tuple[str, str], clock: Clock) -> OpenedSignIn | None:
    """The sign-in that the link opens at this moment, if it does."""
    cookie, token = letter
    try:
        return await actions.redeem_link(token, cookie_token=cookie, browser=BROWSER, now=clock.now)
    except Refused:
        return None


async def is_live(opened: OpenedSignIn, clock: Clock) -> bool:
    return await signed_in(hash_token(opened.token), now=clock.now) is not None


@pytest.mark.usefixtures("asha")
async def test_r4_a_link_asked_for_while_the_clock_is_ahead_ends_by_the_clock_that_is_right(clock: Clock) -> None:
    clock.now += HOUR
    letter = await asked(clock)
    clock.now -= HOUR
    clock.forward(hours=1, minutes=16)
    assert await redeemed(letter, clock) is None


@pytest.mark.usefixtures("asha")
async def test_r4_a_link_is_dead_while_the_clock_is_ahead_and_good_for_its_minutes_when_it_is_right_again(clock: Clock) -> None:
    letter = await asked(clock)
    clock.now += HOUR
    assert await redeemed(letter, clock) is None
    clock.now -= HOUR
    assert await redeemed(letter, clock) is not None
    assert await redeemed(letter, clock) is None


async def test_r4_a_sign_in_opened_while_the_clock_is_ahead_still_ends(dee: Person, asha: Person, clock: Clock) -> None:
    clock.now += HOUR
    opened = [await actions.open_sign_in(person.id, browser=BROWSER, now=clock.now) for person in (dee, asha)]
    clock.now -= HOUR
    assert [await is_live(one, clock) for one in opened] == [True, True]
    # The desk may idle for an hour, so two at most after the jump; a learner for twelve.
    clock.forward(hours=2, minutes=1)
    assert [await is_live(one, clock) for one in opened] == [False, True]
    clock.forward(hours=11)
    assert [await is_live(one, clock) for one in opened] == [False, False]


async def test_r4_a_sign_in_in_use_is_not_ended_by_a_jump_back_and_ends_in_the_end(asha: Person, clock: Clock) -> None:
    opened = await actions.open_sign_in(asha.id, browser=BROWSER, now=clock.now)
    clock.now -= HOUR
    assert await is_live(opened, clock)
    clock.forward(days=7, hours=2)
    await actions.touch_sign_in(opened.sign_in_id, now=clock.now)
    assert not await is_live(opened, clock)
