"""One event, one answer: duplicates, two workers, old buttons, other people, edited and unreadable messages, a database that is away."""

import asyncio
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.models import Allocation, Booking
from marstraining.conversation.actions import answer, forget_old_conversations, probe_gate, respond, resume
from marstraining.conversation.actions import answering as answering_module
from marstraining.conversation.actions import probing as probing_module
from marstraining.conversation.models import Dialogue, TakenEvent, Tally
from marstraining.conversation.rules import Channel, Event, EventKind, all_buttons
from marstraining.core.viewer import ANYBODY
from marstraining.people.actions import make_telegram_token
from marstraining.people.models import Agency, Person
from marstraining.people.queries import viewer_of_chat
from marstraining.people.rules import TelegramWishes
from tests import makers
from tests.conftest import Clock
from tests.conversation.talking import Talk, data_of, words
from tests.conversation.world import booked, fill, make_world, offered


async def test_an_event_that_comes_twice_is_answered_once_and_books_once(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk
) -> None:
    await make_world(now=clock.now)
    card = await talk("book me on the next DSL briefing", viewer=makers.as_learner(asha))
    yes = data_of(card, "Yes, book it")
    first = await talk(press=yes, viewer=makers.as_learner(asha), event_id="same")
    assert await talk(press=yes, viewer=makers.as_learner(asha), event_id="same") == ()
    again = await talk(press=yes, viewer=makers.as_learner(asha))
    assert [first[0].answer_type, again[0].answer_type] == ["booking_confirmed", "booking_confirmed"]
    assert await Booking.filter(learner_id=asha.id).count() == 1


