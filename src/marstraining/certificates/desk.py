"""Certificates of a session for the training team: issued, withdrawn, owed; for part of it with a reason, withdrawn, issued again."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.certificates import actions
from marstraining.certificates.queries import Issued, attended_in_part, certificates_of_session, owed_in
from marstraining.certificates.rules import grouped
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.programme.models import Course, Session
from marstraining.programme.queries.desk import session_to_run

WHO_RUNS_SESSIONS = roles(Role.DESK, Role.PARTNER_ORGANISER)
DONE: dict[str, str | tuple[str, str]] = {
    "part": "The certificate for part of the session is issued. They get an email.",
    "withdrawn": "The certificate is withdrawn. Its holder gets an email, and whoever checks its code is told.",
    "again": "The certificate is issued again. They get an email, and the earlier one says that it is withdrawn.",
    "already": ("Nothing to do", "The certificate was withdrawn already."),
}


async def certificates(request: Request) -> Response:
    """Everybody's certificates of a session, what is still owed, and who came to some of it."""
    session, course = await _session(request)
    return await _list(request, session, course, Form())


async def _list(request: Request, session: Session, course: Course, form: Form) -> Response:
    issued = await certificates_of_session(session.id)
    latest = {one.person_id: one.id for one in reversed(issued)}
    return render(
        request,
        "certificates/desk/session.html",
        session=session,
        title=session.title or course.title,
        issued=issued,
        latest=set(latest.values()),
        owed=await owed_in(session.id),
        in_part=await attended_in_part(session.id),
        grouped=grouped,
        form=form,
        done=DONE,
    )


async def issue_for_part(request: Request) -> Response:
    """Ask for the reason, then issue for part of the session."""
    session, course = await _session(request)
    who = next((one for one in await attended_in_part(session.id) if one.person_ref == request.path_params["person"]), None)
    if who is None:
        raise NotFound
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        try:
            reason = form.get("reason")
            await actions.issue_for_part(session.id, who.person_ref, reason=reason, by=viewer_of(request), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"/desk/sessions/{session.ref}/certificates?done=part")
    return render(request, "certificates/desk/part.html", session=session, title=session.title or course.title, who=who, form=form)


async def withdraw(request: Request) -> Response:
    """Ask for the reason, then withdraw."""
    session, course = await _session(request)
    found = await _certificate(request, session)
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        try:
            is_new = await actions.withdraw_certificate(found.id, reason=form.get("reason"), by=viewer_of(request), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"/desk/sessions/{session.ref}/certificates?done={'withdrawn' if is_new else 'already'}")
    return render(
        request, "certificates/desk/withdraw.html", session=session, title=session.title or course.title, certificate=found, form=form
    )


async def reissue(request: Request) -> Response:
    """Issue again: with the name as it is now, or what was withdrawn."""
    session, course = await _session(request)
    found = await _certificate(request, session)
    form = await read_form(request)
    try:
        await actions.reissue_certificate(found.id, by=viewer_of(request), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return await _list(request, session, course, form)
    return see_other(f"/desk/sessions/{session.ref}/certificates?done=again")


async def _session(request: Request) -> tuple[Session, Course]:
    return await session_to_run(request.path_params["ref"], by=viewer_of(request))


async def _certificate(request: Request, session: Session) -> Issued:
    """The certificate of the address, if it is one of this session."""
    found = [one for one in await certificates_of_session(session.id) if one.ref == request.path_params["certificate"]]
    if not found:
        raise NotFound
    return found[0]


_ROOT = "/desk/sessions/{ref}/certificates"
routes = [
    page(_ROOT, certificates, who=WHO_RUNS_SESSIONS),
    page(f"{_ROOT}/part/{{person}}", issue_for_part, who=WHO_RUNS_SESSIONS, methods=("GET", "POST")),
    page(f"{_ROOT}/{{certificate}}/withdraw", withdraw, who=WHO_RUNS_SESSIONS, methods=("GET", "POST")),
    page(f"{_ROOT}/{{certificate}}/again", reissue, who=WHO_RUNS_SESSIONS, methods=("POST",)),
]
