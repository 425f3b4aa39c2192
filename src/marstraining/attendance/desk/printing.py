"""The sheet to sign and the badges, as files to print."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance.desk.taking import BOTH, load, rows_of
from marstraining.attendance.sheets import Printed, attendance_sheet, badge_sheet
from marstraining.bookings.queries.roster import trainer_names
from marstraining.core import clock, config
from marstraining.core.errors import NotFound
from marstraining.core.web import page, viewer_of
from marstraining.history.actions import record_export
from marstraining.programme.place import place_of

_KINDS = {"sheet": attendance_sheet, "badges": badge_sheet}


async def print_out(request: Request) -> Response:
    """One of the two; taking names away on paper is kept in the history, as a download is."""
    taking = await load(request)
    make = _KINDS.get(request.path_params["kind"])
    if make is None or not taking.days:
        raise NotFound
    session, kind = taking.session, request.path_params["kind"]
    rows = await rows_of(taking)
    people = [row for row in rows if row.is_learner] if kind == "sheet" else rows
    printed = Printed(
        title=session.title,
        place=place_of(session.delivery, session.venue),
        partnership=config.current().partnership.name,
        trainers=await trainer_names(session.id),
        days=[(one.starts_at, one.ends_at) for one in taking.days],
        people=[(row.line.name, row.line.agency) for row in people],
    )
    await record_export(kind, by=viewer_of(request), now=taking.now, subject_kind="session", subject_id=session.id, lines=len(people))
    name = f"{'register' if kind == 'sheet' else 'badges'}-{session.course_code.lower()}-{clock.local(session.starts_at):%Y-%m-%d}.pdf"
    return Response(await make(printed), media_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})


routes = [page(f"{prefix}/print/{{kind}}", print_out, who=who) for prefix, who in BOTH]
