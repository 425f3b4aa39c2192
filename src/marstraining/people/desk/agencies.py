"""Agencies at the desk: the list with its queue of new ones, one agency's page, its form."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
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
    see_other,
    viewer_of,
)
from marstraining.history.actions import record_export
from marstraining.people import actions, forms, queries, rules
from marstraining.people.desk.listing import STAFF
from marstraining.people.queries.lists import AGENCY_ORDER, agencies_list, agency_record, branches_in_order, leads_of, new_agencies

COLUMNS = (
    Column("name", "Name", sort=True),
    Column("code", "Code", sort=True, nowrap=True),
    Column("sector", "Sector", sort=True),
    Column("parent", "Belongs to", sort=True),
    Column("people", "People", sort=True, numeric=True),
    Column("contact", "Contact"),
    Column("state", "State", sort=True),
    Column("contact_email", "Contact's email", export_only=True),
    Column("email_domain", "Email domain", export_only=True),
)
STATES = {
    rules.AgencyState.LISTED.value: ("Listed", "green"),
    rules.AgencyState.SUGGESTED.value: ("New", "orange"),
    rules.AgencyState.CLOSED.value: ("Closed", "grey"),
    rules.AgencyState.MERGED.value: ("Merged", "grey"),
}
DONE: dict[str, str | tuple[str, str]] = {
    "saved": "The organisation is saved.",
    "note": "The note is saved.",
    "close": "The organisation is closed. Nobody can choose it any more.",
    "reopen": "The organisation is listed again.",
    "merged": "The organisations are merged.",
}
_FIELDS = (
    "code", "name", "sector", "is_vcse", "is_group", "is_one_person", "is_in_area", "email_domain", "urn", "ofsted_number",
    "charity_number", "contact_name", "contact_email", "contact_phone", "notes", "opened_on",
)  # fmt: skip


async def agencies(request: Request) -> Response:
    """All agencies, with those that newcomers typed on top."""
    viewer = viewer_of(request)
    view = TableView.read(request.query_params, path="/desk/agencies", columns=COLUMNS, default="name", filters=("q", "sector", "state"))
    read = partial(agencies_list, view.filters, by=viewer, on=clock.today(), order=view.order_by(AGENCY_ORDER))
    view, found = await nearest_page(view, read)
    if view.export:
        await record_export("agencies", by=viewer, now=clock.now(), subject_kind="agency", subject_id=None, lines=found.total)
        return export_response(request, view.export, "organisations", COLUMNS, _rows(found.rows))
    return render(
        request,
        "people/desk/agencies.html",
        view=view,
        rows=list(_rows(found.rows)),
        states={state: words[0] for state, words in STATES.items()},
        sectors=await queries.sectors(),
        waiting=await new_agencies(),
    )


def _rows(found: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, object]]:
    for row in found:
        yield {
            "name": Link(row["name"], f"/desk/agencies/{row['code']}"),
            "code": row["code"],
            "sector": row["sector"],
            "parent": row["parent"],
            "people": row["people"],
            "contact": row["contact_name"] or row["contact_email"],
            "state": Tag(*STATES[row["state"]]),
            "contact_email": row["contact_email"],
            "email_domain": row["email_domain"],
        }


async def show(request: Request) -> Response:
    """One agency: what it belongs to and what to it, its people, contacts and notes."""
    return await _page(request, await _record(request), Form(), opened="")


async def _page(request: Request, agency: dict[str, Any], form: Form, *, opened: str) -> Response:
    is_new = agency["state"] == rules.AgencyState.SUGGESTED
    return render(
        request,
        "people/desk/agency.html",
        form=form,
        opened=opened,
        agency=agency,
        state=STATES[agency["state"]],
        states=STATES,
        others=[(choice.code, choice.name) for choice in await queries.agency_choices()] if is_new else [],
        branches=await branches_in_order(agency["id"]),
        leads=await leads_of(agency["id"]),
        notes=await queries.notes_of(agency_id=agency["id"]),
        done=DONE,
    )


async def _record(request: Request) -> dict[str, Any]:
    agency = await agency_record(request.path_params["code"])
    if agency is None:
        raise NotFound
    return agency


async def really(request: Request) -> Response:
    """From an organisation that a newcomer typed to merging it into the listed one that it is."""
    agency, form = await _record(request), Form.of(**{"is": request.query_params.get("is", "")})
    listed = await queries.agency_by_code(form.get("is")) if form.get("is") else None
    if listed is None:
        form.fail("is", "Choose the organisation that it is")
        return await _page(request, agency, form, opened="")
    return see_other(f"/desk/agencies/{listed['code']}/merge?{urlencode({'other': agency['code']})}")


async def change(request: Request) -> Response:
    """Save a note, close or reopen an agency."""
    verb, agency = request.path_params["verb"], await _record(request)
    form, viewer, now = await read_form(request), viewer_of(request), clock.now()
    try:
        if verb == "note":
            await actions.add_note(form.get("text"), agency_id=agency["id"], by=viewer, now=now)
        elif verb == "close":
            closed_on = form.date("closed_on", "the closing date")
            if not form.errors:
                await actions.close_agency(agency["id"], closed_on=closed_on, by=viewer, now=now)
        elif verb == "reopen":
            await actions.reopen_agency(agency["id"], by=viewer, now=now)
        else:
            raise NotFound
    except Refused as refusal:
        form.refuse(refusal)
    if form.errors:
        return await _page(request, agency, form, opened=verb)
    return see_other(f"/desk/agencies/{agency['code']}?done={verb}")


async def edit(request: Request) -> Response:
    """The form of an agency, new or known; saving one that a newcomer typed lists it."""
    agency = await _record(request) if "code" in request.path_params else None
    form = _filled(agency)
    # Those in use come from imports and from the desk; the fixed ones are there from the first day.
    sectors = sorted({*rules.SECTORS, *await queries.sectors()})
    if request.method == "POST":
        form = await read_form(request)
        parent = await queries.agency_by_code(form.get("parent")) if form.get("parent") else None
        if form.get("parent") and parent is None:
            form.fail("parent", "Choose what it belongs to from the list")
        details = forms.read_agency(form, parent_id=parent["id"] if parent else None, sectors=sectors)
        if not form.errors:
            try:
                await actions.save_agency(details, agency_id=agency["id"] if agency else None, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/desk/agencies/{details.code}?done=saved")
    return render(
        request,
        "people/desk/agency_form.html",
        form=form,
        agency=agency,
        sectors=[(sector, sector) for sector in sectors],
        parents=[(choice.code, choice.name) for choice in await queries.agency_choices() if not agency or choice.code != agency["code"]],
    )


def _filled(agency: dict[str, Any] | None) -> Form:
    if agency is None:
        return Form.of(is_in_area=True)
    is_new = agency["state"] == rules.AgencyState.SUGGESTED
    form = Form.of(**{name: agency[name] for name in _FIELDS}, parent=agency["parent_code"] or "")
    if is_new:
        form.put("code", "")
    return form


routes = [
    page("/desk/agencies", agencies, who=STAFF, files=Files.PEOPLE),
    page("/desk/agencies/new", edit, who=STAFF, methods=("GET", "POST")),
    page("/desk/agencies/{code}", show, who=STAFF),
    page("/desk/agencies/{code}/really", really, who=STAFF),
    page("/desk/agencies/{code}/edit", edit, who=STAFF, methods=("GET", "POST")),
    page("/desk/agencies/{code}/{verb}", change, who=STAFF, methods=("POST",)),
]
