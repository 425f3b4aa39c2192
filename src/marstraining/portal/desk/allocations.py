"""Places of a session kept for organisations or sectors: who has them, keeping more, letting them go."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.colleagues.actions import keep_places, let_places_go
from marstraining.colleagues.queries import allocations_of
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.people.queries import agency_choices
from marstraining.people.rules import SECTORS
from marstraining.portal.desk.workspace import WHO_RUNS_SESSIONS, load

DONE = {"kept": "The places are kept.", "gone": "The places are anybody’s now; the waiting list comes first."}  # noqa: RUF001 - as printed


async def allocations(request: Request) -> Response:
    """The list, and keeping places for one more."""
    session, viewer, now = await load(request), viewer_of(request), clock.now()
    here = f"/desk/sessions/{session.ref}/allocations"
    agencies = {choice.code: choice for choice in await agency_choices()}
    form = Form.of(release=10)
    if request.method == "POST":
        form = await read_form(request)
        chosen = form.choice("agency", "an organisation", agencies, required=False)
        sector = form.choice("sector", "a sector", SECTORS, required=False)
        floor = form.integer("floor", "how many places are kept", required=False, min=0, max=10_000)
        cap = form.integer("cap", "how many places they may have", required=False, min=0, max=10_000)
        release = form.integer("release", "how many working days before", required=False, min=0, max=365)
        if not form.errors:
            try:
                await keep_places(
                    session.id,
                    agency_id=agencies[chosen].id if chosen else None,
                    sector=sector,
                    floor=floor,
                    cap=cap,
                    release_days=release,
                    by=viewer,
                    now=now,
                )
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"{here}?done=kept")
    return render(
        request,
        "portal_desk/allocations.html",
        session=session,
        now=now,
        lines=await allocations_of(session.id, now=now),
        agencies={code: choice.name for code, choice in agencies.items()},
        sectors={sector: sector for sector in SECTORS},
        form=form,
        done=DONE,
    )


async def remove(request: Request) -> Response:
    """Let the places of one allocation go."""
    session = await load(request)
    form = await read_form(request)
    lines = {str(line["id"]): line["id"] for line in await allocations_of(session.id, now=clock.now())}
    if form.get("allocation") not in lines:
        raise NotFound
    await let_places_go(session.id, lines[form.get("allocation")], by=viewer_of(request), now=clock.now())
    return see_other(f"/desk/sessions/{session.ref}/allocations?done=gone")


routes = [
    page("/desk/sessions/{ref}/allocations", allocations, who=WHO_RUNS_SESSIONS, methods=("GET", "POST")),
    page("/desk/sessions/{ref}/allocations/remove", remove, who=WHO_RUNS_SESSIONS, methods=("POST",)),
]
