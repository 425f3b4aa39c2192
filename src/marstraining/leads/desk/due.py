"""Who of an agency lead's staff is due for what, since when and why, and whose accreditation ends or is without use."""

from collections.abc import Iterable
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response

from marstraining.colleagues.queries import Colleague, staff
from marstraining.core import clock
from marstraining.core.web import Column, Files, Link, TableView, Tag, export_response, page, render, viewer_of
from marstraining.core.web.dates import day_plain
from marstraining.coverage.queries import people_asked
from marstraining.coverage.rules import SOON, STATE_WORDS, Due, State
from marstraining.history.actions import record_export
from marstraining.leads.desk.home import WHO_LEADS, narrowed
from marstraining.leads.queries import accreditations_to_look_at
from marstraining.people.rules import JOB_ROLES

COLUMNS = (
    Column("name", "Name"),
    Column("agency", "Organisation"),
    Column("rule", "What is asked"),
    Column("why", "Role"),
    Column("state", "Status"),
    Column("due_on", "Due on"),
    Column("last_day", "Last done"),
)
SHOWN = {"": "Due or overdue", "all": "Everything that is asked"}
# More than this is for a file, not for a page.
_MOST_STAFF = 2000
_ORDER = (State.OVERDUE, State.GRACE, State.SOON, State.MET)


async def due(request: Request) -> Response:
    """The list, worst first; nothing of anybody else's staff."""
    viewer, now, today = viewer_of(request), clock.now(), clock.today()
    view = TableView.read(request.query_params, path="/agency/due", columns=COLUMNS, default="name", filters=("show",))
    people, _ = await staff(viewer, on=today, now=now, limit=_MOST_STAFF)
    asked = await people_asked(*{one.person_id for one in people}, on=today) if people else {}
    lines = sorted(
        (
            (_ORDER.index(one.state), one.due_on or today, colleague.name.casefold(), colleague.person_id, number, colleague, one)
            for colleague in {one.person_id: one for one in people}.values()
            for number, one in enumerate(asked.get(colleague.person_id, []))
            if view.filters["show"] == "all" or one.state != State.MET
        ),
    )
    found = [(line[5], line[6]) for line in lines]
    if view.export:
        await record_export("due", by=viewer, now=now, subject_kind="agency", subject_id=None, lines=len(found))
        return export_response(request, view.export, "due", COLUMNS, _rows(found))
    view = view.of(len(found))
    first = view.pager.offset
    shown = islice(found, first, first + view.limit)
    return render(
        request,
        "leads/due.html",
        view=narrowed(view, viewer),
        rows=list(_rows(shown)),
        shown=SHOWN,
        accreditations=await accreditations_to_look_at(viewer, within=SOON, on=today),
    )


def _rows(found: Iterable[tuple[Colleague, Due]]) -> Iterable[dict[str, object]]:
    for colleague, one in found:
        yield {
            "name": Link(colleague.name, f"/agency/staff/{colleague.ref}"),
            "agency": colleague.agency,
            "rule": one.asked.rule.title,
            "why": f"{JOB_ROLES.get(one.asked.job_role, one.asked.job_role)}, since {day_plain(one.asked.since)}",
            "state": Tag(*STATE_WORDS[one.state]),
            "due_on": one.due_on,
            "last_day": one.last_day,
        }


routes = [page("/agency/due", due, who=WHO_LEADS, files=Files.PEOPLE)]
