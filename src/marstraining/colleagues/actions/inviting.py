"""Booking colleagues: each is invited to confirm, and the place is held until they answer or the deadline passes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from marstraining.bookings import rules as booking_rules
from marstraining.bookings.actions import end_invitation, looking, steps
from marstraining.bookings.actions.booking import confirm_in_transaction
from marstraining.bookings.actions.waiting import pass_on
from marstraining.bookings.letters import letter_about, moment
from marstraining.bookings.queries import look, session_row
from marstraining.bookings.rules import BookingState, BookPlace
from marstraining.colleagues import rules
from marstraining.colleagues.queries import Colleague, colleagues_by_ref
from marstraining.core.clock import today_of
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letter
from marstraining.messages.rules import Letter, Priority, Recipient
from marstraining.people.models import Person
from marstraining.programme.models import Session

_FOR_A_LEAD = {
    "not_eligible": "The session is for other roles or settings",
    "trains": "Trains or speaks at this session, or is asked to",
    "agency": "Holds several posts: ask them to book for themselves",
    "mode": "Choose whether they attend in the room or online",
    "too_fast": "Too many bookings in one minute: wait a minute",
}


@frozen
class Invitable:
    """A colleague chosen for a session, and why they cannot be invited; "" where they can."""

    colleague: Colleague
    why_not: str


@frozen
class Choice:
    """The whole of what was chosen: who can be invited, who cannot, and whether there is room for all who can."""

    people: tuple[Invitable, ...]
    free: int | None

    @property
    def fitting(self) -> tuple[Colleague, ...]:
        return tuple(one.colleague for one in self.people if not one.why_not)

    @property
    def has_room(self) -> bool:
        return self.free is None or len(self.fitting) <= self.free


async def choose_colleagues(session_ref: str, refs: Sequence[str], *, mode: str = "", by: Viewer, now: datetime) -> Choice:
    """What inviting these colleagues would do; it writes nothing.

    Whoever is not the viewer's staff is left out. Raises NotFound for a session the viewer may not know of.
    """
    people = await colleagues_by_ref(by, refs, on=today_of(now))
    chosen: list[Invitable] = []
    free: int | None = None
    for colleague in people:
        plan, why_not, free = await _plan(session_ref, colleague, mode=mode, by=by, now=now)
        chosen.append(Invitable(colleague, why_not if plan is None else ""))
    return Choice(tuple(chosen), free)


async def invite_colleagues(session_ref: str, refs: Sequence[str], *, mode: str = "", by: Viewer, now: datetime) -> int:
    """Hold a place for each of these colleagues and ask them to confirm, in one transaction; returns how many places are held.

    All or nothing: with fewer free places than names, or a name that cannot be invited, it is refused with the list, and nothing is
    written (booking.md, Agencies 2). Whoever has no mailbox, and the lead, is confirmed at once. Asking again for who is invited or
    booked already changes nothing for them.
    """
    people = await colleagues_by_ref(by, refs, on=today_of(now))
    if not people or len(people) != len(set(refs)):
        raise NotFound
    if len(people) > rules.MOST_AT_ONCE:
        raise Refused(f"Choose at most {rules.MOST_AT_ONCE} people at a time.", code="too_many")
    plans: list[tuple[looking.Plan, Colleague]] = []
    for colleague in people:
        plan, why_not, _ = await _plan(session_ref, colleague, mode=mode, by=by, now=now)
        if plan is None:
            raise Refused(f"{colleague.name}: {why_not}. Nobody has been booked.", code="not_all")
        plans.append((plan, colleague))
    async with transaction():
        await hold(Session, plans[0][0].looked.session.id)
        seen = await looking.see_again(plans[0][0], now=now)
        first = plans[0][0]
        held = await looking.before_strangers(
            first.looked.session, seen.counted.held, agency_id=first.agency_id, wanted=len(plans), now=now
        )
        if held is None:
            raise Refused("Your organisation may not hold so many places on this session, so nobody has been booked.", code="capped")
        free = booking_rules.free_places(first.looked.session.capacity, held, first.mode, behind_the_list=True)
        if free is not None and free < len(plans):
            raise Refused(_no_room(free, len(plans)), code="full")
        # In the order of their numbers, so that two who invite the same people cannot wait for each other.
        for plan, _ in sorted(plans, key=lambda planned: planned[0].looked.learner.id):
            if rules.is_booked_at_once(plan.looked.learner.email, plan.looked.learner.id, lead_id=by.person_id):
                await confirm_in_transaction(plan, by=by, now=now)
            else:
                await _invite(plan, by=by, now=now)
    return len(plans)


def _no_room(free: int, wanted: int) -> str:
    left = "No place is" if free == 0 else f"Only {free} place{' is' if free == 1 else 's are'}"
    return f"{left} free for {wanted} people, so nobody has been booked. Choose fewer people, or another date."


async def _plan(
    session_ref: str, colleague: Colleague, *, mode: str, by: Viewer, now: datetime
) -> tuple[looking.Plan | None, str, int | None]:
    """The plan of one colleague's booking or why there is none, and how many places are free."""
    looked = await look(session_ref, colleague.person_id, now=now)
    if looked is None:
        raise NotFound
    shown = booking_rules.mode_of(looked.session.delivery, mode or booking_rules.Mode.ROOM)
    free = booking_rules.free_places(looked.session.capacity, looked.held, shown, behind_the_list=True)
    order = BookPlace(session_id=looked.session.id, learner_id=colleague.person_id, agency_id=colleague.agency_id, mode=mode)
    try:
        plan = await looking.look_first(replace(order), looked=looked, by=by, now=now)
    except Refused as refusal:
        if refusal.code in {"called_off", "past", "closed", "not_open", "postponed", "external", "headcount"}:
            raise
        return None, _words(refusal), free
    if isinstance(plan, steps.Booked):
        return None, f"Has a booking already: {booking_rules.STATE_WORDS[BookingState(plan.state)].lower()}", free
    return plan, "", free


