"""Words for kinds, ways, states and access, as they are stored and as they are shown."""

from enum import StrEnum


class CourseKind(StrEnum):
    COURSE = "course"
    BRIEFING = "briefing"
    FORUM = "forum"
    CONFERENCE = "conference"
    WEBINAR = "webinar"
    EXTERNAL = "external"
    LEARNING_EVENT = "learning event"


class Delivery(StrEnum):
    IN_PERSON = "in person"
    ONLINE = "online"
    HYBRID = "hybrid"


class SessionState(StrEnum):
    """What is stored; full, closed, in progress and held are derived."""

    DRAFT = "draft"
    PUBLISHED = "published"
    POSTPONED = "postponed"
    CALLED_OFF = "called_off"


class Access(StrEnum):
    """Who may see and book a session: everyone, listed audiences only, or people who were invited."""

    PUBLIC = "public"
    RESTRICTED = "restricted"
    INVITED = "invited"


class Arrangement(StrEnum):
    """How far a venue is booked."""

    NONE = "none"
    HELD = "held"
    CONFIRMED = "confirmed"


class TrainerState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"


KIND_LABELS = {
    CourseKind.COURSE: "Course",
    CourseKind.BRIEFING: "Briefing",
    CourseKind.FORUM: "Forum",
    CourseKind.CONFERENCE: "Conference",
    CourseKind.WEBINAR: "Webinar",
    CourseKind.EXTERNAL: "Event run by another organisation",
    CourseKind.LEARNING_EVENT: "Learning event",
}
DELIVERY_LABELS = {Delivery.IN_PERSON: "In person", Delivery.ONLINE: "Online", Delivery.HYBRID: "In person or online"}
