"""Checking in at the door without signing in, and the files that trainers hand out to learners."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from marstraining.attendance.actions import check_in
from marstraining.attendance.check_in_codes import Presented, make_pass, read_pass
from marstraining.attendance.queries.handed import handed_file, own_files
from marstraining.attendance.rules import Evidence, FileKind
from marstraining.core import clock, config
from marstraining.core.errors import NotFound, Refused
from marstraining.core.files import path_of
from marstraining.core.web import ANYONE, SIGNED_IN, Form, page, read_form, render, viewer_of
from marstraining.people.browsers import network_of
from marstraining.uploads.rules import STATE_WORDS, check_served

_LONGEST_CODE = 12


async def check_in_page(request: Request) -> Response:
    """Both codes, or one's own alone where the screen's was scanned; nobody learns here whether a code is right."""
    now, secret = clock.now(), config.current().secret_key
    scanned = _digits(request.query_params.get("q", ""))
    form = Form.of(**{"pass": make_pass(secret, Presented(scanned, Evidence.QR, now)) if scanned else ""})
    if request.method == "POST":
        form = await read_form(request)
        screen, code = _digits(form.get("screen")), _digits(form.get("code"))
        presented = Presented(screen, Evidence.CODE, now) if screen else read_pass(secret, form.get("pass"), now=now)
        if not code:
            form.fail("code", "Enter your check-in code")
        if not screen and not form.get("pass"):
            form.fail("screen", "Enter the code on the screen")
        if form.errors:
            return render(request, "attendance/check_in.html", form=form, asks_screen=not form.get("pass"))
        try:
            checked_in = await check_in(presented, code, network=network_of(request), now=now)
        except Refused as refusal:
            form.refuse(refusal)
            form.put("screen", "")
        else:
            return render(request, "attendance/checked_in.html", checked_in=checked_in)
    return render(request, "attendance/check_in.html", form=form, asks_screen=bool(form.errors) or not form.get("pass"))


def _digits(typed: str) -> str:
    """A code as typed, with whatever spaces."""
    return "".join(character for character in typed if character.isascii() and character.isalnum())[:_LONGEST_CODE]


async def own(request: Request) -> Response:
    """Pre-reading and handouts that are one's own."""
    viewer = viewer_of(request)
    files = await own_files(viewer.person_id) if viewer.person_id is not None else []
    return render(request, "attendance/files.html", files=files, kinds=_OWN, scan_words=STATE_WORDS)


_OWN = {FileKind.RUNNING_ORDER: "Running order", FileKind.PRE_READING: "Pre-reading", FileKind.HANDOUT: "Handouts"}


async def download(request: Request) -> Response:
    """A file for those it is meant for, never shown in the page: what somebody uploaded is nobody's to run."""
    file = await handed_file(request.path_params["ref"], viewer_of(request))
    check_served(file.scan_state)
    path = path_of(config.current().data_dir, file.stored_as)
    if not path.is_file():
        raise NotFound
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.file_name)}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return FileResponse(path, media_type=file.content_type, headers=headers)


routes = [
    page("/check-in", check_in_page, who=ANYONE, methods=("GET", "POST")),
    page("/me/files", own, who=SIGNED_IN),
    page("/files/{ref}", download, who=SIGNED_IN),
]
