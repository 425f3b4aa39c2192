"""One person's page at the desk, and what can be done there."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.core.web import Form, page, read_form, render, see_other, verbs, viewer_of
from marstraining.people import actions, forms, queries, rules
from marstraining.people.desk.listing import STAFF, STATES

DONE: dict[str, str | tuple[str, str]] = {
    "added": "The person is added.",
    "name": "The name is changed.",
    "email": "The email address is changed. The old address has been told, and the person signs in again.",
    "start-post": "The post is added.",
    "end-post": "The post is ended.",
    "note": "The note is saved.",
    "leaver": "The person is marked as having left. Letters stop, and what they held of sessions to come is cancelled.",
    "close": "The account is closed.",
    "reopen": "The account is open again.",
    "sign-out": "The person is signed out everywhere, on Telegram too.",
    "part-telegram": "Telegram is disconnected. Letters go by email alone from now on.",
    "grant": "The role is given. The person signs in again.",
    "end-role": "The role is ended. The person signs in again.",
    "merged": "The records are merged.",
}


@frozen
class _Asked:
    """A form sent from a person's page."""

    form: Form
    person_id: int
    by: Viewer
    now: datetime


async def _name(asked: _Asked) -> None:
    await actions.change_name(asked.person_id, asked.form.get("name"), by=asked.by, now=asked.now)


async def _email(asked: _Asked) -> None:
    await actions.change_email(
        asked.person_id, asked.form.get("email"), allows_shared=asked.form.checkbox("allows_shared"), by=asked.by, now=asked.now
    )


async def _start_post(asked: _Asked) -> None:
    agency = await queries.agency_by_code(asked.form.get("agency"))
    await actions.start_position(
        asked.person_id,
        agency["id"] if agency else 0,
        asked.form.get("job_role"),
        staff_number=asked.form.text("staff_number", "the staff number", required=False, max=40),
        by=asked.by,
        now=asked.now,
    )


async def _end_post(asked: _Asked) -> None:
    await actions.end_position(forms.row_number(asked.form, "post"), ends_on=clock.today(), by=asked.by, now=asked.now)


async def _note(asked: _Asked) -> None:
    await actions.add_note(asked.form.get("text"), person_id=asked.person_id, by=asked.by, now=asked.now)


async def _close(asked: _Asked) -> None:
    await actions.close_account(asked.person_id, by=asked.by, now=asked.now)


async def _reopen(asked: _Asked) -> None:
    await actions.reopen_account(asked.person_id, by=asked.by, now=asked.now)


async def _sign_out(asked: _Asked) -> None:
    await actions.end_all_sign_ins(asked.person_id, by=asked.by, now=asked.now)


async def _part_telegram(asked: _Asked) -> None:
    await actions.revoke_telegram(asked.person_id, by=asked.by, now=asked.now)


async def _grant(asked: _Asked) -> None:
    role = asked.form.choice("role", "a role", rules.GRANTED_ROLES)
    agency = await queries.agency_by_code(asked.form.get("role_agency"))
    if not asked.form.errors:
        try:
            await actions.grant_role(asked.person_id, Role(role), agency_id=agency["id"] if agency else None, by=asked.by, now=asked.now)
        except Refused as refusal:
            asked.form.fail("role_agency" if refusal.field == "agency" else refusal.field or "", refusal.message)


async def _end_role(asked: _Asked) -> None:
    await actions.end_role(forms.row_number(asked.form, "grant"), by=asked.by, now=asked.now)


VERBS: dict[str, Callable[[_Asked], Awaitable[None]]] = {
    "name": _name,
    "email": _email,
    "start-post": _start_post,
    "end-post": _end_post,
    "note": _note,
    "close": _close,
    "reopen": _reopen,
    "sign-out": _sign_out,
    "part-telegram": _part_telegram,
    "grant": _grant,
    "end-role": _end_role,
}


async def show(request: Request) -> Response:
    """A person's record."""
    return await _page(request, await _record(request), Form(), opened="")


async def change(request: Request) -> Response:
    """Do what one of the page's forms asks for; a refusal shows the page again with that form open."""
    verb = request.path_params["verb"]
    person = await _record(request)
    if verb not in VERBS:
        raise NotFound
    form = await read_form(request)
    try:
        await VERBS[verb](_Asked(form, person["id"], viewer_of(request), clock.now()))
    except Refused as refusal:
        form.refuse(refusal)
    if form.errors:
        return await _page(request, person, form, opened=verb)
    return see_other(f"/desk/people/{person['ref']}?done={verb}")


async def _record(request: Request) -> dict[str, Any]:
    person = await queries.person_record(request.path_params["ref"])
    if person is None:
        raise NotFound
    return person


async def _page(request: Request, person: dict[str, Any], form: Form, *, opened: str) -> Response:
    return render(
        request,
        "people/desk/person.html",
        form=form,
        opened=opened,
        person=person,
        state=STATES[person["state"]],
        posts=await queries.positions_of(person["id"]),
        grants=await queries.grants_of(person["id"]),
        notes=await queries.notes_of(person_id=person["id"]),
        sign_ins=await queries.sign_ins_of(person["id"], now=clock.now()),
        chat=await queries.telegram_chat_of(person["id"]),
        agencies=[(choice.code, choice.name) for choice in await queries.agency_choices()],
        job_roles=rules.JOB_ROLES,
        role_labels={role.value: rules.ROLE_LABELS[role] for role in Role if role in rules.GRANTED_ROLES},
        done=DONE,
    )


routes = [
    page("/desk/people/{ref}", show, who=STAFF),
    page("/desk/people/{ref}/{verb}", change, who=STAFF, methods=("POST",), confirms=verbs("email", "grant", "end-role")),
]
