"""Forms on paper: printed, also in large print, and entered one after another."""

import secrets

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.errors import Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.evaluation.actions import enter_from_paper, give_on_paper, worries_in
from marstraining.evaluation.desk.results import WHO_RUNS, own_survey
from marstraining.evaluation.forms import SCALE, URGENT, read_survey
from marstraining.evaluation.queries.surveys import SurveyFacts, is_pooled, responses_so_far
from marstraining.evaluation.rules.questions import field_of
from marstraining.safety.rules import emergency, office

DONE: dict[str, str | tuple[str, str]] = {
    "entered": "The form is entered. Here is the next one.",
    "again": ("Nothing to do", "This form was entered already."),
    "handed": "Saved. Nobody gets an email about this survey.",
}


async def enter(request: Request) -> Response:
    """One form after another."""
    survey = await own_survey(request)
    form = Form.of(submission=secrets.token_hex(16), began="")
    if request.method == "POST":
        form = await read_form(request)
        if form.get("what") == "handed":
            return await _handed_out(request, survey, form)
        given = read_survey(form, survey.sections, now=clock.now())
        worry = worries_in(given.comments)
        for question in worry.fields if worry else ():
            form.fail(f"q-{question}", f"{URGENT}. Give the paper itself to the safeguarding coordinator today")
        if not form.errors:
            is_new = await enter_from_paper(survey, given, form.get("submission"), by=viewer_of(request), now=clock.now())
            return see_other(f"/desk/evaluation/{survey.ref}/paper?done={'entered' if is_new else 'again'}")
    return await _page(request, survey, form)


async def _handed_out(request: Request, survey: SurveyFacts, form: Form) -> Response:
    number = form.integer("handed_out", "how many forms were handed out", min=0, max=2000)
    if not form.errors:
        try:
            await give_on_paper(survey.id, handed_out=number, by=viewer_of(request), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"/desk/evaluation/{survey.ref}/paper?done=handed")
    form.put("submission", secrets.token_hex(16))
    form.put("began", "")
    return await _page(request, survey, form)


async def _page(request: Request, survey: SurveyFacts, form: Form) -> Response:
    return render(
        request,
        "evaluation/desk/paper.html",
        survey=survey,
        form=form,
        scale=SCALE,
        field_of=field_of,
        responses=await responses_so_far(survey.id) if survey.closed_at is None else None,
        pooled=await is_pooled(survey.id),
        done=DONE,
    )


async def blank(request: Request) -> Response:
    """The form to print; `?large=1` in large print."""
    survey = await own_survey(request)
    is_large = request.query_params.get("large") == "1"
    contacts = config.current().partnership.contacts
    return render(
        request,
        "evaluation/desk/print.html",
        survey=survey,
        form=Form(),
        scale=SCALE,
        field_of=field_of,
        is_large=is_large,
        in_danger=emergency(contacts),
        if_worried=office(contacts),
    )


routes = [
    page("/desk/evaluation/{ref}/paper", enter, who=WHO_RUNS, methods=("GET", "POST")),
    page("/desk/evaluation/{ref}/print", blank, who=WHO_RUNS),
]
