"""Accreditations: one's own, who is owed one, whose completion is gone, which end soon."""

from datetime import date, timedelta
from typing import Any

from marstraining.certificates.rules import CORRECTED, REMINDED_DAYS_BEFORE, Held
from marstraining.core.db import rows
from marstraining.core.values import frozen

# An accreditation that holds on a day and that no later one of the same course carries on; joins record_accreditation a.
IN_FORCE = (
    "a.ended_on IS NULL AND (a.expires_on IS NULL OR a.expires_on >= ?) AND NOT EXISTS (SELECT 1 FROM record_accreditation n"
    " WHERE n.person_id = a.person_id AND n.course_id = a.course_id AND n.ended_on IS NULL AND (n.granted_on > a.granted_on"
    " OR (n.granted_on = a.granted_on AND n.id > a.id)))"
)
# The last day for which any use of it is known.
LAST_USE = "CASE WHEN a.used_on > a.granted_on THEN a.used_on ELSE a.granted_on END"


@frozen
class HeldAccreditation:
    """An accreditation as its holder and the desk read it.

    `answer` is what its holder last said of using it, "yes" or "no", on `answered_on`; `flagged_on` since when it counts as without
    use, and `last_use` the last day for which any is known.
    """

    id: int
    ref: str
    course_code: str
    course_title: str
    counts_as: str
    granted_on: date
    expires_on: date | None
    ended_on: date | None
    ended_reason: str
    answer: str | None
    answered_on: date | None
    flagged_on: date | None
    last_use: date

    def is_current(self, on: date) -> bool:
        return Held(expires_on=self.expires_on, ended_on=self.ended_on).is_current(on)

    def is_without_use(self, on: date) -> bool:
        return self.flagged_on is not None and self.is_current(on)


async def accreditations_of(person_id: int) -> list[HeldAccreditation]:
    """What a person is or was accredited with, the latest granted first."""
    found = await rows(
        "SELECT a.id, a.ref, c.code AS course_code, c.title AS course_title, c.counts_as, a.granted_on, a.expires_on, a.ended_on,"
        f" a.ended_reason, a.answer, a.answered_on, a.flagged_on, {LAST_USE} AS last_use"
        " FROM record_accreditation a JOIN programme_course c ON c.id = a.course_id WHERE a.person_id = ?"
        " ORDER BY a.granted_on DESC, a.id DESC LIMIT 200",
        person_id,
        dates=("granted_on", "expires_on", "ended_on", "answered_on", "flagged_on", "last_use"),
    )
    return [HeldAccreditation(**row) for row in found]


async def owed_accreditations(*, person_id: int | None = None, limit: int = 500) -> list[dict[str, Any]]:
    """Who completed a course that grants an accreditation and was not granted it for that day.

    One that the desk ended is not granted again; one that a corrected register ended is, once the completion is back.
    """
    one = "" if person_id is None else " AND r.person_id = ?"
    return await rows(
        "SELECT r.person_id, r.course_id, r.session_id, r.completed_on, c.accreditation_months FROM record_completion r"
        " JOIN programme_course c ON c.id = r.course_id WHERE c.grants_accreditation AND NOT EXISTS (SELECT 1 FROM record_accreditation a"
        " WHERE a.person_id = r.person_id AND a.course_id = r.course_id AND a.granted_on = r.completed_on"
        f" AND (a.ended_on IS NULL OR a.ended_reason <> ?)){one} ORDER BY r.id LIMIT ?",
        CORRECTED,
        *([] if person_id is None else [person_id]),
        limit,
        dates=("completed_on",),
    )


async def corrected_accreditations(*, limit: int = 500) -> list[dict[str, Any]]:
    """Accreditations of a session whose completion a corrected register took back."""
    return await rows(
        "SELECT a.id, a.person_id, a.session_id FROM record_accreditation a WHERE a.session_id IS NOT NULL AND a.ended_on IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM record_completion r WHERE r.person_id = a.person_id AND r.course_id = a.course_id"
        " AND r.completed_on = a.granted_on) ORDER BY a.id LIMIT ?",
        limit,
    )


@frozen
class EndingAccreditation:
    """An accreditation that ends soon; `address` is the holder's own or that of their setting's contact, "" for none."""

    id: int
    person_id: int
    person_ref: str
    name: str
    address: str
    course_code: str
    course_title: str
    expires_on: date


async def ending_accreditations(*, on: date) -> list[EndingAccreditation]:
    """Accreditations that end within the longest notice and that no later one of the same course carries on, with whom to write to."""
    found = await rows(
        "SELECT a.id, a.person_id, a.expires_on, p.ref AS person_ref, p.name, coalesce(p.email, k.contact_email, '') AS address,"
        " c.code AS course_code, c.title AS course_title FROM record_accreditation a JOIN people_person p ON p.id = a.person_id"
        " JOIN programme_course c ON c.id = a.course_id LEFT JOIN people_agency k ON k.id = p.managed_by_id"
        " WHERE a.ended_on IS NULL AND a.expires_on BETWEEN ? AND ? AND p.state = 'active'"
        " AND NOT EXISTS (SELECT 1 FROM record_accreditation n WHERE n.person_id = a.person_id AND n.course_id = a.course_id"
        " AND n.ended_on IS NULL AND (n.expires_on IS NULL OR n.expires_on > a.expires_on)) ORDER BY a.id",
        on,
        on + timedelta(days=max(REMINDED_DAYS_BEFORE)),
        dates=("expires_on",),
    )
    return [EndingAccreditation(**row) for row in found]
