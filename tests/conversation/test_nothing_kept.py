"""A marker sent through every path is nowhere afterwards: in no table, log at DEBUG, figure, letter, file or address."""

import io
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from tortoise import Tortoise
from tortoise.context import TortoiseContext

from marstraining.conversation.actions import answer, respond
from marstraining.conversation.actions import answering as answering_module
from marstraining.conversation.rules import Channel, Event, EventKind, plain_lines
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.core.logs import configure_logs
from marstraining.core.metrics import show
from marstraining.core.viewer import ANYBODY
from marstraining.people.models import Person
from marstraining.safety import gate as gate_module
from tests import makers
from tests.conftest import Clock, Visitor
from tests.conversation.world import make_world

pytestmark = pytest.mark.whole

MARKER = "zqxmarker"
# Each way that a sentence can go, with the marker where somebody's words would stand.
TEXTS = (
    f"{MARKER}",
    f"neglect training {MARKER} in March",
    f"training in {MARKER}",
    f"training at {MARKER} House in {MARKER}ville next {MARKER}",
    f"what does {MARKER} mean",
    f"tell me about new {MARKER} courses",
    f"stop telling me about {MARKER}",
    f"book me on {MARKER}",
    f"cancel my {MARKER} place",
    f"move my {MARKER} place to June",
    f"no I meant {MARKER}",
    f"what training did {MARKER.title()} Smith do last year",
    f"is {MARKER} free",
    f"a child called {MARKER.title()} told me her dad hits her",
    f"any course on neglect? one of my pupils, {MARKER}, is always hungry",
    f"i want to kill myself {MARKER}",
    f"I know where you live {MARKER}",
    f"you stupid {MARKER} bot",
    f"<script>{MARKER}</script>",
    f'"{MARKER}" OR title:* NEAR({MARKER} y)',
    f"her name is {MARKER}, dob 1/2/2015, {MARKER}@example.org",
    f"/start {MARKER}",
    f"{MARKER} " * 300,
)  # fmt: skip


@pytest.fixture
def logged(settings: Settings) -> Iterator[io.StringIO]:
    """Everything that is logged while a test runs, from DEBUG up."""
    stream = io.StringIO()
    configure_logs(replace(settings, log_level="DEBUG"), stream)
    yield stream
    structlog.reset_defaults()


async def database_text() -> str:
    """Every row of every table, as text."""
    told = []
    for model in (Tortoise.apps or {})["models"].values():
        table = model._meta.db_table  # noqa: SLF001 - Tortoise has no public way to a model's table
        told += [str(row) for row in await rows(f'SELECT * FROM "{table}"')]
    return "\n".join(told)


def files_text(folder: Path) -> str:
    """Every file of the data folder, the database's own among them."""
    return "".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())


async def assert_nowhere(logged: io.StringIO, folder: Path) -> None:
    everything = {
        "database": await database_text(),
        "logs": logged.getvalue(),
        "figures": show(None).decode(),
        "files": files_text(folder),
    }
    assert len(everything["database"]) > 100
    assert [where for where, text in everything.items() if MARKER in text.casefold()] == []


@pytest.mark.parametrize("channel", [Channel.WEB, Channel.TELEGRAM])
@pytest.mark.parametrize("who", ["asha", "nobody"])
async def test_what_was_written_is_nowhere_afterwards(
    db: TortoiseContext, clock: Clock, asha: Person, logged: io.StringIO, tmp_path: Path, channel: Channel, who: str
) -> None:
    await make_world(now=clock.now)
    viewer = makers.as_learner(asha) if who == "asha" else ANYBODY
    for number, text in enumerate(TEXTS):
        clock.forward(minutes=1)
        for kind, is_edited in ((EventKind.TEXT, False), (EventKind.TEXT, True), (EventKind.FILE, False)):
            named = f"{number}-{kind}-{is_edited}"
            event = Event(channel, "4711", kind, text=text, viewer=viewer, is_edited=is_edited, message_id=str(number), event_id=named)
            assert await answer(event, now=clock.now)
        await respond(Event(Channel.COMMAND, "", EventKind.TEXT, text=text), now=clock.now)
    for data in (
        MARKER,
        f"t:{MARKER}",
        f"df:{MARKER}",
        f"ly:{MARKER}{MARKER}",
        f"us:{MARKER}",
        f"su:{MARKER}",
        f"r:{MARKER}",
        f"x:{MARKER}",
    ):
        await answer(Event(channel, "4711", EventKind.BUTTON, data=data, viewer=viewer), now=clock.now)
        await answer(Event(channel, "4711", EventKind.TEXT, text="yes", viewer=viewer), now=clock.now)
    await answer(Event(channel, "4711", EventKind.START, data=MARKER * 2, viewer=viewer), now=clock.now)
    await assert_nowhere(logged, tmp_path)


async def test_what_was_written_to_the_sites_chat_is_nowhere_afterwards(
    asha: Person, clock: Clock, client: Visitor, sign_in_as: Callable[[Person], Awaitable[Visitor]], logged: io.StringIO, tmp_path: Path
) -> None:
    await make_world(now=clock.now)
    for visitor in (client, await sign_in_as(asha)):
        for number, text in enumerate(TEXTS):
            clock.forward(minutes=1)
            sent = await visitor.post("/chat", {"text": text, "event": f"event-{number}-{visitor is client}"})
            assert sent.status_code in {200, 303, 422}
            assert MARKER not in sent.headers.get("location", "")
    await assert_nowhere(logged, tmp_path)


async def test_a_fault_tells_of_itself_and_not_of_what_was_written(
    db: TortoiseContext, clock: Clock, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO, tmp_path: Path
) -> None:
    def broken(text: str, *_arguments: object) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(answering_module, "tell", broken)
    replies = await answer(Event(Channel.WEB, "talk", EventKind.TEXT, text=f"{MARKER} training"), now=clock.now)
    said = "\n".join(line for reply in replies for line in plain_lines(reply))
    assert said.startswith("Something went wrong on our side and nothing was changed.")
    assert "Worried about a child?" in said
    monkeypatch.setattr(gate_module, "judge", broken)
    assert (await answer(Event(Channel.WEB, "talk", EventKind.TEXT, text=f"{MARKER} training"), now=clock.now))[0].is_urgent
    assert '"fault": "RuntimeError"' in logged.getvalue()
    await assert_nowhere(logged, tmp_path)
