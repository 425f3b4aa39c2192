"""Short ways to put resources on the shelf."""

from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path

from marstraining.core.files import store
from marstraining.core.viewer import SYSTEM
from marstraining.resources.actions import NewFile, save_resource
from marstraining.resources.models import Resource
from marstraining.resources.rules import ResourceDraft

BRIEFING = ResourceDraft(
    code="7MB-CSE",
    title="Child sexual exploitation: learning from an event",
    kind="briefing7",
    summary="What we learnt, in seven minutes.",
    audience="All practitioners",
    url="https://guide.site.org/cse",
    source="Children's MARS",
    owner="Workforce development officer",
    topics=("child sexual exploitation",),
)
PDF = b"%PDF-1.7\n% a briefing\n"


def a_file(data_dir: Path, *, name: str = "briefing.pdf", content: bytes = PDF) -> NewFile:
    """A file in the folder of files, as an upload leaves it."""
    return NewFile(name, store(data_dir, name, BytesIO(content)))


async def on_the_shelf(code: str = "7MB-CSE", *, now: datetime, file: NewFile | None = None, **changes: object) -> Resource:
    """A resource in the library, the briefing with changes."""
    draft = replace(BRIEFING, code=code, **changes)  # type: ignore[arg-type]  # whatever a draft has
    resource_id, _ = await save_resource(draft, code=None, file=file, by=SYSTEM, now=now)
    return await Resource.get(id=resource_id)
