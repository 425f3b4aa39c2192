"""The list of people, and somebody new."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import Refused
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
from marstraining.people import actions, queries, rules
from marstraining.people.queries.lists import PEOPLE_ORDER, people_list

STAFF = roles(Role.DESK, Role.ADMINISTRATOR)
COLUMNS = (
    Column("name", "Name", sort=True),
    Column("email", "Email", sort=True),
    Column("agency", "Organisation", sort=True),
    Column("job_role", "Job role"),
    Column("roles", "Roles"),
    Column("state", "Account", sort=True),
    Column("last", "Last signed in", sort=True),
)
STATES = {
    rules.PersonState.ACTIVE.value: ("Active", "green"),
    rules.PersonState.LEFT.value: ("Left", "yellow"),
    rules.PersonState.CLOSED.value: ("Closed", "grey"),
    rules.PersonState.MERGED.value: ("Merged", "grey"),
}


async def people(request: Request) -> Response:
    """Everybody: searched, filtered, sorted, paged, taken away as a file."""
    viewer = viewer_of(request)
    view = TableView.read(
        request.query_params, path="/desk/people", columns=COLUMNS, default="name", filters=("q", "agency", "role", "state")
    )
    read = partial(people_list, view.filters, by=viewer, on=clock.today(), order=view.order_by(PEOPLE_ORDER))
    view, found = await nearest_page(view, read)
    if view.export:
        await record_export("people", by=viewer, now=clock.now(), subject_kind="person", subject_id=None, lines=found.total)
        return export_response(request, view.export, "people", COLUMNS, _rows(found.rows))
    return render(
        request,
        "people/desk/people.html",
        view=view,
        rows=list(_rows(found.rows)),
        states={state: words[0] for state, words in STATES.items()},
        role_labels={role.value: rules.ROLE_LABELS[role] for role in rules.GRANTED_ROLES},
        agencies=[(choice.code, choice.name) for choice in await queries.agency_choices()],
    )


def _rows(found: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, object]]:
    for row in found:
        yield {
            "name": Link(row["name"], f"/desk/people/{row['ref']}"),
            "email": row["email"],
            "agency": Link(row["agency"], f"/desk/agencies/{row['agency_code']}") if row["agency"] else "",
            "job_role": rules.JOB_ROLES.get(row["job_role"] or "", row["job_role"]),
            "roles": row["roles"],
            "state": Tag(*STATES[row["state"]]),
            "last": clock.local(row["last_signed_in_at"]).date() if row["last_signed_in_at"] else "",
        }


async def of_address(request: Request) -> Response:
    """Where an address leads that stands on another page: to whose it is, or to what the list finds."""
    typed = request.query_params.get("email", "")
    try:
        person_id = await queries.person_id_of(rules.normal_address(typed))
    except Refused:
        person_id = None
    ref = await queries.ref_of(person_id) if person_id else None
    return see_other(f"/desk/people/{ref}" if ref else f"/desk/people?{urlencode({'q': typed})}")


async def add(request: Request) -> Response:
    """Somebody new; without an address a learner managed by their setting."""
    viewer, now = viewer_of(request), clock.now()
    form = Form.of(agency=request.query_params.get("agency", ""))
    if request.method == "POST":
        form = await read_form(request)
        name, email = form.text("name", "their full name", max=200), form.email("email", "their email address", required=False)
        agency = form.get("agency")
        job_role = form.choice("job_role", "their job role", rules.JOB_ROLES, required=bool(agency))
        if not (form.get("email") or agency):
            form.fail("agency", "A learner without email needs an organisation, whose contact gets the letters")
        if not form.errors:
            try:
                ref = await actions.add_person(
                    name,
                    email=email,
                    agency_code=agency,
                    job_role=job_role,
                    allows_shared=form.checkbox("allows_shared"),
                    by=viewer,
                    now=now,
                )
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/desk/people/{ref}?done=added")
    return render(
        request,
        "people/desk/new_person.html",
        form=form,
        agencies=[(choice.code, choice.name) for choice in await queries.agency_choices()],
        job_roles=rules.JOB_ROLES,
    )


routes = [
    page("/desk/people", people, who=STAFF, files=Files.PEOPLE),
    page("/desk/people/of", of_address, who=STAFF),
    page("/desk/people/new", add, who=STAFF, methods=("GET", "POST")),
]
