"""What befalls a whole session: each change stands behind a page that says who will be told, and happens by one button."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings import actions
from marstraining.core import clock, config
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.core.web.dates import plural
from marstraining.portal.desk.workspace import WHO_RUNS_SESSIONS, WORDS, load, workspace_page
from marstraining.portal.queries.workspace import DeskSession, days_of
from marstraining.programme.actions import decide_to_run
from marstraining.programme.deadlines import Deadlines, moved_with
from marstraining.programme.rules import LONGEST_SESSION_DAYS, DayPlan, Delivery, SessionState

_CHANGED = "Somebody changed this session after you opened this page. Check what it says now, then send again."
_LONGEST_REASON = 300


@frozen
class Change:
    """One change: what its page starts with, whether it has happened already, how its form is read, what it does.

    `act` takes the session, what `read` gave, who and when. `done` is the word of the confirmation. `foresee` gives the page what
    else would change, from what `read` gave or None where there is nothing to read yet.
    """

    template: str
    done: str
    start: Callable[[DeskSession], Awaitable[Mapping[str, object]]]
    is_done: Callable[[DeskSession], bool]
    read: Callable[[Form, DeskSession], Any]
    act: Callable[[DeskSession, Any, Viewer, datetime], Awaitable[object]]
    foresee: Callable[[DeskSession, Any], Sequence[object]] = lambda _session, _values: ()


def _page_of(change: Change) -> Callable[[Request], Awaitable[Response]]:
    """The page of a change. Sent twice, it happens once; sent from a page that is out of date, it is asked again."""

    async def handler(request: Request) -> Response:
        session = await load(request)
        form, values = Form.of(seen=session.seen, **await change.start(session)), None
        if request.method == "POST":
            form = await read_form(request)
            if change.is_done(session):
                return see_other(f"/desk/sessions/{session.ref}?done={change.done}")
            values = change.read(form, session)
            if form.get("step") == "more":
                form.errors.clear()
                form.put("rows", _rows(form) + 1)
            elif form.get("step") != "look":
                answer = await _acted(request, session, change, form, values)
                if answer is not None:
                    return answer
        return render(
            request,
            change.template,
            session=session,
            told=await actions.who_will_be_told(session.id),
            days=await days_of(session.id),
            row_numbers=range(1, _rows(form) + 1),
            foreseen=change.foresee(session, None if form.errors else values),
            joining_time=actions.joining_time,
            now=clock.now(),
            words=WORDS,
            form=form,
        )

    return handler


async def _acted(request: Request, session: DeskSession, change: Change, form: Form, values: Any) -> Response | None:  # noqa: ANN401
    if form.get("seen") != session.seen:
        form.fail("", _CHANGED)
        form.put("seen", session.seen)
    if form.errors:
        return None
    try:
        await change.act(session, values, viewer_of(request), clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return see_other(f"/desk/sessions/{session.ref}?done={change.done}")


async def _nothing(_session: DeskSession) -> Mapping[str, object]:
    return {}


def _reason(form: Form, _session: DeskSession) -> str:
    return form.text("reason", "the reason", required=False, max=_LONGEST_REASON)


async def _call_off(session: DeskSession, reason: str, by: Viewer, now: datetime) -> object:
    return await actions.call_off_session(session.id, reason=reason, by=by, now=now)


async def _postpone(session: DeskSession, reason: str, by: Viewer, now: datetime) -> object:
    return await actions.postpone_session(session.id, reason=reason, by=by, now=now)


async def _run_online(session: DeskSession, joining_link: str, by: Viewer, now: datetime) -> object:
    return await actions.run_online(session.id, joining_link=joining_link, by=by, now=now)


async def _move(session: DeskSession, plans: list[DayPlan], by: Viewer, now: datetime) -> object:
    try:
        return await actions.move_session(session.id, plans, by=by, now=now)
    except Refused as refusal:
        # The rules speak of a day's fields; on this page the first day stands for all of them.
        field = {"day": "day1", "starts": "starts1", "ends": "ends1"}.get(refusal.field or "")
        raise Refused(refusal.message, code=refusal.code, field=field, facts=refusal.facts) from refusal


async def _present_days(session: DeskSession) -> Mapping[str, object]:
    """The days as they are, to be changed; for a postponed session empty rows of the same number."""
    days = await days_of(session.id)
    shown: dict[str, object] = {"rows": max(1, len(days))}
    for number, one in enumerate(days, 1):
        shown |= {f"starts{number}": time.fromisoformat(one.starts), f"ends{number}": time.fromisoformat(one.ends)}
        if session.state != SessionState.POSTPONED:
            shown[f"day{number}"] = one.day
    return shown


@frozen
class MovedDeadline:
    """Something with a date of its own: when it is, and when it would be, with whether that has passed; None before days are typed."""

    what: str
    was: date | datetime
    becomes: date | datetime | None
    has_passed: bool = False


_DEADLINES = {
    "opens_at": "Booking opens",
    "closes_at": "Booking closes",
    "decide_by": "Decide whether it runs by",
    "final_numbers_by": "Final numbers to the venue by",
}


def _moved_deadlines(session: DeskSession, plans: list[DayPlan] | None) -> list[MovedDeadline]:
    """What moves along with the start; before days are typed, whatever would."""
    was = Deadlines(session.opens_at, session.closes_at, session.decide_by, session.final_numbers_by)
    if not plans:
        kept = [(what, getattr(was, name)) for name, what in _DEADLINES.items() if name != "opens_at"]
        return [MovedDeadline(what, moment, None) for what, moment in kept if moment]
    start = min(plan.instants()[0] for plan in plans)
    calendar = config.current().partnership.working_calendar
    changed = was.changed_to(moved_with(was, old_start=session.starts_at, new_start=start, calendar=calendar))
    return [
        MovedDeadline(what, getattr(was, name), changed[name], has_passed=_has_passed(changed[name]))
        for name, what in _DEADLINES.items()
        if name in changed
    ]


def _has_passed(moment: date | datetime | None) -> bool:
    return moment <= clock.now() if isinstance(moment, datetime) else moment is not None and moment < clock.today()


def _rows(form: Form) -> int:
    typed = form.get("rows", "1")
    return min(LONGEST_SESSION_DAYS, max(1, int(typed))) if typed.isdecimal() and len(typed) < 4 else 1


def _read_days(form: Form, _session: DeskSession) -> list[DayPlan]:
    """The days typed; a further day whose date is empty is none."""
    plans = []
    for number in range(1, _rows(form) + 1):
        name = f"day {number}"
        if number > 1 and not any(form.get(f"day{number}-{part}") for part in ("day", "month", "year")):
            continue
        on = form.date(f"day{number}", f"the date of {name}", earliest=clock.today())
        starts = form.time(f"starts{number}", f"the start time of {name}")
        ends = form.time(f"ends{number}", f"the end time of {name}")
        if on == date.min or any(f"{field}{number}" in form.errors for field in ("day", "starts", "ends")):
            continue
        plan = DayPlan(on, starts, ends)
        try:
            plan.instants()
        except Refused as refusal:
            form.fail(f"{refusal.field or 'day'}{number}", refusal.message)
        plans.append(plan)
    return plans


async def places(request: Request) -> Response:
    """Change how many places there are; below what is held only after a warning."""
    session = await load(request)
    now_set = session.capacity
    form = Form.of(seen=session.seen, capacity=now_set.session, capacity_room=now_set.room, capacity_online=now_set.online)
    if request.method == "POST":
        form = await read_form(request)
        numbers = _read_places(form, session)
        if not form.errors:
            try:
                await actions.change_capacity(session.id, by=viewer_of(request), now=clock.now(), **numbers)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/desk/sessions/{session.ref}?done=places")
    return render(
        request,
        "portal_desk/places.html",
        session=session,
        is_hybrid=session.delivery == Delivery.HYBRID,
        form=form,
    )


_MOST_PLACES = 10_000
_FIELDS = {
    "capacity": "the number of places",
    "capacity_room": "the number of places in the room",
    "capacity_online": "the number of places online",
}


def _read_places(form: Form, session: DeskSession) -> dict[str, Any]:
    names = list(_FIELDS) if session.delivery == Delivery.HYBRID else ["capacity"]
    numbers: dict[str, Any] = {name: form.integer(name, _FIELDS[name], required=False, min=0, max=_MOST_PLACES) for name in names}
    if form.get("seen") != session.seen:
        form.fail("", _CHANGED)
        form.put("seen", session.seen)
    held = {"capacity": session.held.held, "capacity_room": session.held.held_room, "capacity_online": session.held.held_online}
    over = {name: held[name] for name in names if numbers[name] is not None and numbers[name] < held[name]}
    if over and not form.errors and not form.checkbox("lower"):
        taken = plural(next(iter(over.values())), "place is", "places are")
        form.fail("lower", f"{taken} taken already. Tick the box if there are to be fewer all the same")
    return {"capacity": numbers["capacity"], **{name: numbers[name] for name in names[1:]}}


async def decide(request: Request) -> Response:
    """Go or no-go: say that it runs; otherwise it is called off on its own page."""
    session = await load(request)
    if request.method != "POST":
        return render(request, "portal_desk/decide.html", session=session)
    form = await read_form(request)
    try:
        await decide_to_run(session.id, by=viewer_of(request), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return await workspace_page(request, session, form=form)
    return see_other(f"/desk/sessions/{session.ref}?done=runs")


async def _send_joining(session: DeskSession, _values: object, by: Viewer, now: datetime) -> object:
    return await actions.send_joining_again(session.id, by=by, now=now)


_CHANGES = {
    "joining": Change("portal_desk/joining.html", "joining", _nothing, lambda _session: False, lambda _form, _session: None, _send_joining),
    "call-off": Change(
        "portal_desk/call_off.html", "called-off", _nothing, lambda session: session.state == SessionState.CALLED_OFF, _reason, _call_off
    ),
    "postpone": Change(
        "portal_desk/postpone.html", "postponed", _nothing, lambda session: session.state == SessionState.POSTPONED, _reason, _postpone
    ),
    "move": Change("portal_desk/move.html", "moved", _present_days, lambda _session: False, _read_days, _move, _moved_deadlines),
    "online": Change(
        "portal_desk/online.html",
        "online",
        _nothing,
        lambda session: session.delivery == Delivery.ONLINE,
        lambda form, _session: form.text("joining_link", "the joining link", required=False, max=1000),
        _run_online,
    ),
}

routes = [
    *(
        page(f"/desk/sessions/{{ref}}/{word}", _page_of(change), who=WHO_RUNS_SESSIONS, methods=("GET", "POST"), name=f"desk-{word}")
        for word, change in _CHANGES.items()
    ),
    page("/desk/sessions/{ref}/places", places, who=WHO_RUNS_SESSIONS, methods=("GET", "POST")),
    page("/desk/sessions/{ref}/decide", decide, who=WHO_RUNS_SESSIONS, methods=("GET", "POST")),
]
