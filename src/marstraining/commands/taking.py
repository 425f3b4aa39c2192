"""The report's own process: reads on standard input which report to take, and answers its reference (`reports.apart`)."""

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marstraining.commands.database import opened
from marstraining.core.config import load_settings
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.reports.actions import take_paper, take_quarterly_snapshot
from marstraining.reports.rules import Period


async def answer(question: Mapping[str, Any]) -> Mapping[str, object]:
    """Take the report: of a `meeting`, or of a `year` and `quarter` with a `scope`, `by` somebody or, without, by the service itself."""
    by = _viewer(question.get("by"))
    now = datetime.fromisoformat(question["now"])
    async with opened(load_settings(need_secret=False)):
        try:
            if "meeting" in question:
                return {"ref": await take_paper(question["meeting"], again=question.get("again", False), by=by, now=now)}
            period = Period(question["year"], question["quarter"])
            frozen, _ = await take_quarterly_snapshot(period, scope=question["scope"], by=by, now=now)
        except Refused as refusal:
            return {"refused": [refusal.code, refusal.message, refusal.field]}
        except NotFound:
            return {"missing": True}
    return {"ref": frozen.ref, "is_new": frozen.as_at == now}


def _viewer(named: Mapping[str, Any] | None) -> Viewer:
    if named is None:
        return SYSTEM
    return Viewer(person_id=named["person_id"], roles=frozenset(Role(one) for one in named["roles"]))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(answer(json.load(sys.stdin)))) + "\n")
