"""Answers in words to what a card still asks: on whose behalf, and how somebody takes part."""

from datetime import date

import pytest
from tortoise.context import TortoiseContext

from marstraining.conversation.rules import all_buttons
from marstraining.people.models import Person, Position
from tests import makers
from tests.conftest import Clock
from tests.conversation.talking import Talk, words
from tests.conversation.world import make_world

pytestmark = pytest.mark.whole  # dialogues from end to end, a fifth of a second each


@pytest.mark.parametrize(
    ("said", "name"),
    [("the college", "Brigg College"), ("2", "Brigg College"), ("St Luke's", "St Luke's School"), ("Brigg", ""), ("school or college", "")],
)
async def test_on_whose_behalf_somebody_books_is_answered_in_words(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk, said: str, name: str
) -> None:
    await make_world(now=clock.now)
    for agency in ("Brigg College", "Brigg Nursery"):
        await Position.create(person=asha, agency=await makers.make_agency(agency), job_role="school_staff", starts_on=date(2025, 1, 6))
    viewer = makers.as_learner(asha)
    asked = await talk("book me on the next DSL briefing", viewer=viewer)
    assert [one.label for one in all_buttons(asked)] == ["St Luke's School", "Brigg College", "Brigg Nursery", "Do not book"]
    shown = words(await talk(said, viewer=viewer))
    assert (f"Who: Asha Patel, {name}" in shown) is bool(name)


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ("online please", "online"),
        ("I'll come in person", "in the room"),
        ("1", "in the room"),
        ("can I join online please?", "online"),
        ("not online", ""),
        ("is there another date", ""),
        ("online or in the room?", ""),
        ("what time does it finish", ""),
        ("neglect training online", ""),
    ],
)
async def test_how_somebody_takes_part_is_answered_in_words_that_leave_no_doubt(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk, said: str, mode: str
) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    await talk("book me on the early help forum on 13 March", viewer=viewer)
    shown = words(await talk(said, viewer=viewer))
    assert [line for line in shown.splitlines() if line.startswith("You come: ")] == ([f"You come: {mode}"] if mode else [])


@pytest.mark.parametrize(
    ("said", "is_open"),
    [
        ("is it online?", True),
        ("online?", True),
        ("not online", True),
        ("it is not online, is it", True),
        ("online or in the room?", False),
        ("what about online training on neglect", False),
        ("show me online ones instead", False),
        ("is there anything online in June?", False),
    ],
)
async def test_asking_for_a_way_of_taking_part_or_denying_one_chooses_nothing_and_leaves_the_card(
    db: TortoiseContext,
    clock: Clock,
    asha: Person,
    talk: Talk,
    said: str,
    is_open: bool,  # noqa: FBT001
) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    card = await talk("book me on the early help forum on 13 March", viewer=viewer)
    assert (words(await talk(said, viewer=viewer)) == words(card)) is is_open
