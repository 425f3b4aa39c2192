"""What search engines read of a session and a course (schema.org Event and Course)."""

from datetime import datetime
from typing import Any

from marstraining.bookings.queries import Places
from marstraining.core.clock import local
from marstraining.core.config import Settings
from marstraining.programme.queries import CourseFacts, Day, SessionFacts
from marstraining.programme.rules import Delivery, Stage

_STATUS = {Stage.CALLED_OFF: "EventCancelled", Stage.POSTPONED: "EventPostponed"}
_MODE = {
    Delivery.IN_PERSON: "OfflineEventAttendanceMode",
    Delivery.ONLINE: "OnlineEventAttendanceMode",
    Delivery.HYBRID: "MixedEventAttendanceMode",
}
_LONGEST = 1000


def event_data(session: SessionFacts, places: Places, *, now: datetime, settings: Settings) -> dict[str, Any]:
    """A session as schema.org Event; several training days as events within it. No names, no joining link.

    What is not known is left out: a venue that is still to be set, and what an event costs that is booked elsewhere.
    """
    url = f"{settings.base_url}/sessions/{session.ref}"
    stage = session.stage(now)
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "EducationEvent",
        "name": session.title,
        "description": (session.course.summary or "; ".join(session.course.outcomes) or session.title)[:_LONGEST],
        "url": url,
        "startDate": local(session.starts_at).isoformat(),
        "endDate": local(session.ends_at).isoformat(),
        "eventStatus": f"https://schema.org/{_STATUS.get(stage, 'EventScheduled')}",
        "eventAttendanceMode": f"https://schema.org/{_MODE[Delivery(session.delivery)]}",
        "organizer": _organizer(session.course, settings),
    }
    if locations := _locations(session, url):
        data["location"] = locations
    if not session.is_elsewhere:
        data["isAccessibleForFree"] = True
    if session.course.audience:
        data["audience"] = {"@type": "Audience", "audienceType": session.course.audience}
    if session.capacity is not None:
        data["maximumAttendeeCapacity"] = session.capacity
    if stage in {Stage.OPEN, Stage.NOT_OPEN_YET}:
        data["offers"] = _offer(session, places, url)
    elif stage is Stage.ELSEWHERE and session.external_url:
        data["offers"] = {"@type": "Offer", "url": session.external_url}
    if len(session.live_days) > 1:
        data["subEvent"] = [_day(session.title, day) for day in session.live_days]
    return data


def course_data(course: CourseFacts, *, settings: Settings) -> dict[str, Any]:
    """A course as schema.org Course."""
    return {
        "@context": "https://schema.org",
        "@type": "Course",
        "name": course.title,
        "courseCode": course.code,
        "description": (course.summary or "; ".join(course.outcomes) or course.title)[:_LONGEST],
        "url": f"{settings.base_url}/courses/{course.code}",
        "provider": _organizer(course, settings),
        "teaches": list(course.outcomes),
    }


def _organizer(course: CourseFacts, settings: Settings) -> dict[str, str]:
    return {"@type": "Organization", "name": course.owner or settings.partnership.name, "url": settings.base_url}


def _locations(session: SessionFacts, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if session.delivery != Delivery.ONLINE and session.venue is not None:
        address = {
            "@type": "PostalAddress",
            "streetAddress": session.venue.address,
            "postalCode": session.venue.postcode,
            "addressCountry": "GB",
        }
        found.append({"@type": "Place", "name": session.venue.name, "address": address})
    if session.delivery != Delivery.IN_PERSON:
        found.append({"@type": "VirtualLocation", "url": url})
    return found


def _offer(session: SessionFacts, places: Places, url: str) -> dict[str, str]:
    offer = {"@type": "Offer", "price": "0", "priceCurrency": "GBP", "url": url}
    offer["availability"] = f"https://schema.org/{'SoldOut' if places.left == 0 else 'InStock'}"
    if session.opens_at is not None:
        offer["validFrom"] = local(session.opens_at).isoformat()
    return offer


def _day(title: str, day: Day) -> dict[str, str]:
    return {"@type": "Event", "name": title, "startDate": local(day.starts_at).isoformat(), "endDate": local(day.ends_at).isoformat()}
