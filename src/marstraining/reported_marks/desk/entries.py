"""One entry of a meeting report whom nobody was found for: who it is, said by a person."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance.rules import Became
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.people.queries import agency_choices
from marstraining.people.rules import JOB_ROLE_CHOICES, JOB_ROLES
from marstraining.reported_marks import queries
from marstraining.reported_marks.actions.tray import Newcomer, Settling, put_back, settle_as_walk_in, settle_entry
from marstraining.reported_marks.desk.reports import BECAME_WORDS, ROOTS, is_teaching, load, root_of
from marstraining.reported_marks.queries import OnSession, ReportEntry, ReportSession

CHOICES = {
    Became.OTHER_BOOKING.value: "Somebody who is booked",
    Became.WALK_IN.value: "Somebody who came without a place",
    Became.TRAINER.value: "A trainer",
    Became.ROOM.value: "A room with several people",
    Became.IGNORED.value: "Nobody who counts, such as a recorder, an interpreter or a double entry",
}


async def entry(request: Request) -> Response:
    """Say who it is."""
    session = await load(request)
    people = await queries.on_session(session.id)
    found = await _find(request, session, people)
    form = Form.of(name=found.name, email="" if is_teaching(request) and not found.is_open else found.email, revision=found.revision)
    if request.method == "POST":
        form = await read_form(request)
        became = form.choice("became", "who this is", CHOICES)
        revision = form.integer("revision", "the revision")
        if not form.errors:
            try:
                await _settle(request, form, session, people, ref=found.ref, became=Became(became), revision=revision)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                if not form.errors:
                    return see_other(f"{root_of(request, session)}/reports?done=settled")
    agencies = {str(one.id): one.name for one in await agency_choices()}
    return render(
        request,
        "reported_marks/report_entry.html",
        layout="base.html" if is_teaching(request) else "desk.html",
        session=session,
        root=root_of(request, session),
        entry=found,
        choices=CHOICES,
        became=BECAME_WORDS,
        booked=_named(found, [one for one in people if not one.is_trainer]),
        trainers={str(one.id): one.name for one in people if one.is_trainer},
        agencies=agencies,
        job_roles=JOB_ROLE_CHOICES,
        shows_emails=not is_teaching(request),
        form=form,
    )


async def _find(request: Request, session: ReportSession, people: list[OnSession]) -> ReportEntry:
    ref = request.path_params["entry"]
    found = [one for one in await queries.report_entries(session.id, people, only=ref) if one.ref == ref]
    if not found:
        raise NotFound
    return found[0]


def _named(found: ReportEntry, booked: list[OnSession]) -> dict[str, str]:
    """Those booked, whoever has a name like the entry's first and said to."""
    near = {one for one, _ in found.suggested}
    first = [(one, f"{one.name} (a name like it)") for one in booked if one.id in near]
    rest = [(one, f"{one.name}, {one.agency}" if one.agency else one.name) for one in booked if one.id not in near]
    return {str(one.id): words for one, words in [*first, *rest]}


async def _settle(
    request: Request, form: Form, session: ReportSession, people: list[OnSession], *, ref: str, became: Became, revision: int
) -> None:
    by, now = viewer_of(request), clock.now()
    ids = {str(one.id): one.is_trainer for one in people}
    if became == Became.WALK_IN:
        newcomer = await _newcomer(request, form)
        if not form.errors:
            await settle_as_walk_in(session.id, ref, newcomer, revision=revision, by=by, now=now)
        return
    field = {Became.OTHER_BOOKING: "person", Became.TRAINER: "trainer", Became.ROOM: "people"}.get(became)
    chosen = form.choices(field, "who it is", [one for one, trains in ids.items() if trains == (became == Became.TRAINER)]) if field else ()
    confirmed_by = form.text("confirmed_by", "who confirms it", required=False) if became == Became.ROOM else ""
    if not form.errors:
        settling = Settling(became, revision, tuple(int(one) for one in chosen), confirmed_by)
        await settle_entry(session.id, ref, settling, by=by, now=now)


async def _newcomer(request: Request, form: Form) -> Newcomer:
    agencies = {str(one.id) for one in await agency_choices()}
    name = form.text("name", "their full name")
    email = form.email("email", "their email address", required=is_teaching(request))
    agency = form.choice("agency", "their organisation", agencies, required=not email)
    job_role = form.choice("job_role", "their role", JOB_ROLES, required=bool(agency))
    return Newcomer(name, email, int(agency) if agency else None, job_role)


async def back(request: Request) -> Response:
    """Put it back among those nobody was found for."""
    session = await load(request)
    await read_form(request)
    await put_back(session.id, request.path_params["entry"], by=viewer_of(request), now=clock.now())
    return see_other(f"{root_of(request, session)}/reports?done=back")


routes = [
    route
    for root, who in ROOTS
    for route in (
        page(f"{root}/{{ref}}/reports/{{entry}}", entry, who=who, methods=("GET", "POST")),
        page(f"{root}/{{ref}}/reports/{{entry}}/back", back, who=who, methods=("POST",)),
    )
]