def _words(refusal: Refused) -> str:
    if refusal.code == "clash":
        return f"Is booked on “{refusal.facts.get('title')}” at the same time"
    if refusal.code == "prerequisite":
        courses = refusal.facts.get("courses")
        names = " and ".join(f"“{title}”" for _, title in courses) if isinstance(courses, list) else "another course"
        return f"Needs to complete {names} first"
    return _FOR_A_LEAD.get(refusal.code, refusal.message.rstrip("."))


async def _invite(plan: looking.Plan, *, by: Viewer, now: datetime) -> None:
    await hold(Person, plan.looked.learner.id)
    seen = await looking.see_again(plan, now=now)
    if seen.existing:
        return
    session, learner = plan.looked.session, plan.looked.learner
    new = steps.NewBooking(
        id=seen.next_id, state=BookingState.INVITED, mode=plan.mode, agency_id=plan.agency_id, job_role=plan.job_role, joined_at=now
    )
    subject = await steps.insert_booking(plan.order, new, by=by, now=now)
    answer_by = booking_rules.answer_by(now=now, starts_at=session.starts_at, calendar=steps.working_calendar())
    await execute("UPDATE bookings_booking SET answer_by = ? WHERE id = ?", answer_by, subject.booking_id)
    letter = letter_about(
        "invited_to_confirm",
        subject=subject,
        session=session,
        learner=learner,
        days=seen.days,
        extra={"answer_by": moment(answer_by), "invited_by": by.name, "agency": _agency(plan), "is_reminder": False},
        expires_at=answer_by,
    )
    if letter:
        await queue_letter(letter, now=now)
    await record("booking.invited", by=by, now=now, subject_kind="booking", subject_id=subject.booking_id, detail={"session": session.id})


def _agency(plan: looking.Plan) -> str:
    return next((post.agency_name for post in plan.looked.learner.posts if post.agency_id == plan.agency_id), "")


