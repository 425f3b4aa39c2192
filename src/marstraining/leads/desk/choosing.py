"""Booking colleagues: a session and the lead's staff, who is to come, what will be done, then doing it."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.queries import Places, places
from marstraining.bookings.rules import STATE_WORDS, BookingState, Mode
from marstraining.colleagues.actions import Choice, choose_colleagues, invite_colleagues
from marstraining.colleagues.queries import Colleague, booked_already, colleagues_by_ref, kept_for, staff
from marstraining.colleagues.rules import MOST_AT_ONCE, is_booked_at_once
from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.viewer import Viewer
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.core.web.dates import plural
from marstraining.leads.desk.home import WHO_LEADS
from marstraining.people.rules import JOB_ROLES
from marstraining.portal.desk.workspace import MODE_WORDS
from marstraining.programme.queries import SessionFacts, session_facts
from marstraining.programme.rules import Delivery, SessionState

_NOTHING = Places(capacity=None, held=0, waiting=0, left=None)
_STAFF_SHOWN = 200


async def choose(request: Request) -> Response:
    """Tick who is to come, look at what will be done, then do it."""
    viewer, now = viewer_of(request), clock.now()
    facts = await session_facts(request.path_params["ref"], viewer=viewer, now=now)
    form, chosen = Form(), None
    if request.method == "POST":
        form = await read_form(request)
        refs = list(dict.fromkeys(form.all("person")))
        mode = form.get("mode") if facts.delivery == Delivery.HYBRID else ""
        if not refs:
            form.fail("person", "Choose at least one colleague")
        elif facts.delivery == Delivery.HYBRID and mode not in (Mode.ROOM, Mode.ONLINE):
            form.fail("mode", "Choose whether they attend in the room or online")
        else:
            try:
                if form.get("do") == "book":
                    await invite_colleagues(facts.ref, refs, mode=mode, by=viewer, now=now)
                    return see_other(await _booked(refs, viewer=viewer))
                chosen = await choose_colleagues(facts.ref, refs, mode=mode, by=viewer, now=now)
            except Refused as refusal:
                form.refuse(refusal)
    return await _page(request, facts, form, chosen)


async def _booked(refs: list[str], *, viewer: Viewer) -> str:
    people = await colleagues_by_ref(viewer, refs, on=clock.today())
    if all(is_booked_at_once(one.email, one.person_id, lead_id=viewer.person_id) for one in people):
        return "/agency/bookings?done=booked"
    return "/agency/bookings?show=invited&done=invited"


async def _page(request: Request, facts: SessionFacts, form: Form, chosen: Choice | None) -> Response:
    viewer, now = viewer_of(request), clock.now()
    words = form.get("q") or request.query_params.get("q", "")[:200]
    found, total = await staff(viewer, words=words, on=clock.today(), now=now, limit=_STAFF_SHOWN)
    already = await booked_already(facts.id, viewer=viewer, on=clock.today())
    here = (await places([facts.id], now=now)).get(facts.id, _NOTHING)
    kept = await kept_for(facts.id, viewer=viewer, now=now)
    at_once = {one.person_id for one in found if is_booked_at_once(one.email, one.person_id, lead_id=viewer.person_id)}
    return render(
        request,
        "leads/choose.html",
        session=facts,
        places=here,
        kept=kept,
        is_full=here.is_full and not kept,
        is_open=facts.state == SessionState.PUBLISHED and now < facts.starts_at,
        people=[one for one in found if one.person_id not in already],
        already=list(
            {
                one.person_id: f"{one.name}: {STATE_WORDS[BookingState(already[one.person_id])].lower()}"
                for one in found
                if one.person_id in already
            }.values()
        ),
        at_once=at_once | ({one.person_id for one in _at_once(chosen, viewer)} if chosen else set()),
        shown=len(found),
        total=total,
        words=words,
        refs=form.all("person"),
        chosen=chosen,
        summary=_summary(chosen, viewer=viewer) if chosen else "",
        asked=len(chosen.fitting) - len(_at_once(chosen, viewer)) if chosen else 0,
        modes={str(Mode.ROOM): MODE_WORDS[Mode.ROOM], str(Mode.ONLINE): MODE_WORDS[Mode.ONLINE]},
        is_hybrid=facts.delivery == Delivery.HYBRID,
        job_roles=JOB_ROLES,
        most=MOST_AT_ONCE,
        form=form,
    )


def _at_once(chosen: Choice, viewer: Viewer) -> list[Colleague]:
    return [one for one in chosen.fitting if is_booked_at_once(one.email, one.person_id, lead_id=viewer.person_id)]


def _summary(chosen: Choice, *, viewer: Viewer) -> str:
    wanted = len(chosen.fitting)
    if not chosen.has_room:
        if chosen.free == 0:
            return f"{plural(wanted, 'place is', 'places are')} wanted, but none is free. Choose another date: nothing is booked."
        return (
            f"{plural(wanted, 'place', 'places')} wanted, but only {chosen.free} free. Choose fewer people, or another date:"
            " nothing is booked in part."
        )
    at_once = len(_at_once(chosen, viewer))
    if not at_once:
        return f"{plural(wanted, 'place', 'places')} will be held until your colleagues confirm."
    if at_once == wanted:
        return f"{plural(wanted, 'place', 'places')} will be booked at once."
    return f"{plural(wanted - at_once, 'place', 'places')} will be held until your colleagues confirm, and {at_once} booked at once."


routes = [page("/agency/sessions/{ref}", choose, who=WHO_LEADS, methods=("GET", "POST"))]
