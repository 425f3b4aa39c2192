"""The address of a personal feed, as security.md 6 has it."""

from datetime import timedelta

import pytest

from marstraining.bookings.actions import book_place, feed_owner, rotate_feed, stop_feed
from marstraining.bookings.rules import BookPlace
from marstraining.core import db as house_db
from marstraining.core.errors import NotFound, TooFast
from marstraining.core.tokens import hash_token
from marstraining.core.viewer import SYSTEM
from marstraining.people.actions import close_account
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock, Visitor

pytestmark = pytest.mark.usefixtures("db")


async def test_security_6_a_feeds_token_is_stored_as_a_hash_and_ends_when_changed_or_stopped(asha: Person, clock: Clock) -> None:
    by = makers.as_learner(asha)
    first = await rotate_feed(asha.id, by=by, now=clock.now)
    assert await house_db.rows("SELECT token_hash FROM bookings_calendar_token") == [{"token_hash": hash_token(first)}]
    second = await rotate_feed(asha.id, by=by, now=clock.now)
    assert (await feed_owner(second, now=clock.now)).id == asha.id
    with pytest.raises(NotFound):
        await feed_owner(first, now=clock.now)
    await stop_feed(asha.id, by=by, now=clock.now)
    with pytest.raises(NotFound):
        await feed_owner(second, now=clock.now)


async def test_security_6_a_feed_dies_after_180_days_unused_and_lives_while_it_is_read(asha: Person, clock: Clock) -> None:
    token = await rotate_feed(asha.id, by=makers.as_learner(asha), now=clock.now)
    for _ in range(3):
        await feed_owner(token, now=clock.forward(days=180))
    with pytest.raises(NotFound):
        await feed_owner(token, now=clock.forward(days=180, seconds=1))


async def test_security_6_a_closed_accounts_feed_is_dead(asha: Person, clock: Clock) -> None:
    token = await rotate_feed(asha.id, by=makers.as_learner(asha), now=clock.now)
    await close_account(asha.id, by=SYSTEM, now=clock.now)
    with pytest.raises(NotFound):
        await feed_owner(token, now=clock.now)


async def test_security_5_a_feed_is_fetched_sixty_times_an_hour_and_then_told_when_to_come_again(asha: Person, clock: Clock) -> None:
    token = await rotate_feed(asha.id, by=makers.as_learner(asha), now=clock.now)
    began = clock.now
    for minute in range(60):
        await feed_owner(token, now=began + timedelta(seconds=30 * minute))
    with pytest.raises(TooFast) as refused:
        await feed_owner(token, now=began + timedelta(minutes=30))
    assert refused.value.retry_after == 1800
    await feed_owner(token, now=began + timedelta(minutes=60))


async def test_ical_5_a_feeds_token_opens_nothing_else(asha: Person, client: Visitor, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    booked = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    token = await rotate_feed(asha.id, by=makers.as_learner(asha), now=clock.now)
    feed = await client.get(f"/calendar/{token}.ics")
    assert (feed.status_code, "set-cookie" in feed.headers) == (200, False)
    paths = (f"/b/{booked.ref}/{token}", f"/book/l/{token}", f"/sign-in/l/{token}", f"/me/account/confirm/{token}")
    assert [(await client.get(path)).status_code for path in paths] == [404, 404, 410, 303]
    assert (await client.get("/me")).status_code == 303


async def test_security_6_a_feed_holds_neither_joining_link_nor_other_peoples_names(
    asha: Person, ben: Person, client: Visitor, clock: Clock
) -> None:
    session = await makers.make_session(delivery="online", joining_link="https://meet.example/secret", now=clock.now)
    for person in (asha, ben):
        await book_place(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)
    token = await rotate_feed(asha.id, by=makers.as_learner(asha), now=clock.now)
    feed = (await client.get(f"/calendar/{token}.ics")).text.replace("\r\n ", "")
    assert [word in feed for word in ("Child Protection", "meet.example", "Ben", "Asha", "ATTENDEE")] == [True, False, False, False, False]
