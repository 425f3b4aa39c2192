"""Courses at the desk: the list, a new one, changing one."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.viewer import Role
from marstraining.core.web import (
    Column,
    Files,
    Form,
    Link,
    TableView,
    Tag,
    export_response,
    nearest_page,
    page,
    read_form,
    render,
    roles,
    see_other,
    viewer_of,
)
from marstraining.core.web.dates import day_plain
from marstraining.history.actions import record_export
from marstraining.programme.actions import draft_of_course, save_course
from marstraining.programme.forms import course_form, read_course
from marstraining.programme.models import Course
from marstraining.programme.queries.desk import (
    COURSE_ORDERS,
    counted_choices,
    course_choices,
    desk_courses,
    other_courses,
    owned_course,
    owner_choices,
)
from marstraining.programme.questions import questions_of
from marstraining.programme.rules import AUDIENCES, DELIVERY_LABELS, KIND_LABELS, Access, CourseDraft, CourseKind

WHO_RUNS = roles(Role.DESK, Role.PARTNER_ORGANISER)
ACCESS_LABELS = {
    Access.PUBLIC: "Everybody",
    Access.RESTRICTED: "Only the audiences ticked above",
    Access.INVITED: "Only people who are invited",
}
COLUMNS = (
    Column("title", "Course", sort=True),
    Column("code", "Code", sort=True, nowrap=True),
    Column("kind", "Kind", sort=True),
    Column("owner", "Run by", sort=True),
    Column("access", "Who may book"),
    Column("coming", "Coming sessions", sort=True, numeric=True),
    Column("next", "Next date", sort=True, nowrap=True),
)
DONE: dict[str, str | tuple[str, str]] = {
    "saved": "The course is saved.",
    "unchanged": ("Nothing to save", "The course was as you left it."),
}


async def courses(request: Request) -> Response:
    """All courses that the viewer runs."""
    viewer, now = viewer_of(request), clock.now()
    view = TableView.read(request.query_params, path="/desk/courses", columns=COLUMNS, default="title", filters=("q", "kind", "state"))
    view, found = await nearest_page(view, partial(desk_courses, view.filters, by=viewer, order=view.order_by(COURSE_ORDERS), now=now))
    if view.export:
        await record_export("courses", by=viewer, now=now, subject_kind="programme", subject_id=None, lines=found.total)
        return export_response(request, view.export, "courses", COLUMNS, _rows(found.rows))
    return render(
        request,
        "programme/desk/courses.html",
        view=view,
        rows=list(_rows(found.rows)),
        kinds=KIND_LABELS,
        may_add=viewer.is_desk,
    )


def _rows(found: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, object]]:
    tags = {Access.PUBLIC: "", Access.RESTRICTED: Tag("Some audiences", "yellow"), Access.INVITED: Tag("By invitation", "purple")}
    for row in found:
        yield {
            "title": Link(row["title"], f"/desk/courses/{row['code']}/edit"),
            "code": row["code"],
            "kind": KIND_LABELS[CourseKind(row["kind"])],
            "owner": row["owner"],
            "access": tags[Access(row["access"])] or "Everybody",
            "coming": row["coming"],
            "next": day_plain(row["next_at"]) if row["next_at"] else "",
        }


async def choose_course(request: Request, *, is_series: bool = False) -> Response:
    """Which course a new session or series is of; sent without one, the page says so."""
    form = Form()
    if "course" in request.query_params:
        form.fail("course", "Choose a course")
    choices = await course_choices(viewer_of(request))
    return render(request, "programme/desk/choose_course.html", form=form, choices=choices, is_series=is_series)


async def new(request: Request) -> Response:
    """A new course; partner organisers change theirs but make none."""
    if request.method != "POST":
        return await _page(request, course_form(CourseDraft("", "")), None)
    return await _save(request, None)


async def edit(request: Request) -> Response:
    """Change a course."""
    course = await owned_course(request.path_params["code"], by=viewer_of(request))
    if request.method != "POST":
        return await _page(request, course_form(await draft_of_course(course)), course)
    return await _save(request, course)


async def _save(request: Request, course: Course | None) -> Response:
    form, viewer = await read_form(request), viewer_of(request)
    draft = read_course(form, asked=questions_of(course.questions) if course else ())
    if not form.errors:
        try:
            _, is_changed = await save_course(draft, code=course.code if course else None, by=viewer, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"/desk/courses/{draft.code}/edit?done={'saved' if is_changed else 'unchanged'}")
    return await _page(request, form, course)


async def _page(request: Request, form: Form, course: Course | None) -> Response:
    return render(
        request,
        "programme/desk/course.html",
        form=form,
        code=course.code if course else None,
        title=course.title if course else "",
        kinds=KIND_LABELS,
        deliveries={"either": "Either, as each session says", **DELIVERY_LABELS},
        audiences=AUDIENCES,
        accesses=ACCESS_LABELS,
        owners=await owner_choices(),
        others=await other_courses(course.id if course else None, kept=form.all("needs"), by=viewer_of(request)),
        counted=await counted_choices(kept=form.get("counts_as")),
        done=DONE,
    )


routes = [
    page("/desk/courses", courses, who=WHO_RUNS, files=Files.NOBODY),
    page("/desk/courses/new", new, who=roles(Role.DESK), methods=("GET", "POST")),
    page("/desk/courses/{code}/edit", edit, who=WHO_RUNS, methods=("GET", "POST")),
]
