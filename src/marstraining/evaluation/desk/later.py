"""What is known three months later, by quarter, for the training team: the figures of the report to the board as they stand."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core.viewer import Role
from marstraining.core.web import page, render, roles
from marstraining.evaluation.charts import direction_words
from marstraining.evaluation.desk.results import COLOURS
from marstraining.evaluation.queries.later import later_in, quarters_held, quotes_in, wave_of
from marstraining.evaluation.rules.later import BlockKind

WHO = roles(Role.DESK)


async def later(request: Request) -> Response:
    """One quarter; the latest that holds anything where none is chosen."""
    quarters = await quarters_held()
    asked = request.query_params.get("quarter", "")
    quarter = asked if asked in quarters else next(iter(quarters), "")
    return render(
        request,
        "evaluation/desk/later.html",
        quarters=quarters,
        quarter=quarter,
        year=quarter.partition(" ")[0],
        learners=await later_in(quarter, BlockKind.FOLLOW_UP) if quarter else None,
        managers=await later_in(quarter, BlockKind.MANAGER) if quarter else None,
        kept=await wave_of(BlockKind.KEPT, quarter, "Confidence since the end of the session") if quarter else None,
        shift=await wave_of(BlockKind.SHIFT, quarter, "Shift of the scale") if quarter else None,
        quotes=await quotes_in(quarter) if quarter else (),
        colours=COLOURS,
        direction_words=direction_words,
    )


routes = [page("/desk/evaluation/later", later, who=WHO)]
