"""Answering a survey: by the link of a letter or in the room, on one page that needs neither script nor sign-in."""

import secrets
from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.errors import NotFound, Refused, UnknownLink
from marstraining.core.web import ANYONE, NO_REFERRER, Form, page, read_form, render, see_other
from marstraining.core.web.render import environment
from marstraining.evaluation.actions import answer_by_link, answer_in_the_room, enter_the_room, worries_in
from marstraining.evaluation.forms import SCALE, URGENT, read_survey
from marstraining.evaluation.queries.surveys import SurveyFacts, invited_by_token, survey_by_ref
from marstraining.evaluation.rules.answers import Given
from marstraining.evaluation.rules.asking import SurveyKind
from marstraining.evaluation.rules.questions import Section, field_of
from marstraining.people.browsers import network_of
from marstraining.safety.rules import emergency, office, standing

_LONGEST_PASS = 80


async def by_link(request: Request) -> Response:
    """The form of somebody who was invited; used or closed, a page that says so."""
    token = request.path_params["token"]
    invited = await invited_by_token(token)
    if invited is None:
        raise UnknownLink
    survey = invited.survey
    if invited.used:
        return _over(request, survey, is_used=True)
    if not survey.is_open(clock.now()):
        return _over(request, survey, is_used=False)
    form = _new_form()
    if request.method == "POST":
        form = await read_form(request)
        given = _read(form, survey)
        if given is not None:
            try:
                await answer_by_link(token, given, form.get("submission"), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/evaluation/thanks/{survey.ref}")
    return form_page(request, survey, form, action=f"/evaluation/{token}")


async def room(request: Request) -> Response:
    """Where the code on the screen leads: one's address or code, so that nobody is reminded; then the form, whatever was typed."""
    survey = await _of_room(request)
    if not survey.is_open(clock.now()):
        return _over(request, survey, is_used=False)
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        typed = form.text("who", "your email address or check-in code", max=254)
        if not form.errors:
            given = await enter_the_room(survey.ref, typed, network=network_of(request), now=clock.now())
            return see_other(f"/evaluation/room/{survey.ref}/form?pass={given}")
    return render(request, "evaluation/room.html", headers=NO_REFERRER, survey=survey, form=form)


async def room_form(request: Request) -> Response:
    """The blind form: the same for everybody, and joined to nobody."""
    survey = await _of_room(request)
    if not survey.is_open(clock.now()):
        return _over(request, survey, is_used=False)
    given_pass = request.query_params.get("pass", "")[:_LONGEST_PASS]
    form = _new_form()
    if request.method == "POST":
        form = await read_form(request)
        given_pass = form.get("pass")[:_LONGEST_PASS]
        given = _read(form, survey)
        if given is not None:
            try:
                await answer_in_the_room(survey.ref, given_pass, given, network=network_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/evaluation/thanks/{survey.ref}?room=yes")
    if "-" not in given_pass:
        return see_other(f"/evaluation/room/{survey.ref}")
    return form_page(request, survey, form, action=f"/evaluation/room/{survey.ref}/form", given_pass=given_pass)


async def _of_room(request: Request) -> SurveyFacts:
    survey = await survey_by_ref(request.path_params["ref"])
    if survey is None or survey.kind is not SurveyKind.AFTER:
        raise NotFound
    return survey


async def thanks(request: Request) -> Response:
    """The page after sending, the same for everybody who used a link, and for everybody in the room."""
    survey = await survey_by_ref(request.path_params["ref"])
    if survey is None:
        raise NotFound
    in_the_room = "room" in request.query_params
    return render(request, "evaluation/thanks.html", headers=NO_REFERRER, survey=survey, in_the_room=in_the_room)


def _over(request: Request, survey: SurveyFacts, *, is_used: bool) -> Response:
    return render(request, "evaluation/over.html", headers=NO_REFERRER, survey=survey, is_used=is_used)


def _new_form() -> Form:
    return Form.of(submission=secrets.token_hex(16), began=str(int(clock.now().timestamp())))


def _read(form: Form, survey: SurveyFacts) -> Given | None:
    """What was filled in, or None where something is to be mended: a worry is never taken, and stays in the form to be taken out."""
    given = read_survey(form, survey.sections, now=clock.now())
    worry = worries_in(given.comments)
    if worry is not None:
        for question in worry.fields:
            form.fail(f"q-{question}", URGENT)
        form.put("urgent", "yes")
        form.put("kinds", [kind.value for kind in worry.kinds])
    return None if form.errors else given


def form_page(request: Request, survey: SurveyFacts, form: Form, *, action: str, given_pass: str = "") -> Response:
    """The form with what was typed; numbers to ring above it where it held a worry."""
    now = clock.now()
    partnership = config.current().partnership
    signposts = [standing(contact, partnership.contacts, now=now) for contact in partnership.contacts] if form.get("urgent") else []
    return render(
        request,
        "evaluation/form.html",
        headers=NO_REFERRER,
        survey=survey,
        form=form,
        action=action,
        given_pass=given_pass,
        parts=_parts(survey.sections, form) if form.errors else _empty_parts(survey.sections),
        signposts=signposts,
        in_danger=emergency(partnership.contacts),
        if_worried=office(partnership.contacts),
    )


def _parts(sections: Sequence[Section], form: Form) -> Markup:
    text = environment().get_template("evaluation/_parts.html").render(sections=sections, form=form, scale=SCALE, field_of=field_of)
    return Markup(text)  # noqa: S704 - a template's escaped text


@lru_cache(maxsize=64)
def _empty_parts(sections: tuple[Section, ...]) -> Markup:
    """An empty form is the same for everybody, and a hundred radio buttons take longer to write than to find again."""
    return _parts(sections, Form())


routes = [
    page("/evaluation/thanks/{ref}", thanks, who=ANYONE, impersonal=True),
    page("/evaluation/room/{ref}", room, who=ANYONE, methods=("GET", "POST"), impersonal=True),
    page("/evaluation/room/{ref}/form", room_form, who=ANYONE, methods=("GET", "POST"), impersonal=True),
    page("/evaluation/{token}", by_link, who=ANYONE, methods=("GET", "POST"), impersonal=True),
]
