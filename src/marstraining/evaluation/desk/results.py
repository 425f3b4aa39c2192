"""Results for the training team: by course, topic and quarter, and of one survey."""

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.values import frozen
from marstraining.core.viewer import Role
from marstraining.core.web import Pager, page, read_form, render, roles, see_other, viewer_of
from marstraining.evaluation.actions import switch_managers
from marstraining.evaluation.charts import change_chart, direction_chart, direction_words, share_bar, trend_chart
from marstraining.evaluation.queries.comments import comments_to_look_at
from marstraining.evaluation.queries.results import (
    Choice,
    CourseLine,
    Result,
    course_lines,
    quarters_and_topics,
    result_of,
    survey_lines,
    trend_of,
)
from marstraining.evaluation.queries.surveys import SurveyFacts, asks_managers, responses_so_far, survey_by_ref
from marstraining.evaluation.rules.asking import SURVEY_WORDS, CommentState, has_follow_up
from marstraining.evaluation.rules.wording import Verdict, all_improved
from marstraining.programme.queries.desk import owned_course, session_to_run

WHO_RUNS = roles(Role.DESK, Role.PARTNER_ORGANISER)
DONE: dict[str, str | tuple[str, str]] = {
    "managers-on": "From now on, managers are asked twelve weeks after each session of this course.",
    "managers-off": "Managers are not asked about this course any more. Surveys that are open stay open.",
    "as-before": ("Nothing has changed", "It was so already."),
}
COLOURS = {Verdict.IMPROVED: "green", Verdict.FELL: "red", Verdict.NO_CLEAR_CHANGE: "grey"}


@frozen
class Charts:
    """The pictures of a result; None where nothing of the kind may be shown."""

    change: Markup | None
    directions: Markup | None


def charts_of(result: Result) -> Charts:
    return Charts(change_chart(result.statements, name="change"), direction_chart(result.statements, name="directions"))


async def overview(request: Request) -> Response:
    """Courses with their score, open surveys, and what waits to be looked at."""
    quarters, topics = await quarters_and_topics()
    query = request.query_params
    quarter = query.get("quarter", "") if query.get("quarter") in quarters else ""
    topic = query.get("topic", "") if query.get("topic") in {slug for slug, _ in topics} else ""
    viewer = viewer_of(request)
    lines = await course_lines(Choice(topic, quarter), viewer=viewer)
    surveys, _ = await survey_lines(viewer=viewer, limit=12)
    waiting = await comments_to_look_at(viewer=viewer)
    means = [line.shown for line in lines if line.shown is not None and line.shown.gate.has_mean]
    return render(
        request,
        "evaluation/desk/overview.html",
        lines=lines,
        chart=change_chart(means, name="courses"),
        sentence=_sentence(lines),
        quarters=quarters,
        topics=topics,
        quarter=quarter,
        topic=topic,
        surveys=[one for one in surveys if not one.is_closed],
        to_look_at=waiting.get(CommentState.WAITING, 0),
        set_aside=waiting.get(CommentState.SET_ASIDE, 0),
        colours=COLOURS,
        direction_words=direction_words,
        kinds=SURVEY_WORDS,
        share_bar=share_bar,
    )


def _sentence(lines: list[CourseLine]) -> str:
    with_mean = [line for line in lines if line.shown is not None and line.shown.gate.has_mean]
    improved = sum(line.shown is not None and line.shown.verdict is Verdict.IMPROVED for line in with_mean)
    unpublished = [line.title for line in lines if line not in with_mean]
    return all_improved(len(with_mean), improved, held_back=len(unpublished), unpublished=unpublished)


async def course(request: Request) -> Response:
    """A course quarter by quarter, and its surveys."""
    viewer = viewer_of(request)
    found = await owned_course(request.path_params["code"], by=viewer)
    trend = await trend_of(found.code)
    own = [line for line in await course_lines(Choice(), viewer=viewer) if line.code == found.code]
    pager = Pager.of(request, 0)
    surveys, total = await survey_lines(viewer=viewer, course=found.code, offset=(pager.page - 1) * pager.per_page)
    return render(
        request,
        "evaluation/desk/course.html",
        course=found,
        line=own[0] if own else None,
        trend=trend,
        chart=trend_chart(trend, name="trend"),
        surveys=surveys,
        pager=Pager.of(request, total),
        colours=COLOURS,
        direction_words=direction_words,
        kinds=SURVEY_WORDS,
        share_bar=share_bar,
        asks_managers=await asks_managers(found.code) if has_follow_up(found.kind) else None,
        done=DONE,
    )


async def survey(request: Request) -> Response:
    """One survey: while it is open how many have answered, then what may be shown of it."""
    found = await own_survey(request)
    return await survey_page(request, found)


async def own_survey(request: Request) -> SurveyFacts:
    """The survey of the address, if it is one of a session that the viewer runs, or one of the partnership's for the desk."""
    found = await survey_by_ref(request.path_params["ref"])
    if found is None:
        raise NotFound
    viewer = viewer_of(request)
    if found.session_ref:
        await session_to_run(found.session_ref, by=viewer)
    elif not viewer.is_desk:
        raise NotFound
    return found


async def survey_page(request: Request, found: SurveyFacts) -> Response:
    result = await result_of(found.id)
    return render(
        request,
        "evaluation/desk/survey.html",
        survey=found,
        result=result,
        charts=charts_of(result) if result else None,
        responses=await responses_so_far(found.id) if found.closed_at is None else 0,
        kinds=SURVEY_WORDS,
        colours=COLOURS,
        direction_words=direction_words,
    )


async def managers(request: Request) -> Response:
    """Ask the managers of those who come to a course three months later, or no longer."""
    viewer = viewer_of(request)
    found = await owned_course(request.path_params["code"], by=viewer)
    form = await read_form(request)
    if not has_follow_up(found.kind):
        raise NotFound
    is_on = form.choice("managers", "whether managers are asked", ("on", "off")) == "on"
    if form.errors:
        raise NotFound
    is_new = await switch_managers(found.code, is_on=is_on, by=viewer, now=clock.now())
    done = ("managers-on" if is_on else "managers-off") if is_new else "as-before"
    return see_other(f"/desk/evaluation/courses/{found.code}?done={done}")


routes = [
    page("/desk/evaluation", overview, who=WHO_RUNS),
    page("/desk/evaluation/courses/{code}", course, who=WHO_RUNS),
    page("/desk/evaluation/courses/{code}/managers", managers, who=WHO_RUNS, methods=("POST",)),
    page("/desk/evaluation/{ref}", survey, who=WHO_RUNS),
]
