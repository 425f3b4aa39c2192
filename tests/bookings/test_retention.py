"""What was asked for one session is erased when it has served: booking.md, Booking 4 and 8."""

from datetime import timedelta

import pytest

from marstraining.bookings.actions import book_place, erase_what_served, postpone_session
from marstraining.bookings.models import Booking, Needs
from marstraining.bookings.rules import BookPlace
from marstraining.core.viewer import SYSTEM
from tests import makers
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("db")


async def test_booking_4_and_8_needs_go_28_days_after_the_session_and_mobile_numbers_once_it_is_over(clock: Clock) -> None:
    asha = await makers.make_person("Asha Patel")
    session = await makers.make_session(now=clock.now)
    order = BookPlace(session_id=session.id, learner_id=asha.id, access_needs="A hearing loop", mobile="07700 900982")
    await book_place(order, by=makers.as_learner(asha), now=clock.now)
    assert await erase_what_served(now=session.ends_at) == 0
    assert await erase_what_served(now=session.ends_at + timedelta(seconds=1)) == 1
    assert ((await Booking.get()).mobile, await Needs.all().count()) == ("", 1)
    assert await erase_what_served(now=session.ends_at + timedelta(days=28)) == 0
    assert await erase_what_served(now=session.ends_at + timedelta(days=28, seconds=1)) == 1
    assert await Needs.all().count() == 0


async def test_booking_4_a_postponed_session_keeps_what_was_asked_for_it(clock: Clock) -> None:
    asha = await makers.make_person("Asha Patel")
    session = await makers.make_session(now=clock.now)
    order = BookPlace(session_id=session.id, learner_id=asha.id, access_needs="A hearing loop", mobile="07700 900982")
    await book_place(order, by=makers.as_learner(asha), now=clock.now)
    await postpone_session(session.id, reason="", by=SYSTEM, now=clock.now)
    assert await erase_what_served(now=session.ends_at + timedelta(days=60)) == 0
