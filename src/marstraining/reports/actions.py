"""Freezing figures, and what people make of a report's sentences."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marstraining.core.clock import today_of
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.reports.document import plain_section
from marstraining.reports.quarterly import figures_of, method_note, paper_of, sections_of
from marstraining.reports.queries import Frozen, annual_figures, drafts_of, last_snapshot, may_take, signature_of
from marstraining.reports.queries.impact import three_wave_of
from marstraining.reports.queries.quarter import Progress, quarter_of
from marstraining.reports.queries.scopes import narrowed
from marstraining.reports.rules import Change, Period, as_plain, changes, check_begun, check_wording, content_hash


async def take_annual_snapshot(period: Period, *, by: Viewer, now: datetime) -> tuple[Frozen, tuple[Change, ...]]:
    """The annual figures of a year frozen as they stand, and what came out otherwise than in the last snapshot of the same year.

    Where nothing changed the last one stands and no other is written. NotFound for who may not take reports, Refused for a year that
    has not begun.
    """
    if not may_take(by):
        raise NotFound
    check_begun(period, today_of(now))
    figures = await annual_figures(period, now=now)
    before = await last_snapshot("annual", period)
    content = {"figures": as_plain(figures), "notes": [plain_section(method_note(await three_wave_of(period)))]}
    frozen = await freeze("annual", period, content, before=before, by=by, now=now)
    return frozen, changes(before.figures, frozen.figures) if before else ()


async def take_quarterly_snapshot(
    period: Period, *, scope: str = "", progress: Progress = lambda _step: None, by: Viewer, now: datetime
) -> tuple[Frozen, tuple[Change, ...]]:
    """The whole report of a quarter frozen as it stands, with what came out otherwise than in its last snapshot.

    With a `scope`, as `Snapshot` has it, it is of that course, organisation or area alone. NotFound for who may not take reports and
    for a scope that names nothing; Refused for a quarter that has not begun.
    """
    if not may_take(by):
        raise NotFound
    check_begun(period, today_of(now))
    quarter = await quarter_of(period, now=now, of=await narrowed(scope, period), progress=progress)
    content = {
        "of": quarter.of,
        "figures": as_plain(figures_of(quarter, as_at=now.isoformat(timespec="seconds"))),
        "sections": [plain_section(one) for one in sections_of(quarter)],
        "paper": [plain_section(one) for one in paper_of(quarter)],
    }
    before = await last_snapshot("quarterly", period, scope=scope)
    frozen = await freeze("quarterly", period, content, scope=scope, before=before, by=by, now=now)
    return frozen, changes(before.figures, frozen.figures) if before else ()


async def freeze(
    kind: str, period: Period, content: Mapping[str, Any], *, scope: str = "", before: Frozen | None, by: Viewer, now: datetime
) -> Frozen:
    """Write a snapshot, unless `before` says the same; `content` is plain values, and nothing in it changes afterwards."""
    digest = content_hash(content)
    if before is not None and before.content_hash == digest:
        return before
    ref, written = new_ref(), json.dumps(content, ensure_ascii=False)
    async with transaction():
        await execute(
            "INSERT INTO reports_snapshot (ref, kind, year, quarter, scope, as_at, content, content_hash, made_by_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ref, kind, period.year, period.quarter, scope, now, written, digest, by.person_id,
        )  # fmt: skip
        detail = {"kind": kind, "period": period.words, "ref": ref}
        await record("report.frozen", by=by, now=now, subject_kind="report", subject_id=None, detail=detail)
    return Frozen(ref, kind, period, scope, now, json.loads(written), digest)


async def write_wordings(ref: str, texts: Mapping[str, str], *, by: Viewer, now: datetime) -> int:
    """Keep what a person made of drafted sentences, by place; figures are not theirs to change. How many were new.

    What reads as it did is not written again. A report that was signed off is reworded by signing off anew: its signature falls.
    NotFound for who is not at the desk and for a place that the report has not; Refused for an empty or a very long text.
    """
    snapshot_id = await _own(ref, by=by)
    async with transaction():
        # Taking hold of the report first puts the words of two people one after the other.
        await execute("UPDATE reports_snapshot SET ref = ref WHERE id = ?", snapshot_id)
        reads = await drafts_of(ref)
        if set(texts) - {one.place for one in reads}:
            raise NotFound
        given = {one.place: check_wording(texts[one.place], one.place) for one in reads if one.place in texts}
        changed = {one.place: given[one.place] for one in reads if given.get(one.place, one.text) != one.text}
        for place, text in changed.items():
            await execute(
                "INSERT INTO reports_wording (snapshot_id, place, text, written_at, written_by_id) VALUES (?, ?, ?, ?, ?)",
                snapshot_id, place, text, now, by.person_id,
            )  # fmt: skip
        if changed:
            detail = {"ref": ref, "places": ", ".join(changed)}
            await record("report.reworded", by=by, now=now, subject_kind="report", subject_id=snapshot_id, detail=detail)
    return len(changed)


async def sign_off(ref: str, *, by: Viewer, now: datetime) -> bool:
    """Say that the report as it reads now goes to the board; False where that was said already. NotFound for who is not at the desk."""
    snapshot_id = await _own(ref, by=by)
    async with transaction():
        await execute("UPDATE reports_snapshot SET ref = ref WHERE id = ?", snapshot_id)
        if await signature_of(ref) is not None:
            return False
        await execute(
            "INSERT INTO reports_wording (snapshot_id, place, text, written_at, written_by_id, signed_at, signed_by_id)"
            " VALUES (?, '', '', ?, ?, ?, ?)",
            snapshot_id, now, by.person_id, now, by.person_id,
        )  # fmt: skip
        await record("report.signed", by=by, now=now, subject_kind="report", subject_id=snapshot_id, detail={"ref": ref})
    return True


async def _own(ref: str, *, by: Viewer) -> int:
    found = await rows("SELECT id FROM reports_snapshot WHERE ref = ? AND kind = 'quarterly'", ref) if by.is_desk else []
    if not found:
        raise NotFound
    return int(found[0]["id"])
