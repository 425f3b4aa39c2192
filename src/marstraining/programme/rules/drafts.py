"""What is written of courses, venues, sessions and training days, and what is wrong with it."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from itertools import pairwise

from marstraining.core.clock import from_wall, local
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.programme.questions import Question
from marstraining.programme.rules.audiences import AUDIENCES
from marstraining.programme.rules.states import Access, Arrangement, CourseKind, Delivery


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
