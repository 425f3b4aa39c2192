"""Writing down who did what."""

import json
from collections.abc import Mapping
from datetime import datetime

from marstraining.core.db import execute
from marstraining.core.viewer import Viewer


async def record(
    action: str,
    *,
    by: Viewer,
    now: datetime,
    subject_kind: str,
    subject_id: int | None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Append one row, inside the caller's transaction; `detail` holds ids, words and numbers, never a person's text."""
    await execute(
        "INSERT INTO history_entry (at, actor_id, actor_role, action, subject_kind, subject_id, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
        now, by.person_id, by.acting_role, action, subject_kind, subject_id, json.dumps(detail or {}),
    )  # fmt: skip
