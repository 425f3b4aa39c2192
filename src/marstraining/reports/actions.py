"""Freezing figures."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.reports.document import plain_section
from marstraining.reports.quarterly import figures_of, paper_of, sections_of
from marstraining.reports.queries import Frozen, annual_figures, last_snapshot, may_read
from marstraining.reports.queries.quarter import Progress, quarter_of
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


async def take_quarterly_snapshot(
    period: Period, *, course: str = "", agency: str = "", progress: Progress = lambda _step: None, by: Viewer, now: datetime
) -> tuple[Frozen, tuple[Change, ...]]:
    """The whole report of a quarter frozen as it stands, with what came out otherwise than in its last snapshot.

    With the code of a course or of an organisation it is of them alone. NotFound for who may not read reports, and for a code that
    is none.
    """
    if not may_read(by):
        raise NotFound
    agency_id = await _agency(agency) if agency else None
    if course and not await rows("SELECT 1 AS found FROM programme_course WHERE code = ?", course):
        raise NotFound
    scope = f"agency:{agency}" if agency else f"course:{course}" if course else ""
    quarter = await quarter_of(period, now=now, course=course, agency_id=agency_id, progress=progress)
    content = {
        "figures": as_plain(figures_of(quarter, as_at=now.isoformat(timespec="seconds"))),
        "sections": [plain_section(one) for one in sections_of(quarter)],
        "paper": [plain_section(one) for one in paper_of(quarter)],
    }
    before = await last_snapshot("quarterly", period, scope=scope)
    frozen = await freeze("quarterly", period, content, scope=scope, before=before, by=by, now=now)
    return frozen, changes(before.figures, frozen.figures) if before else ()


async def _agency(code: str) -> int:
    found = await rows("SELECT id FROM people_agency WHERE code = ?", code)
    if not found:
        raise NotFound
    return int(found[0]["id"])


async def write_wording(ref: str, place: str, text: str, *, by: Viewer, now: datetime) -> None:
    """Keep what a person made of a drafted sentence; figures are not theirs to change. NotFound for who is not at the desk.

    A report that was signed off is reworded by signing off anew: its signature falls.
    """
    frozen_id = await _own(ref, by=by)
    async with transaction():
        await execute(
            "INSERT INTO reports_wording (snapshot_id, place, text, written_at, written_by_id) VALUES (?, ?, ?, ?, ?)",
            frozen_id, place, text, now, by.person_id,
        )  # fmt: skip
        await record("report.reworded", by=by, now=now, subject_kind="report", subject_id=frozen_id, detail={"ref": ref, "place": place})


async def sign_off(ref: str, *, by: Viewer, now: datetime) -> None:
    """Say that the report as it reads now goes to the board."""
    frozen_id = await _own(ref, by=by)
    async with transaction():
        await execute(
            "INSERT INTO reports_wording (snapshot_id, place, text, written_at, written_by_id, signed_at, signed_by_id)"
            " VALUES (?, '', '', ?, ?, ?, ?)",
            frozen_id, now, by.person_id, now, by.person_id,
        )  # fmt: skip
        await record("report.signed", by=by, now=now, subject_kind="report", subject_id=frozen_id, detail={"ref": ref})


async def _own(ref: str, *, by: Viewer) -> int:
    found = await rows("SELECT id FROM reports_snapshot WHERE ref = ? AND kind = 'quarterly'", ref) if by.is_desk else []
    if not found:
        raise NotFound
    return int(found[0]["id"])


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
