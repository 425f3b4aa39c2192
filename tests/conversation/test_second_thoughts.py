"""Undo, a button pressed twice, a button pressed late: nobody is led to something else than what they meant."""

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.models import Booking
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock
from tests.conversation.talking import Talk, data_of, words
from tests.conversation.world import booked, make_world, offered


@pytest.mark.parametrize("said", ["undo", "undo that", "cancel it", "cancel"])
async def test_undo_after_cancelling_leads_to_no_other_booking(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk, said: str
) -> None:
    world = await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    ended = await booked(asha, world.sessions["CP"][1], now=clock.now)
    kept = await booked(asha, world.sessions["GCP2"][1], now=clock.now)
    await talk("cancel my child protection booking", viewer=viewer)
    await talk("yes", viewer=viewer)
    shown = await talk(said, viewer=viewer)
    assert words(shown).startswith("Your booking is cancelled")
    assert data_of(shown, "Book it again") == f"s:{world.ref('CP', 1)}"
    await talk("yes", viewer=viewer)
    assert {one.ref: one.state for one in await Booking.all()} == {ended: "cancelled", kept: "confirmed"}


@pytest.mark.parametrize("said", ["cancel another booking", "cancel my other booking", "cancel my neglect booking"])
async def test_another_booking_is_cancelled_after_one_where_it_is_asked_for(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk, said: str
) -> None:
    world = await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    await booked(asha, world.sessions["CP"][1], now=clock.now)
    await booked(asha, world.sessions["GCP2"][1], now=clock.now)
    await talk("cancel my child protection booking", viewer=viewer)
    await talk("yes", viewer=viewer)
    shown = words(await talk(said, viewer=viewer))
    assert ("Graded Care Profile" in shown, "Child Protection" in shown) == (True, False)


async def test_undo_long_after_shows_what_is_booked_and_picks_nothing(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    world = await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    await booked(asha, world.sessions["GCP2"][1], now=clock.now)
    await talk("thanks", viewer=viewer)
    assert words(await talk("undo", viewer=viewer)).startswith("Your bookings")


async def test_a_topic_followed_by_a_double_press_is_said_to_be_followed(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk
) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    yes = data_of(await talk("subscribe me to neglect", viewer=viewer), "Yes, tell me")
    first = words(await talk(press=yes, viewer=viewer))
    assert first.startswith("I will tell you what is new")
    assert words(await talk(press=yes, viewer=viewer)) == first


async def test_a_late_yes_to_what_has_ended_shows_how_it_stands(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    world = await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    ref = await booked(asha, world.sessions["CP"][1], now=clock.now)
    yes = data_of(await talk(press=f"c:{ref}", viewer=viewer), "Yes, cancel it")
    await talk(press=yes, viewer=viewer)
    await talk("help", viewer=viewer)
    late = words(await talk(press=yes, viewer=viewer))
    assert late.startswith("This button has expired.")
    assert ("Cancel this booking?" in late, "State: Cancelled" in late) == (False, True)
    # So does the button that first led to its card.
    assert words(await talk(press=f"c:{ref}", viewer=viewer)).startswith("Your booking\n")


async def test_a_late_yes_to_an_offer_that_was_answered_shows_how_it_stands(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk
) -> None:
    world = await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    ref = await offered(asha, world.sessions["SD"][0], now=clock.now)
    take = data_of(await talk(press=f"ac:{ref}", viewer=viewer), "Yes, take it")
    await talk("help", viewer=viewer)
    assert "Take this place?" in words(await talk(press=take, viewer=viewer))
    turn_down = data_of(await talk(press=f"td:{ref}", viewer=viewer), "Yes, turn it down")
    take = data_of(await talk(press=f"ac:{ref}", viewer=viewer), "Yes, take it")
    assert words(await talk(press=take, viewer=viewer)).startswith("Your place is booked")
    await talk("help", viewer=viewer)
    for late in (take, turn_down):
        shown = words(await talk(press=late, viewer=viewer))
        assert shown.startswith("This button has expired.")
        assert ("this place" in shown, "State: Booked" in shown) == (False, True)


async def test_a_filter_taken_away_from_what_words_had_found_asks_for_the_words_again(
    db: TortoiseContext, clock: Clock, talk: Talk
) -> None:
    await make_world(now=clock.now)
    await talk("civic centre online in June")
    shown = await talk("civic centre in May")
    again = await talk(press=data_of(shown, "1 to 31 May 2026"))
    assert words(again).startswith("I have kept none of your words, so I cannot look again without that.")
    assert words(again).endswith(words(shown).partition("\n")[2])
