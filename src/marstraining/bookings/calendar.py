"""A person's own training as calendar entries: what they booked, what they are offered, what they train."""

from datetime import datetime, timedelta
from typing import Any

from marstraining.bookings.letters import DISCREET_TITLE, moment
from marstraining.core import config
from marstraining.core.db import rows
from marstraining.core.icalendar_writer import Entry

_TITLE = "CASE WHEN s.title = '' THEN c.title ELSE s.title END"
_DAY = (
    f"d.uid, d.starts_at, d.ends_at, d.sequence, d.changed_at, d.is_cancelled, s.ref AS session_ref,"
    f" s.state AS session_state, {_TITLE} AS title,"
    " s.delivery, coalesce(v.name, '') AS venue, coalesce(v.address, '') AS venue_address, p.has_discreet_titles"
)
_INSTANTS = ("starts_at", "ends_at", "changed_at")
# A called-off booking stands in calendars only where it stood there before: who waited had no entry to take out.
_HAD_ENTRY = (
    "(b.state <> 'called_off' OR EXISTS (SELECT 1 FROM bookings_transition t WHERE t.booking_id = b.id AND t.to_state = 'called_off'"
    " AND t.from_state IN ('confirmed', 'offered')))"
)
_PAST_SHOWN = timedelta(days=180)
_MOST = 1000
_STANDING = ("CONFIRMED", "TENTATIVE", "CANCELLED")
# What is coming, the next first, then what is past, the latest first: two placeholders for now.
_NEAREST = "CASE WHEN d.ends_at > ? THEN 0 ELSE 1 END, CASE WHEN d.ends_at > ? THEN d.starts_at END, d.starts_at DESC"


async def feed_entries(person_id: int, *, most: int = _MOST, now: datetime) -> list[Entry]:
    """What a personal feed holds: what a person booked, is offered and trains, nearest to now first, at most `most`.

    Each training day once, as what stands: after a merge somebody may have two bookings of a session that was called off, and a
    trainer may have booked it as well.
    """
    entries = [*await own_entries(person_id, now=now), *await trainer_entries(person_id, now=now)]
    by_uid: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda entry: (_STANDING.index(entry.status), -entry.sequence, entry.url)):
        by_uid.setdefault(entry.uid, entry)
    return sorted(by_uid.values(), key=lambda entry: (entry.ends_at <= now, abs(entry.starts_at - now), entry.uid))[:most]


async def own_entries(person_id: int, *, now: datetime, booking_id: int | None = None) -> list[Entry]:
    """The training days a person holds a place on, nearest first, in one statement; for one booking, or for the feed.

    An offer is TENTATIVE with its deadline in the text; a day or session called off stays CANCELLED until it is past;
    waiting entries are absent. The sequence is the person's: never below what they were sent. No joining link.
    """
    only = "b.id = ?" if booking_id is not None else "b.learner_id = ?"
    found = await rows(
        f"SELECT {_DAY}, b.ref, b.state, b.offer_expires_at, b.changed_at AS booking_changed_at, e.sequence AS sent"
        " FROM bookings_booking b JOIN programme_session s ON s.id = b.session_id JOIN programme_course c ON c.id = s.course_id"
        " JOIN people_person p ON p.id = b.learner_id JOIN programme_day d ON d.session_id = s.id"
        " LEFT JOIN programme_venue v ON v.id = s.venue_id"
        " LEFT JOIN bookings_sent_entry e ON e.training_day_id = d.id AND e.person_id = b.learner_id"
        f" WHERE {only} AND b.state IN ('confirmed', 'offered', 'called_off') AND {_HAD_ENTRY} AND d.ends_at > ?"
        " AND (d.ends_at > ? OR NOT (d.is_cancelled OR b.state = 'called_off' OR s.state <> 'published'))"
        f" ORDER BY {_NEAREST} LIMIT ?",
        booking_id if booking_id is not None else person_id,
        now - _PAST_SHOWN,
        now,
        now,
        now,
        _MOST,
        instants=(*_INSTANTS, "offer_expires_at", "booking_changed_at"),
    )
    return [_own(row) for row in found]


def _own(row: dict[str, Any]) -> Entry:
    is_off = bool(row["is_cancelled"]) or row["state"] == "called_off" or row["session_state"] != "published"
    address = f"{config.current().base_url}/bookings/{row['ref']}"
    text = f"See or cancel your booking: {address}\nDeleting or declining this entry cancels nothing: cancel on that page."
    if row["state"] == "offered":
        text = f"You are offered this place until {moment(row['offer_expires_at'])}. Answer here: {address}"
    return Entry(
        uid=row["uid"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        title=_title(row, "OFFERED: " if row["state"] == "offered" else ""),
        description=text,
        location=_where(row),
        url=address,
        sequence=max(row["sequence"], row["sent"] or 0),
        changed_at=max(row["changed_at"], row["booking_changed_at"]),
        status="CANCELLED" if is_off else "TENTATIVE" if row["state"] == "offered" else "CONFIRMED",
    )


async def trainer_entries(person_id: int, *, now: datetime) -> list[Entry]:
    """The training days a person trains or was asked to train, in one statement; no names of learners."""
    found = await rows(
        f"SELECT {_DAY}, t.state, t.is_contributor FROM programme_trainer t JOIN programme_session s ON s.id = t.session_id"
        " JOIN programme_course c ON c.id = s.course_id JOIN people_person p ON p.id = t.person_id"
        " JOIN programme_day d ON d.session_id = s.id LEFT JOIN programme_venue v ON v.id = s.venue_id"
        " WHERE t.person_id = ? AND t.state <> 'declined' AND s.state <> 'draft' AND d.ends_at > ?"
        " AND NOT EXISTS (SELECT 1 FROM bookings_booking b"
        " WHERE b.session_id = s.id AND b.learner_id = t.person_id AND b.state = 'confirmed')"
        f" ORDER BY {_NEAREST} LIMIT ?",
        person_id,
        now - _PAST_SHOWN,
        now,
        now,
        _MOST,
        instants=_INSTANTS,
    )
    return [_taught(row) for row in found]


def _taught(row: dict[str, Any]) -> Entry:
    is_off = bool(row["is_cancelled"]) or row["session_state"] != "published"
    asked = row["state"] == "asked"
    address = f"{config.current().base_url}/me" if asked else f"{config.current().base_url}/teaching/{row['session_ref']}"
    return Entry(
        uid=row["uid"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        title=_title(row, "Asked to train: " if asked else "Training: "),
        description=f"You were asked to train this session. Say yes or no: {address}" if asked else f"You train this session: {address}",
        location=_where(row),
        url=address,
        sequence=row["sequence"],
        changed_at=row["changed_at"],
        status="CANCELLED" if is_off else "TENTATIVE" if asked else "CONFIRMED",
    )


def _title(row: dict[str, Any], before: str) -> str:
    return DISCREET_TITLE if row["has_discreet_titles"] else f"{before}{row['title']}"


def _where(row: dict[str, Any]) -> str:
    place = ", ".join(part.strip() for part in (row["venue"], *row["venue_address"].splitlines()) if part.strip())
    return {"online": "Online", "hybrid": f"{place}, or online" if place else "In person or online"}.get(row["delivery"], place)
