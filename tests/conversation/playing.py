"""Plays the dialogue files: each step is done on a channel, and what it answers is compared with what the story expects.

A channel gives back what a person sees, as `Seen`; so the same stories are played through the engine, the site's chat and any other.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from marstraining.attendance.models import Register
from marstraining.conversation.stories import Step, Story, read_story
from marstraining.core.paths import DIALOGUES
from marstraining.evaluation.actions import ask_after_sessions
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session
from tests import makers
from tests.conversation.world import World, booked, fill, make_world, offered, waiting

STORIES = tuple(read_story(path) for path in sorted(DIALOGUES.glob("*.txt")))


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer shows: the kinds of its replies (empty where a channel does not tell), its words, and its buttons by label.

    `data` are the buttons' own words in the same order, for pressing; a link has none.
    """

    kinds: tuple[str, ...]
    text: str
    buttons: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


class Player(Protocol):
    """A channel that a story is played on, by one person."""

    async def say(self, words: str) -> Seen: ...

    async def press(self, data: str) -> Seen: ...

    async def send_file(self) -> Seen: ...


@dataclass(slots=True)
class Stage:
    """Where a story is played: the programme and who takes part."""

    world: World
    now: datetime
    persons: dict[str, Person] = field(default_factory=dict)


async def set_stage(story: Story, *, persons: dict[str, Person], now: datetime) -> Stage:
    """The programme, with what the story's head says there is before it begins."""
    stage = Stage(await make_world(now=now), now, persons)
    for given in (part.strip() for part in story.value("given").split(";")):
        if given:
            await _give(given, stage)
    return stage


async def _give(given: str, stage: Stage) -> None:
    """`booked CP 1`, `full SD`, `waiting SD`, `offered SD`: for the story's own person, by course code and number of the session.

    `asked CP`: they were at a session of the course two hours ago, and are asked how it was.
    """
    what, code, *rest = given.split()
    if what == "asked":
        await _ask(stage.world.sessions[code][0], stage.persons["asha"], now=stage.now)
        return
    session, asha = stage.world.sessions[code][int(rest[0]) - 1 if rest else 0], stage.persons["asha"]
    if what == "booked":
        await booked(asha, session, now=stage.now)
    if what == "full":
        await fill(session, now=stage.now)
    if what == "waiting":
        await waiting(asha, session, now=stage.now)
    if what == "offered":
        await offered(asha, session, now=stage.now)


async def _ask(coming: Session, asha: Person, *, now: datetime) -> None:
    course = await Course.get(id=coming.course_id)
    course.outcomes = ["Recognise the signs of harm.", "Share information lawfully"]
    await course.save()
    held = await makers.make_session(course=course, starts=now - timedelta(hours=5), hours=3, now=now)
    await makers.make_mark(held, asha)
    await Register.create(session=held, opened_at=held.starts_at, locked_at=now - timedelta(hours=1))
    await ask_after_sessions(now=now)


Between = Callable[[], Awaitable[object]]


async def play(story: Story, player: Player, *, between: Between | None = None) -> list[Seen]:
    """Play a story to its end, comparing each answer; `between` is done before every step, such as starting the process anew."""
    shown: list[Seen] = []
    for number, step in enumerate(story.steps, start=1):
        if between is not None:
            await between()
        seen = await _do(step, player, shown[-1] if shown else None)
        _compare(story, number, step, seen)
        shown.append(seen)
    return shown


async def _do(step: Step, player: Player, last: Seen | None) -> Seen:
    if step.mark == ">":
        return await player.say(step.told)
    if step.mark == "!":
        return await player.send_file()
    labels = last.buttons if last else ()
    fitting = [place for place, label in enumerate(labels) if label.casefold().startswith(step.told.casefold())]
    assert fitting, f"there is no button “{step.told}” among {labels}"
    return await player.press(last.data[fitting[0]] if last else "")


def _compare(story: Story, number: int, step: Step, seen: Seen) -> None:
    where = f"{story.name}, step {number} ({step.mark} {step.told})"
    for mark, words in step.expected:
        match mark:
            case "<":
                assert not seen.kinds or words in seen.kinds, f"{where}: a {words} was expected, not {seen.kinds}\n{seen.text}"
            case "|":
                assert _plain(words) in _plain(seen.text), f"{where}: “{words}” is not in\n{seen.text}"
            case "-":
                assert _plain(words) not in _plain(seen.text), f"{where}: “{words}” is in\n{seen.text}"
            case "+":
                assert any(label.startswith(words) for label in seen.buttons), f"{where}: no button “{words}” among {seen.buttons}"


def _plain(text: str) -> str:
    return " ".join(text.split())
