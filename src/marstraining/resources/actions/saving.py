"""Adding a resource and changing it; a new file or a new address is its next version."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from marstraining.core.db import IntegrityError, execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.files import Stored
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.programme.models import Topic
from marstraining.programme.topics import topic_of
from marstraining.resources.addresses import addresses_in, host_of
from marstraining.resources.models import Resource, ResourceTopic, ResourceVersion
from marstraining.resources.rules import ResourceDraft, check_resource

_MOST_LINKS = 50


@frozen
class NewFile:
    """A file that was stored, by the name it is handed out under."""

    name: str
    stored: Stored


async def save_resource(
    draft: ResourceDraft, *, code: str | None, file: NewFile | None = None, note: str = "", by: Viewer, now: datetime
) -> tuple[int, bool]:
    """Add a resource, or with `code` change the one that has it, whose code stays; gives its id and whether anything changed.

    A file or an address that differs becomes a new version, of which `note` says what is new; the very file that is there becomes none,
    and is the caller's to drop. Refused: a code that another has, a course that does not exist, and a resource with neither file nor
    address.
    """
    check_resource(draft)
    try:
        return await _save(draft, code=code, file=file, note=note, by=by, now=now)
    except IntegrityError as error:
        # Two of the training team added the same code at the same moment.
        raise _taken() from error


async def _save(draft: ResourceDraft, *, code: str | None, file: NewFile | None, note: str, by: Viewer, now: datetime) -> tuple[int, bool]:
    async with transaction():
        held = await _held(code)
        if code is not None and held is None:
            raise NotFound
        if held is None and await rows("SELECT id FROM resources_resource WHERE code = ?", draft.code):
            raise _taken()
        values = await _values(draft)
        current = await _current_version(held.id) if held else None
        if file is None and not draft.url and not (current and current.stored_as):
            raise Refused("Add a file or enter a web address", code="empty", field="url")
        if file and current and (current.sha256, current.file_name) == (file.stored.sha256, file.name):
            file = None
        is_new_version = file is not None or current is None or current.url != draft.url
        if held is None:
            made = await Resource.create(code=draft.code, added_at=now, changed_at=now, **values)
            resource_id, changed = made.id, True
        else:
            resource_id, changed = held.id, await _change(held, values)
        changed |= await _link_topics(resource_id, draft.topics)
        if is_new_version:
            await _write_version(resource_id, current, draft.url, file, note=note, by=by, now=now)
        if held is not None and (changed or is_new_version):
            await execute("UPDATE resources_resource SET changed_at = ? WHERE id = ?", now, resource_id)
        if changed or is_new_version:
            await follow_links(resource_id, url=draft.url, summary=draft.summary, now=now)
            action = "create_resource" if held is None else "new_version" if is_new_version else "edit_resource"
            await record(action, by=by, now=now, subject_kind="resource", subject_id=resource_id)
    return resource_id, changed or is_new_version


def _taken() -> Refused:
    return Refused("Another resource has this code. Choose a different one.", code="code_taken", field="code")


async def draft_of_resource(code: str) -> ResourceDraft:
    """A stored resource as it would be typed; NotFound where there is none."""
    resource = await Resource.found(code=code)
    if resource is None:
        raise NotFound
    topics = await rows(
        "SELECT t.label FROM resources_topic x JOIN programme_topic t ON t.id = x.topic_id WHERE x.resource_id = ? ORDER BY t.label",
        resource.id,
    )
    requires = await rows("SELECT code FROM programme_course WHERE id = ?", resource.requires_id) if resource.requires_id else []
    return ResourceDraft(
        code=resource.code,
        title=resource.title,
        kind=resource.kind,
        summary=resource.summary,
        audience=resource.audience,
        audience_codes=tuple(resource.audience_codes),
        url=resource.url,
        source=resource.source,
        owner=resource.owner,
        requires=requires[0]["code"] if requires else "",
        review_by=resource.review_by,
        topics=tuple(row["label"] for row in topics),
    )


async def follow_links(resource_id: int, *, url: str, summary: str, now: datetime) -> None:
    """Let the links to look at be those of its address and its summary: new ones are due at once, those that stay keep what is known."""
    wanted = list(dict.fromkeys([*([url] if url else []), *addresses_in(summary)]))[:_MOST_LINKS]
    has = {row["url"]: row["id"] for row in await rows("SELECT id, url FROM resources_link WHERE resource_id = ?", resource_id)}
    for one in wanted:
        if one not in has:
            await execute(
                "INSERT INTO resources_link (resource_id, url, host, state, outcome, leads_to, failures, check_at)"
                " VALUES (?, ?, ?, 'waiting', '', '', 0, ?)",
                resource_id,
                one,
                host_of(one),
                now,
            )
    for one, link_id in has.items():
        if one not in wanted:
            await execute("DELETE FROM resources_link WHERE id = ?", link_id)


async def _held(code: str | None) -> Resource | None:
    if code is None:
        return None
    found = await rows("SELECT id FROM resources_resource WHERE code = ?", code)
    if not found or not await hold(Resource, found[0]["id"]):
        return None
    return await Resource.get(id=found[0]["id"])


async def _values(draft: ResourceDraft) -> dict[str, Any]:
    requires_id = None
    if draft.requires:
        found = await rows("SELECT id FROM programme_course WHERE code = ?", draft.requires)
        if not found:
            raise Refused(f"There is no course with the code “{draft.requires}”", code="requires", field="requires")
        requires_id = found[0]["id"]
    return {
        "title": draft.title,
        "kind": draft.kind,
        "summary": draft.summary,
        "audience": draft.audience,
        "audience_codes": list(draft.audience_codes),
        "url": draft.url,
        "source": draft.source,
        "owner": draft.owner,
        "requires_id": requires_id,
        "review_by": draft.review_by,
    }


async def _current_version(resource_id: int) -> ResourceVersion | None:
    return await ResourceVersion.filter(resource_id=resource_id).order_by("-number").first()


async def _change(held: Resource, values: dict[str, object]) -> bool:
    changed = {name: value for name, value in values.items() if getattr(held, name) != value}
    if changed:
        await Resource.filter(id=held.id).update(**changed)
    return bool(changed)


async def _write_version(
    resource_id: int, current: ResourceVersion | None, url: str, file: NewFile | None, *, note: str, by: Viewer, now: datetime
) -> None:
    """The next version: the new file, or the one that there was."""
    kept = {name: getattr(current, name) for name in ("file_name", "stored_as", "content_type", "size", "sha256")} if current else {}
    if file is not None:
        stored = file.stored
        kept = {
            "file_name": file.name,
            "stored_as": stored.stored_as,
            "content_type": stored.content_type,
            "size": stored.size,
            "sha256": stored.sha256,
        }
    number = current.number + 1 if current else 1
    await ResourceVersion.create(resource_id=resource_id, number=number, url=url, note=note, at=now, by_id=by.person_id, **kept)


async def _link_topics(resource_id: int, labels: Sequence[str]) -> bool:
    """Make these the resource's topics, creating what is missing; says whether that changed anything."""
    wanted = dict(topic_of(label) for label in labels if label.strip())
    known = {topic.slug: topic.id for topic in await Topic.filter(slug__in=list(wanted))} if wanted else {}
    for slug, label in wanted.items():
        if slug not in known:
            known[slug] = (await Topic.create(slug=slug, label=label)).id
    has = {link.topic_id for link in await ResourceTopic.filter(resource_id=resource_id)}
    needed = {known[slug] for slug in wanted}
    for topic_id in needed - has:
        await ResourceTopic.create(resource_id=resource_id, topic_id=topic_id)
    for topic_id in has - needed:
        await execute("DELETE FROM resources_topic WHERE resource_id = ? AND topic_id = ?", resource_id, topic_id)
    return has != needed
