"""An agency lead's first page: what waits for them, what comes next, and where everything is."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.rules import STATE_WORDS, BookingState, past_words
from marstraining.colleagues.queries import bookings_for, ledger_by_agency, staff
from marstraining.core import clock
from marstraining.core.viewer import Role, Viewer
from marstraining.core.web import TableView, page, render, roles, viewer_of
from marstraining.leads.queries import led_agencies
from marstraining.portal.desk.workspace import STATE_COLOURS
from marstraining.programme.rules import SessionState

WHO_LEADS = roles(Role.AGENCY_LEAD)
# In place of the date of a postponed session, which does not stand any more.
NEW_DATE = "New date to follow"
_SHOWN = 8


def narrowed(view: TableView, viewer: Viewer) -> TableView:
    """A list without the organisation's column for whoever leads one alone."""
    return view if len(viewer.agency_ids) > 1 else view.without("agency")


def state_tag(row: Mapping[str, Any], *, now: datetime) -> tuple[str, str]:
    """How a booking of `bookings_for` or `led_booking` stands, and its colour; of a session that is over, that it is."""
    if row["ends_at"] <= now and row["session_state"] != SessionState.POSTPONED:
        return past_words(row["state"]), "grey"
    state = BookingState(row["state"])
    if state == BookingState.CONFIRMED and row["session_state"] == SessionState.POSTPONED:
        return "Booked, postponed", "orange"
    return STATE_WORDS[state], STATE_COLOURS.get(state, "grey")


async def home(request: Request) -> Response:
    """Counts with one action each, then the next bookings."""
    viewer, now, today = viewer_of(request), clock.now(), clock.today()
    _, people = await staff(viewer, on=today, now=now, limit=1)
    coming, total = await bookings_for(viewer, on=today, now=now, limit=_SHOWN)
    _, requests = await bookings_for(viewer, shown="asked", on=today, now=now, limit=1)
    _, asked = await bookings_for(viewer, shown="invited", on=today, now=now, limit=1)
    entries = await ledger_by_agency(viewer, on=today)
    return render(
        request,
        "leads/home.html",
        agencies=await led_agencies(viewer),
        people=people,
        coming=coming,
        total=total,
        requests=requests,
        asked=asked,
        absences=sum(int(row["late"]) + int(row["absent"]) for row in entries),
        tag_of=partial(state_tag, now=now),
        new_date=NEW_DATE,
    )


routes = [page("/agency", home, who=WHO_LEADS)]
