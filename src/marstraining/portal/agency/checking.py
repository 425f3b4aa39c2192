"""Which of these have done it? A list of e-mail addresses or staff numbers against one course."""

import re

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.files import plain_name
from marstraining.core.viewer import Role, Viewer
from marstraining.core.web import Column, Form, export_response, page, read_form, render, roles, viewer_of
from marstraining.history.actions import record_export
from marstraining.portal.queries.agency import Checked, who_has_completed
from marstraining.programme.models import Course
from marstraining.uploads.actions import check_at_once
from marstraining.uploads.rules import Purpose

_BETWEEN = re.compile(r"[\s,;]+")
_MOST = 5000
_COLUMNS = (
    Column("typed", "Email or staff number"),
    Column("name", "Name"),
    Column("agency", "Organisation"),
    Column("answer", "Completed"),
    Column("completed_on", "On"),
)


async def check(request: Request) -> Response:
    """The form, and the answer below it; nothing of the list is kept."""
    viewer, today = viewer_of(request), clock.today()
    courses = {row["code"]: row for row in await Course.filter(is_archived=False).order_by("title").values("id", "code", "title")}
    form, found = Form(), None
    if request.method == "POST":
        form = await read_form(request)
        code = form.choice("course", "the course", courses)
        since = form.date("since", "the day since when", required=False)
        typed = await _list(form, by=viewer)
        if not form.errors:
            found = await who_has_completed(courses[code]["id"], typed, since=since, viewer=viewer, on=today)
            if form.get("do") in ("csv", "xlsx"):
                await record_export(
                    "completed", by=viewer, now=clock.now(), subject_kind="course", subject_id=courses[code]["id"], lines=len(found)
                )
                return export_response(form.get("do"), "completed", _COLUMNS, (_row(one) for one in found))
            form.put("people", "\n".join(typed))
    return render(
        request,
        "portal_agency/check.html",
        courses={code: row["title"] for code, row in courses.items()},
        found=found,
        have_done_it=sum(1 for one in found or () if one.completed_on),
        unknown=sum(1 for one in found or () if not one.is_known),
        form=form,
    )


async def _list(form: Form, *, by: Viewer) -> list[str]:
    """The lines typed or uploaded, each once, in their order; a file is shown to the virus scanner first."""
    text = form.text("people", "the list", required=False, max=250_000, multiline=True)
    upload = form.file("file", "a list", required=False)
    if upload is not None:
        try:
            data = await upload.read()
            await check_at_once(data, plain_name(upload.filename or ""), Purpose.LIST, by=by, now=clock.now())
            text = f"{text}\n{data.decode('utf-8-sig')}"
        except Refused as refusal:
            form.fail("file", refusal.message)
            return []
        except UnicodeDecodeError:
            form.fail("file", "The file is not a text file: save the list as CSV, UTF-8, and choose it again")
            return []
    lines = list(dict.fromkeys(word.strip("\"'") for word in _BETWEEN.split(text) if word.strip("\"'")))
    if not lines and not form.errors:
        form.fail("people", "Enter the email addresses or staff numbers, or choose a file")
    if len(lines) > _MOST:
        form.fail("people", f"The list has {len(lines):,} entries, and {_MOST:,} can be looked up at a time: split it")
    return lines


def _row(one: Checked) -> dict[str, object]:
    answer = "Unknown" if not one.is_known else "Yes" if one.completed_on else "No"
    return {"typed": one.typed, "name": one.name, "agency": one.agency, "answer": answer, "completed_on": one.completed_on}


routes = [page("/agency/check", check, who=roles(Role.AGENCY_LEAD, Role.DESK), methods=("GET", "POST"), upload=True)]
