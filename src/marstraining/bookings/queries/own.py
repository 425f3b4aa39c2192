"""A learner's own bookings: one by its reference, and all of them for the page and the feed."""

from datetime import datetime
from typing import Any

from marstraining.bookings.rules import Mode
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.programme.place import place_of
from marstraining.programme.rules import Delivery, SessionState

_INSTANTS = ("starts_at", "ends_at", "offer_expires_at", "joined_at", "standby_asked_at", "standby_answered_at", "created_at", "answer_by")
_COLUMNS = (
    "b.id, b.ref, b.session_id, b.learner_id, b.agency_id, b.state, b.mode, b.standby, b.priority, b.joined_at, b.offer_expires_at,"
    " b.answer_by, b.standby_asked_at, b.standby_answered_at,"
    " b.nonce, b.check_in_code, b.is_coming, b.kept_after_postponing, b.created_at, b.version,"
    " p.name AS learner_name, coalesce(a.name, '') AS agency_name, s.ref AS session_ref, s.state AS session_state, s.starts_at, s.ends_at,"
    " CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, c.title AS course_title, c.code AS course_code, c.kind, s.delivery,"
    " s.joining_link, s.joining_note, s.has_catering, coalesce(v.name, '') AS venue,"
    " coalesce(v.address, '') AS address, coalesce(v.postcode, '') AS postcode"
)
_FROM = (
    " FROM bookings_booking b JOIN people_person p ON p.id = b.learner_id LEFT JOIN people_agency a ON a.id = b.agency_id"
    " JOIN programme_session s ON s.id = b.session_id JOIN programme_course c ON c.id = s.course_id"
    " LEFT JOIN programme_venue v ON v.id = s.venue_id"
)


@frozen
class OwnBooking:
    """A booking with its session, in columns."""

    id: int
    ref: str
    session_id: int
    learner_id: int
    agency_id: int | None
    state: str
    mode: str
    standby: str
    priority: int
    joined_at: datetime
    offer_expires_at: datetime | None
    answer_by: datetime | None
    standby_asked_at: datetime | None
    standby_answered_at: datetime | None
    nonce: str
    check_in_code: str
    is_coming: bool | None
    kept_after_postponing: bool | None
    created_at: datetime
    version: int
    learner_name: str
    agency_name: str
    session_ref: str
    session_state: str
    starts_at: datetime
    ends_at: datetime
    title: str
    course_title: str
    course_code: str
    kind: str
    delivery: str
    joining_link: str
    joining_note: str
    has_catering: bool
    venue: str
    address: str
    postcode: str

    @property
    def place(self) -> str:
        """Where one goes for it, in words: to the room or online, where both can be and it was chosen."""
        if self.mode == Mode.ONLINE:
            return "Online"
        return place_of(Delivery.IN_PERSON if self.mode == Mode.ROOM else self.delivery, self.venue)

    @property
    def goes_to_a_venue(self) -> bool:
        """Whether there is an address to find."""
        return self.delivery != Delivery.ONLINE and self.mode != Mode.ONLINE

    @property
    def begins_at(self) -> datetime | None:
        """When the session starts; None while it is postponed, since the old date that is stored is none any more."""
        return None if self.session_state == SessionState.POSTPONED else self.starts_at


def _booking(row: dict[str, Any]) -> OwnBooking:
    coming, kept = row["is_coming"], row["kept_after_postponing"]
    return OwnBooking(
        **{
            **row,
            "is_coming": None if coming is None else bool(coming),
            "kept_after_postponing": None if kept is None else bool(kept),
            "has_catering": bool(row["has_catering"]),
        }
    )


async def booking_by_id(booking_id: int) -> OwnBooking | None:
    """One booking for a verb, whoever it belongs to."""
    found = await rows(f"SELECT {_COLUMNS}{_FROM} WHERE b.id = ?", booking_id, instants=_INSTANTS)
    return _booking(found[0]) if found else None


async def booking_by_ref(ref: str) -> OwnBooking | None:
    """One booking for a page whose address proves itself by a token; no scoping here."""
    found = await rows(f"SELECT {_COLUMNS}{_FROM} WHERE b.ref = ?", ref, instants=_INSTANTS)
    return _booking(found[0]) if found else None


