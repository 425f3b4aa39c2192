"""Steps that several verbs of certificates take, each inside its caller's transaction."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from marstraining.certificates.queries import Owed
from marstraining.certificates.rules import CODE_LENGTH
from marstraining.core.db import execute, rows
from marstraining.core.tokens import ALPHABET, new_nonce, new_ref
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient

_INSERT = (
    "INSERT INTO certificates_certificate (ref, code, person_id, course_id, session_id, name, completed_on, facts, is_partial,"
    " partial_reason, issued_at, issued_by_id, withdrawn_reason, replaces_id, nonce) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)"
    " ON CONFLICT DO NOTHING RETURNING id, ref"
)


def _new_code() -> str:
    """80 random bits in Crockford's base32 (security.md 6 asks for 64)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


async def write_certificate(owed: Owed, *, replaces: int | None, partial_reason: str = "", by: Viewer, now: datetime) -> bool:
    """One certificate with its letter and its line of history; False, and nothing written, where a valid one stands already."""
    facts = owed.facts
    made = await rows(
        _INSERT,
        new_ref(), _new_code(), owed.person_id, owed.course_id, owed.session_id, facts.name, facts.completed_on,
        json.dumps(facts.as_json()), facts.is_partial, partial_reason, now, by.person_id, replaces, new_nonce(),
    )  # fmt: skip
    if not made:
        return False
    certificate_id, ref = made[0]["id"], made[0]["ref"]
    if owed.address:
        context = {
            "name": facts.name,
            "title": facts.course_title,
            "date": _day_words(facts.completed_on.isoformat()),
            "hours": facts.hours,
            "ref": ref,
            "is_partial": facts.is_partial,
            "is_again": replaces is not None,
        }
        await queue_letter(_letter("certificate", certificate_id, owed, context), now=now)
    detail = {"certificate": certificate_id, "session": owed.session_id, "partial": facts.is_partial}
    action = "issue_certificate" if replaces is None else "reissue_certificate"
    await record(action, by=by, now=now, subject_kind="person", subject_id=owed.person_id, detail=detail)
    return True


def _letter(template: str, certificate_id: int, owed: Owed, context: Mapping[str, object]) -> Letter:
    return Letter(
        key=f"{template}-{certificate_id}",
        template=template,
        to=Recipient(address=owed.address, name=owed.facts.name, person_id=owed.person_id),
        priority=Priority.CONFIRMATION,
        context=context,
    )


async def last_certificate(person_id: int, session_id: int) -> int | None:
    """The latest certificate of a person and session, valid or not."""
    found = await rows(
        "SELECT id FROM certificates_certificate WHERE person_id = ? AND session_id = ? ORDER BY id DESC LIMIT 1", person_id, session_id
    )
    return found[0]["id"] if found else None


async def take_back(certificate_id: int, *, reason: str, by: Viewer, now: datetime) -> bool:
    """Mark a certificate as withdrawn; False where it was so already."""
    touched = await execute(
        "UPDATE certificates_certificate SET withdrawn_at = ?, withdrawn_reason = ?, withdrawn_by_id = ? WHERE id = ?"
        " AND withdrawn_at IS NULL",
        now,
        reason,
        by.person_id,
        certificate_id,
    )
    return touched == 1


async def tell_withdrawn(certificate_id: int, *, reason: str, now: datetime) -> None:
    """Write to its holder, who may have shown it to others; nothing where no address is known or they have left."""
    found = await rows(
        "SELECT v.name, v.facts, p.id AS person_id, p.name AS name_now, coalesce(p.email, k.contact_email, '') AS address"
        " FROM certificates_certificate v JOIN people_person p ON p.id = v.person_id LEFT JOIN people_agency k ON k.id = p.managed_by_id"
        " WHERE v.id = ? AND p.state = 'active'",
        certificate_id,
    )
    if not found or not found[0]["address"]:
        return
    row, facts = found[0], json.loads(found[0]["facts"])
    letter = Letter(
        key=f"certificate_withdrawn-{certificate_id}",
        template="certificate_withdrawn",
        to=Recipient(address=row["address"], name=row["name_now"], person_id=row["person_id"]),
        priority=Priority.CHANGE,
        context={
            "name": row["name_now"],
            "title": facts["course_title"],
            "date": _day_words(facts["completed_on"]),
            "reason": reason,
        },
    )
    await queue_letter(letter, now=now)


def _day_words(iso: str) -> str:
    day = datetime.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"