async def test_two_workers_that_get_a_confirmation_at_once_agree(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    await make_world(now=clock.now)
    yes = data_of(await talk("book me on the next DSL briefing", viewer=makers.as_learner(asha)), "Yes, book it")
    answers = await asyncio.gather(*(talk(press=yes, viewer=makers.as_learner(asha)) for _ in range(4)))
    assert [replies[0].answer_type for replies in answers] == ["booking_confirmed"] * 4
    assert {words(replies) for replies in answers} == {words(answers[0])}
    assert await Booking.filter(learner_id=asha.id).count() == 1
    assert (await Dialogue.get()).version == 5


async def test_the_same_event_at_two_workers_at_once_is_answered_by_one(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk
) -> None:
    await make_world(now=clock.now)
    yes = data_of(await talk("book me on the next DSL briefing", viewer=makers.as_learner(asha)), "Yes, book it")
    answers = await asyncio.gather(*(talk(press=yes, viewer=makers.as_learner(asha), event_id="same") for _ in range(3)))
    assert sorted(len(replies) for replies in answers) == [0, 0, 1]


async def test_an_old_card_does_nothing_once_something_else_was_asked(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    old = data_of(await talk("book me on the next DSL briefing", viewer=viewer), "Yes, book it")
    await talk("child protection course", viewer=viewer)
    again = await talk(press=old, viewer=viewer)
    assert words(again).startswith("This button has expired.")
    assert await Booking.filter(learner_id=asha.id).count() == 0
    # Its card is shown anew, with a button that acts.
    assert "Designated Safeguarding Leads briefing" in words(again)
    assert words(await talk(press=data_of(again, "Yes, book it"), viewer=viewer)).startswith("Your place is booked")


async def test_the_card_of_an_old_button_is_shown_anew_whatever_it_does(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk
) -> None:
    world = await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    ref = await booked(asha, world.sessions["CP"][0], now=clock.now)
    for press, label, question in (
        (f"c:{ref}", "Yes, cancel it", "Cancel this booking?"),
        (f"w:{world.ref('SD')}", "Yes, join the list", "Join this waiting list?"),
        ("su:neglect", "Yes, tell me", "Tell you what is new?"),
    ):
        old = data_of(await talk(press=press, viewer=viewer), label)
        await talk("help", viewer=viewer)
        assert question in words(await talk(press=old, viewer=viewer))
    for data in ("ok:book:zqxmarker:7", "ok:move:0123456789:7", "ok:link::7", "ok:nonsense::7"):
        assert words(await talk(press=data, viewer=viewer)).startswith("This button has expired.")


async def test_booking_again_by_an_old_card_after_cancelling_is_no_surprise(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk
) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    old = data_of(await talk("book me on the next DSL briefing", viewer=viewer), "Yes, book it")
    done = await talk(press=old, viewer=viewer)
    cancel = data_of(await talk(press=data_of(done, "Undo this booking"), viewer=viewer), "Yes, cancel it")
    await talk(press=cancel, viewer=viewer)
    assert words(await talk(press=old, viewer=viewer)).startswith("This button has expired.")
    assert [booking.state for booking in await Booking.filter(learner_id=asha.id)] == ["cancelled"]


async def test_nobody_acts_on_somebody_elses_booking_by_its_button(
    db: TortoiseContext, clock: Clock, asha: Person, ben: Person, talk: Talk
) -> None:
    world = await make_world(now=clock.now)
    ref = await booked(asha, world.sessions["CP"][0], now=clock.now)
    for verb in ("my", "c", "mv", "jl", "ac", "td"):
        shown = words(await talk(press=f"{verb}:{ref}", viewer=makers.as_learner(ben)))
        assert "Child Protection" not in shown
        assert "Asha" not in shown
    await talk(press=f"ok:cancel:{ref}:1", viewer=makers.as_learner(ben))
    assert (await Booking.get(ref=ref)).state == "confirmed"


async def test_what_somebody_looked_at_signed_in_is_shown_to_nobody_else(
    db: TortoiseContext, clock: Clock, asha: Person, ben: Person, talk: Talk
) -> None:
    world = await make_world(now=clock.now)
    await booked(asha, world.sessions["CP"][0], now=clock.now)
    await talk("my bookings", viewer=makers.as_learner(asha))
    for viewer in (ANYBODY, makers.as_learner(ben)):
        assert "Child Protection" not in words(await resume(Channel.WEB, "talk", viewer=viewer, now=clock.now))
    assert "Child Protection" in words(await resume(Channel.WEB, "talk", viewer=makers.as_learner(asha), now=clock.now))


async def test_what_nobody_had_signed_in_for_goes_along_with_who_signs_in(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk
) -> None:
    world = await make_world(now=clock.now)
    asked = await talk(press=f"b:{world.ref('CP')}")
    assert asked[0].answer_type == "link_account_prompt"
    shown = await resume(Channel.WEB, "talk", viewer=makers.as_learner(asha), now=clock.now)
    assert (shown[0].answer_type, "Asha Patel" in words(shown)) == ("booking_confirm_prompt", True)


async def test_a_session_that_filled_up_meanwhile_offers_its_list(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    world = await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    yes = data_of(await talk(press=f"b:{world.ref('SD')}", viewer=viewer), "Yes, book it")
    await fill(world.sessions["SD"][0], now=clock.now)
    refused = await talk(press=yes, viewer=viewer)
    assert words(refused).startswith("Strategy Discussions, Tuesday 14 April 2026\nThis session is full.")
    joined = await talk(
        press=data_of(await talk(press=data_of(refused, "Join the waiting list"), viewer=viewer), "Yes, join the list"), viewer=viewer
    )
    assert words(joined).startswith("You are on the waiting list")


async def test_a_full_session_is_named_with_the_next_date_that_has_places_and_ones_own_offer(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk
) -> None:
    world = await make_world(now=clock.now)
    first, second, third = world.sessions["CP"]
    viewer = makers.as_learner(asha)
    await fill(first, now=clock.now)
    booked_at_once = await talk("book me on the next child protection course", viewer=viewer)
    told = "You cannot book the earlier dates at the moment. The next that you can book is Tuesday 12 May 2026, 9:30am to 3:30pm, "
    assert words(booked_at_once[:1]).startswith(told)
    await offered(asha, second, now=clock.now)
    refused = await talk(press=f"b:{first.ref}", viewer=viewer)
    said = words(refused).splitlines()
    assert said[0].endswith(", Wednesday 18 March 2026")
    assert said[1].startswith("This session is full.")
    assert said[2].startswith("A place on Tuesday 12 May 2026 is offered to you until ")
    labels = [one.label for one in all_buttons(refused)]
    assert labels[:3] == ["Answer the offer for Tue 12 May", "Next date with places: Tue 16 June", "Join the waiting list"]
    assert third.ref in data_of(refused, "Next date with places")


async def test_a_place_kept_for_ones_organisation_is_booked_where_it_is_full_to_others(
    db: TortoiseContext, clock: Clock, asha: Person, ben: Person, talk: Talk
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    await Allocation.create(session=session, agency=await Agency.get(code="STLUKES"), floor=1)
    said = []
    for person in (ben, asha):
        viewer, key = makers.as_learner(person), person.ref
        yes = data_of(await talk(press=f"b:{session.ref}", viewer=viewer, key=key), "Yes, book it")
        said.append(words(await talk(press=yes, viewer=viewer, key=key)))
    assert ["This session is full." in one for one in said] == [True, False]
    assert await Booking.all().values_list("learner_id", "state") == [(asha.id, "confirmed")]


async def test_two_at_the_same_time_can_be_swapped(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    world = await make_world(now=clock.now)
    other = await makers.make_session(course=world.sessions["SD"][0].course, starts=world.sessions["CP"][0].starts_at, now=clock.now)
    await booked(asha, world.sessions["CP"][0], now=clock.now)
    viewer = makers.as_learner(asha)
    refused = await talk(press=f"b:{other.ref}", viewer=viewer)
    assert "at the same time" in words(refused)
    card = await talk(press=data_of(refused, "Give up the other one"), viewer=viewer)
    assert words(await talk(press=data_of(card, "Yes, move it"), viewer=viewer)).startswith("Your place is moved")
    assert sorted([(b.session_id, b.state) for b in await Booking.filter(learner_id=asha.id)]) == sorted(
        [(world.sessions["CP"][0].id, "cancelled"), (other.id, "confirmed")]
    )


@pytest.mark.parametrize("kind", [EventKind.FILE, EventKind.VOICE])
async def test_a_file_is_not_opened_and_its_caption_passes_the_gate(db: TortoiseContext, clock: Clock, kind: EventKind) -> None:
    plain = await answer(Event(Channel.TELEGRAM, "7", kind), now=clock.now)
    assert "Worried about a child?" in words(plain)
    worried = await answer(Event(Channel.TELEGRAM, "7", kind, text="a child told me her dad hits her"), now=clock.now)
    assert worried[0].answer_type == "safety_signpost"


async def test_an_edited_message_passes_the_gate_and_does_nothing_else(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    await talk("book me on the next DSL briefing", viewer=viewer)
    edited = Event(Channel.WEB, "talk", EventKind.TEXT, text="yes", viewer=viewer, is_edited=True)
    assert words(await answer(edited, now=clock.now)).startswith("I only act on new messages")
    worried = Event(Channel.WEB, "talk", EventKind.TEXT, text="my dad hits me", viewer=viewer, is_edited=True)
    assert (await answer(worried, now=clock.now))[0].is_urgent
    assert await Booking.filter(learner_id=asha.id).count() == 0


async def test_who_writes_too_much_or_too_fast_is_told_so_and_a_worry_is_still_answered(
    db: TortoiseContext, clock: Clock, talk: Talk
) -> None:
    assert words(await talk("training " * 200)).startswith("That is longer than I can read.")
    assert (await talk("training " * 200 + "i want to kill myself"))[0].is_urgent
    for _ in range(40):
        last = await talk("help")
    assert words(last).startswith("You are faster than I can answer.")
    assert (await talk("i want to kill myself"))[0].is_urgent
    clock.forward(minutes=2)
    assert (await talk("help"))[0].answer_type == "help_menu"


@pytest.mark.parametrize("text", ["I want to kill myself", "my stepdad hits me", "a member of staff has been messaging a pupil"])
async def test_a_conversation_with_a_worry_in_it_is_kept_like_one_that_asked_for_help(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk, text: str
) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    for key, second in (("worried", text), ("asking", "help")):
        await talk("child protection course", viewer=viewer, key=key)
        await talk(second, viewer=viewer, key=key)
    worried, asking = await Dialogue.all().order_by("id")
    assert (worried.state, worried.version) == (asking.state, asking.version)
    shown = words(await resume(Channel.WEB, "worried", viewer=viewer, now=clock.now))
    assert shown == words(await resume(Channel.WEB, "asking", viewer=viewer, now=clock.now))


async def test_a_yes_after_a_worry_books_nothing_and_back_leads_back(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    await talk("book me on the next DSL briefing", viewer=viewer)
    assert (await talk("wait, a child has just told me her dad hits her", viewer=viewer))[0].is_urgent
    assert (await talk("back", viewer=viewer))[0].answer_type == "previous_step"
    await talk("my dad hits me", viewer=viewer)
    await talk("yes", viewer=viewer)
    assert await Booking.filter(learner_id=asha.id).count() == 0


async def test_a_worry_is_counted_by_day_and_level_and_by_nothing_else(db: TortoiseContext, clock: Clock, talk: Talk) -> None:
    for text in ("a child told me her dad hits her", "one of my pupils has come in with a black eye", "I know where you live", "help"):
        await talk(text)
    assert sorted((one.word, one.number) for one in await Tally.all()) == [("signpost_maybe", 1), ("signpost_urgent", 2), ("threat", 1)]


@pytest.mark.parametrize(
    ("text", "is_alone"),
    [
        ("a child told me her dad hits her", True),
        ("any course on neglect? there's a family on my caseload and the kids are always dirty", False),
    ],
)
async def test_the_answer_to_a_worry_needs_no_database(
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    settings: object,
    text: str,
    is_alone: bool,  # noqa: FBT001
) -> None:
    async def away(*_arguments: object, **_named: object) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(answering_module, "numbers", away)
    monkeypatch.setattr(answering_module, "check_and_count", away)
    replies = await answer(Event(Channel.WEB, "talk", EventKind.TEXT, text=text), now=clock.now)
    assert (replies[0].is_urgent, "01724 296500" in words(replies), len(replies) == 1) == (True, True, is_alone)
    with pytest.raises(OSError, match="away"):
        await answer(Event(Channel.WEB, "talk", EventKind.TEXT, text="neglect training"), now=clock.now)


async def test_a_chat_is_connected_by_the_button_of_its_link_once(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    token = await make_telegram_token(TelegramWishes(), by=makers.as_learner(asha), now=clock.now)
    start = Event(Channel.TELEGRAM, "4711", EventKind.START, data=token)
    asked = await answer(start, now=clock.now)
    assert "Is this you?" in words(asked)
    assert "a…@stlukes.example" in words(asked)
    assert token not in str([one.state for one in await Dialogue.all()])
    yes = data_of(asked, "Yes, this is me")
    assert words(await talk(press=yes, key="4711", channel=Channel.TELEGRAM)).startswith("Connected.")
    viewer = await viewer_of_chat(4711)
    assert viewer is not None
    assert viewer.person_id == asha.id
    assert words(await talk(press=yes, key="4711", channel=Channel.TELEGRAM)).startswith("This link has been used")
    assert words(await answer(start, now=clock.now)).startswith("This link has been used")


async def test_words_after_start_pass_the_gate_as_any_others(db: TortoiseContext, clock: Clock) -> None:
    start = Event(Channel.TELEGRAM, "4711", EventKind.START, data="a child told me her dad hits her", message_id="7")
    worried = await answer(start, now=clock.now)
    assert (worried[0].is_urgent, len(worried)) == (True, 1)
    assert (await respond(start, now=clock.now)).replies == worried


@pytest.mark.parametrize("channel", [Channel.WEB, Channel.COMMAND])
async def test_a_link_connects_nothing_on_another_channel(
    db: TortoiseContext, clock: Clock, asha: Person, talk: Talk, channel: Channel
) -> None:
    token = await make_telegram_token(TelegramWishes(), by=makers.as_learner(asha), now=clock.now)
    assert words(await talk(press=f"ly:{token}", key="4711", channel=channel)).startswith("This link has been used")
    assert await viewer_of_chat(4711) is None


async def test_on_telegram_the_joining_link_itself_is_never_shown(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    world = await make_world(now=clock.now)
    await booked(asha, world.sessions["CPVA"][0], now=clock.now)
    viewer = makers.as_learner(asha)
    assert "https://teams.example/cpva" in words(await talk("send me the joining link", viewer=viewer))
    told = words(await talk("send me the joining link", viewer=viewer, key="t", channel=Channel.TELEGRAM))
    assert "https://teams.example/cpva" not in told
    assert "The joining link is in your email" in told


async def test_who_comes_back_after_a_day_is_told_where_the_talk_stood(db: TortoiseContext, clock: Clock, asha: Person, talk: Talk) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    await talk("child protection course", viewer=viewer)
    clock.forward(days=2)
    assert words(await talk("2", viewer=viewer)).startswith("Last time you were looking at a list of what I had found.")
    assert not words(await talk("book it", viewer=viewer)).startswith("Last time")


async def test_old_conversations_are_forgotten_and_events_before_them(db: TortoiseContext, clock: Clock, talk: Talk) -> None:
    await talk("help")
    clock.forward(days=2)
    assert await forget_old_conversations(now=clock.now) == 0
    assert (await Dialogue.all().count(), await TakenEvent.all().count()) == (1, 0)
    clock.forward(days=29)
    assert await forget_old_conversations(now=clock.now) == 1
    assert await Dialogue.all().count() == 0


async def test_asking_without_a_conversation_stores_nothing(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha)
    for text in ("book me on the next DSL briefing", "unsubscribe me from everything", "a child told me her dad hits her", "xylq"):
        await respond(Event(Channel.COMMAND, "", EventKind.TEXT, text=text, viewer=viewer), now=clock.now + timedelta(minutes=1))
    assert [await table.all().count() for table in (Dialogue, TakenEvent, Tally, Booking)] == [0, 0, 0, 0]


async def test_the_gate_is_tried_as_it_runs_and_a_miss_sounds_the_alarm(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await probe_gate(now=clock.now) == 10
    monkeypatch.setattr(probing_module, "PROBES", ("when is the next course", *probing_module.PROBES))
    with pytest.raises(probing_module.GateMissed, match=r"missed 1 of its 11 sentences: numbers \[1\]"):
        await probe_gate(now=clock.now)
