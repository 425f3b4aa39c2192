"""Where the line stands that says whom to ring: with what was not understood, and with what may have been a worry that the gate missed."""

import pytest
from tortoise.context import TortoiseContext

from marstraining.conversation.actions import resume
from marstraining.conversation.rules import Channel
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock
from tests.conversation.talking import Talk, words
from tests.conversation.world import booked, make_world

pytestmark = pytest.mark.whole  # dialogues from end to end, a fifth of a second each


@pytest.mark.parametrize(
    "text",
    [
        "what is the weather tomorrow",
        "Tyler came in without a coat again and was shaking",
        "what training did Karen Smith do last year",
        "you are useless you stupid bot",
        "should I share information without consent",
        "8 out of 10",
        "yes",
        "don't book it",
        "what does QXLT mean",
        "can I bring a tent",
        "/start abc123",
        "training " * 200,
    ],
)
async def test_whatever_was_not_answered_as_asked_says_whom_to_ring_about_a_child(
    db: TortoiseContext, clock: Clock, talk: Talk, text: str
) -> None:
    await make_world(now=clock.now)
    assert "Worried about a child? Ring 999" in words(await talk(text, channel=Channel.TELEGRAM))


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("they have not eaten since friday", True),
        ("there is blood in the nursery bed", True),
        ("it happened again next friday", True),
        ("they came home at four in march", True),
        ("it was me on friday", True),
        ("we are on our own until Friday", True),
        ("anything in March?", False),
        ("what's on in April", False),
        ("scunthorpe", False),
        ("online ones", False),
        ("for teachers", False),
        ("neglect", False),
        ("7 minute briefing on CSE", False),
        ("training in March", False),
        ("LADO", False),
        ("next DSL briefing", False),
    ],
)
async def test_what_is_found_for_a_sentence_without_a_word_of_training_says_whom_to_ring_first(
    db: TortoiseContext,
    clock: Clock,
    talk: Talk,
    text: str,
    is_shown: bool,  # noqa: FBT001
) -> None:
    await make_world(now=clock.now)
    replies = await talk(text)
    assert replies[0].answer_type in {"list_results", "no_results_with_alternatives", "single_result", "clarify"}
    assert words(replies).splitlines()[0 if not replies[0].filters else 1].startswith("Worried about a child?") is is_shown
    again = await resume(Channel.WEB, "talk", now=clock.now)
    assert words(again) == words(replies)


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("cancel that, he came back drunk and she is hiding", True),
        ("how do I join in when they shout at him", True),
        ("who can come and get him", True),
        ("the toolkit is useless he still screams at them", True),
        ("thanks but she is still crying in the toilets", True),
        ("cancel my booking", False),
        ("what have I booked", False),
        ("who can come", False),
        ("how much does it cost", False),
        ("toolkit", False),
        ("training for her manager", False),
    ],
)
async def test_what_speaks_of_somebody_and_of_no_subject_says_whom_to_ring_whatever_it_was_taken_for(
    db: TortoiseContext,
    clock: Clock,
    asha: Person,
    talk: Talk,
    text: str,
    is_shown: bool,  # noqa: FBT001
) -> None:
    world = await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    assert ("Worried about a child?" in words(await talk(text, viewer=viewer))) is is_shown
    # So it does where something is booked, which a card or a list shows.
    for code in ("CP", "GCP2"):
        await booked(asha, world.sessions[code][1], now=clock.now)
        assert ("Worried about a child?" in words(await talk(text, viewer=viewer, key=code))) is is_shown


async def test_the_signpost_above_what_was_found_is_not_said_again_when_that_is_narrowed(
    db: TortoiseContext, clock: Clock, talk: Talk
) -> None:
    await make_world(now=clock.now)
    shown = [words(await talk(said)) for said in ("baths hall", "in June", "face to face", "they were alone on 24 June")]
    assert ["Worried about a child?" in one for one in shown] == [True, False, False, True]
    assert all("Conference" in one for one in shown[:3])
