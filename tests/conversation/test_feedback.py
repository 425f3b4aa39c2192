"""Feedback by buttons: counts once, is nobody's, and leaves in the conversation neither what was pressed nor when."""

from datetime import datetime, timedelta
from itertools import count

import pytest
from tortoise.context import TortoiseContext

from marstraining.conversation.actions import answer, resume
from marstraining.conversation.actions.keeping import key_hash_of
from marstraining.conversation.models import Dialogue
from marstraining.conversation.rules import Channel, Event, EventKind, Reply, all_buttons, plain_lines
from marstraining.core.db import execute, rows
from marstraining.core.tokens import hash_token
from marstraining.core.viewer import ANYBODY
from marstraining.evaluation.actions import answer_by_link, ask_after_sessions, close_surveys
from marstraining.evaluation.models import Invitation, PairSecret, Response
from marstraining.evaluation.queries.surveys import SurveyFacts, invited_by_token, survey_of_session
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock
from tests.conversation.test_nothing_kept import database_text
from tests.evaluation.asked import a_form, a_taught_session, an_asked_session, links_of

_events = count(1)
# Three statements twice, knowledge twice, one reaction; the rest is skipped.
CODE = "474747384"


async def asked(clock: Clock, asha: Person) -> SurveyFacts:
    """A session that Asha was at with eleven others, who are asked how it was."""
    taught = await a_taught_session(clock.now, people=11)
    await makers.make_mark(taught.session, asha)
    await ask_after_sessions(now=clock.now)
    survey = await survey_of_session(taught.session.id)
    assert survey is not None
    return survey


class Talk:
    """Asha's talk with the engine."""

    def __init__(self, person: Person | None, clock: Clock, channel: Channel = Channel.WEB) -> None:
        self.person, self.clock, self.channel, self.key = person, clock, channel, f"talk-{next(_events)}"

    async def say(self, text: str) -> tuple[Reply, ...]:
        return await self._send(EventKind.TEXT, text=text)

    async def press(self, data: str, *, event: str = "") -> tuple[Reply, ...]:
        return await self._send(EventKind.BUTTON, data=data, event=event)

    async def _send(self, kind: EventKind, *, text: str = "", data: str = "", event: str = "") -> tuple[Reply, ...]:
        viewer = makers.as_learner(self.person) if self.person else ANYBODY
        named = event or f"f{next(_events)}"
        return await answer(Event(self.channel, self.key, kind, text=text, data=data, event_id=named, viewer=viewer), now=self.clock.now)


def words(replies: tuple[Reply, ...]) -> str:
    return "\n".join(told for reply in replies for told in plain_lines(reply))


