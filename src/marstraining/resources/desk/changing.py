"""Adding a resource, changing it, and a new version of its file."""

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.errors import Refused
from marstraining.core.files import ACCEPTED, drop, plain_name, store
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.programme.rules import AUDIENCES
from marstraining.resources.actions import NewFile, draft_of_resource, save_resource
from marstraining.resources.desk.shelf import WHO
from marstraining.resources.forms import read_resource, resource_form
from marstraining.resources.queries.desk import accreditation_choices
from marstraining.resources.rules import KIND_LABELS, ResourceDraft


async def new(request: Request) -> Response:
    """Add a resource, with a file, a web address or both."""
    form = Form.of(audience_codes=["all"])
    if request.method == "POST":
        form = await read_form(request)
        draft = read_resource(form, code=None)
        if await _save(request, form, draft, code=None, note="") is not None:
            return see_other(f"/desk/resources/{draft.code}?done=added")
    return await _page(request, form, code=None)


async def edit(request: Request) -> Response:
    """Change what is said of a resource; its file has a page of its own."""
    code = _code(request)
    form = resource_form(await draft_of_resource(code))
    if request.method == "POST":
        form = await read_form(request)
        draft = read_resource(form, code=code)
        if not form.errors:
            try:
                _, is_changed = await save_resource(draft, code=code, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/desk/resources/{code}?done={'saved' if is_changed else 'unchanged'}")
    return await _page(request, form, code=code)


async def new_version(request: Request) -> Response:
    """Put a new file in place of the present one, which stays in the history."""
    code = _code(request)
    draft = await draft_of_resource(code)
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        note = form.text("note", "what is new", required=False, max=300)
        form.file("file", "a file")
        is_new = await _save(request, form, draft, code=code, note=note)
        if is_new is not None:
            return see_other(f"/desk/resources/{code}?done={'version' if is_new else 'unchanged'}")
    return render(request, "resources/desk/version.html", form=form, code=code, title=draft.title, accepted=ACCEPTED)


async def _save(request: Request, form: Form, draft: ResourceDraft, *, code: str | None, note: str) -> bool | None:
    """Store the file, if one was chosen, and write: whether that changed anything, None where it could not be.

    A file that is not needed, or whose row could not be written, is gone again.
    """
    upload = form.file("file", "a file", required=False)
    if form.errors:
        return None
    data_dir = config.current().data_dir
    new_file: NewFile | None = None
    try:
        if upload is not None:
            name = plain_name(upload.filename or "")
            new_file = NewFile(name, await asyncio.to_thread(store, data_dir, name, upload.file))
        return await _write_or_drop(request, draft, code, new_file, note, data_dir)
    except Refused as refusal:
        form.refuse(refusal)
        return None


async def _write_or_drop(  # noqa: PLR0917 - one caller, every value a different thing
    request: Request, draft: ResourceDraft, code: str | None, new_file: NewFile | None, note: str, data_dir: Path
) -> bool:
    is_needed = False
    try:
        _, is_needed = await save_resource(draft, code=code, file=new_file, note=note, by=viewer_of(request), now=clock.now())
    finally:
        if new_file is not None and not is_needed:
            await asyncio.to_thread(drop, data_dir, new_file.stored.stored_as)
    return is_needed


async def _page(request: Request, form: Form, *, code: str | None) -> Response:
    return render(
        request,
        "resources/desk/form.html",
        form=form,
        code=code,
        kinds=KIND_LABELS,
        audiences={code: label for code, label in AUDIENCES.items() if code != "invited"},
        accreditations=await accreditation_choices(),
        accepted=ACCEPTED,
    )


def _code(request: Request) -> str:
    code: str = request.path_params["code"]
    return code.upper()


_ROOT = "/desk/resources/{code}"
routes = [
    page("/desk/resources/new", new, who=WHO),
    page("/desk/resources/new", new, who=WHO, methods=("POST",), upload=True),
    page(f"{_ROOT}/edit", edit, who=WHO, methods=("GET", "POST")),
    page(f"{_ROOT}/file", new_version, who=WHO),
    page(f"{_ROOT}/file", new_version, who=WHO, methods=("POST",), upload=True),
]
