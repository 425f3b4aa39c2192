"""Certificates that were issued: one's own, those of a session, one by its reference or code."""

import json
from datetime import date, datetime
from typing import Any

from marstraining.certificates.rules import Facts, Held, Standing, first_name, standing_of, time_words
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.people.queries.scope import ALL, visible_people


@frozen
class Issued:
    """A certificate as it was issued and how it stands; `name_now` is what its holder is called today."""

    id: int
    ref: str
    code: str
    nonce: str
    person_id: int
    person_ref: str
    name_now: str
    session_id: int | None
    session_ref: str
    facts: Facts
    partial_reason: str
    issued_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str
    replaced_by: str
    course_minutes: int | None

    @property
    def is_valid(self) -> bool:
        return self.withdrawn_at is None

    @property
    def time(self) -> str:
        """How long it took, as every list tells it; the certificate itself says only what was recorded."""
        return time_words(self.facts.minutes, None if self.facts.is_partial else self.course_minutes)

    @property
    def is_name_out_of_date(self) -> bool:
        return self.name_now != self.facts.name


_SELECT = (
    "SELECT v.id, v.ref, v.code, v.nonce, v.person_id, p.ref AS person_ref, p.name AS name_now, v.session_id,"
    " coalesce(s.ref, '') AS session_ref, v.facts, v.partial_reason, v.issued_at, v.withdrawn_at, v.withdrawn_reason,"
    " coalesce((SELECT n.ref FROM certificates_certificate n WHERE n.replaces_id = v.id AND n.withdrawn_at IS NULL ORDER BY n.id DESC"
    " LIMIT 1), '') AS replaced_by, c.duration_minutes AS course_minutes FROM certificates_certificate v"
    " JOIN people_person p ON p.id = v.person_id JOIN programme_course c ON c.id = v.course_id"
    " LEFT JOIN programme_session s ON s.id = v.session_id"
)
_INSTANTS = ("issued_at", "withdrawn_at")


async def certificate_by_ref(ref: str, *, viewer: Viewer | None, on: date) -> Issued | None:
    """The certificate of a reference, if the viewer may see it on that day: its holder, their agency's lead, the desk (security.md 4).

    None as viewer is a link that proves itself.
    """
    scope = ALL if viewer is None else visible_people(viewer, on=on, alias="p")
    found = await rows(f"{_SELECT} WHERE v.ref = ? AND ({scope.sql})", ref, *scope.values, instants=_INSTANTS)
    return _issued(found[0]) if found else None


async def certificates_of(person_id: int) -> list[Issued]:
    """A person's certificates, the latest completed first; withdrawn ones too, but not those that another replaced."""
    found = await rows(
        f"{_SELECT} WHERE v.person_id = ? AND NOT EXISTS (SELECT 1 FROM certificates_certificate n WHERE n.replaces_id = v.id)"
        " ORDER BY v.completed_on DESC, v.id DESC LIMIT 500",
        person_id,
        instants=_INSTANTS,
    )
    return [_issued(row) for row in found]


async def certificates_of_session(session_id: int) -> list[Issued]:
    """Every certificate ever issued for a session, by name, the latest of each person first."""
    found = await rows(f"{_SELECT} WHERE v.session_id = ? ORDER BY lower(p.name), v.person_id, v.id DESC", session_id, instants=_INSTANTS)
    return [_issued(row) for row in found]


@frozen
class Verified:
    """All that anybody learns by a code: how the certificate stands, the course, the date and a first name."""

    standing: Standing
    course_title: str
    completed_on: date
    first_name: str
    is_partial: bool


async def verified(code: str, *, on: date) -> Verified | None:
    """What the code of a certificate tells on that day; None for a code of no certificate. `code` as `rules.read_code` gives it."""
    found = await rows(
        "SELECT v.facts, v.withdrawn_at, c.grants_accreditation, a.id AS held, a.expires_on, a.ended_on FROM certificates_certificate v"
        " JOIN programme_course c ON c.id = v.course_id LEFT JOIN record_accreditation a ON a.person_id = v.person_id"
        " AND a.course_id = v.course_id AND c.grants_accreditation WHERE v.code = ?",
        code,
        instants=("withdrawn_at",),
        dates=("expires_on", "ended_on"),
    )
    if not found:
        return None
    facts = Facts.from_json(json.loads(found[0]["facts"]))
    held = [Held(expires_on=row["expires_on"], ended_on=row["ended_on"]) for row in found if row["held"] is not None]
    return Verified(
        standing=standing_of(is_withdrawn=found[0]["withdrawn_at"] is not None, held=[] if facts.is_partial else held, on=on),
        course_title=facts.course_title,
        completed_on=facts.completed_on,
        first_name=first_name(facts.name),
        is_partial=facts.is_partial,
    )


def _issued(row: dict[str, Any]) -> Issued:
    return Issued(**row | {"facts": Facts.from_json(json.loads(row["facts"]))})
