"""Freezing figures as they stand."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from marstraining.core.clock import today_of
from marstraining.core.db import execute, transaction
from marstraining.core.errors import NotFound
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.reports.document import plain_section
from marstraining.reports.quarterly import figures_of, method_note, paper_of, restricted_of, sections_of, whole_figures
from marstraining.reports.queries import Frozen, annual_figures, last_snapshot, may_take, signature_of
from marstraining.reports.queries.impact import three_wave_of
from marstraining.reports.queries.quarter import Progress, quarter_of
from marstraining.reports.queries.scopes import narrowed
from marstraining.reports.rules import Change, Period, as_plain, changes, check_begun, content_hash

# Sentences that a person writes whatever the figures are.
KEPT_PLACES = ("decisions", "you-said", "risks", "actions")


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
    content = await quarterly_content(period, scope=scope, progress=progress, now=now)
    before = await last_snapshot("quarterly", period, scope=scope)
    frozen = await freeze("quarterly", period, content, scope=scope, before=before, by=by, now=now)
    return frozen, changes(before.figures, frozen.figures) if before else ()


async def quarterly_content(
    period: Period, *, scope: str = "", cut_off: date | None = None, progress: Progress = lambda _step: None, now: datetime
) -> Mapping[str, Any]:
    """What a snapshot of a quarter holds, as plain values: figures as at now, what ran as at the end of the day of the `cut_off`.

    Where the quarter before was reported and comes out otherwise now, on the same definitions, the differences stand in it.
    """
    quarter = await quarter_of(period, on=cut_off, now=now, of=await narrowed(scope, period), progress=progress)
    content: dict[str, Any] = {
        "of": quarter.of,
        "figures": as_plain(figures_of(quarter, as_at=now.isoformat(timespec="seconds"))),
        "sections": [plain_section(one) for one in sections_of(quarter)],
        "paper": [plain_section(one) for one in paper_of(quarter)],
        "restricted": [plain_section(one) for one in restricted_of(quarter)],
    }
    if cut_off is not None:
        content["cut_off"] = cut_off.isoformat()
    reported = await last_snapshot("quarterly", period.step(-1), scope=scope, is_paper_first=True)
    restated = changes(reported.figures, whole_figures(quarter.before, as_at="")) if reported else ()
    if restated:
        content["restated"] = [asdict(one) for one in restated]
    return content


async def freeze(
    kind: str, period: Period, content: Mapping[str, Any], *, scope: str = "", before: Frozen | None, always: bool = False, by: Viewer,
    now: datetime,
) -> Frozen:  # fmt: skip
    """Write a snapshot, unless `before` says the same; `content` is plain values, and nothing in it changes afterwards.

    With `always` it is written all the same: a paper has figures of its own day.
    """
    digest = content_hash(content)
    if before is not None and before.content_hash == digest and not always:
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
        if before is not None:
            await _keep_words(before.ref, ref)
    return Frozen(ref, kind, period, scope, now, json.loads(written), digest)


async def _keep_words(before: str, ref: str) -> None:
    """Take over from the snapshot before what people wrote that says nothing of its figures, and, where it is a draft, its actions."""
    marks = ", ".join("?" * len(KEPT_PLACES))
    await execute(
        "INSERT INTO reports_wording (snapshot_id, place, text, written_at, written_by_id)"
        " SELECT n.id, w.place, w.text, w.written_at, w.written_by_id FROM reports_wording w"
        " JOIN reports_snapshot b ON b.id = w.snapshot_id JOIN reports_snapshot n ON n.ref = ?"
        f" WHERE b.ref = ? AND w.signed_at IS NULL AND w.place IN ({marks}) AND NOT EXISTS"
        " (SELECT 1 FROM reports_wording l WHERE l.snapshot_id = w.snapshot_id AND l.place = w.place AND l.id > w.id)",
        ref, before, *KEPT_PLACES,
    )  # fmt: skip
    if await signature_of(before) is None:
        await execute(
            "UPDATE reports_action SET snapshot_id = (SELECT id FROM reports_snapshot WHERE ref = ?)"
            " WHERE snapshot_id = (SELECT id FROM reports_snapshot WHERE ref = ?)",
            ref, before,
        )  # fmt: skip
