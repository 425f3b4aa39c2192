"""Training days as calendar entries of the public feed and of a session's download."""

from collections.abc import Iterable

from marstraining.core.icalendar_writer import Entry
from marstraining.programme.queries import FeedDay, SessionFacts
from marstraining.programme.rules import Delivery, SessionState


def public_entries(days: Iterable[FeedDay], *, base_url: str) -> list[Entry]:
    """One entry for each training day: title, place, address of the page; no joining link and nobody's name."""
    return [_entry(day, base_url) for day in days]


def session_entries(session: SessionFacts, *, base_url: str) -> list[Entry]:
    """One entry for each training day of a session, past and cancelled ones too."""
    is_off = session.state in {SessionState.CALLED_OFF, SessionState.POSTPONED}
    return [
        _entry(
            FeedDay(
                session_id=session.id,
                ref=session.ref,
                title=session.title,
                state=session.state,
                delivery=session.delivery,
                venue=session.venue.name if session.venue else "",
                address=session.venue.address if session.venue else "",
                uid=day.uid,
                starts_at=day.starts_at,
                ends_at=day.ends_at,
                sequence=day.sequence,
                changed_at=max(day.changed_at, session.changed_at),
                is_cancelled=day.is_cancelled or is_off,
            ),
            base_url,
        )
        for day in session.days
    ]


def _entry(day: FeedDay, base_url: str) -> Entry:
    url = f"{base_url}/sessions/{day.ref}"
    is_postponed = day.state == SessionState.POSTPONED
    return Entry(
        uid=day.uid,
        starts_at=day.starts_at,
        ends_at=day.ends_at,
        title=f"POSTPONED: {day.title}" if is_postponed else day.title,
        description=_description(day, url),
        location=_location(day),
        url=url,
        sequence=day.sequence,
        changed_at=day.changed_at,
        status="CANCELLED" if day.is_cancelled else "CONFIRMED",
    )


def _description(day: FeedDay, url: str) -> str:
    if day.state == SessionState.POSTPONED:
        return f"This session has been postponed. Its new date will be shown at {url}"
    if day.is_cancelled:
        return f"This has been called off. Other dates are shown at {url}"
    return f"Details and booking: {url}\nThis entry is for information: it does not mean that you have a place."


def _location(day: FeedDay) -> str:
    place = ", ".join(part.strip() for part in (day.venue, *day.address.splitlines()) if part.strip())
    if day.delivery == Delivery.ONLINE:
        return f"Online ({day.venue})" if day.venue and "online" not in day.venue.casefold() else "Online"
    if day.delivery == Delivery.HYBRID:
        return f"{place}, or online" if place else "In person or online"
    return place
