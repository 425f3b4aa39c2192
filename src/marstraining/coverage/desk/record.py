"""A person's record at the desk: confirming or refusing what they learnt elsewhere, ending an accreditation or noting its use."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.certificates.actions import end_accreditation
from marstraining.certificates.queries import certificates_of
from marstraining.core import clock
from marstraining.core.db import rows
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Files, Form, csv_response, page, read_form, render, roles, see_other, viewer_of
from marstraining.coverage.actions import answer_use, decide_external
from marstraining.coverage.downloads import COLUMNS, csv_rows, file_response, record_response, shown_in
from marstraining.coverage.queries import counting_codes, external_by_ref, training_record
from marstraining.coverage.queries.use import asked_tool
from marstraining.history.actions import record_export

DONE: dict[str, str | tuple[str, str]] = {
    "confirmed": "It is confirmed and counts.",
    "refused": "It is on the record as not counted.",
    "ended": "The accreditation is ended from today.",
    "already": ("Nothing to do", "The accreditation had ended already."),
    "used": "We have noted today that they use it.",
}


async def record(request: Request) -> Response:
    """The page."""
    return await _page(request, Form())


async def _page(request: Request, form: Form, *, ending: int = 0) -> Response:
    person_id, ref, name = await _person(request)
    shown = shown_in(await training_record(person_id, name, now=clock.now()))
    return render(
        request,
        "coverage/desk/record.html",
        person={"ref": ref, "name": name},
        certificates=await certificates_of(person_id),
        codes=await counting_codes(),
        form=form,
        ending=ending,
        done=DONE,
        **shown,
    )


async def pdf(request: Request) -> Response:
    """The record to print; that it was taken away stands in history."""
    person_id, _, name = await _person(request)
    taken = await training_record(person_id, name, now=clock.now())
    await _note(request, person_id, len(taken.attended) + len(taken.external))
    return await record_response(request, taken)


async def csv(request: Request) -> Response:
    """The record's lines as a file."""
    person_id, _, name = await _person(request)
    lines = list(csv_rows(await training_record(person_id, name, now=clock.now())))
    await _note(request, person_id, len(lines))
    return csv_response(request, "training-record", COLUMNS, lines)


async def _note(request: Request, person_id: int, lines: int) -> None:
    viewer = viewer_of(request)
    await record_export("training record", by=viewer, now=clock.now(), subject_kind="person", subject_id=person_id, lines=lines)


async def decide(request: Request) -> Response:
    """Confirm or refuse something learnt elsewhere."""
    person_id, ref, _ = await _person(request)
    form = await read_form(request)
    is_confirmed = form.choice("answer", "whether it counts", ("confirm", "refuse")) == "confirm"
    counts_as = form.choice("counts_as", "what it counts as", [code for code, _ in await counting_codes()], required=False)
    if form.errors:
        return await _page(request, form)
    external = request.path_params["external"]
    await decide_external(external, person_id, is_confirmed=is_confirmed, counts_as=counts_as, by=viewer_of(request), now=clock.now())
    return see_other(f"/desk/people/{ref}/record?done={'confirmed' if is_confirmed else 'refused'}")


async def end(request: Request) -> Response:
    """End an accreditation, for a reason."""
    person_id, ref, _ = await _person(request)
    form = await read_form(request)
    number = form.get("accreditation")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise NotFound
    try:
        is_new = await end_accreditation(int(number), person_id, reason=form.get("reason"), by=viewer_of(request), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return await _page(request, form, ending=int(number))
    return see_other(f"/desk/people/{ref}/record?done={'ended' if is_new else 'already'}")


async def used(request: Request) -> Response:
    """Note that they said they still use a tool."""
    person_id, ref, _ = await _person(request)
    form = await read_form(request)
    tool = await asked_tool(form.ref("accreditation"))
    if tool is None or tool.person_id != person_id:
        raise NotFound
    try:
        await answer_use(tool, is_used=True, by=viewer_of(request), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return await _page(request, form)
    return see_other(f"/desk/people/{ref}/record?done=used")


async def file(request: Request) -> Response:
    """The evidence of an entry."""
    person_id, _, _ = await _person(request)
    return file_response(await external_by_ref(request.path_params["external"], person_id=person_id))


async def _person(request: Request) -> tuple[int, str, str]:
    found = await rows("SELECT id, ref, name FROM people_person WHERE ref = ?", request.path_params["ref"])
    if not found:
        raise NotFound
    return found[0]["id"], found[0]["ref"], found[0]["name"]


_DESK = roles(Role.DESK)
_ROOT = "/desk/people/{ref}/record"
routes = [
    page(_ROOT, record, who=_DESK),
    page(f"{_ROOT}/record.pdf", pdf, who=_DESK, files=Files.PEOPLE),
    page(f"{_ROOT}/record.csv", csv, who=_DESK, files=Files.PEOPLE),
    page(f"{_ROOT}/end-accreditation", end, who=_DESK, methods=("POST",)),
    page(f"{_ROOT}/used", used, who=_DESK, methods=("POST",)),
    page(f"{_ROOT}/external/{{external}}", decide, who=_DESK, methods=("POST",)),
    page(f"{_ROOT}/external/{{external}}/file", file, who=_DESK),
]
