"""Merging two records, of a person or of an agency: the other one is named, both are shown side by side, then merged."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import Form, always, page, read_form, render, see_other, viewer_of
from marstraining.people import actions, queries, rules
from marstraining.people.desk.listing import STAFF
from marstraining.people.queries.lists import agency_record


async def people(request: Request) -> Response:
    """Merge another record into this person's."""
    keep = await queries.person_record(request.path_params["ref"])
    if keep is None:
        raise NotFound
    form = await read_form(request) if request.method == "POST" else Form.of(other=request.query_params.get("other", ""))
    other = await _other_person(form)
    if request.method == "POST" and other:
        try:
            await actions.merge_people(keep["id"], other["id"], by=viewer_of(request), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"/desk/people/{keep['ref']}?done=merged")
    records = [keep, other] if other else [keep]
    posts = [await queries.positions_of(record["id"]) for record in records]
    return render(request, "people/desk/merge_people.html", form=form, keep=keep, other=other, posts=posts, job_roles=rules.JOB_ROLES)


async def _other_person(form: Form) -> dict[str, Any] | None:
    """Whom the form names, by an address or by the reference at the end of their page's address."""
    typed = form.get("other")
    if not typed:
        return None
    found = await queries.person_record(typed.rstrip("/").rpartition("/")[2])
    if found is None and "@" in typed:
        person_id = await queries.person_id_of(typed.strip().casefold())
        ref = await queries.ref_of(person_id) if person_id else None
        found = await queries.person_record(ref) if ref else None
    if found is None:
        form.fail("other", "Nobody has this email address or reference")
    return found


async def agencies(request: Request) -> Response:
    """Merge another agency into this one."""
    keep = await agency_record(request.path_params["code"])
    if keep is None:
        raise NotFound
    form = await read_form(request) if request.method == "POST" else Form.of(other=request.query_params.get("other", ""))
    other = await agency_record(form.get("other")) if form.get("other") else None
    if form.get("other") and other is None:
        form.fail("other", "No organisation has this code")
    if request.method == "POST" and other:
        try:
            await actions.merge_agencies(keep["id"], other["id"], by=viewer_of(request), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"/desk/agencies/{keep['code']}?done=merged")
    every = [(choice.code, f"{choice.name} ({choice.code})") for choice in await queries.agency_choices(with_suggested=True)]
    choices = [(code, text) for code, text in every if code != keep["code"]]
    return render(request, "people/desk/merge_agencies.html", form=form, keep=keep, other=other, choices=choices)


routes = [
    page("/desk/people/{ref}/merge", people, who=STAFF, methods=("GET", "POST"), confirms=always),
    page("/desk/agencies/{code}/merge", agencies, who=STAFF, methods=("GET", "POST"), confirms=always),
]
