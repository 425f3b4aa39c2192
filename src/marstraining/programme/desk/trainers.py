"""Who trains a session: asking, taking off, what was answered."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.programme.actions import ask_trainer, remove_trainer, told_when_taken_off
from marstraining.programme.queries.desk import asked_trainers, session_to_run, trainer_choices
from marstraining.programme.rules import TrainerState

_WHO_RUNS = roles(Role.DESK, Role.PARTNER_ORGANISER)
_LONGEST_REASON = 300
DONE: dict[str, str | tuple[str, str]] = {
    "asked": "They are asked by email. Their answer will be shown here.",
    "already": ("Already asked", "This person has been asked before, and no email was sent."),
    "removed": "They are no trainer of this session any more. They get no email.",
    "removed-told": "They are no trainer of this session any more. They get an email that says so.",
}
STATES = {
    TrainerState.ASKED.value: ("Asked", "yellow"),
    TrainerState.ACCEPTED.value: ("Accepted", "green"),
    TrainerState.DECLINED.value: ("Declined", "red"),
}


async def trainers(request: Request) -> Response:
    """The trainers of a session, and asking another."""
    viewer, now = viewer_of(request), clock.now()
    session, course = await session_to_run(request.path_params["ref"], by=viewer)
    here = f"/desk/sessions/{session.ref}/trainers"
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        chosen = {str(one["id"]): one for one in await trainer_choices()}
        try:
            person = form.choice("person", "who to ask", chosen)
            if not form.errors:
                is_contributor = chosen[person]["role"] == Role.CONTRIBUTOR
                is_asked = await ask_trainer(
                    session.id,
                    int(person),
                    agency_id=chosen[person]["agency_id"],
                    is_contributor=is_contributor,
                    is_overruled=form.checkbox("overrule"),
                    by=viewer,
                    now=now,
                )
                return see_other(f"{here}?done={'asked' if is_asked else 'already'}")
        except Refused as refusal:
            form.refuse(refusal)
    asked = await asked_trainers(session.id)
    standing = {one["person_id"] for one in asked if one["state"] != TrainerState.DECLINED}
    choices = [(one["id"], _named(one)) for one in await trainer_choices() if one["id"] not in standing]
    return render(
        request,
        "programme/desk/trainers.html",
        form=form,
        session=session,
        course=course,
        asked=asked,
        choices=choices,
        states=STATES,
        can_overrule=viewer.is_desk and form.refusal is not None and form.refusal.code == "accreditation",
        done=DONE,
    )


async def take_off(request: Request) -> Response:
    """Take a trainer off, after saying whether they get an email."""
    viewer, now = viewer_of(request), clock.now()
    session, course = await session_to_run(request.path_params["ref"], by=viewer)
    here = f"/desk/sessions/{session.ref}/trainers"
    trainer = next((one for one in await asked_trainers(session.id) if one["ref"] == request.path_params["person"]), None)
    if trainer is None:
        raise NotFound
    is_told = trainer["person_id"] in {one.person_id for one in await told_when_taken_off(session.id, now=now)}
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        reason = form.text("reason", "the reason", required=False, max=_LONGEST_REASON)
        if not form.errors:
            await remove_trainer(session.id, trainer["person_id"], is_told=True, reason=reason, by=viewer, now=now)
            return see_other(f"{here}?done={'removed-told' if is_told else 'removed'}")
    return render(
        request, "programme/desk/take_off.html", form=form, session=session, course=course, trainer=trainer, is_told=is_told, here=here
    )


def _named(one: dict[str, object]) -> str:
    words = [str(one["name"]), str(one["agency"] or "no organisation")]
    return ", ".join(words) + (" (speaks, sees no names)" if one["role"] == Role.CONTRIBUTOR else "")


routes = [
    page("/desk/sessions/{ref}/trainers", trainers, who=_WHO_RUNS, methods=("GET", "POST")),
    page("/desk/sessions/{ref}/trainers/{person}/take-off", take_off, who=_WHO_RUNS, methods=("GET", "POST")),
]
