"""`read-report --session`: what a report says of the bookings of a session."""

import asyncio
from pathlib import Path

from marstraining.commands.database import opened
from marstraining.commands.reading import SaidColumns, tell
from marstraining.core.config import load_settings
from marstraining.reported_marks.queries import ReportedSession, reported_session


def read_report(path: Path, ref: str, as_json: bool, said: SaidColumns) -> int:  # noqa: FBT001 - the command's flag
    """As without a session, cut to its training days and with everybody matched. Raises NotFound for an unknown reference."""
    session = asyncio.run(_session(ref))
    return tell(path, session.days, session.booked, said, as_json=as_json)


async def _session(ref: str) -> ReportedSession:
    async with opened(load_settings(need_secret=False)):
        return await reported_session(ref)
