"""Who is booked on the upcoming programme, who waits and who was offered a place, as plain values."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from marstraining.bookings.rules import Arranging, BookingState, Mode, Standby
from marstraining.core.values import frozen
from marstraining.demo.invent import Invented, reference
from marstraining.demo.learnt import Learnt
from marstraining.demo.upcoming import PlannedSession

_SCHOOL_LEADS = frozenset({"dsl", "deputy_dsl"})
_PRACTITIONERS = frozenset(
    {"multi_agency", "health_3", "health_3_specialist", "health_4", "health_5", "gp", "dsl", "deputy_dsl", "early_years_dsl"}
)
_VOLUNTARY = frozenset({"vcse_staff", "vcse_volunteer"})
_EVERYBODY = _PRACTITIONERS | _VOLUNTARY | {"health_2", "school_staff", "early_years", "childminder"}

# Who comes to a course; whoever is not named comes to all the others.
_COMES: Mapping[str, frozenset[str]] = {
    "DSL-SCH": _SCHOOL_LEADS,
    "CONF-DSL": _SCHOOL_LEADS,
    "DSL-EY": frozenset({"early_years_dsl", "childminder"}),
    "VCSE-AW": _VOLUNTARY,
    "CONF-VCSE": _VOLUNTARY,
    "EHF": frozenset({"multi_agency", "health_3", "vcse_staff"}),
    "MARPF": frozenset({"multi_agency", "health_3_specialist", "health_4"}),
    "LOS": frozenset({"multi_agency", "health_3"}),
    "SD": _PRACTITIONERS,
    "GCP2": _PRACTITIONERS,
    "GCP2-TTT": _PRACTITIONERS,
    "GCP2-SURG": _PRACTITIONERS,
}
_NEEDS = {"SD": "CP", "GCP2-SURG": "GCP2", "GCP2-TTT": "GCP2"}
_SERIES = frozenset({"DSL-SCH", "DSL-EY", "EHF", "MARPF", "GCP2-SURG"})

_ACCESS = (
    "British Sign Language interpreter, please",
    "I use a wheelchair and need step-free access",
    "Hearing loop",
    "Large print handouts, 16 point",
    "A seat near the door, please",
)
_DIETARY = ("Vegetarian", "Vegan", "Halal", "Gluten free", "Nut allergy")
_NOT_AGAIN_FOR = timedelta(days=900)
_DIETARY_SHARE = 0.2
_OPENED_DAYS_AGO = 60
# Of a setting some come together; the others stay for its lead to invite.
_COLLEAGUES = 3
_OFFER_LEFT = timedelta(hours=3)


@frozen
class PlannedBooking:
    """One booking: made at `made_at`, in `state` since `changed_at`."""

    ref: str
    session: PlannedSession
    learner: Invented
    state: BookingState
    made_at: datetime
    changed_at: datetime
    mode: Mode = Mode.EITHER
    standby: Standby = Standby.ASK_ME
    offer_expires_at: datetime | None = None
    access: str = ""
    dietary: str = ""
    arranging: Arranging = Arranging.NONE


@dataclass
class _Diary:
    """Who is where on which day, and who takes which course, so that nobody is in two places or learns the same twice.

    `learnt` says by course which addresses have completed it before.
    """

    rng: random.Random
    people: Sequence[Invented]
    learnt: Mapping[str, set[str]]
    busy: dict[str, set[date]]
    courses: dict[str, set[str]]

    def is_free(self, person: Invented, session: PlannedSession) -> bool:
        return not self.busy[person.ref].intersection(session.days) and person.ref not in self.courses[session.course]

    def note(self, person: Invented, session: PlannedSession) -> None:
        self.busy[person.ref].update(session.days)
        if session.course not in _SERIES:
            self.courses[session.course].add(person.ref)


def plan_bookings(
    rng: random.Random, sessions: Sequence[PlannedSession], people: Sequence[Invented], learnt: Learnt, *, now: datetime
) -> list[PlannedBooking]:
    """Bookings of every session; `learnt` says who has completed what."""
    diary = _Diary(rng, people, learnt.by_course(), defaultdict(set), defaultdict(set))
    lately = learnt.by_course(now.date() - _NOT_AGAIN_FOR)
    for session in sessions:
        for trainer in session.trainers:
            diary.busy[trainer.ref].update(session.days)
        # Kept free: they are to ask for a place that their lead approves.
        for person in [one for one in people if one.agency == session.flags.get("requests") and one.email in diary.learnt["GCP2"]]:
            diary.busy[person.ref].update(session.days)
    diary.courses["GCP2"] = {person.ref for person in people if person.email in diary.learnt["GCP2"]}
    diary.courses["CP"] = {person.ref for person in people if person.email in lately["CP"] and not person.sign_in}
    return [booking for session in sessions for booking in _of_session(session, diary, now=now)]


def _of_session(session: PlannedSession, diary: _Diary, *, now: datetime) -> Iterator[PlannedBooking]:
    wanted = session.taken + session.waiting
    if not wanted:
        return
    is_past = session.starts_at < now
    rng = diary.rng
    learners = _learners(session, diary, wanted + is_past)
    times = _times(rng, session, len(learners), now)
    for index, (learner, made_at) in enumerate(zip(learners, times, strict=True)):
        diary.note(learner, session)
        booking = PlannedBooking(reference(rng), session, learner, BookingState.CONFIRMED, made_at, made_at)
        if index < session.taken:
            yield _with_answers(rng, _in_room(rng, booking), index, now=now)
        elif index == session.taken and "offer" in session.flags:
            offered_at = now - timedelta(hours=20)
            yield replace(booking, state=BookingState.OFFERED, changed_at=offered_at, offer_expires_at=now + _OFFER_LEFT)
        elif is_past:
            yield replace(booking, state=BookingState.CANCELLED, changed_at=session.starts_at - timedelta(hours=16))
        else:
            yield replace(booking, state=BookingState.WAITING, standby=rng.choice(list(Standby)))


def _learners(session: PlannedSession, diary: _Diary, wanted: int) -> list[Invented]:
    """As many as wanted, in the order of booking: those the plan names first, or first of the waiting list."""
    comes = _COMES.get(session.course, _EVERYBODY)
    needs = diary.learnt[_NEEDS[session.course]] if session.course in _NEEDS else None
    pool = [
        person
        for person in diary.people
        if person.job_role in comes
        and person.email
        and not person.trains
        and not person.sign_in
        and (needs is None or person.email in needs)
        and diary.is_free(person, session)
    ]
    colleagues = [person for person in pool if person.agency == session.flags.get("colleagues")][:_COLLEAGUES]
    cancels = [person for person in pool if person.agency == session.flags.get("cancels")][:1]
    others = [person for person in pool if person not in colleagues and person not in cancels]
    named = [person for person in diary.people if person.sign_in and person.sign_in == session.flags.get("with")]
    waits = [person for person in diary.people if person.sign_in and person.sign_in == session.flags.get("waits")]
    chosen = [*named, *colleagues]
    chosen += diary.rng.sample(others, wanted - len(chosen) - len(waits) - len(cancels)) + cancels
    confirmed, waiting = chosen[: session.taken], chosen[session.taken :]
    diary.rng.shuffle(confirmed)
    return confirmed + waits + waiting


def _times(rng: random.Random, session: PlannedSession, number: int, now: datetime) -> list[datetime]:
    """When each of them booked, earliest first; the last at least half a day ago, so that nothing looks made this minute."""
    last = min(now - timedelta(hours=12), session.starts_at - timedelta(days=3))
    first = last - timedelta(days=_OPENED_DAYS_AGO)
    seconds = sorted(rng.sample(range(int((last - first).total_seconds())), number))
    return [first + timedelta(seconds=second) for second in seconds]


def _in_room(rng: random.Random, booking: PlannedBooking) -> PlannedBooking:
    if booking.session.room is None:
        return booking
    share = booking.session.room / (booking.session.capacity or booking.session.room)
    return replace(booking, mode=Mode.ROOM if rng.random() < share else Mode.ONLINE)


def _with_answers(rng: random.Random, booking: PlannedBooking, index: int, *, now: datetime) -> PlannedBooking:
    """Access needs for some of the sessions, dietary needs wherever there is lunch; the first needs are still to arrange."""
    flags = booking.session.flags
    if booking.session.starts_at < now - timedelta(days=28):
        return booking
    if "catering" in flags and rng.random() < _DIETARY_SHARE:
        booking = replace(booking, dietary=rng.choice(_DIETARY))
    if "needs" in flags and index % 9 == 2:
        arranging = Arranging.TO_ARRANGE if index < 9 else rng.choice((Arranging.ARRANGED, Arranging.ALTERNATIVE, Arranging.TO_ARRANGE))
        booking = replace(booking, access=rng.choice(_ACCESS), arranging=arranging)
    return booking
