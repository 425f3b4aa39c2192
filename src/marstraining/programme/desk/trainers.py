"""Who trains a session: asking, taking off, what was answered."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.programme.actions import ask_trainer, remove_trainer
from marstraining.programme.queries.desk import asked_trainers, session_to_run, trainer_choices
from marstraining.programme.rules import TrainerState

DONE: dict[str, str | tuple[str, str]] = {
    "asked": "They are asked by email. Their answer will be shown here.",
    "already": ("Already asked", "This person has been asked before, and no letter was sent."),
    "removed": "They are no trainer of this session any more.",
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
            if form.get("remove").isdigit():
                await remove_trainer(session.id, int(form.get("remove")), by=viewer, now=now)
                return see_other(f"{here}?done=removed")
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


def _named(one: dict[str, object]) -> str:
    words = [str(one["name"]), str(one["agency"] or "no organisation")]
    return ", ".join(words) + (" (speaks, sees no names)" if one["role"] == Role.CONTRIBUTOR else "")


routes = [
    page("/desk/sessions/{ref}/trainers", trainers, who=roles(Role.DESK, Role.PARTNER_ORGANISER), methods=("GET", "POST")),
]
