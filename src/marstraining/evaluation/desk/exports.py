"""Feedback taken away as a file: by the training team, partner organisers, and trainers of their own sessions."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance import queries as attendance
from marstraining.attendance.forms import read_filters
from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.viewer import Role
from marstraining.core.web import Column, Files, export_response, page, read_form, roles, viewer_of
from marstraining.evaluation.queries.exports import COLUMNS, Wanted, evaluation_rows
from marstraining.history.actions import record_export

FORMATS = ("csv", "xlsx")


async def export(request: Request) -> Response:
    """Every closed survey that the viewer runs, or those of one course, session or time, as `/desk/exports` asks for them."""
    form = await read_form(request)
    filters = read_filters(form)
    if form.errors:
        raise NotFound
    return await _file(request, form.get("format"), Wanted(filters.session, filters.course, filters.first, filters.last))


async def own(request: Request) -> Response:
    """The feedback of one session, for its trainer."""
    session = await attendance.taken_session(request.path_params["ref"], viewer_of(request), as_desk=False)
    form = await read_form(request)
    return await _file(request, form.get("format"), Wanted(session=session.ref))


async def _file(request: Request, ending: str, wanted: Wanted) -> Response:
    if ending not in FORMATS:
        raise NotFound
    viewer, now = viewer_of(request), clock.now()
    lines = await evaluation_rows(wanted, viewer=viewer)
    await record_export("evaluation", by=viewer, now=now, subject_kind="export", subject_id=None, lines=len(lines))
    columns = [Column(name, name) for name in COLUMNS]
    return export_response(request, ending, f"evaluation-{clock.local(now):%Y-%m-%d}", columns, lines)


routes = [
    page("/desk/evaluation/export", export, who=roles(Role.DESK, Role.PARTNER_ORGANISER), methods=("POST",), files=Files.NOBODY),
    page("/teaching/{ref}/feedback/export", own, who=roles(Role.TRAINER), methods=("POST",), files=Files.NOBODY),
]
