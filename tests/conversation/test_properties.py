"""Any text, any button's data, in any order, twice: one reply, no fault, never two bookings of one session."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise.context import TortoiseContext

from marstraining.bookings.models import Booking
from marstraining.bookings.rules import LIVE_STATES
from marstraining.conversation.actions import answer, resume
from marstraining.conversation.models import Dialogue
from marstraining.conversation.rules import Channel, Event, EventKind, all_buttons
from marstraining.conversation.rules.pressing import Verb
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock
from tests.conversation.world import World, booked, make_world

SENTENCES = (
    "book me on the next DSL briefing", "yes", "no", "cancel", "stop", "back", "1", "2", "more", "what have I booked", "book it",
    "move it to May", "child protection course", "online ones", "next friday", "help", "start again", "neglect toolkit", "conference",
    "tell me about new neglect training", "unsubscribe me from everything", "what is due", "LADO", "don't book it", "", "\x00\u202e",
    "a child told me her dad hits her", "<script>alert(1)</script>", "'; DROP TABLE conversation_dialogue; --", "x" * 1200,
    "I know where you live", "3 3 3", "ring me on 07700 900123",
)  # fmt: skip
_events = count(1)


def steps(world: World, refs: list[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    sessions = [one.ref for many in world.sessions.values() for one in many]
    fuzzed = st.one_of(
        st.text(max_size=70),
        st.builds(lambda verb, rest: f"{verb.value}:{rest}", st.sampled_from(list(Verb)), st.text(max_size=20)),
        st.builds(lambda verb, ref: f"{verb.value}:{ref}", st.sampled_from(list(Verb)), st.sampled_from(sessions + refs)),
        st.builds(lambda ref, card: f"ok:book:{ref}:{card}", st.sampled_from(sessions), st.integers(0, 9)),
        st.builds(lambda one, two: f"mt:{one}:{two}", st.sampled_from(refs), st.sampled_from(sessions)),
    )
    one = st.one_of(
        st.tuples(st.just("say"), st.one_of(st.sampled_from(SENTENCES), st.text(max_size=120))),
        st.tuples(st.just("press"), fuzzed),
        st.tuples(st.just("shown"), st.integers(0, 12).map(str)),
    )
    return st.lists(one, min_size=1, max_size=8)


@pytest.mark.whole
async def test_any_conversation_goes_on_and_books_nothing_twice(db: TortoiseContext, clock: Clock, asha: Person, ben: Person) -> None:
    world = await make_world(now=clock.now)
    refs = [await booked(ben, world.sessions["CP"][0], now=clock.now), await booked(asha, world.sessions["GCP2"][0], now=clock.now)]
    viewer = makers.as_learner(asha)

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(steps(world, refs))
    def collect(said: list[tuple[str, str]]) -> None:
        talks.append(said)

    talks: list[list[tuple[str, str]]] = []
    collect()
    for number, said in enumerate(talks):
        shown: list[str] = []
        for what, words in said:
            clock.forward(seconds=5)
            data = words if what == "press" else shown[int(words) % len(shown)] if what == "shown" and shown else ""
            kind = EventKind.TEXT if what == "say" else EventKind.BUTTON
            text = words if what == "say" else ""
            event = Event(Channel.WEB, f"talk-{number}", kind, text=text, data=data, event_id=f"e{next(_events)}", viewer=viewer)
            replies = await answer(event, now=clock.now)
            assert replies, event
            assert await answer(event, now=clock.now) == ()
            again = await resume(Channel.WEB, event.key, viewer=viewer, now=clock.now)
            assert again
            shown = [button.data for button in all_buttons(replies) if button.data]
    live = Counter([(one.learner_id, one.session_id) for one in await Booking.filter(state__in=list(LIVE_STATES))])
    assert [pair for pair, times in live.items() if times > 1] == []
    assert (await Booking.get(ref=refs[0])).state == "confirmed"
    states = " ".join(str(one.state) for one in await Dialogue.all())
    assert [sentence for sentence in SENTENCES if len(sentence) > 12 and sentence in states] == []
