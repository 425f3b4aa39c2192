"""The library: its list and its feed, a resource, its file and its link; for everybody, and for who may see more when signed in."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from marstraining.core import clock, config
from marstraining.core.errors import NotFound
from marstraining.core.viewer import ANYBODY
from marstraining.core.web import ANYONE, SIGNED_IN, Pager, page, render, see_other, viewer_of
from marstraining.core.web.pager import page_number
from marstraining.programme.rules import AUDIENCES
from marstraining.resources.addresses import host_of
from marstraining.resources.feed import MEDIA_TYPE, atom_feed
from marstraining.resources.forms import FIELDS, ReadFilter, read_filter
from marstraining.resources.handing_out import file_response
from marstraining.resources.queries import (
    PUBLIC,
    Choices,
    Opened,
    Scope,
    choices,
    latest_resources,
    library_page,
    opened_resource,
    resource_facts,
    similar_resources,
    visible_to,
)
from marstraining.resources.rules import KIND_LABELS, ResourceKind, is_somebody
from marstraining.resources.uses import UNWRITTEN, Way
from marstraining.resources.wording import checks_line, link_words, quality_words, review_words, size_words, type_words
from marstraining.safety.gate import ring_first

# The choices of the filter's list; nobody looks for what only the invited may come to.
_AUDIENCE_CHOICES = {code: label for code, label in AUDIENCES.items() if code not in {"all", "invited"}}
_GONE = 410


async def library(request: Request) -> Response:
    """The list: the same page for everybody. Filters that were not understood are said and do not narrow."""
    return await _list(request, PUBLIC, root="/resources", own=False)


async def own_library(request: Request) -> Response:
    """The list with what the person signed in may see because of an accreditation."""
    return await _list(request, visible_to(viewer_of(request), now=clock.now()), root="/me/resources", own=True)


async def _list(request: Request, scope: Scope, *, root: str, own: bool) -> Response:
    if elsewhere := ring_first(request.query_params.get("q", "")):
        return see_other(elsewhere)
    read = read_filter(request.query_params)
    found = await library_page(read.filter, scope=scope, page=page_number(request.query_params.get("page", "")))
    offered = await choices(scope=scope)
    chosen = _described(read, offered)
    return render(
        request,
        "resources/list.html",
        read=read,
        rows=found,
        pager=Pager.of(request, found[0].total if found else 0),
        root=root,
        own=own,
        kinds={kind.value: label for kind, label in KIND_LABELS.items() if kind in offered.kinds},
        kind_words=KIND_LABELS,
        topics=dict(offered.topics),
        audiences=_AUDIENCE_CHOICES,
        chosen=[(text, root + query) for text, query in chosen],
        checks_line=checks_line,
        type_words=type_words,
        size_words=size_words,
        host_of=host_of,
    )


def _described(read: ReadFilter, offered: Choices) -> list[tuple[str, str]]:
    """The filters in force, in words, each with the query of the list without it."""
    labels: dict[str, Mapping[Any, str]] = {"kind": KIND_LABELS, "topic": dict(offered.topics), "audience": AUDIENCES}
    return [
        (f"“{value}”" if name == "q" else labels[name].get(value, value), read.query(**{name: ""}))
        for name, value in read.typed.items()
        if name not in read.errors
    ]


async def feed(request: Request) -> Response:
    """The library's feed under the same filters as the list, last changed first."""
    read = read_filter(request.query_params)
    settings = config.current()
    body = atom_feed(
        await latest_resources(read.filter),
        title=f"{settings.partnership.short_name} training: resources",
        author=settings.partnership.name,
        address=f"{settings.base_url}/resources/feed.xml{read.query()}",
        page=f"{settings.base_url}/resources{read.query()}",
        base_url=settings.base_url,
    )
    return Response(body, headers={"Content-Type": MEDIA_TYPE, "Cache-Control": "public, max-age=300"})


async def resource(request: Request) -> Response:
    """A resource that everybody may see: the same page for everyone."""
    return await _resource(request, PUBLIC, root="/resources")


async def own_resource(request: Request) -> Response:
    """The same for the person signed in, who may hold the accreditation that it asks for."""
    return await _resource(request, visible_to(viewer_of(request), now=clock.now()), root="/me/resources")


async def _resource(request: Request, scope: Scope, *, root: str) -> Response:
    facts = await resource_facts(request.path_params["code"], scope=scope)
    return render(
        request,
        "resources/resource.html",
        # Search engines and readers are told alike that it is gone for good, and what there is instead.
        status=_GONE if facts.is_withdrawn else None,
        facts=facts,
        row=facts.row,
        root=root,
        kind=KIND_LABELS[ResourceKind(facts.row.kind)],
        kind_words=KIND_LABELS,
        audiences=[AUDIENCES.get(code, code) for code in facts.row.audience_codes],
        similar=await similar_resources(facts, scope=scope),
        host=host_of(facts.row.url),
        link_words=link_words,
        quality=quality_words(facts.last_check),
        review=review_words(facts.row.review_by, today=clock.today()),
        type_words=type_words,
        size_words=size_words,
    )


async def file(request: Request) -> Response:
    """The current file of a resource, to save; counted."""
    return await _file(request, PUBLIC)


async def own_file(request: Request) -> Response:
    """The same for who may see it when signed in."""
    return await _file(request, visible_to(viewer_of(request), now=clock.now()))


async def _file(request: Request, scope: Scope) -> Response:
    opened = await opened_resource(request.path_params["code"], scope=scope)
    answer = file_response(opened.stored_as, opened.file_name, opened.content_type, is_public=scope is PUBLIC)
    _count(request, opened)
    return answer


async def link(request: Request) -> Response:
    """On to where a resource leads; counted."""
    return await _link(request, PUBLIC)


async def own_link(request: Request) -> Response:
    """The same for who may see it when signed in."""
    return await _link(request, visible_to(viewer_of(request), now=clock.now()))


async def _link(request: Request, scope: Scope) -> Response:
    opened = await opened_resource(request.path_params["code"], scope=scope)
    if not opened.url:
        raise NotFound
    _count(request, opened)
    return RedirectResponse(opened.url, status_code=302, headers={"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"})


def _count(request: Request, opened: Opened) -> None:
    """Count an opening by resource and day, and nothing else of it; not those of machines, nor those of the training team's own checks."""
    viewer = viewer_of(request)
    purpose = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    is_own = viewer is not ANYBODY and (viewer.is_desk or viewer.is_administrator)
    if request.method != "HEAD" and not is_own and is_somebody(request.headers.get("user-agent", ""), purpose=purpose):
        UNWRITTEN.note(opened.id, Way.OPENED, day=clock.today())


routes = [
    page("/resources", library, who=ANYONE, kept=True, known=(*FIELDS, "page")),
    page("/resources/feed.xml", feed, who=ANYONE, kept=True, known=FIELDS),
    page("/resources/{code}", resource, who=ANYONE, kept=True),
    page("/resources/{code}/file", file, who=ANYONE),
    page("/resources/{code}/link", link, who=ANYONE),
    page("/me/resources", own_library, who=SIGNED_IN),
    page("/me/resources/{code}", own_resource, who=SIGNED_IN),
    page("/me/resources/{code}/file", own_file, who=SIGNED_IN),
    page("/me/resources/{code}/link", own_link, who=SIGNED_IN),
]
