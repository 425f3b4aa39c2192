"""Surveys that the partnership asks once, tied to no course: sent to chosen organisations and sectors, with return rates."""

import secrets

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.clock import today_of
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.evaluation.actions import ask_partners, put_ready_surveys
from marstraining.evaluation.queries.instruments import instruments, partner_choices, partnership_surveys
from marstraining.evaluation.queries.returns import return_rates
from marstraining.evaluation.queries.surveys import survey_by_ref
from marstraining.evaluation.rules.asking import PARTNERSHIP_DAYS, SurveyKind
from marstraining.evaluation.rules.instruments import InstrumentKind

WHO = roles(Role.DESK)
DONE: dict[str, str | tuple[str, str]] = {"asked": "The survey is open. Its letters go out within a minute."}


async def listing(request: Request) -> Response:
    """Partnership surveys and their return rates, and a new one."""
    await put_ready_surveys(now=clock.now())
    agencies, sectors = await partner_choices()
    surveys = {one.ref: one.title for one in await instruments() if one.kind is InstrumentKind.PARTNERSHIP}
    form = Form.of(days="21", whom="leads", submission=secrets.token_hex(16))
    if request.method == "POST":
        form = await read_form(request)
        title = form.text("title", "what it is about")
        instrument = form.choice("instrument", "the questions", surveys)
        codes = form.choices("agencies", "organisations from the list", [code for code, _ in agencies])
        chosen = form.choices("sectors", "sectors from the list", sectors)
        whom = form.choice("whom", "who gets it", ("leads", "everybody"))
        days = form.integer("days", "the number of days", min=PARTNERSHIP_DAYS[0], max=PARTNERSHIP_DAYS[1])
        if not form.errors:
            try:
                ref = await ask_partners(
                    title,
                    instrument,
                    agencies=codes,
                    sectors=chosen,
                    leads_only=whom == "leads",
                    days=days,
                    # A page without the number, kept open since before it had one: the same on one day is one survey.
                    submission_id=form.get("submission") or f"{today_of(clock.now())}",
                    by=viewer_of(request),
                    now=clock.now(),
                )
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/desk/evaluation/partners/{ref}?done=asked")
    return render(
        request,
        "evaluation/desk/partners.html",
        asked=await partnership_surveys(),
        agencies=agencies,
        sectors=[(one, one) for one in sectors],
        surveys=surveys,
        form=form,
    )


async def returns(request: Request) -> Response:
    """How many have answered; once it has closed, of each organisation as far as that tells nobody apart."""
    survey = await survey_by_ref(request.path_params["ref"])
    if survey is None or survey.kind is not SurveyKind.PARTNERSHIP:
        raise NotFound
    (line,) = await partnership_surveys(survey.ref)
    return render(request, "evaluation/desk/returns.html", survey=survey, line=line, returns=await return_rates(survey), done=DONE)


routes = [
    page("/desk/evaluation/partners", listing, who=WHO, methods=("GET", "POST")),
    page("/desk/evaluation/partners/{ref}", returns, who=WHO),
]
