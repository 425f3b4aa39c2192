"""Reports that the demo's board finds: of the reference year, of its busiest quarter, and of the quarter before today."""

from datetime import datetime

from marstraining.core.clock import today_of
from marstraining.core.viewer import SYSTEM
from marstraining.reports.actions import sign_off, take_annual_snapshot, take_quarterly_snapshot
from marstraining.reports.rules import Period

_REFERENCE_YEAR = 2022


async def take_reports(*, now: datetime) -> None:
    """The reference year's are signed off; the last quarter's is a draft."""
    await take_annual_snapshot(Period(_REFERENCE_YEAR), by=SYSTEM, now=now)
    signed, _ = await take_quarterly_snapshot(Period(_REFERENCE_YEAR, 3), by=SYSTEM, now=now)
    await sign_off(signed.ref, by=SYSTEM, now=now)
    await take_quarterly_snapshot(Period.holding(today_of(now)).step(-1), by=SYSTEM, now=now)
