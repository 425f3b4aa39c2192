"""An agency lead's staff: the list, and one colleague's posts, bookings and training."""

from collections.abc import Iterable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from marstraining.certificates.queries import accreditations_of
from marstraining.certificates.rules import time_words
from marstraining.colleagues.queries import STAFF_ORDER, Colleague, bookings_for, colleagues_by_ref, staff
from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.web import Column, Files, Link, TableView, export_response, nearest_page, page, render, viewer_of
from marstraining.coverage.paper import accreditation_tag, due_words, progress, why
from marstraining.coverage.queries import people_asked
from marstraining.coverage.rules import STATE_WORDS
from marstraining.history.actions import record_export
from marstraining.leads.desk.home import NEW_DATE, WHO_LEADS, narrowed, state_tag
from marstraining.leads.queries import completed_by
from marstraining.people.rules import JOB_ROLES
from marstraining.portal.queries.came import came

COLUMNS = (
    Column("name", "Name", sort=True),
    Column("email", "Email", sort=True),
    Column("agency", "Organisation", sort=True),
    Column("role", "Role", sort=True),
    Column("staff_number", "Staff number"),
    Column("coming", "Bookings to come", sort=True, numeric=True),
)


async def people(request: Request) -> Response:
    """Everybody with a post at the lead's organisations: searched, sorted, paged, taken away as a file."""
    viewer, now, today = viewer_of(request), clock.now(), clock.today()
    view = TableView.read(request.query_params, path="/agency/staff", columns=COLUMNS, default="name", filters=("q",))
    order, words = view.order_by(STAFF_ORDER), view.filters["q"]
    if view.export:
        found, total = await staff(viewer, words=words, on=today, now=now, order=order)
        await record_export("staff", by=viewer, now=now, subject_kind="agency", subject_id=None, lines=total)
        return export_response(request, view.export, "staff", COLUMNS, _rows(found))
    view, (found, _) = await nearest_page(view, partial(staff, viewer, words=words, on=today, now=now, order=order))
    if not any(one.staff_number for one in found):
        view = view.without("staff_number")
    return render(request, "leads/staff.html", view=narrowed(view, viewer), rows=list(_rows(found)))


def _rows(found: Iterable[Colleague]) -> Iterable[dict[str, object]]:
    for one in found:
        yield {
            "name": Link(one.name, f"/agency/staff/{one.ref}"),
            "email": one.email,
            "agency": one.agency,
            "role": JOB_ROLES.get(one.job_role, one.job_role),
            "staff_number": one.staff_number,
            "coming": one.coming,
        }


async def colleague(request: Request) -> Response:
    """One colleague: what falls due, bookings, what they learnt; of anybody else there is no such page."""
    viewer, now, today = viewer_of(request), clock.now(), clock.today()
    found = await colleagues_by_ref(viewer, [request.path_params["ref"]], on=today)
    if not found:
        raise NotFound
    one = found[0]
    coming, _ = await bookings_for(viewer, person_id=one.person_id, on=today, now=now)
    past, _ = await bookings_for(viewer, person_id=one.person_id, shown="past", on=today, now=now, order="s.starts_at DESC", limit=50)
    return render(
        request,
        "leads/colleague.html",
        one=one,
        role=JOB_ROLES.get(one.job_role, ""),
        coming=coming,
        past=past,
        came=await came(one.person_id) if past else {},
        record={"dues": (await people_asked(one.person_id, on=today)).get(one.person_id, [])},
        completed=await completed_by(one.person_id),
        accreditations=await accreditations_of(one.person_id),
        accreditation_tag=accreditation_tag,
        today=today,
        state_words=STATE_WORDS,
        why=why,
        due_words=due_words,
        progress=progress,
        time_words=time_words,
        tag_of=partial(state_tag, now=now),
        new_date=NEW_DATE,
    )


routes = [page("/agency/staff", people, who=WHO_LEADS, files=Files.PEOPLE), page("/agency/staff/{ref}", colleague, who=WHO_LEADS)]