async def test_the_conversation_keeps_neither_what_was_pressed_nor_when(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    survey = await asked(clock, asha)
    talk = Talk(asha, clock)
    await talk.say("give feedback")
    before = await Dialogue.all().values()
    history = await rows("SELECT count(*) AS n FROM history_entry")
    # A minute at which nothing else happens, told by its minutes and seconds in any zone.
    clock.travel_to(clock.now.replace(minute=17, second=43) + timedelta(hours=1))
    for end in range(len(CODE) + 1):
        assert await talk.press(f"fb:{survey.ref}:{CODE[:end]}")
    assert "Thank you. Your answers are in." in words(await talk.press(f"fs:{survey.ref}:{CODE}"))
    assert await Dialogue.all().values() == before
    assert await rows("SELECT count(*) AS n FROM history_entry") == history
    everything = await database_text()
    assert [part for part in (":17:43", "minute=17", ", 17, 43", CODE, CODE[:6], f"fb:{survey.ref}") if part in everything] == []
    # The form is there, and is nobody's.
    response = await Response.get()
    assert (response.answers["confidence"], response.answers["knowledge"], response.pair_key) == ([[4, 7]] * 3, [[3, 8]], "")
    assert [one.person_id for one in await Invitation.filter(used=True)] == [asha.id]


async def test_a_time_would_be_found_by_that_test(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    """The look for a minute above is no fool: whatever else is said leaves it in the conversation's row."""
    talk = Talk(asha, clock)
    clock.travel_to(clock.now.replace(minute=17, second=43))
    await talk.say("give feedback")
    everything = await database_text()
    assert [part for part in (":17:43", "minute=17", ", 17, 43") if part in everything] != []


async def test_sent_twice_it_counts_once_and_after_the_link_not_at_all(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    survey = await asked(clock, asha)
    talk = Talk(asha, clock)
    assert "Thank you. Your answers are in." in words(await talk.press(f"fs:{survey.ref}:{CODE}", event="one"))
    assert await talk.press(f"fs:{survey.ref}:{CODE}", event="one") == ()
    for data in (f"fs:{survey.ref}:{CODE}", f"fs:{survey.ref}:00", f"fb:{survey.ref}:4"):
        assert "Your answers are in already." in words(await talk.press(data))
    link = (await links_of(survey.id))[asha.id]
    await answer_by_link(link, a_form(), "by-link", now=clock.now)
    assert await Response.all().count() == 1


async def test_what_was_pressed_goes_to_the_form_behind_the_hash_and_comes_back_as_one_form(
    db: TortoiseContext, clock: Clock, asha: Person
) -> None:
    survey = await asked(clock, asha)
    replies = await Talk(asha, clock).press(f"fb:{survey.ref}:{CODE.ljust(15, '-')}")
    href = next(button.href for button in all_buttons(replies) if button.label == "Go on in words, on the form")
    path, _, fields = href.partition("#")
    invited = await invited_by_token(path.removeprefix("/evaluation/"))
    assert (invited is not None and invited.person_id, fields.split("&")[:2], "q-relevant=Strongly+agree" in fields) == (
        asha.id,
        ["q-confidence-0-then=4", "q-confidence-0-now=7"],
        True,
    )
    assert await Response.all().count() == 0


async def test_nobody_answers_for_somebody_else(db: TortoiseContext, clock: Clock, asha: Person, ben: Person) -> None:
    survey = await asked(clock, asha)
    gone = ("That is not there any more.", "This button has expired.")
    for data in (f"fb:{survey.ref}:", f"fb:{survey.ref}:47", f"fs:{survey.ref}:{CODE}"):
        assert words(await Talk(ben, clock).press(data)).startswith(gone)
        assert "I need to know who you are" in words(await Talk(None, clock).press(data))
    assert "There is nothing to give feedback on" in words(await Talk(ben, clock).say("give feedback"))
    assert (await Response.all().count(), await Invitation.filter(used=True).count()) == (0, 0)


async def test_codes_of_ones_own_making_and_empty_ones_are_refused(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    survey = await asked(clock, asha)
    talk = Talk(asha, clock)
    assert "That is not there any more." in words(await talk.press(f"fs:{survey.ref}:ccc"))
    assert "Answer at least one question before you send it." in words(await talk.press(f"fs:{survey.ref}:--"))
    assert "You have answered nothing yet" in words(await talk.press(f"fb:{survey.ref}:{'-' * 15}"))
    for data in (f"fs:{survey.ref}", "fs:0123456789:4", f"fb:{survey.ref}:{'4' * 51}", f"fb:{survey.ref}:4:4"):
        assert await talk.press(data)
    assert await Response.all().count() == 0


async def test_a_survey_that_has_closed_takes_nothing(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    survey = await asked(clock, asha)
    clock.forward(days=16)
    talk = Talk(asha, clock)
    assert "There is nothing to give feedback on" in words(await talk.say("feedback"))
    assert ["has closed" in words(await talk.press(data)) for data in (f"fb:{survey.ref}:4", f"fs:{survey.ref}:{CODE}")] == [True, True]
    await close_surveys(now=clock.now)
    assert "has closed" in words(await talk.press(f"fs:{survey.ref}:{CODE}"))
    assert await Response.all().count() == 0


async def test_the_mode_is_named_as_it_is_and_telegram_is_named_there(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    survey = await asked(clock, asha)
    first = {channel: words(await Talk(asha, clock, channel).press(f"fb:{survey.ref}:")) for channel in (Channel.WEB, Channel.TELEGRAM)}
    assert all("Your answers are anonymous. We note that you have answered" in told for told in first.values())
    assert ["Telegram passes on what you press" in told for told in first.values()] == [False, True]
    await PairSecret.create(session_id=survey.session_id, secret="s" * 64, until=clock.now + timedelta(days=90))
    await execute("UPDATE evaluation_survey SET mode = 'confidential' WHERE id = ?", survey.id)
    told = words(await Talk(asha, clock).press(f"fb:{survey.ref}:"))
    assert ("Your answers are confidential." in told, "anonymous" in told) == (True, False)
    await Talk(asha, clock).press(f"fs:{survey.ref}:{CODE}")
    assert len((await Response.get()).pair_key) == 64


async def test_loaded_anew_it_shows_the_list_and_an_old_button_still_goes_on(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    survey = await asked(clock, asha)
    talk = Talk(asha, clock)
    await talk.say("feedback")
    await talk.press(f"fb:{survey.ref}:474")
    stands = await resume(Channel.WEB, talk.key, viewer=makers.as_learner(asha), now=clock.now)
    assert words(stands).startswith("Your feedback")
    clock.forward(days=1)
    assert "And now? Before today you were at 4." in words(await talk.press(f"fb:{survey.ref}:474"[:-2]))


async def test_answers_have_a_pace_of_their_own(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    survey = await asked(clock, asha)
    talk = Talk(asha, clock)
    clock.travel_to(clock.now.replace(minute=3))
    await _press_as_often_as_allowed(talk, at=clock.now.replace(minute=0, second=0, microsecond=0))
    assert "You are faster than I can answer." in words(await talk.press(f"fb:{survey.ref}:4"))
    clock.forward(minutes=15)
    assert "And now?" in words(await talk.press(f"fb:{survey.ref}:4"))


async def _press_as_often_as_allowed(talk: Talk, *, at: datetime) -> None:
    """As many presses as are allowed in a quarter of an hour."""
    key = hash_token(f"chat-survey:{key_hash_of(talk.channel, talk.key)}")
    for _ in range(300):
        await execute("INSERT INTO people_attempt (kind, key, at) VALUES ('chat-survey', ?, ?)", key, at)


@pytest.mark.whole
@pytest.mark.parametrize("asked_for", ["feedback", "how did my course do", "feedback results", "what did people say about my training"])
async def test_the_chat_says_nothing_of_results(db: TortoiseContext, clock: Clock, asha: Person, asked_for: str) -> None:
    pytest.importorskip("scipy")
    taught, survey = await an_asked_session(clock.now, people=12)
    for learner, link in (await links_of(survey.id)).items():
        await answer_by_link(link, a_form(useful="The group work"), f"s{learner}", now=clock.now)
    await close_surveys(now=clock.forward(days=16))
    told = words(await Talk(taught.learners[0], clock).say(asked_for))
    assert [part for part in ("12", "7.0", "4.0", "+3", "improved", "group work", "confident") if part in told] == []
