"""The demo's library: the reference case's resources, with what is invented around them: files, checks, reviews and use."""

import asyncio
import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

from marstraining.core import config
from marstraining.core.clock import local
from marstraining.core.db import execute, execute_many, rows
from marstraining.core.files import store
from marstraining.core.typesetting import typeset
from marstraining.core.viewer import SYSTEM
from marstraining.demo.invent import content
from marstraining.resources.actions import NewFile, check_quality, draft_of_resource, save_resource, withdraw_resource
from marstraining.resources.rules import KIND_LABELS, QualityNote, ResourceDraft, ResourceKind, Verdict

# The links are invented, so no look at them is due while a demo is fresh.
_NOT_DUE = timedelta(days=60)
_ADDED = timedelta(days=420)
_LOOKED = timedelta(days=2)
_USED_DAYS = 90
# State, outcome, status, where it moved to, failures, days since it fails.
_LINKS: Mapping[str, tuple[str, str, int | None, str, int, int | None]] = {
    "ok": ("ok", "works", 200, "", 0, None),
    "moved": ("ok", "moved", 200, "https://resources.example/white-ribbon", 0, None),
    "failing": ("failing", "timeout", None, "", 1, 2),
    "broken": ("broken", "gone", 404, "", 6, 7),
    "refused": ("unchecked", "refused", 403, "", 0, None),
}
_WITHDRAWN = ResourceDraft(
    code="7MB-SLEEP",
    title="Safe sleep: what we learnt",
    kind=ResourceKind.BRIEFING7,
    audience="All practitioners",
    url="https://resources.example/7mb-sleep",
    source="Children's MARS",
    owner="Health visiting lead",
    topics=("babies", "safer sleep"),
)


async def write_library(rng: random.Random, *, now: datetime) -> None:
    """Everything around the resources that were imported before."""
    today = local(now).date()
    for code, about in content("library").items():
        await _describe(code, about, now=now)
        await _look_after(code, about, today=today, now=now)
        await _note_link(code, about.get("link", "ok"), now=now)
    await save_resource(_WITHDRAWN, code=None, by=SYSTEM, now=now - _ADDED)
    reason = "The national advice has changed."
    await withdraw_resource(_WITHDRAWN.code, reason=reason, replaced_by="SAFER-SLEEP", by=SYSTEM, now=now - timedelta(days=30))
    await _count_uses(rng, today)


async def _describe(code: str, about: Mapping[str, Any], *, now: datetime) -> None:
    """Its summary, who answers for it and, where there is a text, its file; it came into the library a good year ago."""
    draft = await draft_of_resource(code)
    review_by = local(now).date() + timedelta(days=about["review_by"]) if "review_by" in about else None
    changed = ResourceDraft(
        **{name: getattr(draft, name) for name in ResourceDraft.__dataclass_fields__}
        | {"summary": about.get("summary", ""), "owner": about["owner"], "source": about["source"], "review_by": review_by}
    )
    file = await _file(changed, about["text"], review_by) if "text" in about else None
    at = now - timedelta(days=about.get("reviewed", 200))
    await save_resource(changed, code=code, file=file, note="With a file to print" if file else "", by=SYSTEM, now=at)
    await execute("UPDATE resources_resource SET added_at = ? WHERE code = ?", now - _ADDED, code)
    first = "SELECT id FROM resources_resource WHERE code = ?"
    await execute(f"UPDATE resources_version SET at = ? WHERE number = 1 AND resource_id = ({first})", now - _ADDED, code)


async def _file(draft: ResourceDraft, text: Mapping[str, str], review_by: date | None) -> NewFile:
    settings = config.current()
    kind = KIND_LABELS[ResourceKind(draft.kind)]
    until = f" Next review by {review_by.day} {review_by:%B %Y}." if review_by else ""
    data = {
        "title": draft.title,
        "kind": kind,
        "issued_by": settings.partnership.short_name,
        "accent": settings.partnership.branding.accent,
        "foot": f"Invented for the demonstration.{until}",
        "parts": [list(part) for part in text.items()],
    }
    name = f"{draft.code.lower()}.pdf"
    made = await typeset("briefing", data)
    return NewFile(name, await asyncio.to_thread(store, settings.data_dir, name, BytesIO(made)))


async def _look_after(code: str, about: Mapping[str, Any], *, today: date, now: datetime) -> None:
    if "checked" in about:
        checked = QualityNote(today - timedelta(days=about["checked"]), about["checked_by"], Verdict.GOOD)
        await check_quality(code, checked, by=SYSTEM, now=now)
    if "reviewed" in about:
        reviewed = today - timedelta(days=about["reviewed"])
        await execute("UPDATE resources_resource SET reviewed_on = ? WHERE code = ?", reviewed, code)


async def _note_link(code: str, how: str, *, now: datetime) -> None:
    state, outcome, status, leads_to, failures, failing_days = _LINKS[how]
    at = now - _LOOKED
    since = now - timedelta(days=failing_days) if failing_days is not None else None
    worked = since - timedelta(days=7) if since else at if state == "ok" else None
    await execute(
        "UPDATE resources_link SET state = ?, outcome = ?, status = ?, leads_to = ?, failures = ?, failing_since = ?, checked_at = ?,"
        " worked_at = ?, check_at = ? WHERE resource_id = (SELECT id FROM resources_resource WHERE code = ?)",
        state, outcome, status, leads_to, failures, since, at, worked, now + _NOT_DUE, code,
    )  # fmt: skip
    await execute(
        "INSERT INTO resources_link_check (link_id, at, outcome, status) SELECT l.id, ?, ?, ? FROM resources_link l"
        " JOIN resources_resource r ON r.id = l.resource_id WHERE r.code = ?",
        at, outcome, status, code,
    )  # fmt: skip


async def _count_uses(rng: random.Random, today: date) -> None:
    """Some use on most working days, more of what is short."""
    found = await rows("SELECT id, kind FROM resources_resource WHERE withdrawn_at IS NULL ORDER BY id")
    counted = []
    for row in found:
        most = 9 if row["kind"] in {ResourceKind.BRIEFING7, ResourceKind.BRIEFING2} else 4
        for back in range(_USED_DAYS):
            day = today - timedelta(days=back)
            opened = rng.randrange(most) if day.weekday() < 5 else 0
            if opened:
                counted.append((row["id"], day, opened, rng.randrange(2)))
    await execute_many("INSERT INTO resources_use (resource_id, day, opened, packed) VALUES (?, ?, ?, ?)", counted)
