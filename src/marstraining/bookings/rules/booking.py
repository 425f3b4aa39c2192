"""Whether a session can be booked by this learner now, and what to do instead."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from marstraining.core.clock import local
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.programme.rules import AUDIENCES, Access, CourseKind, SessionState, TrainerState

_MAY_COME_ALONE = frozenset({"all", "foster_carers", "parents", "pupils"})


# Which wording of the terms somebody agreed to by pressing the button.
TERMS_VERSION = "2026-11"


@frozen
class BookPlace:
    """What a learner (or the desk for one) asks for.

    `session_id` and `learner_id` are rows; `agency_id` is the agency on whose behalf, None where the learner has one
    position or none. `instead_of` is a live booking to give up in the same step. `keeps_needs` says whether the needs are kept for
    next time: True keeps them, False forgets what was kept, None leaves that as it is.
    """

    session_id: int
    learner_id: int
    agency_id: int | None = None
    mode: str = ""
    standby: str = "ask"
    instead_of: int | None = None
    access_needs: str = ""
    dietary_needs: str = ""
    keeps_needs: bool | None = None
    mobile: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    terms_version: str = ""
    manager_name: str = ""
    manager_email: str = ""
    by_desk: bool = False


@frozen
class Declaration:
    """What a learner declares: the terms in their version, and that the manager agrees, by name and address if they give them."""

    terms_version: str
    manager_name: str = ""
    manager_email: str = ""


@frozen
class Missing:
    """A course to complete first, and the next public date on which one can; None where none is published."""

    code: str
    title: str
    next_at: datetime | None = None


@frozen
class Situation:
    """A session as the rules of booking see it, for one learner; `trainer_state` is whether they train or speak there ("" for neither)."""

    ref: str
    title: str
    course_title: str
    kind: str
    state: str
    access: str
    audience_codes: tuple[str, ...]
    learner_audiences: frozenset[str]
    is_invited: bool
    starts_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    external_url: str
    is_headcount_only: bool
    missing_prerequisites: tuple[Missing, ...] = ()
    trainer_state: str = ""


class ConflictKind(StrEnum):
    CLASH = "clash"
    SOFT_CLASH = "soft clash"
    SAME_COURSE = "same course"


@frozen
class Conflict:
    """Another live booking of the learner that bears on this one."""

    kind: ConflictKind
    is_waiting: bool
    booking_id: int
    booking_ref: str
    title: str
    starts_at: datetime


def _long_day(instant: datetime) -> str:
    at = local(instant)
    return f"{at:%A} {at.day} {at:%B %Y}"


def check_bookable(situation: Situation, *, now: datetime, by_desk: bool = False) -> None:
    """Refuse what cannot be booked at all, in the order one would explain it; the desk may book outside the window.

    A draft is nowhere, and an invited session is nowhere to who was not invited: NotFound, as for a reference that never was.
    """
    if situation.state == SessionState.DRAFT and not by_desk:
        raise NotFound
    if situation.access == Access.INVITED and not (situation.is_invited or by_desk):
        raise NotFound
    check_open(situation, now=now, by_desk=by_desk)
    check_trains_not(situation.trainer_state)
    if not by_desk:
        _check_eligible(situation)
        _check_prerequisites(situation)


def check_open(situation: Situation, *, now: datetime, by_desk: bool = False) -> None:
    """Refuse what nobody can book now, whoever they are; the desk may book outside the window."""
    if situation.state == SessionState.CALLED_OFF:
        raise Refused("This session has been called off. Choose another date of the same course.", code="called_off")
    if situation.kind == CourseKind.EXTERNAL or situation.external_url:
        raise Refused("This event is booked with its organiser, not here.", code="external")
    if situation.is_headcount_only:
        raise Refused("Places at this event are not booked by name. Contact the training team to bring a group.", code="headcount")
    if situation.state == SessionState.POSTPONED:
        raise Refused("This session has been postponed. It can be booked again when its new date is set.", code="postponed")
    if now >= situation.starts_at and not by_desk:
        raise Refused("This session has already started. Choose another date of the same course.", code="past")
    if not by_desk:
        _check_window(situation, now=now)


def check_trains_not(trainer_state: str, *, of: str = "") -> None:
    """Refuse who trains or speaks at the session, or is asked to: nobody is learner and trainer on one register.

    `trainer_state` is "" for who is neither; `of` is the learner's name where the sentence is for somebody else.
    """
    if not trainer_state:
        return
    is_asked = trainer_state == TrainerState.ASKED
    if of:
        said = (
            f"{of} is asked to train this session. Nobody can both train it and have a place on it, so wait for their answer first."
            if is_asked
            else f"{of} trains or speaks at this session, so they cannot also have a place on it."
        )
    else:
        said = (
            "You are asked to train this session. Say yes or no to that first: nobody can both train it and have a place on it."
            if is_asked
            else "You train or speak at this session, so you cannot also have a place on it."
        )
    raise Refused(said, code="trains", facts={"is_asked": is_asked})


def _check_window(situation: Situation, *, now: datetime) -> None:
    if situation.opens_at is not None and now < situation.opens_at:
        raise Refused(f"Booking opens on {_long_day(situation.opens_at)}.", code="not_open")
    if situation.closes_at is not None and now >= situation.closes_at:
        raise Refused(f"Booking closed on {_long_day(situation.closes_at)}. Choose another date of the same course.", code="closed")


def _check_prerequisites(situation: Situation) -> None:
    if situation.missing_prerequisites:
        names = " and ".join(f"“{one.title}” ({_next_date(one)})" for one in situation.missing_prerequisites)
        raise Refused(
            f"You need to complete {names} before this course.",
            code="prerequisite",
            facts={"courses": [(one.code, one.title) for one in situation.missing_prerequisites]},
        )


def _next_date(course: Missing) -> str:
    return f"next date: {_long_day(course.next_at)}" if course.next_at else "no date is published yet"


def _check_eligible(situation: Situation) -> None:
    if situation.access != Access.RESTRICTED or "all" in situation.audience_codes or situation.is_invited:
        return
    if situation.learner_audiences.isdisjoint(situation.audience_codes):
        audiences = ", ".join(AUDIENCES.get(code, code) for code in situation.audience_codes)
        raise Refused(
            f"This session is only for: {audiences}. Your position is not one of them. "
            "If your post has changed, update it under Your account or contact the training team.",
            code="not_eligible",
        )


def check_conflicts(conflicts: Sequence[Conflict], *, instead_of: int | None) -> None:
    """Refuse a clash of training days, naming the other booking, unless that booking is given up in the same step.

    Touching ends are no clash, and a waiting entry only warns: both are settled by the query that finds conflicts.
    """
    for conflict in conflicts:
        if conflict.kind == ConflictKind.CLASH and conflict.booking_id != instead_of:
            raise Refused(
                f"You are already booked on “{conflict.title}” on {_long_day(conflict.starts_at)}, at the same time.",
                code="clash",
                facts={"booking_ref": conflict.booking_ref, "title": conflict.title, "starts_at": conflict.starts_at},
            )


def warnings_of(conflicts: Sequence[Conflict], *, joins_list: bool = False) -> list[str]:
    """What a learner should know before booking, though nothing forbids it (booking.md, Booking 2).

    To who joins a list a clash is a warning too: a place that is offered may be taken instead of the other.
    """
    sentences = []
    for conflict in conflicts:
        if conflict.kind == ConflictKind.SOFT_CLASH:
            place = "are on the waiting list for" if conflict.is_waiting else "have booked the drop-in"
            sentences.append(f"You {place} “{conflict.title}” on {_long_day(conflict.starts_at)}, at the same time.")
        elif conflict.kind == ConflictKind.CLASH and joins_list:
            when = _long_day(conflict.starts_at)
            sentences.append(
                f"You are booked on “{conflict.title}” on {when}, at the same time."
                " If a place is offered to you, you choose between the two."
            )
        elif conflict.kind == ConflictKind.SAME_COURSE:
            sentences.append(f"You are already booked on another date of this course: {_long_day(conflict.starts_at)}.")
    return sentences


def may_come_alone(audience_codes: Sequence[str]) -> bool:
    """Whether "I'm not with an organisation" is a choice: where the audience is everybody or private people (booking.md, People)."""
    return not audience_codes or not _MAY_COME_ALONE.isdisjoint(audience_codes)


def check_agency_named(positions: Sequence[int], agency_id: int | None) -> int | None:
    """The agency a booking is made on behalf of: asked for only where the learner holds more than one position."""
    if agency_id is not None:
        if agency_id not in positions:
            raise Refused("Choose the organisation you are booking on behalf of", code="agency", field="agency")
        return agency_id
    if len(positions) > 1:
        raise Refused("Choose the organisation you are booking on behalf of", code="agency", field="agency")
    return positions[0] if positions else None
