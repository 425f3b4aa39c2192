"""Freezing figures."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marstraining.core.db import execute, transaction
from marstraining.core.errors import NotFound
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.reports.queries import Frozen, annual_figures, last_snapshot, may_read
from marstraining.reports.rules import Change, Period, as_plain, changes, content_hash


async def take_annual_snapshot(period: Period, *, by: Viewer, now: datetime) -> tuple[Frozen, tuple[Change, ...]]:
    """The annual figures of a year frozen as they stand, and what came out otherwise than in the last snapshot of the same year.

    Where nothing changed the last one stands and no other is written. NotFound for who may not read reports.
    """
    if not may_read(by):
        raise NotFound
    figures = await annual_figures(period, now=now)
    before = await last_snapshot("annual", period)
    frozen = await freeze("annual", period, {"figures": as_plain(figures)}, before=before, by=by, now=now)
    return frozen, changes(before.figures, frozen.figures) if before else ()


async def freeze(
    kind: str, period: Period, content: Mapping[str, Any], *, scope: str = "", before: Frozen | None, by: Viewer, now: datetime
) -> Frozen:
    """Write a snapshot, unless `before` says the same; `content` is plain values, and nothing in it changes afterwards."""
    digest = content_hash(content)
    if before is not None and before.content_hash == digest:
        return before
    ref = new_ref()
    async with transaction():
        await execute(
            "INSERT INTO reports_snapshot (ref, kind, year, quarter, scope, as_at, content, content_hash, made_by_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ref, kind, period.year, period.quarter, scope, now, json.dumps(content, ensure_ascii=False), digest, by.person_id,
        )  # fmt: skip
        detail = {"kind": kind, "period": period.words, "ref": ref}
        await record("report.frozen", by=by, now=now, subject_kind="report", subject_id=None, detail=detail)
    return Frozen(ref, kind, period, scope, now, content, digest)
