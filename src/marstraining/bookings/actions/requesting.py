"""Booking a course that needs approval: the request, and who is asked to answer it."""

from datetime import datetime

from marstraining.bookings import rules
from marstraining.bookings.actions import looking, steps
from marstraining.bookings.letters import day_sentence, letter_about, moment, where_sentence
from marstraining.bookings.queries import Relooked
from marstraining.bookings.rules import BookingState
from marstraining.core.db import execute, rows
from marstraining.core.errors import Refused
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letters
from marstraining.messages.rules import Letter, Priority, Recipient

APPROVAL_TOKEN = "approval"  # noqa: S105 - the name of a purpose, no secret


async def needs_approval(plan: looking.Plan, *, by: Viewer) -> bool:
    """Whether somebody has to approve this booking: not the desk's, not one a lead makes, and not of a one-person setting."""
    if not plan.looked.session.needs_approval or plan.order.by_desk or by.is_desk:
        return False
    if plan.agency_id is None:
        return bool(plan.order.manager_email)
    if plan.agency_id in by.agency_ids:
        return False
    found = await rows("SELECT is_one_person FROM people_agency WHERE id = ?", plan.agency_id, flags=("is_one_person",))
    return not (found and found[0]["is_one_person"])


async def request_in_transaction(plan: looking.Plan, seen: Relooked, *, by: Viewer, now: datetime) -> steps.Booked:
    """Ask for approval under the lock: the booking is requested, the learner and whoever answers get a letter.

    The named manager is asked, or else the leads of the agency and of those above it. Refused with "no_approver" where there is
    neither (booking.md, Agencies 3).
    """
    session, learner = plan.looked.session, plan.looked.learner
    approvers = await _approvers(plan)
    new = steps.NewBooking(
        id=seen.next_id, state=BookingState.REQUESTED, mode=plan.mode, agency_id=plan.agency_id, job_role=plan.job_role, joined_at=now
    )
    subject = await steps.insert_booking(plan.order, new, by=by, now=now)
    answer_by = rules.answer_by(now=now, starts_at=session.starts_at, calendar=steps.working_calendar())
    await execute("UPDATE bookings_booking SET answer_by = ? WHERE id = ?", answer_by, subject.booking_id)
    agency = next((post.agency_name for post in learner.posts if post.agency_id == plan.agency_id), "")
    own = letter_about(
        "requested", subject=subject, session=session, learner=learner, days=seen.days, extra={"answer_by": moment(answer_by)}
    )
    context = {
        "learner": learner.name,
        "agency": agency,
        "title": session.title,
        "days": [day_sentence(day) for day in seen.days if not day.is_cancelled],
        "where": where_sentence(session, plan.mode),
        "answer_by": moment(answer_by),
        "booking_ref": subject.booking_ref,
    }
    asked = [
        Letter(
            key=f"approval_asked-{subject.booking_id}-{number}",
            template="approval_asked",
            to=approver,
            priority=Priority.CHANGE,
            context={**context, "approver": approver.name},
            tokens={"approval": (APPROVAL_TOKEN, subject.booking_id, subject.nonce)},
            expires_at=answer_by,
            session_id=session.id,
        )
        for number, approver in enumerate(approvers)
    ]
    await queue_letters([*([own] if own else []), *asked], now=now)
    await record("booking.requested", by=by, now=now, subject_kind="booking", subject_id=subject.booking_id, detail={"session": session.id})
    return steps.Booked(id=subject.booking_id, ref=subject.booking_ref, state=BookingState.REQUESTED)


async def _approvers(plan: looking.Plan) -> list[Recipient]:
    order = plan.order
    if order.manager_email:
        if order.manager_email.casefold() == (plan.looked.learner.email or "").casefold():
            raise Refused("Enter your manager’s address, not your own.", code="no_approver", field="manager_email")  # noqa: RUF001 - as printed
        return [Recipient(address=order.manager_email, name=order.manager_name or "Manager")]
    found = await rows(
        "WITH RECURSIVE above(id, parent_id) AS (SELECT id, parent_id FROM people_agency WHERE id = ?"
        " UNION SELECT a.id, a.parent_id FROM people_agency a JOIN above ON a.id = above.parent_id)"
        " SELECT DISTINCT p.id, p.name, p.email FROM people_role_grant g JOIN above ON above.id = g.agency_id"
        " JOIN people_person p ON p.id = g.person_id WHERE g.role = 'agency_lead' AND g.ended_at IS NULL AND p.email IS NOT NULL"
        " AND p.state = 'active' AND p.id <> ? ORDER BY p.id",
        plan.agency_id,
        order.learner_id,
    )
    if not found:
        raise Refused(
            "This course needs your manager’s approval. Enter their email address, so that we can ask them.",  # noqa: RUF001 - as printed
            code="no_approver",
            field="manager_email",
        )
    return [Recipient(address=row["email"], name=row["name"], person_id=row["id"]) for row in found]
