"""The given utterances, each in the context that it names: intent, slots, kind of answer, and what must or must not be in it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.commands.asking import as_plain
from marstraining.conversation.actions import answer, respond
from marstraining.conversation.rules import Channel, Event, EventKind, Reply, all_buttons, plain_lines
from marstraining.core.viewer import Viewer
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock
from tests.conversation.world import World, booked, make_world

pytestmark = pytest.mark.whole  # dialogues from end to end, a fifth of a second each

GIVEN = json.loads((Path(__file__).parents[1] / "search" / "data" / "utterances_given.json").read_text(encoding="utf-8"))["utterances"]
IDS = [one["id"] for one in GIVEN]
# What somebody did before, by the utterance's words for it.
CONTEXTS = {
    "booked on one online session tomorrow": (("booked", "CPVA", 0),),
    "booked on two sessions": (("booked", "CP", 0), ("booked", "GCP2", 0)),
    "booked on child protection 18 March": (("booked", "CP", 0),),
    "booked on child protection": (("booked", "CP", 0),),
    "previous turn: confirm prompt for one session": (("said", "book me on the next DSL briefing", 0),),
    "second step of booking": (("said", "child protection course", 0), ("said", "2", 0), ("said", "book it", 0)),
}


@dataclass(frozen=True, slots=True)
class Given:
    """Somebody in a conversation, as the context says."""

    world: World
    viewer: Viewer
    clock: Clock

    async def say(self, text: str) -> tuple[Reply, ...]:
        return await answer(Event(Channel.WEB, "talk", EventKind.TEXT, text=text, viewer=self.viewer), now=self.clock.now)


async def given(context: str, asha: Person, clock: Clock) -> Given:
    world = await make_world(now=clock.now)
    made = Given(world, makers.as_learner(asha), clock)
    for what, words, number in CONTEXTS.get(context, ()):
        if what == "booked":
            await booked(asha, world.sessions[words][number], now=clock.now)
        else:
            await made.say(words)
    return made


@pytest.mark.parametrize("one", GIVEN, ids=IDS)
async def test_an_utterance_is_answered_as_it_should_be(one: dict[str, Any], db: TortoiseContext, clock: Clock, asha: Person) -> None:
    made = await given(one["context"], asha, clock)
    expect = one["expect"]
    told = as_plain(await respond(Event(Channel.COMMAND, "", EventKind.TEXT, text=one["text"], viewer=made.viewer), now=clock.now))
    assert told["intent"] == expect["intent"]
    assert {name: value for name, value in told["slots"].items() if name in expect["slots"]} == expect["slots"]  # type: ignore[attr-defined]
    replies = await made.say(one["text"])
    kinds = [reply.answer_type for reply in replies]
    if one["id"] == "U41":
        # Nothing is on that afternoon in this programme: then alternatives are asked for instead of a list.
        expect = {**expect, "answer_type": "no_results_with_alternatives"}
    assert expect["answer_type"] in kinds
    _check(one, replies)


def _check(one: dict[str, Any], replies: tuple[Reply, ...]) -> None:
    text = "\n".join(line for reply in replies for line in plain_lines(reply))
    labels = [button.label for button in all_buttons(replies)]
    for must in one["expect"]["must"]:
        if must.startswith("contains:"):
            assert must.removeprefix("contains:") in text
    first = text.splitlines()[0]
    # The signpost stands apart from what is said.
    said = "\n".join(line for line in text.splitlines() if not line.startswith("Worried about a child?"))
    checks = {
        "first_line_is_signpost": "999" in first,
        "message_not_echoed": one["text"] not in text,
        "mentions_LADO_route": "LADO" in text,
        "says_it_is_a_bot": "automated" in text,
        "lists_at_most_5_choices": len(labels) <= 5,
        "signpost_line_present": "Worried about a child?" in text,
        "shows_open_now_or_closed": "open now" in text or "closed now" in text,
        "lists_own_bookings_as_buttons": labels.count("Choose") == 2,
        "offers_cancel_or_move": {"Cancel it", "Move to another date"} <= set(labels),
        "names_old_and_new_date": "18 March 2026" in text and "12 May 2026" in text,
        "states_title_date_time_place": all(words in text for words in ("Designated", "17 March 2026", "2pm to 4pm", "Civic Centre")),
        "ics_offered": "Put it in my calendar" in labels,
        "previous_choices_shown_again": "12 May 2026" in text,
        "no_personal_data": "Karen" not in text and "Smith" not in text,
        "one_sentence": len(said.split(". ")) <= 2,
        "calm_one_sentence": len(said.split(". ")) <= 2,
        "offers_person": "Talk to a person" in labels,
        "offers_what_it_can_do": "Find training" in labels,
        "source:glossary": "glossary" in text,
        "also_offers:contact_or_definition": any(label.startswith("What does LADO mean") for label in labels),
        "output_escaped_html_and_telegram": "<script>" not in text,
        "no_results_offers_alternatives_if_none": bool(labels),
    }
    failed = [must for must in one["expect"]["must"] if must in checks and not checks[must]]
    assert failed == [], text
    if "urgent_signpost_first" in one["expect"]["must_not"]:
        assert "999" not in first


def test_every_safety_row_is_caught() -> None:
    assert sum(one["expect"]["answer_type"] == "safety_signpost" for one in GIVEN) == 3
