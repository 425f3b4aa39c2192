"""Who learnt a licensed tool long ago and has told nobody since that they use it; and what one lead was last told of their staff."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from marstraining.certificates.actions import grant_owed_accreditations
from marstraining.core.clock import today_of
from marstraining.core.imports import Row
from marstraining.core.tokens import new_nonce
from marstraining.demo.invent import Invented
from marstraining.digests.models import Digest
from marstraining.record.models import Accreditation

_TOOL = "GCP2"
_LEARNT_DAYS_AGO, _ASKED_DAYS_AGO, _FLAGGED_DAYS_AGO = 800, 435, 69
_HOLDERS = (("STLUKES", "deputy_dsl"), ("NLC-CF", "multi_agency"))


def long_ago_rows(people: Sequence[Invented], *, until: date) -> list[Row]:
    """One person of each of some organisations, who learnt the tool more than two years ago; rows for `import_attendance`."""
    holders = [
        next(one for one in people if one.agency == agency and one.job_role == job_role and one.email and not one.sign_in)
        for agency, job_role in _HOLDERS
    ]
    day = until - timedelta(days=_LEARNT_DAYS_AGO)
    return [
        Row(
            number,
            {
                "email": one.email or "",
                "name": one.name,
                "agency": one.agency,
                "course": _TOOL,
                "date": day.isoformat(),
                "mark": "attended",
                "provenance": "before this service",
            },
        )
        for number, one in enumerate(holders, start=2)
    ]


async def write_use(*, now: datetime) -> None:
    """Accredit whoever completed a licensed course; those of long ago were asked a year later and have been flagged since."""
    today = today_of(now)
    await grant_owed_accreditations(now=now)
    await Accreditation.filter(course__code=_TOOL, granted_on=today - timedelta(days=_LEARNT_DAYS_AGO)).update(
        asked_on=today - timedelta(days=_ASKED_DAYS_AGO), nonce=new_nonce(), flagged_on=today - timedelta(days=_FLAGGED_DAYS_AGO)
    )


async def begin_digest(lead_id: int, *, now: datetime) -> None:
    """Let a lead have been told a week ago, so that the worker writes them a digest with something in it."""
    monday = today_of(now) - timedelta(days=7 + today_of(now).weekday())
    await Digest.create(person_id=lead_id, told_until=now - timedelta(days=7), looked_on=monday, weekly_on=monday, nonce=new_nonce())
