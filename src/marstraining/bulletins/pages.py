"""Asking to be told of new dates, and stopping it: signed in, or by the link in each letter."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from marstraining.bulletins.actions import follow_course, stop_by_token, stop_following
from marstraining.bulletins.queries import followed_by_token, followed_courses
from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.web import ANYONE, NO_REFERRER, SIGNED_IN, page, read_form, render, see_other, viewer_of
from marstraining.programme.queries import course_facts

DONE: dict[str, str | tuple[str, str]] = {
    "following": "We will tell you by email when this course has new dates.",
    "stopped": "You will get no more letters about new dates of this course.",
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
        request,
        "bulletins/new_dates.html",
        course=course,
        is_followed=any(one.course_id == course.id for one in followed),
        others=[one for one in followed if one.course_id != course.id],
        done=DONE,
    )


async def stop(request: Request) -> Response:
    """The link of a letter: a page with buttons; pressing one stops one course or all of them.

    A mail program's own button posts `List-Unsubscribe=One-Click` (RFC 8058), which stops all and answers in plain text.
    """
    token, now = request.path_params["token"], clock.now()
    if request.method == "POST":
        form = await read_form(request)
        courses = {str(one.course_id): one.course_id for one in await followed_by_token(token)}
        chosen = form.get("course")
        if chosen and chosen not in courses:
            return see_other(f"/bulletins/stop/{token}")
        await stop_by_token(token, course_id=courses.get(chosen), now=now)
        if form.get("List-Unsubscribe"):
            return PlainTextResponse("You will get no more letters about new dates.\n")
        return see_other(f"/bulletins/stop/{token}?done={'one' if chosen else 'all'}")
    done: dict[str, str | tuple[str, str]] = {
        "one": "You will get no more letters about this course.",
        "all": "You will get no more letters about new dates.",
    }
    return render(request, "bulletins/stop.html", followed=await followed_by_token(token), token=token, done=done, headers=NO_REFERRER)


routes = [
    page("/courses/{code}/new-dates", new_dates, who=SIGNED_IN, methods=("GET", "POST")),
    page("/bulletins/stop/{token}", stop, who=ANYONE, methods=("GET", "POST")),
]
