"""A trainer's view of the feedback of their own sessions, and the code that learners scan in the last five minutes."""

from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance import queries as attendance
from marstraining.attendance.queries import TakenSession
from marstraining.core import clock, config
from marstraining.core.errors import NotFound
from marstraining.core.qr import qr_svg
from marstraining.core.viewer import Role
from marstraining.core.web import page, read_form, render, roles, see_other, viewer_of
from marstraining.evaluation.actions import open_survey
from marstraining.evaluation.charts import direction_words
from marstraining.evaluation.desk.results import charts_of
from marstraining.evaluation.queries.results import own_average, result_of
from marstraining.evaluation.queries.surveys import responses_so_far, session_to_ask, survey_of_session
from marstraining.evaluation.rules.wording import Verdict

_COLOURS = {Verdict.IMPROVED: "green", Verdict.FELL: "red", Verdict.NO_CLEAR_CHANGE: "grey"}
# Feedback may be opened while the session still runs: in its last half hour, as evenings end early.
_BEFORE_THE_END = timedelta(minutes=30)


async def feedback(request: Request) -> Response:
    """What may be shown of the session's feedback; before it closes how many have answered, and where to show the code."""
    session, root = await _session(request)
    found = await survey_of_session(session.id)
    asked = await session_to_ask(session.id)
    now = clock.now()
    result = await result_of(found.id) if found else None
    viewer = viewer_of(request)
    average = await own_average(viewer.person_id) if viewer.person_id and not root.startswith("/desk") else None
    return render(
        request,
        "evaluation/desk/feedback.html",
        session=session,
        root=root,
        survey=found,
        result=result,
        charts=charts_of(result) if result else None,
        average=average,
        responses=await responses_so_far(found.id) if found and found.closed_at is None else 0,
        is_open=bool(found and found.is_open(now)),
        can_open=asked is not None and now >= asked.ends_at - _BEFORE_THE_END and found is None,
        opens_from=asked.ends_at - _BEFORE_THE_END if asked else None,
        colours=_COLOURS,
        direction_words=direction_words,
        as_desk=root.startswith("/desk"),
    )


async def screen(request: Request) -> Response:
    """The code for the screen in the room; the first look by its button opens the survey."""
    session, root = await _session(request)
    now = clock.now()
    if request.method == "POST":
        await read_form(request)
        asked = await session_to_ask(session.id)
        if asked is None or now < asked.ends_at - _BEFORE_THE_END:
            raise NotFound
        await open_survey(session.id, now=now)
        return see_other(f"{root}/feedback/screen")
    found = await survey_of_session(session.id)
    if found is None or not found.is_open(now):
        return see_other(f"{root}/feedback")
    base = config.current().base_url
    return render(
        request,
        "evaluation/desk/screen.html",
        root=root,
        survey=found,
        host=urlsplit(base).netloc,
        responses=await responses_so_far(found.id),
        as_desk=root.startswith("/desk"),
    )


async def picture(request: Request) -> Response:
    """The QR code that leads to the survey's page for the room."""
    session, _ = await _session(request)
    found = await survey_of_session(session.id)
    if found is None or not found.is_open(clock.now()):
        raise NotFound
    return Response(qr_svg(f"{config.current().base_url}/evaluation/room/{found.ref}"), media_type="image/svg+xml")


async def _session(request: Request) -> tuple[TakenSession, str]:
    """The session of the address, for one of its trainers or for who runs it; and where its pages begin."""
    as_desk = request.scope["path"].startswith("/desk/")
    session = await attendance.taken_session(request.path_params["ref"], viewer_of(request), as_desk=as_desk)
    return session, f"{'/desk/sessions' if as_desk else '/teaching'}/{session.ref}"


routes = [
    route
    for prefix, who in (("/teaching/{ref}", roles(Role.TRAINER)), ("/desk/sessions/{ref}", roles(Role.DESK, Role.PARTNER_ORGANISER)))
    for route in (
        page(f"{prefix}/feedback", feedback, who=who),
        page(f"{prefix}/feedback/screen", screen, who=who, methods=("GET", "POST")),
        page(f"{prefix}/feedback/screen.svg", picture, who=who),
    )
]
