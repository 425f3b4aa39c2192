"""Surveys that the partnership asks once, tied to no course: sent to chosen organisations and sectors, with return rates."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.clock import today_of
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.evaluation.actions import ask_partners, partners_reached, put_ready_surveys
from marstraining.evaluation.queries.instruments import SectorChoice, instruments, partner_choices, partnership_surveys
from marstraining.evaluation.queries.returns import return_rates
from marstraining.evaluation.queries.surveys import survey_by_ref
from marstraining.evaluation.rules.asking import PARTNERSHIP_DAYS, SurveyKind, closes_at
from marstraining.evaluation.rules.instruments import InstrumentKind

WHO = roles(Role.DESK)
DONE: dict[str, str | tuple[str, str]] = {"asked": "The survey is open. Its emails go out within a minute."}
# Fields of the form that are not what was filled in.
_NOT_KEPT = ("csrf_token", "do")


@frozen
class _Asked:
    """A survey as it was filled in, without fault."""

    title: str
    instrument: str
    agencies: tuple[str, ...]
    sectors: tuple[str, ...]
    leads_only: bool
    days: int


async def listing(request: Request) -> Response:
    """Partnership surveys and their return rates, and a new one: what it would reach is shown before it is sent."""
    now = clock.now()
    await put_ready_surveys(now=now)
    sectors = await partner_choices()
    surveys = {one.ref: one.title for one in await instruments() if one.kind is InstrumentKind.PARTNERSHIP}
    form = Form.of(days="21", whom="leads", submission=secrets.token_hex(16))
    if request.method == "POST":
        form = await read_form(request)
        asked = _read(form, surveys, sectors)
        if not form.errors and form.get("do") != "change":
            try:
                if form.get("do") == "send":
                    return see_other(f"/desk/evaluation/partners/{await _send(request, form, asked)}?done=asked")
                reached = await partners_reached(asked.agencies, asked.sectors, leads_only=asked.leads_only)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                names = dict(pair for sector in sectors for pair in sector.agencies)
                return render(
                    request,
                    "evaluation/desk/partners_check.html",
                    asked=asked,
                    questions=surveys[asked.instrument],
                    agencies=[names[code] for code in asked.agencies],
                    people=len(reached),
                    last_day=closes_at(now, days=asked.days) - timedelta(minutes=1),
                    kept=[(name, value) for name, value in form.pairs if name not in _NOT_KEPT],
                    form=form,
                )
    return render(
        request,
        "evaluation/desk/partners.html",
        asked=await partnership_surveys(),
        sectors=sectors,
        surveys=surveys,
        form=form,
    )


def _read(form: Form, surveys: Mapping[str, str], sectors: Sequence[SectorChoice]) -> _Asked:
    codes = [code for sector in sectors for code, _ in sector.agencies]
    return _Asked(
        title=form.text("title", "what it is about"),
        instrument=form.choice("instrument", "the questions", surveys),
        agencies=tuple(form.choices("agencies", "organisations from the list", codes)),
        sectors=tuple(form.choices("sectors", "sectors from the list", [sector.name for sector in sectors if sector.name])),
        leads_only=form.choice("whom", "who gets it", ("leads", "everybody")) == "leads",
        days=form.integer("days", "the number of days", min=PARTNERSHIP_DAYS[0], max=PARTNERSHIP_DAYS[1]),
    )


async def _send(request: Request, form: Form, asked: _Asked) -> str:
    now = clock.now()
    return await ask_partners(
        asked.title,
        asked.instrument,
        agencies=asked.agencies,
        sectors=asked.sectors,
        leads_only=asked.leads_only,
        days=asked.days,
        # A page without the number, kept open since before it had one: the same on one day is one survey.
        submission_id=form.get("submission") or f"{today_of(now)}",
        by=viewer_of(request),
        now=now,
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
