"""A learner's record: what falls due and why, what they attended, learning elsewhere, whether they still use a licensed tool."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.certificates.queries import certificates_of
from marstraining.core import clock, config
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import derive_token, same
from marstraining.core.viewer import Viewer
from marstraining.core.web import ANYONE, NO_REFERRER, SIGNED_IN, Files, Form, csv_response, page, read_form, render, see_other, viewer_of
from marstraining.coverage import forms
from marstraining.coverage.actions import add_external, answer_use, remove_external
from marstraining.coverage.actions.use import PURPOSE
from marstraining.coverage.downloads import COLUMNS, USE_ANSWERS, csv_rows, file_response, record_response, shown_in
from marstraining.coverage.queries import counting_codes, external_by_ref, training_record
from marstraining.coverage.queries.use import AskedTool, asked_tool
from marstraining.history.actions import record_export

DONE: dict[str, str | tuple[str, str]] = {
    "added": ("It is on your record", "The training team looks at it. Once they have confirmed it, it counts towards what you are asked."),
    "removed": "The entry is removed, and its file with it.",
    "use-yes": "Thank you. We have noted today that you use it.",
    "use-no": "Thank you. We have noted that you have not used it lately.",
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


async def own_use(request: Request) -> Response:
    """Say on one's own record whether one still uses a tool."""
    person_id, name = _myself(request)
    tool = await asked_tool(request.path_params["accreditation"])
    if tool is None or tool.person_id != person_id:
        raise NotFound
    form = await read_form(request)
    answer = await _answer(tool, form, by=viewer_of(request))
    return see_other(f"/me/record?done=use-{answer}#accreditations") if answer else await _page(request, person_id, name, form)


async def use_by_letter(request: Request) -> Response:
    """The link of a letter: looking changes nothing, its buttons answer, and the last answer counts."""
    tool = await _asked(request)
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        answer = await _answer(tool, form, by=Viewer(person_id=None))
        if answer:
            return see_other(f"{request.url.path}?done=use-{answer}")
    # What was pressed in the letter comes first here too.
    said = request.query_params.get("say", "")
    return render(
        request,
        "coverage/use.html",
        headers=NO_REFERRER,
        tool=tool,
        is_current=tool.is_current(clock.today()),
        said=said if said in USE_ANSWERS else "",
        answers=dict(sorted(USE_ANSWERS.items(), key=lambda pair: (pair[0] != said, pair[0] != "yes"))),
        form=form,
        done=DONE,
    )


async def _answer(tool: AskedTool, form: Form, *, by: Viewer) -> str:
    """Keep what a form answers; "" where it answers nothing, which is then its fault."""
    answer = form.choice("answer", "whether you have used it", USE_ANSWERS)
    if form.errors:
        return ""
    try:
        await answer_use(tool, is_used=answer == "yes", by=by, now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return ""
    return answer


async def _asked(request: Request) -> AskedTool:
    tool = await asked_tool(request.path_params["ref"])
    if tool is None or tool.nonce is None:
        raise NotFound
    if not same(derive_token(config.current().secret_key, PURPOSE, tool.id, tool.nonce), request.path_params["token"]):
        raise NotFound
    return tool


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
    page("/me/record/accreditations/{accreditation}", own_use, who=SIGNED_IN, methods=("POST",)),
    page("/accreditations/{ref}/{token}", use_by_letter, who=ANYONE, methods=("GET", "POST")),
]
