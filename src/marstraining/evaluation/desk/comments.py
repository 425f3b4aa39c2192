"""The queue of what people wrote: shown, not shown, or left to the coordinator."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.viewer import Role
from marstraining.core.web import Pager, page, read_form, render, roles, see_other, viewer_of
from marstraining.evaluation.actions import moderate_comment
from marstraining.evaluation.queries.comments import comments_to_look_at, queued_comments
from marstraining.evaluation.rules.asking import COMMENT_WORDS, CommentState

WHO = roles(Role.DESK)
DONE: dict[str, str | tuple[str, str]] = {
    "shown": "The comment is shown to the trainers.",
    "hidden": "The comment is not shown.",
    "set_aside": "The comment is with the coordinator.",
}


async def queue(request: Request) -> Response:
    """Comments in the state asked for, those to look at first."""
    viewer = viewer_of(request)
    asked = request.query_params.get("state", "")
    state = CommentState(asked) if asked in set(CommentState) else CommentState.WAITING
    number = Pager.of(request, 10**6).page
    found, total = await queued_comments(state, viewer=viewer, limit=20, offset=(number - 1) * 20)
    return render(
        request,
        "evaluation/desk/comments.html",
        comments=found,
        state=state,
        counts=await comments_to_look_at(viewer=viewer),
        words=COMMENT_WORDS,
        pager=Pager.of(request, total, 20),
        done=DONE,
    )


async def moderate(request: Request) -> Response:
    """What becomes of one comment."""
    form = await read_form(request)
    state = form.choice("state", "what becomes of it", [one.value for one in CommentState])
    number = request.path_params["number"]
    if form.errors or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise NotFound
    await moderate_comment(int(number), CommentState(state), by=viewer_of(request), now=clock.now())
    back = form.get("from")
    came = f"&state={back}" if back in set(CommentState) else ""
    return see_other(f"/desk/evaluation/comments?done={state}{came}")


routes = [
    page("/desk/evaluation/comments", queue, who=WHO),
    page("/desk/evaluation/comments/{number}", moderate, who=WHO, methods=("POST",)),
]
