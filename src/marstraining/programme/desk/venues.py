"""Venues at the desk: the list, a new one, changing one."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.core.web import (
    Column,
    Files,
    Form,
    Link,
    TableView,
    Tag,
    export_response,
    nearest_page,
    page,
    read_form,
    render,
    roles,
    see_other,
    viewer_of,
)
from marstraining.history.actions import record_export
from marstraining.programme.actions import save_venue
from marstraining.programme.forms import read_venue
from marstraining.programme.models import Venue
from marstraining.programme.queries.desk import VENUE_ORDERS, desk_venues
from marstraining.programme.rules import VenueDraft

COLUMNS = (
    Column("name", "Venue", sort=True),
    Column("address", "Address"),
    Column("contact", "Contact"),
    Column("capacity", "Room for", sort=True, numeric=True),
    Column("coming", "Coming sessions", sort=True, numeric=True),
)
DONE: dict[str, str | tuple[str, str]] = {"saved": "The venue is saved."}


async def venues(request: Request) -> Response:
    """All venues."""
    now = clock.now()
    view = TableView.read(request.query_params, path="/desk/venues", columns=COLUMNS, default="name", filters=("q", "state"))
    view, found = await nearest_page(view, partial(desk_venues, view.filters, order=view.order_by(VENUE_ORDERS), now=now))
    if view.export:
        await record_export("venues", by=viewer_of(request), now=now, subject_kind="programme", subject_id=None, lines=found.total)
        return export_response(request, view.export, "venues", COLUMNS, _rows(found.rows))
    return render(request, "programme/desk/venues.html", view=view, rows=list(_rows(found.rows)))


def _rows(found: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, object]]:
    for row in found:
        yield {
            "name": Link(row["name"], f"/desk/venues/{row['ref']}/edit"),
            "address": Tag("Online", "blue") if row["is_online"] else ", ".join(part for part in (row["address"], row["postcode"]) if part),
            "contact": row["contact"],
            "capacity": row["capacity"],
            "coming": row["coming"],
        }


async def new(request: Request) -> Response:
    """A new venue."""
    return await _page(request, None)


async def edit(request: Request) -> Response:
    """Change a venue; a changed address goes to everyone booked there."""
    venue = await Venue.found(ref=request.path_params["ref"])
    if venue is None:
        raise NotFound
    return await _page(request, venue)


async def _page(request: Request, venue: Venue | None) -> Response:
    if request.method != "POST":
        names = VenueDraft.__dataclass_fields__
        form = Form.of(**{name: getattr(venue, name) for name in names}) if venue else Form()
    else:
        form = await read_form(request)
        draft = read_venue(form)
        if not form.errors:
            try:
                await save_venue(draft, ref=venue.ref if venue else None, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other("/desk/venues?done=saved" if venue is None else f"/desk/venues/{venue.ref}/edit?done=saved")
    return render(request, "programme/desk/venue.html", form=form, venue=venue, done=DONE)


routes = [
    page("/desk/venues", venues, who=roles(Role.DESK), files=Files.PEOPLE),
    page("/desk/venues/new", new, who=roles(Role.DESK), methods=("GET", "POST")),
    page("/desk/venues/{ref}/edit", edit, who=roles(Role.DESK), methods=("GET", "POST")),
]
