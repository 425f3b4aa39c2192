"""Files to take away: for the training team and partner organisers what they choose, for trainers the register of their session."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from marstraining.attendance import queries
from marstraining.attendance.desk.taking import WHO_RUNS_SESSIONS, WHO_TRAINS
from marstraining.attendance.forms import FORMATS, KIND_LABELS, read_filters
from marstraining.attendance.queries.export_kinds import FEEDBACK, FEEDBACK_PATH, REGISTER
from marstraining.attendance.queries.exports import Filters, export_choices, export_of
from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.web import Column, Files, Form, always, page, read_form, render, viewer_of
from marstraining.core.web.exports import streamed_response
from marstraining.history.actions import record_export

_FIELDS = ("kind", "format", "session", "course", "agency")


async def exports(request: Request) -> Response:
    """Choose a file; the address may bring what is chosen, as a letter's link does."""
    query = request.query_params
    form = Form([(name, query[name][:100]) for name in (*_FIELDS, "from", "to") if name in query])
    for name in ("from", "to"):
        day = form.date(name, "the day", required=False)
        form.put(name, day)
    form.errors.clear()
    if request.method == "POST":
        form = await read_form(request)
        kind = form.choice("kind", "what to export", KIND_LABELS)
        ending = form.choice("format", "the kind of file", FORMATS)
        filters = read_filters(form)
        if not form.errors and kind == FEEDBACK:
            # The fields go along: a 307 is sent again as it was.
            return RedirectResponse(FEEDBACK_PATH, 307)
        if not form.errors:
            return await _file(request, kind, ending, filters)
    if not form.get("format"):
        form.put("format", "csv")
    courses, agencies = await export_choices(viewer_of(request))
    return render(request, "attendance/exports.html", form=form, kinds=KIND_LABELS, formats=FORMATS, courses=courses, agencies=agencies)


async def own_register(request: Request) -> Response:
    """The register of a session for one of its trainers."""
    session = await queries.taken_session(request.path_params["ref"], viewer_of(request), as_desk=False)
    form = await read_form(request)
    ending = form.choice("format", "the kind of file", FORMATS)
    if form.errors:
        raise NotFound
    return await _file(request, REGISTER.name, ending, Filters(session=session.ref))


async def _file(request: Request, kind: str, ending: str, filters: Filters) -> Response:
    """The file, sent as it is read; that it was taken away is written first, ten times an hour at most."""
    viewer, now = viewer_of(request), clock.now()
    export = await export_of(kind, filters, viewer=viewer, now=now)
    await record_export(kind, by=viewer, now=now, subject_kind="export", subject_id=None, lines=export.total)
    columns = [Column(name, name) for name in export.columns]
    return streamed_response(request, ending, f"{kind}-{clock.local(now):%Y-%m-%d}", columns, export.batches())


routes = [
    page("/desk/exports", exports, who=WHO_RUNS_SESSIONS, methods=("GET", "POST"), confirms=always, files=Files.PEOPLE),
    page("/teaching/{ref}/export", own_register, who=WHO_TRAINS, methods=("POST",), files=Files.PEOPLE),
]
