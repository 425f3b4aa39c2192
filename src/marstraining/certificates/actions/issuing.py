"""Issuing: to whoever is owed a certificate, by the worker; for part of a session or with a corrected name, by the desk."""

from datetime import datetime

from marstraining.certificates import queries
from marstraining.certificates.actions.steps import last_certificate, take_back, write_certificate
from marstraining.certificates.queries import Owed
from marstraining.certificates.rules import FULL_NOW, RENAMED, check_reason
from marstraining.core.db import hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.people.models import Person


async def issue_owed_certificates(*, now: datetime) -> int:
    """Issue every certificate that is owed, each with a letter; how many. Safe to run twice, and in many workers at once.

    A certificate for part of a session gives way where the register was corrected to the whole of it.
    """
    issued = 0
    for one in await queries.owed():
        issued += await _issue_owed(one.person_id, one.session_id, now=now)
    return issued


async def _issue_owed(person_id: int, session_id: int, *, now: datetime) -> bool:
    async with transaction():
        await hold(Person, person_id)
        owed = await queries.owed_to(person_id, session_id)
        if owed is None:
            return False
        before = await last_certificate(person_id, session_id)
        if before is not None:
            await take_back(before, reason=FULL_NOW, by=SYSTEM, now=now)
        return await write_certificate(owed, replaces=before, by=SYSTEM, now=now)


async def issue_for_part(session_id: int, person_ref: str, *, reason: str, by: Viewer, now: datetime) -> None:
    """Issue a certificate for attending part of a session, which says so; only for a reason, which stays beside it.

    Refused without a reason, and where a valid one stands. NotFound unless they came to some of it on a locked register.
    """
    reason = check_reason(reason)
    found = await rows("SELECT id FROM people_person WHERE ref = ?", person_ref)
    if not found:
        raise NotFound
    async with transaction():
        await hold(Person, found[0]["id"])
        part = await queries.attended_in_part(session_id, person_id=found[0]["id"])
        if not part:
            raise NotFound
        before = await last_certificate(part[0].person_id, session_id)
        if not await write_certificate(part[0], replaces=before, partial_reason=reason, by=by, now=now):
            raise Refused("They have a certificate of this session already.", code="standing")


async def reissue_certificate(certificate_id: int, *, by: Viewer, now: datetime) -> None:
    """Issue a certificate again: one that stands with the name its holder has now, or one that was withdrawn and is still earned.

    Everything else on it is as the register says today. Refused where the name is right already, and where the register
    says no more that it was earned; a withdrawn one for part of a session is issued with its reason instead.
    """
    found = await rows(
        "SELECT v.person_id, v.session_id, v.name, v.is_partial, v.partial_reason, v.withdrawn_at, p.name AS name_now"
        " FROM certificates_certificate v JOIN people_person p ON p.id = v.person_id WHERE v.id = ? AND v.session_id IS NOT NULL",
        certificate_id,
    )
    if not found:
        raise NotFound
    row = found[0]
    async with transaction():
        await hold(Person, row["person_id"])
        stands = await rows("SELECT withdrawn_at FROM certificates_certificate WHERE id = ?", certificate_id)
        is_valid = stands[0]["withdrawn_at"] is None
        if is_valid and row["name"] == row["name_now"]:
            raise Refused("The name on this certificate is right already.", code="same")
        if await last_certificate(row["person_id"], row["session_id"]) != certificate_id:
            raise Refused("There is a later certificate than this one.", code="later")
        if is_valid:
            await take_back(certificate_id, reason=RENAMED, by=by, now=now)
        earned = await _earned(row["person_id"], row["session_id"], is_partial=bool(row["is_partial"]), replaced=certificate_id)
        if earned is None:
            raise Refused("The register says no more that this was earned. Correct the register first.", code="unfounded")
        await write_certificate(earned, replaces=certificate_id, partial_reason=row["partial_reason"], by=by, now=now)


async def _earned(person_id: int, session_id: int, *, is_partial: bool, replaced: int) -> Owed | None:
    """What somebody earned, although the desk has just taken back, or took back once, the certificate that says so."""
    if is_partial:
        part = await queries.attended_in_part(session_id, person_id=person_id)
        return part[0] if part else None
    return await queries.owed_to(person_id, session_id, although=replaced)
