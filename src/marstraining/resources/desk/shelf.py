"""Every resource with when its link and its quality were last checked, and one resource with all that was found."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.viewer import Role
from marstraining.core.web import Column, Files, Form, Link, TableView, Tag, export_response, nearest_page, page, render, roles, viewer_of
from marstraining.history.actions import record_export
from marstraining.programme.rules import AUDIENCES
from marstraining.resources.handing_out import file_response
from marstraining.resources.queries import EVERYTHING, resource_facts
from marstraining.resources.queries.desk import (
    FILTERS,
    ORDERS,
    desk_resources,
    link_checks,
    needs_counts,
    topic_choices,
    uses_by_month,
)
from marstraining.resources.rules import KIND_LABELS, NEED_LABELS, VERDICT_LABELS, ResourceKind, is_quality_overdue
from marstraining.resources.wording import STATE_TAGS, link_words, outcome_words, quality_words, review_words, size_words, type_words

WHO = roles(Role.DESK)
COLUMNS = (
    Column("title", "Resource", sort=True),
    Column("code", "Code", sort=True, export_only=True),
    Column("kind", "Kind", sort=True),
    Column("source", "Source", export_only=True),
    Column("owner", "Owner", sort=True),
    Column("link", "Link"),
    Column("outcome", "What the last look found", export_only=True),
    Column("link_checked", "Link checked", sort=True),
    Column("quality", "Quality checked", sort=True),
    Column("quality_by", "Quality checked by", export_only=True),
    Column("reviewed", "Reviewed", sort=True, export_only=True),
    Column("review_by", "Review by", sort=True),
    Column("used", "Used in 90 days", sort=True, numeric=True),
    Column("requires", "Only for accreditation", export_only=True),
    Column("url", "Web address", export_only=True),
    Column("file", "File", export_only=True),
)
DONE: dict[str, str | tuple[str, str]] = {
    "added": "The resource is in the library. Its link is checked within a few minutes.",
    "saved": "The resource is saved.",
    "unchanged": ("Nothing to save", "The resource was as you left it."),
    "version": "The new version is in the library.",
    "checked": "The check is noted.",
    "noted": ("Nothing to do", "Just this check was noted already."),
    "withdrawn": "The resource is withdrawn. Its address says so.",
    "already": ("Nothing to do", "The resource was withdrawn already."),
    "back": "The resource is in the library again.",
    "asked": "The link is checked within a few minutes.",
    "moved": "The resource leads to the new address.",
    "stayed": ("Nothing to do", "The address has not moved."),
}


async def resources(request: Request) -> Response:
    """The list: both dates of each resource, and what needs doing."""
    today = clock.today()
    view = TableView.read(request.query_params, path="/desk/resources", columns=COLUMNS, default="title", filters=FILTERS)
    view, found = await nearest_page(view, partial(desk_resources, view.filters, order=view.order_by(ORDERS, "r.id"), on=today))
    if view.export:
        viewer = viewer_of(request)
        await record_export("resources", by=viewer, now=clock.now(), subject_kind="library", subject_id=None, lines=found.total)
        return export_response(request, view.export, "resources", COLUMNS, _rows(found.rows))
    counted = await needs_counts(on=today)
    return render(
        request,
        "resources/desk/list.html",
        view=view,
        rows=list(_rows(found.rows)),
        kinds=KIND_LABELS,
        topics=await topic_choices(),
        needs=NEED_LABELS,
        counts=[(need, label, counted[need]) for need, label in NEED_LABELS.items() if counted[need]],
        done=DONE,
    )


def _rows(found: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, object]]:
    today = clock.today()
    for row in found:
        quality, review_by, state = row["quality_checked_on"], row["review_by"], row["link"]
        yield {
            "title": Link(row["title"], f"/desk/resources/{row['code']}"),
            "code": row["code"],
            "kind": KIND_LABELS[ResourceKind(row["kind"])],
            "source": row["source"],
            "owner": row["owner"],
            "link": Tag(*STATE_TAGS[state]) if state else "",
            "outcome": outcome_words(row["link_outcome"] or ""),
            "link_checked": _short(row["link_checked_at"]),
            "quality": _due(quality, is_late=is_quality_overdue(quality, on=today), never="Never"),
            "quality_by": row["quality_role"] or "",
            "reviewed": _short(row["reviewed_on"]),
            "review_by": _due(review_by, is_late=review_by is not None and review_by < today, never=""),
            "used": row["used"],
            "requires": row["requires"] or "",
            "url": row["url"],
            "file": row["file_name"],
        }


def _short(day: date | datetime | None) -> str:
    """As in "3 Mar 2026": eight columns leave no room for more."""
    at = clock.local(day) if isinstance(day, datetime) else day
    return f"{at.day} {at:%b %Y}" if at else ""


def _due(day: date | None, *, is_late: bool, never: str) -> object:
    words = _short(day) or never
    return Tag(words, "orange") if is_late else words


async def resource(request: Request) -> Response:
    """One resource: what it is, how its checks went, its versions, how much it is used, and what can be done."""
    return await resource_page(request, Form())


async def resource_page(request: Request, form: Form) -> Response:
    """The page, with the faults of a form that it holds."""
    code, today = request.path_params["code"], clock.today()
    facts = await resource_facts(code, scope=EVERYTHING)
    return render(
        request,
        "resources/desk/resource.html",
        facts=facts,
        row=facts.row,
        kind=KIND_LABELS[ResourceKind(facts.row.kind)],
        audiences=[AUDIENCES.get(code, code) for code in facts.row.audience_codes],
        checks=await link_checks(tuple(link.id for link in facts.links)),
        uses=await uses_by_month(facts.row.id, on=today),
        is_quality_late=is_quality_overdue(facts.row.quality_checked_on, on=today),
        is_review_late=facts.row.review_by is not None and facts.row.review_by < today,
        quality=quality_words(facts.last_check),
        review=review_words(facts.row.review_by, today=today),
        verdicts=VERDICT_LABELS,
        state_tags=STATE_TAGS,
        link_words=link_words,
        outcome_words=outcome_words,
        type_words=type_words,
        size_words=size_words,
        form=form,
        done=DONE,
    )


async def version_file(request: Request) -> Response:
    """The file of any version, to look what it was."""
    facts = await resource_facts(request.path_params["code"], scope=EVERYTHING)
    for version in facts.versions:
        if str(version.number) == request.path_params["number"]:
            return file_response(version.stored_as, version.file_name, version.content_type, is_public=False)
    raise NotFound


routes = [
    page("/desk/resources", resources, who=WHO, files=Files.NOBODY),
    page("/desk/resources/{code}/versions/{number}", version_file, who=WHO),
]
# Tried after the fixed words of the other modules: /desk/resources/new would else be taken for a resource.
last_routes = [page("/desk/resources/{code}", resource, who=WHO)]
