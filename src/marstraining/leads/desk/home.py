"""An agency lead's first page: what waits for them, what comes next, and where everything is."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.rules import STATE_WORDS
from marstraining.colleagues.queries import bookings_for, ledger_by_agency, staff
from marstraining.core import clock
from marstraining.core.viewer import Role, Viewer
from marstraining.core.web import TableView, page, render, roles, viewer_of
from marstraining.leads.queries import led_agencies
from marstraining.portal.desk.workspace import STATE_COLOURS

WHO_LEADS = roles(Role.AGENCY_LEAD)
_SHOWN = 8


def narrowed(view: TableView, viewer: Viewer) -> TableView:
    """A list without the organisation's column for whoever leads one alone."""
    return view if len(viewer.agency_ids) > 1 else view.without("agency")


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
        words=STATE_WORDS,
        colours=STATE_COLOURS,
    )


routes = [page("/agency", home, who=WHO_LEADS)]
