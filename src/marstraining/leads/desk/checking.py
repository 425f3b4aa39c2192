"""Which of these have done it? A list of e-mail addresses or staff numbers against one course."""

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.files import plain_name
from marstraining.core.values import frozen
from marstraining.core.viewer import Role, Viewer
from marstraining.core.web import Column, Files, Form, export_response, page, read_form, render, roles, viewer_of
from marstraining.history.actions import record_export
from marstraining.leads.queries import Checked, who_has_completed
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
    form, found = Form(), None
    if request.method == "POST":
        form = await read_form(request)
        found = await _looked_up(request, form)
    return await _page(request, form, found.people if found else None)


async def check_file(request: Request) -> Response:
    """The same as a file."""
    form = await read_form(request)
    found = await _looked_up(request, form)
    kind = form.choice("format", "the kind of file", ("csv", "xlsx"))
    if found is None or form.errors:
        return await _page(request, form, None)
    lines, now = len(found.people), clock.now()
    await record_export("completed", by=viewer_of(request), now=now, subject_kind="course", subject_id=found.course_id, lines=lines)
    return export_response(request, kind, "completed", _COLUMNS, (_row(one) for one in found.people))


@frozen
class _Found:
    course_id: int
    people: Sequence[Checked]


async def _looked_up(request: Request, form: Form) -> _Found | None:
    """The answer to a form, whose list then stands in it as text; None where the form has faults."""
    courses = {row["code"]: row["id"] for row in await Course.filter(is_archived=False).values("id", "code")}
    code = form.choice("course", "the course", courses)
    since = form.date("since", "the day since when", required=False)
    typed = await _list(form, by=viewer_of(request))
    if form.errors:
        return None
    form.put("people", "\n".join(typed))
    found = await who_has_completed(courses[code], typed, since=since, viewer=viewer_of(request), on=clock.today())
    return _Found(courses[code], found)


async def _page(request: Request, form: Form, found: Sequence[Checked] | None) -> Response:
    courses = await Course.filter(is_archived=False).order_by("title").values("code", "title")
    return render(
        request,
        "leads/check.html",
        courses={row["code"]: row["title"] for row in courses},
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
    if not lines and not form.errors.keys() & {"people", "file"}:
        form.fail("people", "Enter the email addresses or staff numbers, or choose a file")
    if len(lines) > _MOST:
        form.fail("people", f"The list has {len(lines):,} entries, and {_MOST:,} can be looked up at a time: split it")
    return lines


def _row(one: Checked) -> dict[str, object]:
    answer = "Unknown" if not one.is_known else "Yes" if one.completed_on else "No"
    return {"typed": one.typed, "name": one.name, "agency": one.agency, "answer": answer, "completed_on": one.completed_on}


_WHO = roles(Role.AGENCY_LEAD, Role.DESK)
routes = [
    page("/agency/check", check, who=_WHO, methods=("GET", "POST"), upload=True),
    page("/agency/check/file", check_file, who=_WHO, methods=("POST",), upload=True, files=Files.PEOPLE),
]
