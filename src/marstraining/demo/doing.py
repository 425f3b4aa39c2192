"""What people of the demo have done lately, by the verbs that pages use: so that each role's first page has something to look at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO

from marstraining.attendance.actions import NewFile, NewReport, hand_out, write_session_report
from marstraining.attendance.rules import FileKind
from marstraining.bookings.actions import book_place
from marstraining.bookings.models import Booking, LedgerEntry
from marstraining.bookings.rules import BookPlace
from marstraining.colleagues.actions import invite_colleagues, keep_places, substitute, waive_entry
from marstraining.core import config
from marstraining.core.files import store
from marstraining.core.values import frozen
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.demo.booked import PlannedBooking
from marstraining.demo.invent import CONTENT, Invented
from marstraining.demo.upcoming import PlannedSession
from marstraining.people.models import Agency
from marstraining.people.queries import viewer_for

_FILES = (
    (FileKind.PRE_READING, "What to read before the day", "pre-reading.pdf"),
    (FileKind.RUNNING_ORDER, "Running order", "running-order.pdf"),
    (FileKind.HANDOUT, "One page to take away", "handout.pdf"),
)
_REPORT = NewReport(
    room="Warm in the afternoon; the windows open, so we used them. Seating for 24 is tight with a wheelchair user: take the long side.",
    technology="The projector needs an HDMI adapter, which the hub keeps at reception.",
    to_change="Give the second exercise ten minutes more and leave the video out.",
    delivery_minutes=150,
    preparation_minutes=60,
)


@frozen
class Done:
    """Everything of the demo that was written, by what the plan calls it."""

    sessions: Sequence[PlannedSession]
    bookings: Sequence[PlannedBooking]
    people: Sequence[Invented]
    person_ids: Mapping[str, int]
    session_ids: Mapping[str, int]

    def session(self, flag: str) -> PlannedSession:
        return next(one for one in self.sessions if flag in one.flags)

    def lead(self) -> Invented:
        return next(one for one in self.people if one.sign_in == "agency_lead")

    def free_colleagues(self, session: PlannedSession) -> list[Invented]:
        """Of the lead's staff those with a mailbox who are booked on nothing of these days and nowhere on this course."""
        days = set(session.days)
        booked = {one.learner.ref for one in self.bookings if one.session.course == session.course or not days.isdisjoint(one.session.days)}
        return [one for one in self.people if one.agency == self.lead().agency and one.email and not one.sign_in and one.ref not in booked]


async def act(done: Done, *, now: datetime) -> None:
    """Everything, in its order."""
    lead = await viewer_for(done.person_ids[done.lead().ref])
    if lead is None:
        raise RuntimeError("the demo has no agency lead")
    await _lead_books(done, lead, now=now)
    await _desk_keeps_places(done, now=now)
    await _trainer_reports(done, now=now)
    entry = await LedgerEntry.filter(kind="absence", is_excused=False).order_by("id").first()
    if entry is not None:
        await waive_entry(entry.id, reason="The joining instructions went to an old address", by=_desk(done), now=now)


def _desk(done: Done) -> Viewer:
    desk = next(one for one in done.people if one.sign_in == "desk")
    return Viewer(person_id=done.person_ids[desk.ref], roles=frozenset({Role.DESK}), name=desk.name)


async def _lead_books(done: Done, lead: Viewer, *, now: datetime) -> None:
    """A colleague stands in for another, one is invited and has not answered, one asked and waits for approval."""
    swapped = done.session("swap")
    gives = next((one for one in done.bookings if one.session is swapped and one.learner.agency == done.lead().agency), None)
    takes = next(iter(done.free_colleagues(swapped)), None)
    if gives and takes:
        booking = await Booking.get(ref=gives.ref)
        await substitute(booking.id, learner_id=done.person_ids[takes.ref], by=lead, now=now)
    invited = done.session("invites")
    for one in done.free_colleagues(invited)[:1]:
        await invite_colleagues(invited.ref, [one.ref], by=lead, now=now)
    wanted = done.session("requests")
    for one in [free for free in done.free_colleagues(wanted) if free.job_role == "deputy_dsl"][:1]:
        learner = Viewer(person_id=done.person_ids[one.ref], roles=frozenset({Role.LEARNER}), name=one.name)
        order = BookPlace(session_id=done.session_ids[wanted.ref], learner_id=done.person_ids[one.ref])
        await book_place(order, by=learner, now=now)


async def _desk_keeps_places(done: Done, *, now: datetime) -> None:
    session = done.session_ids[done.session("keeps").ref]
    await keep_places(session, sector="Health", floor=2, release_days=10, by=_desk(done), now=now)
    school = await Agency.get(code=done.lead().agency)
    await keep_places(session, agency_id=school.id, floor=1, cap=3, release_days=10, by=_desk(done), now=now)


async def _trainer_reports(done: Done, *, now: datetime) -> None:
    """The trainer's last session but one is reported on; the sessions of these days have their files."""
    reported = next(one for one in done.sessions if one.flags.get("marked") == "15")
    trainer = Viewer(person_id=done.person_ids[reported.trainers[0].ref], roles=frozenset({Role.TRAINER}))
    await write_session_report(done.session_ids[reported.ref], _REPORT, by=trainer, now=now)
    data_dir = config.current().data_dir
    for one in (done.session("led"), reported):
        for kind, title, name in _FILES:
            stored = store(data_dir, name, BytesIO((CONTENT / name).read_bytes()))
            file = NewFile(title, kind, name, stored, for_course=kind == FileKind.PRE_READING)
            await hand_out(done.session_ids[one.ref], file, by=SYSTEM, now=now)
