"""The forms about a booking: typed fields in, the verbs' values out, or a sentence beside each field."""

from collections.abc import Mapping, Sequence

from marstraining.bookings.actions import Wish
from marstraining.bookings.queries import Looked
from marstraining.bookings.rules import CANCEL_REASONS, TERMS_VERSION, BookPlace, Declaration, Mode, Standby, may_come_alone
from marstraining.core.web import Form
from marstraining.people.rules import JOB_ROLES
from marstraining.programme.queries import SessionFacts
from marstraining.programme.questions import LONGEST_ANSWER, Question
from marstraining.programme.rules import Delivery

MODES = {Mode.ROOM: "In the room", Mode.ONLINE: "Online"}
STANDBY = {
    Standby.ASK_ME: "Ask me first",
    Standby.BOOK_ME_IN: "Book me in",
    Standby.LEAVE_ME: "Leave me on the list only",
}
STANDBY_HINTS = {
    Standby.ASK_ME: "We email you; the place goes to the highest on the list who answers within 4 working hours",
    Standby.BOOK_ME_IN: "If a place comes free you get it at once, and an email that says so",
    Standby.LEAVE_ME: "No places are offered to you at short notice",
}
NOT_LISTED = "not-listed"
ON_MY_OWN = "none"
_LONGEST_NEED = 1000


def read_order(form: Form, *, looked: Looked, joins: bool) -> BookPlace:
    """What a signed-in learner asks for; look at `form.errors` before using it."""
    agency_id = None
    session, posts = looked.session, looked.learner.posts
    if len(posts) > 1:
        chosen = form.choice(
            "agency", "the organisation you are booking on behalf of", {str(post.agency_id): post.agency_name for post in posts}
        )
        agency_id = int(chosen) if chosen else None
    mode = form.choice("mode", "how you will attend", MODES) if session.delivery == Delivery.HYBRID else ""
    standby = form.choice("standby", "what happens at short notice", STANDBY, required=False) if joins else ""
    access = form.text("access", "your access needs", required=False, max=_LONGEST_NEED, multiline=True)
    dietary = form.text("dietary", "your dietary needs", required=False, max=_LONGEST_NEED, multiline=True) if session.has_catering else ""
    keeps = form.checkbox("keep")
    mobile = form.text("mobile", "your mobile number", required=False, max=20)
    declared = read_declaration(form, needs_manager=session.needs_manager_agreement, needs_approval=session.needs_approval)
    if mobile and sum(character.isdigit() for character in mobile) < 10:
        form.fail("mobile", "Enter a mobile number, like 07700 900982, or leave it empty")
    return BookPlace(
        session_id=session.id,
        learner_id=looked.learner.id,
        agency_id=agency_id,
        mode=mode,
        standby=standby or Standby.ASK_ME,
        access_needs=access,
        dietary_needs=dietary,
        keeps_needs=keeps or (False if form.get("kept") else None),
        mobile=mobile,
        answers=read_answers(form, session.questions),
        terms_version=declared.terms_version,
        manager_name=declared.manager_name,
        manager_email=declared.manager_email,
    )


def read_declaration(form: Form, *, needs_manager: bool, needs_approval: bool) -> Declaration:
    """What a learner declares by pressing the button: the terms, and where the course asks for it the manager's agreement.

    Where a booking needs approval the manager may be named, who is then asked.
    """
    if not needs_manager and not needs_approval:
        return Declaration(TERMS_VERSION)
    if needs_manager:
        form.checkbox("manager_agrees", required="Confirm that your manager agrees to your booking")
    return Declaration(
        TERMS_VERSION,
        manager_name=form.text("manager_name", "the name of your manager", required=False),
        manager_email=form.email("manager_email", "the email address of your manager", required=False),
    )


def read_answers(form: Form, questions: Sequence[Question]) -> tuple[tuple[str, str], ...]:
    """The answers to a course's questions, by key; an empty one is left out."""
    found = []
    for one in questions:
        name, label = f"q-{one.key}", f"an answer to “{one.label}”"
        if one.options:
            answer = form.choice(name, label, one.options, required=one.required)
        else:
            answer = form.text(name, label, required=one.required, max=LONGEST_ANSWER)
        if answer:
            found.append((one.key, answer))
    return tuple(found)


def read_wish(form: Form, *, session: SessionFacts, session_id: int, agencies: Mapping[str, str]) -> Wish:
    """What somebody without a sign-in types."""
    name = form.text("name", "your full name", max=200)
    email = form.email("email", "your email address")
    chosen = form.choice("agency", "your organisation", {**agencies, NOT_LISTED: "", **on_their_own(session)})
    typed = ""
    if chosen == NOT_LISTED:
        typed = form.text("agency_typed", "the name of your organisation", max=200)
    job_role = form.choice("job_role", "your role", JOB_ROLES)
    mode = form.choice("mode", "how you will attend", MODES) if session.delivery == Delivery.HYBRID else ""
    return Wish(
        session_id=session_id,
        email=email,
        name=name,
        agency_id=int(chosen) if chosen.isdigit() else None,
        agency_typed=typed,
        job_role=job_role,
        mode=mode,
    )


def on_their_own(session: SessionFacts) -> Mapping[str, str]:
    """The choice of who has no organisation, where the audience allows it."""
    return {ON_MY_OWN: "I’m not with an organisation"} if may_come_alone(session.audience_codes) else {}  # noqa: RUF001 - as printed


def read_reason(form: Form, *, is_late: bool) -> str:
    """Why a booking is cancelled: asked only after the cut-off, from the fixed list."""
    return form.choice("reason", "why you are cancelling", CANCEL_REASONS) if is_late else ""