async def visible_booking(ref: str, *, viewer: Viewer) -> OwnBooking | None:
    """The booking of that reference if the viewer may know of it: their own, or any for the desk."""
    where, values = visible_to(viewer)
    found = await rows(f"SELECT {_COLUMNS}{_FROM} WHERE b.ref = ? AND {where}", ref, *values, instants=_INSTANTS)
    return _booking(found[0]) if found else None


def visible_to(viewer: Viewer) -> tuple[str, tuple[object, ...]]:
    """The condition on `b` that keeps a query to the bookings a viewer may know of, with its values: deny by default."""
    if viewer.is_desk:
        return "1 = 1", ()
    if viewer.person_id is None:
        return "1 = 0", ()
    return "b.learner_id = ?", (viewer.person_id,)


@frozen
class ListedBooking:
    """A booking as a list of one's own shows it."""

    id: int
    ref: str
    state: str
    session_state: str
    starts_at: datetime
    ends_at: datetime
    offer_expires_at: datetime | None
    title: str
    delivery: str
    venue: str

    @property
    def place(self) -> str:
        """Where one goes for it, in words."""
        return place_of(self.delivery, self.venue)


async def own_bookings(person_id: int, *, limit: int = 200) -> list[ListedBooking]:
    """All bookings of a person that were not withdrawn long ago, the latest session first, in one statement."""
    found = await rows(
        "SELECT b.id, b.ref, b.state, s.state AS session_state, s.starts_at, s.ends_at, b.offer_expires_at,"
        " CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title, s.delivery, coalesce(v.name, '') AS venue"
        " FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id JOIN programme_course c ON c.id = s.course_id"
        " LEFT JOIN programme_venue v ON v.id = s.venue_id WHERE b.learner_id = ? ORDER BY s.starts_at DESC, b.id DESC LIMIT ?",
        person_id,
        limit,
        instants=("starts_at", "ends_at", "offer_expires_at"),
    )
    return [ListedBooking(**row) for row in found]


async def positions_in_lines(person_id: int) -> dict[int, int]:
    """For each waiting booking of a person the place in line, 1 is next, in one statement."""
    found = await rows(
        "SELECT me.id, (SELECT count(*) FROM bookings_booking b WHERE b.session_id = me.session_id AND b.state = 'waiting'"
        " AND (b.priority > me.priority OR (b.priority = me.priority AND (b.joined_at < me.joined_at"
        " OR (b.joined_at = me.joined_at AND b.id <= me.id))))) AS place"
        " FROM bookings_booking me WHERE me.learner_id = ? AND me.state = 'waiting'",
        person_id,
    )
    return {row["id"]: int(row["place"]) for row in found}


@frozen
class NeedsRow:
    """What a learner said they need, and how far the desk has come with it."""

    access: str
    dietary: str
    arrangement: str


async def needs_of(booking_id: int) -> NeedsRow | None:
    """The needs of a booking; who may read them is for the caller to know."""
    found = await rows("SELECT access, dietary, arrangement FROM bookings_needs WHERE booking_id = ?", booking_id)
    return NeedsRow(**found[0]) if found else None


async def kept_needs(person_id: int) -> NeedsRow | None:
    """What somebody chose to keep for next time, if anything."""
    found = await rows(
        "SELECT coalesce(kept_access_needs, '') AS access, coalesce(kept_dietary_needs, '') AS dietary, 'none' AS arrangement"
        " FROM people_person WHERE id = ? AND (coalesce(kept_access_needs, '') <> '' OR coalesce(kept_dietary_needs, '') <> '')",
        person_id,
    )
    return NeedsRow(**found[0]) if found else None


async def was_postponed(booking_id: int) -> bool:
    """Whether a booking's place was confirmed before the new date of a postponed session was set, so that its learner is asked to keep it.

    Who booked, or took an offered place, when the new date stood knew it, and is not asked.
    """
    found = await rows(
        "SELECT 1 AS one FROM bookings_booking b WHERE b.id = ? AND coalesce((SELECT max(t.at) FROM bookings_transition t"
        " WHERE t.booking_id = b.id AND t.to_state = 'confirmed'), b.created_at) <= (SELECT min(m.at) FROM history_entry m"
        " WHERE m.subject_kind = 'session' AND m.subject_id = b.session_id AND m.action = 'move_session' AND m.at >= (SELECT max(p.at)"
        " FROM history_entry p WHERE p.subject_kind = 'session' AND p.subject_id = b.session_id AND p.action = 'postpone_session'))",
        booking_id,
    )
    return bool(found)
