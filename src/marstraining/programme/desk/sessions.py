"""Sessions at the desk: a new one, copying, publishing and deleting a draft. Changing one concerns who booked: `portal`."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.programme.actions import copy_session, create_session, delete_draft, publish_session
from marstraining.programme.desk.courses import choose_course
from marstraining.programme.forms import read_days, read_session, rows_shown, session_form
from marstraining.programme.models import Course, Session
from marstraining.programme.queries import Day, training_days
from marstraining.programme.queries.desk import owned_course, session_to_run, venue_choices
from marstraining.programme.rules import AUDIENCES, DELIVERY_LABELS, Arrangement, DayPlan, Delivery, SessionDraft

WHO_RUNS = roles(Role.DESK, Role.PARTNER_ORGANISER)
ACCESS_CHOICES = {
    "": "As the course says",
    "public": "Everybody",
    "restricted": "Only the audiences ticked below",
    "invited": "Only people who are invited",
}
ARRANGEMENT_LABELS = {Arrangement.NONE: "Not booked", Arrangement.HELD: "Provisionally booked", Arrangement.CONFIRMED: "Confirmed"}
DONE: dict[str, str | tuple[str, str]] = {
    "created": "The session is saved as a draft. Nobody sees it until you publish it.",
    "saved": "The session is saved.",
    "told": "The session is saved. Everybody for whom something has changed is told within a minute.",
    "published": "The session is published.",
    "copied": "This is the copy, saved as a draft. Check it, then publish it.",
}


async def new(request: Request) -> Response:
    """A new session: first the course, then everything else."""
    viewer = viewer_of(request)
    code = request.query_params.get("course", "")
    if not code:
        return await choose_course(request)
    course = await owned_course(code, by=viewer)
    if request.method != "POST":
        return await session_page(request, session_form(_usual(course)), course=course)
    form = await read_form(request)
    if form.get("do") == "add_day":
        return await session_page(request, form, course=course)
    draft, days = read_session(form), read_days(form)
    if not form.errors:
        try:
            session = await create_session(course.id, draft, days, by=viewer, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return await publish_or_show(request, session, form, done="created")
    return await session_page(request, form, course=course)


def _usual(course: Course) -> SessionDraft:
    """What a session of a course usually is."""
    delivery = course.delivery if course.delivery in tuple(Delivery) else Delivery.IN_PERSON
    return SessionDraft(delivery=delivery, capacity=course.capacity)


async def publish_or_show(request: Request, session: Session, form: Form, *, done: str) -> Response:
    """After saving: publish where that was the button; where it cannot be, the saved draft says why."""
    if form.get("do") == "publish":
        try:
            await publish_session(session.id, by=viewer_of(request), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            stored, course = await session_to_run(session.ref, by=viewer_of(request))
            form.put("seen", stored.changed_at.isoformat())
            return await session_page(request, form, course=course, session=stored)
        return see_other(f"/desk/sessions/{session.ref}?done=published")
    return see_other(f"/desk/sessions/{session.ref}/edit?done={done}")


def plans_of(days: Sequence[Day]) -> list[DayPlan]:
    """The days that take place, as they would be typed."""
    return [DayPlan(day.day, clock.local(day.starts_at).time(), clock.local(day.ends_at).time()) for day in days if not day.is_cancelled]


async def session_page(request: Request, form: Form, *, course: Course, session: Session | None = None) -> Response:
    """The form of a session, for a new one and for one that is changed."""
    return render(
        request,
        "programme/desk/session.html",
        form=form,
        course=course,
        session=session,
        days=await training_days(session.id) if session else (),
        rows=rows_shown(form),
        deliveries=DELIVERY_LABELS,
        venues=await venue_choices(session.venue_id if session else None),
        arrangements=ARRANGEMENT_LABELS,
        accesses=ACCESS_CHOICES,
        audiences=AUDIENCES,
        done=DONE,
    )


async def copy(request: Request) -> Response:
    """The same session on another date, as a draft."""
    viewer = viewer_of(request)
    session, course = await session_to_run(request.path_params["ref"], by=viewer)
    own = await training_days(session.id)
    if request.method != "POST":
        form = Form()
        for row, plan in enumerate(plans_of(own), start=1):
            form.put(f"starts{row}", plan.starts)
            form.put(f"ends{row}", plan.ends)
    else:
        form = await read_form(request)
        days = read_days(form) if form.get("do") != "add_day" else []
        if form.get("do") != "add_day" and not form.errors:
            try:
                made = await copy_session(session.id, days, by=viewer, now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/desk/sessions/{made.ref}/edit?done=copied")
    return render(request, "programme/desk/copy.html", form=form, session=session, course=course, rows=rows_shown(form), days=own)


async def publish(request: Request) -> Response:
    """Publish a draft."""
    viewer = viewer_of(request)
    await read_form(request)
    session, _ = await session_to_run(request.path_params["ref"], by=viewer)
    await publish_session(session.id, by=viewer, now=clock.now())
    return see_other(f"/desk/sessions/{session.ref}?done=published")


async def delete(request: Request) -> Response:
    """Delete a draft, after asking."""
    viewer = viewer_of(request)
    session, course = await session_to_run(request.path_params["ref"], by=viewer)
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        try:
            await delete_draft(session.id, by=viewer, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other("/desk/sessions?done=deleted")
    return render(request, "programme/desk/delete.html", form=form, session=session, course=course)


routes = [
    page("/desk/sessions/new", new, who=WHO_RUNS, methods=("GET", "POST")),
    page("/desk/sessions/{ref}/copy", copy, who=WHO_RUNS, methods=("GET", "POST")),
    page("/desk/sessions/{ref}/publish", publish, who=WHO_RUNS, methods=("POST",)),
    page("/desk/sessions/{ref}/delete", delete, who=WHO_RUNS, methods=("GET", "POST")),
]
