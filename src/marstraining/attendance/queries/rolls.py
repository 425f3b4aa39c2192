"""The register as a page shows it: which session, for whom, everybody on it, and how one person's marks came about."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from marstraining.attendance.rules import TakenAs
from marstraining.core.db import like_pattern, rows
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.people.queries import organisations_of
from marstraining.programme.queries import run_by

_SEEN = (
    "SELECT s.id, s.ref, s.course_id, CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, s.state, s.delivery, s.starts_at,"
    " s.ends_at, s.is_headcount_only, c.last_admission_minutes, c.code AS course_code, coalesce(v.name, '') AS venue,"
    " (SELECT count(*) FROM bookings_needs n JOIN bookings_booking b ON b.id = n.booking_id WHERE b.session_id = s.id"
    " AND b.state = 'confirmed' AND (n.access <> '' OR n.dietary <> '')) AS needs"
    " FROM programme_session s JOIN programme_course c ON c.id = s.course_id LEFT JOIN programme_venue v ON v.id = s.venue_id"
)
_TRAINS = (
    "EXISTS (SELECT 1 FROM programme_trainer t WHERE t.session_id = s.id AND t.person_id = ? AND t.state = 'accepted'"
    " AND NOT t.is_contributor)"
)
_EVERYBODY = (
    "SELECT learner_id FROM bookings_booking WHERE session_id = ? AND state = 'confirmed' UNION SELECT person_id FROM programme_trainer"
    " WHERE session_id = ? AND state = 'accepted' AND NOT is_contributor UNION SELECT person_id FROM attendance_mark"
    " WHERE session_id = ? AND superseded_at IS NULL"
)


@frozen
class TakenSession:
    """A session whose register somebody takes; `needs` is how many learners told us of any."""

    id: int
    ref: str
    course_id: int
    course_code: str
    title: str
    state: str
    delivery: str
    venue: str
    starts_at: datetime
    ends_at: datetime
    is_headcount_only: bool
    last_admission_minutes: int | None
    needs: int


@frozen
class RollLine:
    """Somebody on a register: with a place, as a trainer, or marked before; `taken_as` says in which capacity until it is changed."""

    id: int
    ref: str
    name: str
    agency: str
    job_role: str
    mode: str
    booking_ref: str
    taken_as: TakenAs


@frozen
class MarkMade:
    """One mark of one person as it was made; `is_standing` where none has superseded it."""

    training_day_id: int | None
    mark: str
    minutes: int | None
    evidence: str
    reason: str
    arrived: str
    left: str
    taken_as: str
    at: datetime
    by: str
    is_standing: bool


async def taken_session(ref: str, viewer: Viewer, *, as_desk: bool) -> TakenSession:
    """The session if the viewer takes its register: `as_desk` because they run it, else because they accepted to train it.

    NotFound for anybody else, contributors too, and for a draft.
    """
    scope = run_by(viewer)
    condition, values = (f"({scope.sql})", scope.params) if as_desk else (_TRAINS, (viewer.person_id,))
    found = await rows(
        f"{_SEEN} WHERE s.ref = ? AND s.state <> 'draft' AND {condition}",
        ref,
        *values,
        instants=("starts_at", "ends_at"),
        flags=("is_headcount_only",),
    )
    if not found:
        raise NotFound
    return TakenSession(**found[0])


async def roll(session_id: int) -> list[RollLine]:
    """Everybody on the register by name, in one statement: who has a place, who trains, and who was marked before."""
    found = await rows(
        "SELECT p.id, p.ref, p.name, coalesce(b.job_role, '') AS job_role, coalesce(b.mode, '') AS mode,"
        " coalesce(b.ref, '') AS booking_ref, coalesce(a.name, '') AS agency, m.taken_as, t.id AS trains FROM people_person p"
        " LEFT JOIN bookings_booking b ON b.learner_id = p.id AND b.session_id = ? AND b.state = 'confirmed'"
        " LEFT JOIN programme_trainer t ON t.person_id = p.id AND t.session_id = ? AND t.state = 'accepted' AND NOT t.is_contributor"
        " LEFT JOIN attendance_mark m ON m.id = (SELECT max(k.id) FROM attendance_mark k WHERE k.person_id = p.id AND k.session_id = ?"
        " AND k.superseded_at IS NULL) LEFT JOIN people_agency a ON a.id = coalesce(m.agency_id, b.agency_id, t.agency_id)"
        f" WHERE p.id IN ({_EVERYBODY}) ORDER BY lower(p.name), p.id",
        *[session_id] * 6,
    )
    return [
        RollLine(
            **{name: row[name] for name in ("id", "ref", "name", "agency", "job_role", "mode", "booking_ref")},
            taken_as=_capacity(row),
        )
        for row in found
    ]


def _capacity(row: dict[str, Any]) -> TakenAs:
    if row["taken_as"]:
        return TakenAs(row["taken_as"])
    return TakenAs.TRAINER if row["trains"] and not row["booking_ref"] else TakenAs.LEARNER


async def marks_made(session_id: int, person_id: int) -> list[MarkMade]:
    """Every mark of one person in a session, the latest first, with who made it."""
    found = await rows(
        'SELECT m.training_day_id, m.mark, m.minutes, m.evidence, m.reason, m.arrived, m."left", m.taken_as, m.at,'
        " coalesce(p.name, '') AS by_name, CASE WHEN m.superseded_at IS NULL THEN 1 ELSE 0 END AS is_standing"
        " FROM attendance_mark m LEFT JOIN people_person p ON p.id = m.by_id WHERE m.session_id = ? AND m.person_id = ?"
        " ORDER BY m.id DESC",
        session_id,
        person_id,
        instants=("at",),
        flags=("is_standing",),
    )
    return [MarkMade(**{name: value for name, value in row.items() if name != "by_name"}, by=row["by_name"]) for row in found]


@frozen
class KnownPerson:
    """What somebody at the door may learn of a person that the service knows: the name and the organisations."""

    id: int
    ref: str
    name: str
    agency: str


_KNOWN = (
    "SELECT p.id, p.ref, p.name, coalesce(m.name, '') AS managed_by FROM people_person p"
    " LEFT JOIN people_agency m ON m.id = p.managed_by_id WHERE p.state = 'active' AND "
)
_FEWEST_LETTERS = 3
_MOST_FOUND = 10


async def found_here(words: str, *, on: date) -> list[KnownPerson]:
    """Active people with this whole address, or whose name holds every word; nobody for fewer than three letters."""
    said = words.split()[:5]
    if sum(len(word) for word in said) < _FEWEST_LETTERS:
        return []
    if "@" in words:
        where, values = "(p.email = ? OR p.second_email = ?)", [words.casefold()] * 2
    else:
        where, values = " AND ".join([r"lower(p.name) LIKE ? ESCAPE '\'"] * len(said)), [like_pattern(word) for word in said]
    found = await rows(f"{_KNOWN}{where} ORDER BY lower(p.name), p.id LIMIT ?", *values, _MOST_FOUND)
    return await _with_organisations(found, on=on)


async def known_person(ref: str, *, on: date) -> KnownPerson:
    """The active person of a reference; NotFound for anybody else."""
    found = await rows(f"{_KNOWN}p.ref = ?", ref)
    if not found:
        raise NotFound
    return (await _with_organisations(found, on=on))[0]


async def _with_organisations(found: Sequence[Mapping[str, Any]], *, on: date) -> list[KnownPerson]:
    """Whoever has posts at several organisations is known at all of them."""
    posts = await organisations_of([row["id"] for row in found], on=on)
    return [KnownPerson(row["id"], row["ref"], row["name"], posts.get(row["id"]) or row["managed_by"]) for row in found]
