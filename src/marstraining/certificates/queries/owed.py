"""Who is owed a certificate and has none, and which certificates have nothing to stand on any more."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from marstraining.certificates.rules import Facts
from marstraining.core import config
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.programme.rules import DELIVERY_LABELS, Delivery

# A certificate that somebody at the desk withdrew, and none came in its place: no job issues it again.
_TAKEN_BACK = (
    "EXISTS (SELECT 1 FROM certificates_certificate w WHERE w.session_id = s.id AND w.person_id = p.id AND w.withdrawn_by_id IS NOT NULL"
    " AND w.id <> ? AND NOT EXISTS (SELECT 1 FROM certificates_certificate n WHERE n.replaces_id = w.id))"
)
_HAS_ONE = (
    "EXISTS (SELECT 1 FROM certificates_certificate v WHERE v.session_id = s.id AND v.person_id = p.id AND v.withdrawn_at IS NULL"
    " AND v.is_partial = ?)"
)
# Values: False (a certificate for the whole), and one that does not count as taken back.
_IS_OWED = (
    "r.session_id IS NOT NULL AND g.locked_at IS NOT NULL AND NOT s.is_headcount_only AND s.state = 'published'"
    f" AND p.state IN ('active', 'left') AND NOT {_HAS_ONE} AND NOT {_TAKEN_BACK}"
)
_FROM_COMPLETIONS = (
    " FROM record_completion r JOIN programme_session s ON s.id = r.session_id JOIN programme_course c ON c.id = r.course_id"
    " JOIN attendance_register g ON g.session_id = s.id JOIN people_person p ON p.id = r.person_id"
)
# The agency that somebody attended for: that of their mark, which is theirs at the time.
_PRINTED = (
    "SELECT p.id AS person_id, p.ref AS person_ref, p.name, p.email, p.state AS person_state, s.id AS session_id, s.ref AS session_ref,"
    " c.id AS course_id, c.code AS course_code,"
    " CASE WHEN s.title = '' THEN c.title ELSE s.title END AS course_title, c.level, c.outcomes, c.meets_annex_c, s.delivery,"
    " coalesce((SELECT b.mode FROM bookings_booking b WHERE b.session_id = s.id AND b.learner_id = p.id AND b.state = 'confirmed'"
    " ORDER BY b.id DESC LIMIT 1), '') AS mode,"
    " coalesce((SELECT a.name FROM attendance_mark m JOIN people_agency a ON a.id = m.agency_id WHERE m.session_id = s.id"
    " AND m.person_id = p.id AND m.superseded_at IS NULL ORDER BY m.id DESC LIMIT 1), '') AS organisation,"
    " CASE WHEN p.state = 'active' THEN coalesce((SELECT k.contact_email FROM people_agency k WHERE k.id = p.managed_by_id), '')"
    " ELSE '' END AS contact_email,"
)
_LEARNERS = "('learner', 'walk_in', 'substitute')"


@frozen
class Owed:
    """Somebody who is owed a certificate, with everything that will be printed on it. `address` "" is no address to write to."""

    person_id: int
    person_ref: str
    address: str
    session_id: int
    session_ref: str
    course_id: int
    facts: Facts


async def owed(*, limit: int = 200) -> list[Owed]:
    """Who completed a session's course by full attendance on a locked register and has no certificate of it, the longest owed first.

    Nobody of a session that is counted by number, and nobody whose certificate the desk withdrew.
    """
    found = await rows(
        f"{_PRINTED} r.completed_on, r.minutes{_FROM_COMPLETIONS} WHERE {_IS_OWED} ORDER BY r.id LIMIT ?",
        False,
        0,
        limit,
        dates=("completed_on",),
        flags=("meets_annex_c",),
    )
    return await _as_owed(found)


async def owed_to(person_id: int, session_id: int, *, although: int = 0) -> Owed | None:
    """The same of one person and session, looked at again under a hold; `although` the desk took that certificate back."""
    found = await rows(
        f"{_PRINTED} r.completed_on, r.minutes{_FROM_COMPLETIONS} WHERE {_IS_OWED} AND p.id = ? AND s.id = ? ORDER BY r.id LIMIT 1",
        False,
        although,
        person_id,
        session_id,
        dates=("completed_on",),
        flags=("meets_annex_c",),
    )
    return (await _as_owed(found))[0] if found else None


async def owed_in(session_id: int) -> list[Owed]:
    """Who of one session is owed a certificate that the worker has not issued yet, by name."""
    found = await rows(
        f"{_PRINTED} r.completed_on, r.minutes{_FROM_COMPLETIONS} WHERE {_IS_OWED} AND s.id = ? ORDER BY lower(p.name), p.id",
        False,
        0,
        session_id,
        dates=("completed_on",),
        flags=("meets_annex_c",),
    )
    return await _as_owed(found)


async def attended_in_part(session_id: int, *, person_id: int | None = None) -> list[Owed]:
    """Who came to some of a session on a locked register and is owed nothing: the desk may issue for a reason, by name in order.

    The minutes are those of their marks where all are known. With `person_id` that person alone, whether or not a
    certificate stands.
    """
    one = "" if person_id is None else " AND p.id = ?"
    none_stands = (
        " AND NOT EXISTS (SELECT 1 FROM certificates_certificate v WHERE v.session_id = s.id AND v.person_id = p.id"
        " AND v.withdrawn_at IS NULL)"
    )
    found = await rows(
        f"{_PRINTED} (SELECT max(d.day) FROM programme_day d WHERE d.session_id = s.id AND d.is_cancelled = ?) AS completed_on,"
        " (SELECT CASE WHEN count(*) = count(m.minutes) THEN sum(m.minutes) END FROM attendance_mark m WHERE m.session_id = s.id"
        " AND m.person_id = p.id AND m.superseded_at IS NULL AND m.mark IN ('attended', 'partial')) AS minutes"
        " FROM programme_session s JOIN programme_course c ON c.id = s.course_id JOIN attendance_register g ON g.session_id = s.id"
        " JOIN people_person p ON EXISTS (SELECT 1 FROM attendance_mark m WHERE m.session_id = s.id AND m.person_id = p.id"
        f" AND m.superseded_at IS NULL AND m.mark IN ('attended', 'partial') AND m.taken_as IN {_LEARNERS})"
        " WHERE s.id = ? AND g.locked_at IS NOT NULL AND NOT s.is_headcount_only AND NOT EXISTS (SELECT 1 FROM record_completion r"
        f" WHERE r.session_id = s.id AND r.person_id = p.id){one or none_stands} ORDER BY lower(p.name), p.id",
        False,
        session_id,
        *([] if person_id is None else [person_id]),
        dates=("completed_on",),
        flags=("meets_annex_c",),
    )
    return await _as_owed(found, is_partial=True)


@frozen
class Unfounded:
    """A valid certificate whose attendance a corrected register no longer says."""

    id: int
    person_id: int
    session_id: int


_UNFOUNDED = (
    "SELECT v.id, v.person_id, v.session_id FROM certificates_certificate v WHERE v.session_id IS NOT NULL AND v.withdrawn_at IS NULL"
    " AND CASE WHEN v.is_partial THEN NOT EXISTS (SELECT 1 FROM attendance_mark m WHERE m.session_id = v.session_id"
    " AND m.person_id = v.person_id AND m.superseded_at IS NULL AND m.mark IN ('attended', 'partial')"
    f" AND m.taken_as IN {_LEARNERS})"
    " ELSE NOT EXISTS (SELECT 1 FROM record_completion r WHERE r.person_id = v.person_id AND (r.session_id = v.session_id"
    " OR (r.course_id = v.course_id AND r.completed_on = v.completed_on))) END"
)


async def unfounded(*, certificate_id: int | None = None, limit: int = 200) -> list[Unfounded]:
    """Which valid certificates have no completion any more, and which for part of a session have no mark any more."""
    one = "" if certificate_id is None else " AND v.id = ?"
    found = await rows(f"{_UNFOUNDED}{one} ORDER BY v.id LIMIT ?", *([] if certificate_id is None else [certificate_id]), limit)
    return [Unfounded(**row) for row in found]


async def _as_owed(found: Sequence[dict[str, Any]], *, is_partial: bool = False) -> list[Owed]:
    trainers = await _trainers(sorted({row["session_id"] for row in found}))
    return [_one(row, trainers.get(row["session_id"], ()), is_partial=is_partial) for row in found]


def _one(row: dict[str, Any], trainers: tuple[str, ...], *, is_partial: bool) -> Owed:
    completed_on = row["completed_on"]
    return Owed(
        person_id=row["person_id"],
        person_ref=row["person_ref"],
        # Letters to leavers stop (booking.md, People), the certificate stays on their record.
        address=(row["email"] or row["contact_email"]) if row["person_state"] == "active" else "",
        session_id=row["session_id"],
        session_ref=row["session_ref"],
        course_id=row["course_id"],
        facts=Facts(
            name=row["name"],
            course_code=row["course_code"],
            course_title=row["course_title"],
            level=row["level"],
            mode=_mode(row["delivery"], row["mode"]),
            minutes=None if row["minutes"] is None else int(row["minutes"]),
            outcomes=tuple(json.loads(row["outcomes"])),
            delivered_by=trainers,
            organisation=row["organisation"],
            meets_annex_c=row["meets_annex_c"],
            completed_on=completed_on if isinstance(completed_on, date) else date.fromisoformat(completed_on),
            issued_by=config.current().partnership.name,
            is_partial=is_partial,
        ),
    )


def _mode(delivery: str, mode: str) -> str:
    if delivery == Delivery.HYBRID and mode in {"room", "online"}:
        return DELIVERY_LABELS[Delivery.IN_PERSON if mode == "room" else Delivery.ONLINE]
    return DELIVERY_LABELS[Delivery(delivery)]


async def _trainers(session_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Who trained each session, by name; who only spoke is left out."""
    if not session_ids:
        return {}
    marks = ", ".join("?" * len(session_ids))
    found = await rows(
        "SELECT t.session_id, p.name FROM programme_trainer t JOIN people_person p ON p.id = t.person_id"
        f" WHERE t.state = 'accepted' AND NOT t.is_contributor AND t.session_id IN ({marks}) ORDER BY t.session_id, lower(p.name)",
        *session_ids,
    )
    named: dict[int, tuple[str, ...]] = {}
    for row in found:
        named[row["session_id"]] = (*named.get(row["session_id"], ()), row["name"])
    return named
