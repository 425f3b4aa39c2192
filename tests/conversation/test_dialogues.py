"""Every story through the engine and through the site's chat, on both databases."""

import re
from collections.abc import Awaitable, Callable
from html import unescape
from itertools import count

import pytest
from tortoise.context import TortoiseContext

from marstraining.conversation.actions import answer
from marstraining.conversation.rules import Channel, Event, EventKind, Reply, all_buttons, plain_lines
from marstraining.conversation.stories import GROUPS, Story, published_stories
from marstraining.core.viewer import ANYBODY, Viewer
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock, Visitor
from tests.conversation.playing import STORIES, Seen, play, set_stage

pytestmark = pytest.mark.whole  # dialogues from end to end, a fifth of a second each

_numbers = count(1)


class Engine:
    """Events straight into the engine; each a minute after the one before."""

    def __init__(self, viewer: Viewer, clock: Clock) -> None:
        self.viewer, self.clock, self.key = viewer, clock, f"talk-{next(_numbers)}"

    async def say(self, words: str) -> Seen:
        return await self._send(EventKind.TEXT, text=words)

    async def press(self, data: str) -> Seen:
        return await self._send(EventKind.BUTTON, data=data)

    async def send_file(self) -> Seen:
        return await self._send(EventKind.VOICE)

    async def _send(self, kind: EventKind, *, text: str = "", data: str = "") -> Seen:
        event = Event(Channel.WEB, self.key, kind, text=text, data=data, event_id=f"event-{next(_numbers)}", viewer=self.viewer)
        replies = await answer(event, now=self.clock.forward(minutes=0.1))
        again = await answer(event, now=self.clock.now)
        assert again == (), "what comes twice is answered once"
        return seen_of(replies)


def seen_of(replies: tuple[Reply, ...]) -> Seen:
    text = "\n".join(line for reply in replies for line in plain_lines(reply))
    buttons = list(all_buttons(replies))
    return Seen(
        tuple(reply.answer_type for reply in replies), text, tuple(one.label for one in buttons), tuple(one.data for one in buttons)
    )


class Site:
    """The site's chat as a browser without script: forms alone, and the answer as its page shows it."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    async def say(self, words: str) -> Seen:
        return await self._send({"text": words})

    async def press(self, data: str) -> Seen:
        return await self._send({"press": data})

    async def send_file(self) -> Seen:
        raise AssertionError("the site's chat takes no files")

    async def _send(self, fields: dict[str, str]) -> Seen:
        page = await self.visitor.get("/chat")
        found = re.search(r'name="event" value="([^"]*)"', page.text)
        assert found
        sent = await self.visitor.post("/chat", {**fields, "event": found[1]})
        if sent.status_code == 303:
            sent = await self.visitor.get(sent.headers["location"])
        assert sent.status_code == 200
        log = sent.text.partition("data-mars-log>")[2].partition("</ul>\n</div>\n<form")[0]
        kinds = tuple(re.findall(r'data-answer="([^"]*)"', log))
        labelled = re.findall(r'<(?:button|a)[^>]*?(?:value="([^"]*)"|href="[^"]*")[^>]*>(.*?)</(?:button|a)>', log, re.DOTALL)
        labels = tuple(_text(re.sub(r"<span[^>]*hidden.*?</span>", "", label)).strip(" \u00d7") for _, label in labelled)
        return Seen(kinds, _text(log), labels, tuple(unescape(data) for data, _ in labelled))


def _text(markup: str) -> str:
    spaced = re.sub(r"</dt>\s*<dd>", ": ", markup)
    return unescape(re.sub(r"<[^>]+>", "", re.sub(r"<(?:br|/p|/li|/div|/h2)[^>]*>", " \n", spaced)))


NAMES = [story.name for story in STORIES]
WITHOUT_FILES = [story for story in STORIES if all(step.mark != "!" for step in story.steps)]


@pytest.mark.parametrize("story", STORIES, ids=NAMES)
async def test_a_story_through_the_engine(story: Story, db: TortoiseContext, clock: Clock, asha: Person) -> None:
    await set_stage(story, persons={"asha": asha}, now=clock.now)
    viewer = makers.as_learner(asha) if story.value("who") == "asha" else ANYBODY
    assert len(await play(story, Engine(viewer, clock))) == len(story.steps)


@pytest.mark.whole
@pytest.mark.parametrize("story", WITHOUT_FILES, ids=lambda story: story.name)
async def test_a_story_through_the_sites_chat_without_script(
    story: Story, clock: Clock, asha: Person, client: Visitor, sign_in_as: Callable[[Person], Awaitable[Visitor]]
) -> None:
    await set_stage(story, persons={"asha": asha}, now=clock.now)
    visitor = await sign_in_as(asha) if story.value("who") == "asha" else client
    assert len(await play(story, Site(visitor))) == len(story.steps)


def test_what_is_published_was_said_in_the_story_and_is_fit_to_be_shown() -> None:
    published = published_stories()
    assert [story.name for story in published if story.value("group") not in GROUPS] == []
    examples = [(story, one) for story in published for one in story.examples]
    assert [one for story, one in examples if not any(one in said for said in story.said)] == []
    # No digits alone, no days of a programme that is over, no buttons.
    assert [one for _, one in examples if re.fullmatch(r"\d+|\[.*\]|.*\b20\d\d\b.*|.*\b\d{1,2}(?:th)? [A-Z][a-z]+.*", one)] == []
    in_need = {"adult_in_crisis", "allegation", "feedback_worry", "worry", "worry_and_training", "worry_in_between", "limits"}
    assert in_need & {story.name for story in published} == set()
