"""The pack of a session: its files for trainers, for those booked and for those who attended; and what its trainers report."""

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance.actions import NewFile, NewReport, hand_out, take_back, write_session_report
from marstraining.attendance.desk.taking import BOTH, DESK, TEACHING, WHO_RUNS_SESSIONS, WHO_TRAINS, Taking, load
from marstraining.attendance.queries.handed import files_of, session_reports
from marstraining.attendance.rules import FILE_KIND_WORDS, FileKind
from marstraining.core import config
from marstraining.core.errors import Refused
from marstraining.core.files import ACCEPTED, drop, plain_name, store
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.uploads.rules import STATE_WORDS

_LONGEST = 2000
_DAY = 24 * 60
_TEXTS = {"room": "the room", "technology": "the technology", "to_change": "what to change"}
DONE: dict[str, str | tuple[str, str]] = {
    "added": "The file is there.",
    "checking": ("The file is sent", "It is being checked for viruses. Those it is for can open it in a few minutes."),
    "taken": "The file is taken back. Nobody can open it any more.",
    "reported": "Thank you. The training team sees your report.",
}


async def files(request: Request) -> Response:
    """The files, and the form that adds one."""
    taking = await load(request)
    form = Form.of(kind=FileKind.SLIDES)
    if request.method == "POST":
        form = await read_form(request)
        answer = await _add(request, taking, form)
        if answer is not None:
            return answer
    return render(
        request,
        "attendance/desk/files.html",
        taking=taking,
        session=taking.session,
        files=await files_of(taking.session.id),
        kinds=FILE_KIND_WORDS,
        accepted=ACCEPTED,
        scan_words=STATE_WORDS,
        form=form,
        done=DONE,
    )


async def _add(request: Request, taking: Taking, form: Form) -> Response | None:
    title = form.text("title", "what the file is")
    kind = form.choice("kind", "who it is for", FILE_KIND_WORDS)
    for_course = form.checkbox("for_course") and taking.as_desk
    upload = form.file("file", "a file")
    if form.errors or upload is None:
        return None
    name, data_dir = plain_name(upload.filename or ""), config.current().data_dir
    try:
        stored = await asyncio.to_thread(store, data_dir, name, upload.file)
        new = NewFile(title, FileKind(kind), name, stored, for_course=for_course)
        await _keep_or_drop(taking, new, data_dir, request)
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return see_other(f"{taking.root}/files?done={'checking' if config.current().scan_url else 'added'}")


async def _keep_or_drop(taking: Taking, new: NewFile, data_dir: Path, request: Request) -> None:
    """Write the row; where that fails, the file goes too."""
    try:
        await hand_out(taking.session.id, new, by=viewer_of(request), now=taking.now)
    except BaseException:
        await asyncio.to_thread(drop, data_dir, new.stored.stored_as)
        raise


async def remove(request: Request) -> Response:
    """Take a file back."""
    taking = await load(request)
    form = await read_form(request)
    await take_back(taking.session.id, form.ref("file"), may_of_course=taking.as_desk, by=viewer_of(request), now=taking.now)
    return see_other(f"{taking.root}/files?done=taken")


async def report(request: Request) -> Response:
    """A trainer's own report of a session."""
    taking = await load(request)
    viewer = viewer_of(request)
    is_early = taking.now < taking.session.starts_at
    mine = next((one for one in await session_reports(taking.session.id) if one.trainer_id == viewer.person_id), None)
    fields = ("room", "technology", "to_change", "delivery_minutes", "preparation_minutes")
    form = Form.of(**{name: getattr(mine, name) for name in fields} if mine else {})
    if request.method == "POST":
        form = await read_form(request)
        words = {name: form.text(name, label, required=False, max=_LONGEST, multiline=True) for name, label in _TEXTS.items()}
        delivery = form.integer("delivery_minutes", "minutes of delivery", required=False, min=0, max=10 * _DAY)
        preparation = form.integer("preparation_minutes", "minutes of preparation", required=False, min=0, max=30 * _DAY)
        if not form.errors:
            try:
                new = NewReport(**words, delivery_minutes=delivery, preparation_minutes=preparation)
                await write_session_report(taking.session.id, new, by=viewer, now=taking.now)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"{taking.root}/report?done=reported")
    return render(
        request, "attendance/desk/report.html", taking=taking, session=taking.session, mine=mine, form=form, done=DONE, is_early=is_early
    )


async def reported(request: Request) -> Response:
    """What the trainers wrote, for who runs the session."""
    taking = await load(request)
    return render(
        request,
        "attendance/desk/reported.html",
        taking=taking,
        session=taking.session,
        reports=await session_reports(taking.session.id),
    )


routes = [
    *(
        route
        for prefix, who in BOTH
        for route in (
            page(f"{prefix}/files", files, who=who),
            page(f"{prefix}/files", files, who=who, methods=("POST",), upload=True),
            page(f"{prefix}/files/take-back", remove, who=who, methods=("POST",)),
        )
    ),
    page(f"{TEACHING}/report", report, who=WHO_TRAINS, methods=("GET", "POST")),
    page(f"{DESK}/trainer-reports", reported, who=WHO_RUNS_SESSIONS),
]
