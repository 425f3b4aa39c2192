"""A learner's record: what falls due and why, what they attended, learning elsewhere; as a page, a PDF and a CSV."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.certificates.queries import certificates_of
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import SIGNED_IN, Files, Form, csv_response, page, read_form, render, see_other, viewer_of
from marstraining.coverage import forms
from marstraining.coverage.actions import add_external, remove_external
from marstraining.coverage.downloads import COLUMNS, csv_rows, file_response, record_response, shown_in
from marstraining.coverage.queries import counting_codes, external_by_ref, training_record
from marstraining.history.actions import record_export

DONE: dict[str, str | tuple[str, str]] = {
    "added": ("It is on your record", "The training team looks at it. Once they have confirmed it, it counts towards what you are asked."),
    "removed": "The entry is removed, and its file with it.",
}


async def own_record(request: Request) -> Response:
    """The page."""
    person_id, name = _myself(request)
    return await _page(request, person_id, name, Form())


async def _page(request: Request, person_id: int, name: str, form: Form) -> Response:
    shown = shown_in(await training_record(person_id, name, now=clock.now()))
    return render(request, "coverage/record.html", certificates=await certificates_of(person_id), form=form, done=DONE, **shown)


async def own_pdf(request: Request) -> Response:
    """The record to print or send."""
    person_id, name = _myself(request)
    return await record_response(request, await training_record(person_id, name, now=clock.now()))


async def own_csv(request: Request) -> Response:
    """The record's lines as a file; counted like every list that is taken away."""
    person_id, name = _myself(request)
    record = await training_record(person_id, name, now=clock.now())
    lines = list(csv_rows(record))
    viewer = viewer_of(request)
    await record_export("training record", by=viewer, now=clock.now(), subject_kind="person", subject_id=person_id, lines=len(lines))
    return csv_response(request, "training-record", COLUMNS, lines)


async def add(request: Request) -> Response:
    """Add something learnt elsewhere, with evidence."""
    _myself(request)
    form = Form()
    codes = await counting_codes()
    if request.method == "POST":
        form = await read_form(request)
        new = forms.read_learning(form, codes, today=clock.today())
        evidence = await forms.read_file(form)
        if not form.errors:
            try:
                await add_external(new, evidence, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other("/me/record?done=added")
    return render(request, "coverage/add.html", form=form, codes=codes)


async def remove(request: Request) -> Response:
    """Take one's own entry off again."""
    person_id, name = _myself(request)
    form = await read_form(request)
    try:
        await remove_external(request.path_params["external"], by=viewer_of(request), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return await _page(request, person_id, name, form)
    return see_other("/me/record?done=removed")


async def own_file(request: Request) -> Response:
    """The evidence of one's own entry."""
    person_id, _ = _myself(request)
    return file_response(await external_by_ref(request.path_params["external"], person_id=person_id))


def _myself(request: Request) -> tuple[int, str]:
    viewer = viewer_of(request)
    if viewer.person_id is None:
        raise NotFound
    return viewer.person_id, viewer.name


routes = [
    page("/me/record", own_record, who=SIGNED_IN),
    page("/me/record/record.pdf", own_pdf, who=SIGNED_IN, files=Files.OWN),
    page("/me/record/record.csv", own_csv, who=SIGNED_IN, files=Files.OWN),
    page("/me/record/external", add, who=SIGNED_IN, methods=("GET", "POST"), upload=True),
    page("/me/record/external/{external}/file", own_file, who=SIGNED_IN),
    page("/me/record/external/{external}/remove", remove, who=SIGNED_IN, methods=("POST",)),
]
