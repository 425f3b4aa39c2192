"""One course: asking to be told of its new dates, and stopping it."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bulletins.actions import follow_course, stop_following
from marstraining.bulletins.queries import followed_courses
from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.web import SIGNED_IN, page, read_form, render, see_other, viewer_of
from marstraining.programme.queries import course_facts

DONE: dict[str, str | tuple[str, str]] = {
    "following": "We will tell you when this course has new dates.",
    "stopped": "You will get no more emails about new dates of this course.",
}


async def new_dates(request: Request) -> Response:
    """One course: follow it or stop following it."""
    viewer, now = viewer_of(request), clock.now()
    course = await course_facts(request.path_params["code"], viewer=viewer, now=now)
    if viewer.person_id is None:
        raise NotFound
    if request.method == "POST":
        form = await read_form(request)
        if form.get("stop"):
            await stop_following(course.id, by=viewer, now=now)
            return see_other(f"/courses/{course.code}/new-dates?done=stopped")
        await follow_course(course.id, by=viewer, now=now)
        return see_other(f"/courses/{course.code}/new-dates?done=following")
    followed = await followed_courses(viewer.person_id)
    return render(
        request, "bulletins/new_dates.html", course=course, is_followed=any(one.course_id == course.id for one in followed), done=DONE
    )


routes = [page("/courses/{code}/new-dates", new_dates, who=SIGNED_IN, methods=("GET", "POST"))]