async def settle_invitations(*, now: datetime) -> int:
    """The job: remind halfway, end what nobody answered in time, pass its place on and tell the lead. Returns how many ended."""
    found = await rows(
        "SELECT id, session_id, made_by_id, created_at, answer_by, answer_asked_again_at FROM bookings_booking WHERE state = 'invited'"
        " AND answer_by IS NOT NULL ORDER BY session_id, id",
        instants=("created_at", "answer_by", "answer_asked_again_at"),
    )
    calendar = steps.working_calendar()
    ended = 0
    for row in found:
        if row["answer_by"] < now:
            ended += await _run_out(row["id"], row["session_id"], now=now)
        elif row["answer_asked_again_at"] is None and now >= booking_rules.remind_at(
            asked_at=row["created_at"], answer_by=row["answer_by"], calendar=calendar
        ):
            await _ask_again(row["id"], answer_by=row["answer_by"], now=now)
    return ended + await _tell_leads(now=now)


async def _run_out(booking_id: int, session_id: int, *, now: datetime) -> int:
    async with transaction():
        await hold(Session, session_id)
        if not await end_invitation(booking_id, to_state=BookingState.LAPSED, now=now):
            return 0
        session = await session_row(session_id)
        if session:
            await pass_on(session, by=Viewer(person_id=None), now=now)
    return 1


async def _ask_again(booking_id: int, *, answer_by: datetime, now: datetime) -> None:
    async with transaction():
        found = await rows(
            "UPDATE bookings_booking SET answer_asked_again_at = ?, version = version + 1 WHERE id = ? AND state = 'invited'"
            " AND answer_asked_again_at IS NULL RETURNING id, ref, version, nonce, check_in_code, mode, session_id, learner_id, agency_id,"
            " made_by_id",
            now,
            booking_id,
        )
        if not found:
            return
        row = found[0]
        looked = await look(row["session_id"], row["learner_id"], now=now)
        if looked is None:
            return
        days = await steps.days_of(row["session_id"], row["learner_id"])
        letter = letter_about(
            "invited_to_confirm",
            subject=steps.subject_of(row),
            session=looked.session,
            learner=looked.learner,
            days=days,
            priority=Priority.REMINDER,
            extra={
                "answer_by": moment(answer_by),
                "invited_by": await _name(row["made_by_id"]),
                "agency": next((post.agency_name for post in looked.learner.posts if post.agency_id == row["agency_id"]), ""),
                "is_reminder": True,
            },
            expires_at=answer_by,
        )
        if letter:
            await queue_letter(letter, now=now)


async def _name(person_id: int | None) -> str:
    found = await rows("SELECT name FROM people_person WHERE id = ?", person_id)
    return str(found[0]["name"]) if found else "Your organisation"


async def _tell_leads(*, now: datetime) -> int:
    """Tell whoever invited that an invitation ran out or was declined; the letter's key makes it one, whichever job asks."""
    found = await rows(
        "SELECT b.id, b.ref, b.state, p.name AS learner, l.id AS lead_id, l.name AS lead, l.email, s.starts_at, s.ref AS session_ref,"
        " CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title FROM bookings_booking b JOIN bookings_transition t"
        " ON t.booking_id = b.id AND t.from_state = 'invited' AND t.to_state IN ('lapsed', 'turned_down') AND t.to_state = b.state"
        " JOIN people_person p ON p.id = b.learner_id"
        " JOIN people_person l ON l.id = b.made_by_id AND l.email IS NOT NULL AND l.state = 'active'"
        " JOIN programme_session s ON s.id = b.session_id JOIN programme_course c ON c.id = s.course_id"
        " LEFT JOIN messages_letter m ON m.key = 'invitation_over-' || CAST(b.id AS TEXT)"
        " WHERE m.id IS NULL AND s.starts_at > ? ORDER BY b.id",
        now,
        instants=("starts_at",),
    )
    for row in found:
        async with transaction():
            await queue_letter(
                Letter(
                    key=f"invitation_over-{row['id']}",
                    template="invitation_over",
                    to=Recipient(address=row["email"], name=row["lead"], person_id=row["lead_id"]),
                    priority=Priority.CHANGE,
                    context={
                        "lead": row["lead"],
                        "learner": row["learner"],
                        "title": row["title"],
                        "when": moment(row["starts_at"]),
                        "session_ref": row["session_ref"],
                        "said_no": row["state"] == BookingState.TURNED_DOWN,
                    },
                ),
                now=now,
            )
    return len(found)
