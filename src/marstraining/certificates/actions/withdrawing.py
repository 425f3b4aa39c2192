"""Withdrawing: what a corrected register no longer says, by the worker; anything else by the desk, with its reason."""

from datetime import datetime

from marstraining.certificates import queries
from marstraining.certificates.actions.steps import take_back, tell_withdrawn
from marstraining.certificates.rules import CORRECTED, check_reason
from marstraining.core.db import hold, rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.history.actions import record
from marstraining.people.models import Person


async def withdraw_unfounded_certificates(*, now: datetime) -> int:
    """Withdraw every certificate that has no completion any more, by letter; how many. Safe to run twice, and in many workers at once."""
    withdrawn = 0
    for one in await queries.unfounded():
        async with transaction():
            await hold(Person, one.person_id)
            if await queries.unfounded(certificate_id=one.id):
                await _withdraw(one.id, one.person_id, reason=CORRECTED, by=SYSTEM, now=now)
                withdrawn += 1
    return withdrawn


async def withdraw_certificate(certificate_id: int, *, reason: str, by: Viewer, now: datetime) -> bool:
    """Withdraw a certificate at the desk. False where it was withdrawn already; refused without a reason.

    Nothing issues it again by itself; the desk can. Whoever verifies its code is told that it was withdrawn.
    """
    reason = check_reason(reason)
    found = await rows("SELECT person_id FROM certificates_certificate WHERE id = ?", certificate_id)
    if not found:
        raise NotFound
    async with transaction():
        await hold(Person, found[0]["person_id"])
        return await _withdraw(certificate_id, found[0]["person_id"], reason=reason, by=by, now=now)


async def _withdraw(certificate_id: int, person_id: int, *, reason: str, by: Viewer, now: datetime) -> bool:
    if not await take_back(certificate_id, reason=reason, by=by, now=now):
        return False
    await tell_withdrawn(certificate_id, reason=reason, now=now)
    detail = {"certificate": certificate_id}
    await record("withdraw_certificate", by=by, now=now, subject_kind="person", subject_id=person_id, detail=detail)
    return True
