"""Topics: what there is to read, to use and to learn on each, and its pack for a team meeting."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from marstraining.core import clock, config
from marstraining.core.files import path_of
from marstraining.core.viewer import ANYBODY
from marstraining.core.web import ANYONE, page, render, render_text, viewer_of
from marstraining.portal.queries.topics import TopicPage, topic_lines, topic_page
from marstraining.portal.team_pack import Part, pack_chunks
from marstraining.programme.rules import KIND_LABELS as COURSE_KINDS
from marstraining.programme.rules import CourseKind
from marstraining.resources.addresses import host_of
from marstraining.resources.queries import Opened, files_of_topic
from marstraining.resources.rules import KIND_LABELS, is_somebody
from marstraining.resources.uses import UNWRITTEN, Way
from marstraining.resources.wording import STATE_TAGS, checks_line, size_words, type_words

# Files beyond this stand in the contents by their addresses alone, so that a phone in a meeting can take the pack.
MOST_BYTES = 100 * 1024 * 1024
_CONTENTS = "Start here.html"


async def topics(request: Request) -> Response:
    """Every topic, by name."""
    return render(request, "portal/topics.html", topics=await topic_lines())


async def topic(request: Request) -> Response:
    """One topic: its resources by kind and its courses with their next dates."""
    found = await topic_page(request.path_params["slug"], now=clock.now())
    files = [row for row in found.resources if row.file_name]
    return render(
        request,
        "portal/topic.html",
        topic=found,
        root="/resources",
        files=len(files),
        pack_size=size_words(sum(row.size for row in files)) if files else "",
        kind_words=KIND_LABELS,
        course_kinds={kind.value: label for kind, label in COURSE_KINDS.items()},
        checks_line=checks_line,
        type_words=type_words,
        size_words=size_words,
        host_of=host_of,
    )


async def pack(request: Request) -> Response:
    """The pack: the topic's files, and a page of contents with links and the dates on which they were checked."""
    now = clock.now()
    found = await topic_page(request.path_params["slug"], now=now)
    headers = {
        "Content-Disposition": f'attachment; filename="team-meeting-pack-{found.slug.replace("_", "-")}.zip"',
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    if request.method == "HEAD":
        return Response(media_type="application/zip", headers=headers)
    files = _within(found, await files_of_topic(found.slug), config.current().data_dir)
    names = _names(files)
    contents = _contents(found, names)
    parts = [Part(_CONTENTS, contents.encode(), now)]
    parts += [Part(names[one.code], path_of(config.current().data_dir, one.stored_as), one.changed_at) for one in files]
    _count(request, files)
    return StreamingResponse(pack_chunks(parts), media_type="application/zip", headers=headers)


def _within(found: TopicPage, files: Sequence[Opened], data_dir: Path) -> list[Opened]:
    """The files that fit and are there."""
    sizes = {row.code: row.size for row in found.resources}
    taken, total = [], 0
    for one in files:
        if total + sizes.get(one.code, 0) <= MOST_BYTES and path_of(data_dir, one.stored_as).is_file():
            taken.append(one)
            total += sizes.get(one.code, 0)
    return taken


def _names(files: Sequence[Opened]) -> dict[str, str]:
    """What each file is called in the pack, by code: as it is handed out alone, with the code in front where two share a name."""
    taken = Counter(one.file_name.casefold() for one in files)
    taken[_CONTENTS.casefold()] += 1
    return {one.code: one.file_name if taken[one.file_name.casefold()] == 1 else f"{one.code} {one.file_name}" for one in files}


def _contents(found: TopicPage, names: dict[str, str]) -> str:
    return render_text(
        "portal/team_pack.html",
        topic=found,
        names=names,
        base_url=config.current().base_url,
        today=clock.today(),
        kind_words=KIND_LABELS,
        course_kinds={kind.value: COURSE_KINDS[CourseKind(kind)] for kind in CourseKind},
        state_tags=STATE_TAGS,
        checks_line=checks_line,
        type_words=type_words,
    )


def _count(request: Request, files: Sequence[Opened]) -> None:
    """Count each file of the pack once, unless a machine or the training team itself takes it."""
    viewer = viewer_of(request)
    is_own = viewer is not ANYBODY and (viewer.is_desk or viewer.is_administrator)
    if not is_own and is_somebody(request.headers.get("user-agent", ""), purpose=request.headers.get("sec-purpose", "")):
        for one in files:
            UNWRITTEN.note(one.id, Way.PACKED, day=clock.today())


routes = [
    page("/topics", topics, who=ANYONE, kept=True),
    page("/topics/{slug}", topic, who=ANYONE, kept=True),
    page("/topics/{slug}/team-meeting-pack.zip", pack, who=ANYONE),
]
