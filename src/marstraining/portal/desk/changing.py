"""Calling off, postponing, moving and running online: each shows who will be told before its button."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.actions import call_off_session, move_session, postpone_session, run_online, who_will_be_told
from marstraining.bookings.rules import STATE_WORDS
from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.viewer import Viewer
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.portal.desk.workspace import WHO_RUNS_SESSIONS, load
from marstraining.portal.queries.workspace import DeskSession, days_of
from marstraining.programme.rules import DayPlan

_MOST_DAYS = 5
Act = Callable[[DeskSession, Form, Viewer, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Change:
    """One of the four: its words, the field it asks for, and the verb."""

    heading: str
    explains: str
    button: str
    done: str
    asks: str
    act: Act


async def _call_off(session: DeskSession, form: Form, by: Viewer, now: datetime) -> None:
    reason = form.text("reason", "the reason", required=False, max=300)
    if not form.errors:
        await call_off_session(session.id, reason=reason, by=by, now=now)


async def _postpone(session: DeskSession, form: Form, by: Viewer, now: datetime) -> None:
    reason = form.text("reason", "the reason", required=False, max=300)
    if not form.errors:
        await postpone_session(session.id, reason=reason, by=by, now=now)


async def _run_online(session: DeskSession, form: Form, by: Viewer, now: datetime) -> None:
    link = form.text("joining_link", "the joining link", max=1000)
    if not form.errors:
        await run_online(session.id, joining_link=link, by=by, now=now)


async def _move(session: DeskSession, form: Form, by: Viewer, now: datetime) -> None:
    plans = []
    for number in range(1, _MOST_DAYS + 1):
        typed = [form.get(f"{name}{number}{part}") for name in ("day", "starts", "ends") for part in ("", "-day", "-month", "-year")]
        if number > 1 and not any(typed):
            continue
        day = form.date(f"day{number}", "the new date")
        starts, ends = form.time(f"starts{number}", "the start time"), form.time(f"ends{number}", "the end time")
        plans.append(DayPlan(day=day, starts=starts, ends=ends))
    if not form.errors:
        await move_session(session.id, plans, by=by, now=now)


CHANGES = {
    "call-off": Change(
        "Call this session off",
        "Every booking ends. Everybody gets one letter that takes the session out of their calendar and offers the next date.",
        "Call the session off",
        "called-off",
        "reason",
        _call_off,
    ),
    "postpone": Change(
        "Postpone this session",
        "Everybody keeps their place and the list its order. Each gets one letter now, and one when there is a new date.",
        "Postpone the session",
        "postponed",
        "reason",
        _postpone,
    ),
    "move": Change(
        "Move this session",
        "Bookings and the waiting list move along. Everybody gets one letter, and the entry in their calendar moves.",
        "Move the session",
        "moved",
        "days",
        _move,
    ),
    "online": Change(
        "Run this session online instead",
        "Dates and bookings stay. Everybody gets one letter, and the joining link comes with the joining instructions.",
        "Run it online",
        "online",
        "link",
        _run_online,
    ),
}


def _page_of(word: str) -> Callable[[Request], Awaitable[Response]]:
    wanted = CHANGES[word]

    async def handler(request: Request) -> Response:
        return await _change(request, wanted)

    return handler


async def _change(request: Request, wanted: Change) -> Response:
    """The dry run, and the verb behind its button."""
    session = await load(request)
    form = Form.of()
    if request.method == "POST":
        form = await read_form(request)
        try:
            await wanted.act(session, form, viewer_of(request), clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        if not form.errors:
            return see_other(f"/desk/sessions/{session.ref}?done={wanted.done}")
    return render(
        request,
        "portal_desk/change.html",
        session=session,
        change=wanted,
        told=await who_will_be_told(session.id),
        days=await days_of(session.id),
        words=STATE_WORDS,
        most_days=_MOST_DAYS,
        form=form,
    )


routes = [page(f"/desk/sessions/{{ref}}/{word}", _page_of(word), who=WHO_RUNS_SESSIONS, methods=("GET", "POST")) for word in CHANGES]
