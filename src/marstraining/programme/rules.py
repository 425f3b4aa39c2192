"""Words of the programme and what follows from a session's dates and state."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise

from marstraining.core.clock import from_wall, local
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.programme.questions import Question


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


EVERYBODY = "all"
AUDIENCES = {
    EVERYBODY: "All practitioners",
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


class When(StrEnum):
    """Times of day and week that a learner can ask for."""

    EVENING = "evening"
    WEEKEND = "weekend"
    HALF_DAY = "half day"


WHEN_LABELS = {When.EVENING: "Evening", When.WEEKEND: "Weekend", When.HALF_DAY: "Half a day or less"}
EVENING_FROM = "17:00"
HALF_DAY_MINUTES = 240


@frozen
class ProgrammeFilter:
    """What the programme, its month view and its calendar feed are narrowed by; an empty field does not narrow.

    `audience` also finds what is for everyone; `delivery` online and in person also find hybrid sessions, which offer both.
    `courses` are codes of courses, of which the sessions must be one's; `words` must all be found as they stand.
    """

    words: str = ""
    courses: tuple[str, ...] = ()
    topic: str = ""
    audience: str = ""
    delivery: str = ""
    kind: str = ""
    when: str = ""
    date_from: date | None = None
    date_to: date | None = None
    has_places: bool = False

    @property
    def is_empty(self) -> bool:
        return self == ProgrammeFilter()


class Stage(StrEnum):
    """Where a session stands for somebody who would like to come."""

    OPEN = "open"
    NOT_OPEN_YET = "not open yet"
    CLOSED = "closed"
    UNDER_WAY = "under way"
    PAST = "past"
    POSTPONED = "postponed"
    CALLED_OFF = "called off"
    ELSEWHERE = "booked elsewhere"
    NO_BOOKING = "no booking"


def stage_of(  # noqa: PLR0911 - one line for each stage, in the order in which they rule each other out
    *,
    state: str,
    starts_at: datetime,
    ends_at: datetime,
    opens_at: datetime | None,
    closes_at: datetime | None,
    is_elsewhere: bool,
    is_headcount_only: bool,
    now: datetime,
) -> Stage:
    """The stage of a published session at `now`; booking closes when the session starts unless it closes before."""
    if state == SessionState.CALLED_OFF:
        return Stage.CALLED_OFF
    if state == SessionState.POSTPONED:
        return Stage.POSTPONED
    if now >= ends_at:
        return Stage.PAST
    if now >= starts_at:
        return Stage.UNDER_WAY
    if is_elsewhere:
        return Stage.ELSEWHERE
    if is_headcount_only:
        return Stage.NO_BOOKING
    if opens_at is not None and now < opens_at:
        return Stage.NOT_OPEN_YET
    if closes_at is not None and now >= closes_at:
        return Stage.CLOSED
    return Stage.OPEN


@frozen
class DayPlan:
    """One training day as it is typed: a date and two wall times in Europe/London."""

    day: date
    starts: time
    ends: time

    def instants(self) -> tuple[datetime, datetime]:
        """Both times in UTC. Refuses an end that is not after the start, and times that the spring clock change skips."""
        if self.ends <= self.starts:
            raise Refused("The end time must be after the start time", code="day", field="ends")
        try:
            return from_wall(self.day, self.starts), from_wall(self.day, self.ends)
        except ValueError as fault:
            raise Refused(f"The time {fault}", code="no_such_time", field="starts") from fault


@frozen
class CourseDraft:
    """A course as the desk or an import writes it; `topics` are labels, `needs` are codes of prerequisites."""

    code: str
    title: str
    kind: str = CourseKind.COURSE
    level: str = ""
    delivery: str = "either"
    summary: str = ""
    audience: str = ""
    audience_codes: tuple[str, ...] = ("all",)
    outcomes: tuple[str, ...] = ()
    content_note: str = ""
    joining_text: str = ""
    duration_minutes: int | None = None
    capacity: int | None = None
    is_priority: bool = False
    access: str = Access.PUBLIC
    counts_as: str = ""
    meets_annex_c: bool = False
    grants_accreditation: bool = False
    accreditation_months: int | None = None
    is_participatory: bool = True
    owner: str = ""
    owner_agency_id: int | None = None
    needs_approval: bool = False
    needs_manager_agreement: bool = False
    external_url: str = ""
    is_archived: bool = False
    topics: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()


@frozen
class VenueDraft:
    """A venue as the desk writes it."""

    name: str
    address: str = ""
    postcode: str = ""
    directions: str = ""
    parking: str = ""
    access_notes: str = ""
    capacity: int | None = None
    contact: str = ""
    is_online: bool = False
    is_archived: bool = False


@frozen
class SessionDraft:
    """A session without its dates, as the desk writes it; empty `title`, `access` and `audience_codes` follow the course."""

    delivery: str
    title: str = ""
    access: str = ""
    audience_codes: tuple[str, ...] = ()
    venue_id: int | None = None
    arrangement: str = Arrangement.NONE
    final_numbers_by: date | None = None
    has_catering: bool = False
    capacity: int | None = None
    capacity_room: int | None = None
    capacity_online: int | None = None
    minimum_numbers: int | None = None
    decide_by: date | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    publish_at: datetime | None = None
    is_list_open: bool = True
    is_promotion_on: bool = True
    offer_hours: int | None = None
    reserves_while_asked: bool = False
    joining_link: str = ""
    joining_note: str = ""
    external_url: str = ""
    is_headcount_only: bool = False
    notes: str = ""


_LONGEST_COURSE_TEXTS = {
    "title": 200, "level": 60, "audience": 300, "counts_as": 30, "owner": 200, "external_url": 500, "delivery": 12,
    "summary": 10_000, "content_note": 10_000, "joining_text": 10_000,
}  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,28}[A-Za-z0-9])?")


def check_course(draft: CourseDraft) -> None:
    """Refuse a code that cannot stand in an address, unknown words, and texts that are missing or too long."""
    if not _CODE.fullmatch(draft.code):
        raise Refused("Enter a code of up to 30 letters, numbers and hyphens, like DSL-SCH", code="code", field="code")
    if not draft.title:
        raise Refused("Enter the title of the course", code="title", field="title")
    for field, most in _LONGEST_COURSE_TEXTS.items():
        if len(getattr(draft, field)) > most:
            raise Refused(f"The {field.replace('_', ' ')} must be {most:,} characters or fewer", code="too_long", field=field)
    if draft.kind not in tuple(CourseKind):
        raise Refused(f"“{draft.kind}” is not a kind of course. Use one of: {', '.join(CourseKind)}", code="kind", field="kind")
    if draft.access not in tuple(Access):
        raise Refused(f"“{draft.access}” does not say who may come. Use one of: {', '.join(Access)}", code="access", field="access")
    for audience in draft.audience_codes:
        if audience not in AUDIENCES:
            raise Refused(f"“{audience}” is not an audience. Use: {', '.join(AUDIENCES)}", code="audience", field="audience_codes")
    check_link(draft.external_url, field="external_url")


def teaching_warnings(*, kind: str, trainers: int, capacity: int | None, trainers_each: int, largest_group: int) -> dict[str, str]:
    """What speaks against its "trainers" and its "places", "" for nothing: one trainer alone, too large a group (rules.md 5.2).

    `trainers` are those who have accepted. Briefings, forums and conferences are for many people and have no such size.
    """
    found = {"trainers": "", "places": ""}
    if kind != CourseKind.COURSE:
        return found
    if 0 < trainers < trainers_each:
        found["trainers"] = f"{'One trainer' if trainers == 1 else f'{trainers} trainers'} so far. A course should have {trainers_each}."
    if capacity is not None and capacity > largest_group:
        found["places"] = f"{capacity} places: the usual most for one group is {largest_group}."
    return found


LONGEST_SESSION_DAYS = 31


def check_days(plans: Sequence[DayPlan]) -> list[tuple[DayPlan, datetime, datetime]]:
    """The plans with their instants, soonest first. Refuses none at all, too many, and days that overlap."""
    if not plans:
        raise Refused("Enter at least one training day", code="no_days", field="day")
    if len(plans) > LONGEST_SESSION_DAYS:
        raise Refused(f"A session may have at most {LONGEST_SESSION_DAYS} training days", code="too_many_days", field="day")
    timed = sorted(((plan, *plan.instants()) for plan in plans), key=lambda one: one[1])
    for (_, _, ends_at), (later, starts_at, _) in pairwise(timed):
        if starts_at < ends_at:
            raise Refused(f"Two training days overlap on {later.day.day} {later.day:%B %Y}", code="days_overlap", field="day")
    return timed


def check_session(draft: SessionDraft, *, starts_at: datetime) -> None:
    """Refuse what cannot be: limits that do not fit each other, a link that is none, a booking window that ends before it opens."""
    for field, link in (("joining_link", draft.joining_link), ("external_url", draft.external_url)):
        check_link(link, field=field)
    for field in ("capacity", "capacity_room", "capacity_online", "minimum_numbers"):
        number = getattr(draft, field)
        if number is not None and number < 0:
            raise Refused("The number must be 0 or more", code="number", field=field)
    if draft.delivery != Delivery.HYBRID and (draft.capacity_room is not None or draft.capacity_online is not None):
        raise Refused(
            "Limits for the room and online are for sessions that are both in person and online", code="limits", field="capacity_room"
        )
    if draft.capacity is not None and draft.minimum_numbers is not None and draft.minimum_numbers > draft.capacity:
        raise Refused("The minimum number must not be higher than the number of places", code="minimum", field="minimum_numbers")
    if draft.opens_at and draft.closes_at and draft.closes_at <= draft.opens_at:
        raise Refused("Booking must close after it opens", code="window", field="closes_at")
    if draft.opens_at and draft.opens_at >= starts_at:
        raise Refused("Booking must open before the session starts", code="window", field="opens_at")
    if draft.decide_by and draft.decide_by > local(starts_at).date():
        raise Refused("The go or no-go date must be before the session starts", code="decide_by", field="decide_by")


def check_link(link: str, *, field: str) -> None:
    """Refuse an address that is not a plain https or http one: a newline in it would break a calendar for every reader."""
    if not link:
        return
    if not re.fullmatch(r"https?://[^\s<>\"\x00-\x20]+", link):
        raise Refused("Enter a web address that begins with https://", code="link", field=field)


# Which audiences a post belongs to, by its agency's sector and by its job role; a restricted session asks for one of them.
_SECTOR_AUDIENCES = {
    "local authority children's services": "social_care",
    "youth justice": "social_care",
    "police": "police",
    "health": "health",
    "probation": "probation",
    "education, schools": "schools",
    "education, alternative provision": "schools",
    "further education": "further_education",
    "early years": "early_years",
    "voluntary and community": "voluntary",
}
_ROLE_AUDIENCES = {
    "school_staff": "schools",
    "governor": "schools",
    "appointing_panel": "schools",
    "early_years": "early_years",
    "early_years_dsl": "early_years",
    "childminder": "early_years",
    "gp": "health",
    "vcse_staff": "voluntary",
    "vcse_volunteer": "voluntary",
    "trainer_gcp2": "trainers",
}


def audiences_of(*, sector: str, job_role: str, is_vcse: bool = False) -> frozenset[str]:
    """The audiences of `AUDIENCES` that a post belongs to; everyone belongs to "all"."""
    found = {"all"}
    by_sector = _SECTOR_AUDIENCES.get(sector.casefold())
    by_role = "health" if job_role.startswith("health_") else _ROLE_AUDIENCES.get(job_role)
    found.update(audience for audience in (by_sector, by_role) if audience)
    if is_vcse:
        found.add("voluntary")
    return frozenset(found)
