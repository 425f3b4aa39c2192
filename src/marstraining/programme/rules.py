"""Words of the programme and what follows from a session's dates and state."""

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


AUDIENCES = {
    "all": "All practitioners",
    "early_years": "Early years",
    "schools": "Schools",
    "further_education": "Further education",
    "health": "Health",
    "police": "Police",
    "social_care": "Children's social care",
    "probation": "Probation",
    "voluntary": "Voluntary sector",
    "foster_carers": "Foster carers",
    "parents": "Parents",
    "trainers": "Trainers",
    "managers": "Managers",
    "pupils": "Pupils",
    "invited": "By invitation",
}
