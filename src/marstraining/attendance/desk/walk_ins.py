"""Somebody who came without a place: found among those known by name or address, or entered as new."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance import queries
from marstraining.attendance.actions import NewHere, WalkIn, enter_walk_in
from marstraining.attendance.desk.taking import BOTH, Taking, load, rows_of
from marstraining.attendance.rules import CORRECTIONS, TakenAs
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.people.queries import agency_choices
from marstraining.people.rules import JOB_ROLE_CHOICES, JOB_ROLES

_AS = {
    TakenAs.WALK_IN: "A learner without a booking",
    TakenAs.ASSISTANT: "An assistant, interpreter or helper, who is not counted as a learner",
}


async def find(request: Request) -> Response:
    """Find the person by name or whole address; nothing but name and organisation is shown."""
    taking = await load(request)
    words = " ".join(request.query_params.get("q", "").split())[:100]
    people = await queries.found_here(words, on=clock.today()) if words and _can_enter(taking) else []
    there = {row.line.ref for row in await rows_of(taking)}
    return render(
        request,
        "attendance/desk/walk_in.html",
        taking=taking,
        session=taking.session,
        words=words,
        people=people,
        there=there,
        can_enter=_can_enter(taking),
    )


def _can_enter(taking: Taking) -> bool:
    return not taking.why_not or (taking.is_locked and taking.as_desk)


async def add(request: Request) -> Response:
    """Put them on the register: a person of the service, or somebody new."""
    taking = await load(request)
    if taking.day is None:
        raise NotFound
    ref = request.query_params.get("person", "")
    person = await queries.known_person(ref, on=clock.today()) if ref else None
    agencies = {str(one.id): one.name for one in await agency_choices()}
    missing = {row.line.ref: row for row in await rows_of(taking) if row.line.booking_ref and not (row.mark and row.mark.mark != "absent")}
    form = Form.of(name=request.query_params.get("name", "")[:200], taken_as=TakenAs.WALK_IN)
    if request.method == "POST":
        form = await read_form(request)
        who = person.id if person else _read_new(form, agencies)
        taken_as = form.choice("taken_as", "in which capacity they came", _AS)
        instead = form.choice("instead_of", "in whose place they came", missing, required=False)
        why = form.choice("why", "why the register is corrected", CORRECTIONS) if taking.is_locked else ""
        if not form.errors:
            came = WalkIn(who, taking.day.id, TakenAs(taken_as), missing[instead].line.id if instead else None)
            try:
                await enter_walk_in(taking.session.id, came, why=why, by=viewer_of(request), now=taking.now)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"{taking.page}{'&' if '?' in taking.page else '?'}done=walk-in")
    return render(
        request,
        "attendance/desk/walk_in_add.html",
        taking=taking,
        session=taking.session,
        person=person,
        can_enter=_can_enter(taking),
        agencies=agencies,
        job_roles=JOB_ROLE_CHOICES,
        capacities=_AS,
        missing={ref: row.line.name for ref, row in missing.items()},
        corrections=CORRECTIONS,
        form=form,
    )


def _read_new(form: Form, agencies: dict[str, str]) -> NewHere:
    name = form.text("name", "their full name")
    email = form.email("email", "their email address", required=False)
    agency = form.choice("agency", "their organisation", agencies, required=False)
    job_role = form.choice("job_role", "their role", JOB_ROLES, required=bool(agency))
    return NewHere(name, email, int(agency) if agency else None, job_role)


routes = [
    route
    for prefix, who in BOTH
    for route in (
        page(f"{prefix}/register/walk-in", find, who=who),
        page(f"{prefix}/register/walk-in/add", add, who=who, methods=("GET", "POST")),
    )
]
