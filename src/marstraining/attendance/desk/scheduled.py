"""Exports that come round by themselves: those there are, one more, one less."""

import json

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance.actions.scheduling import ROLES, schedule_export, stop_export
from marstraining.attendance.forms import KIND_LABELS
from marstraining.attendance.queries.exports import export_choices, scheduled_exports
from marstraining.attendance.schedule import EVERY_WORDS, Every
from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, always, page, read_form, render, roles, see_other, viewer_of
from marstraining.people.rules import ROLE_LABELS

WHO = roles(Role.DESK)
DONE = {"added": "The export is scheduled.", "stopped": "The export is sent no more."}
_EVERY = {every.value: f"Every {every.value}" for every in Every}


async def scheduled(request: Request) -> Response:
    """The list, and one more."""
    viewer = viewer_of(request)
    form = Form()
    courses, agencies = await export_choices(viewer)
    readers = {role.value: ROLE_LABELS[role] for role in ROLES}
    if request.method == "POST":
        form = await read_form(request)
        kind = form.choice("kind", "what to send", KIND_LABELS)
        every = form.choice("every", "how often", _EVERY)
        role = form.choice("role", "who gets the email", readers)
        course = form.choice("course", "a course of the list", courses, required=False)
        agency = form.choice("agency", "an organisation of the list", agencies, required=False)
        if not form.errors:
            filters = {"course": course, "agency": agency}
            try:
                await schedule_export(kind, Every(every), Role(role), filters, by=viewer, now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other("/desk/exports/scheduled?done=added")
    lines = [
        {
            "ref": row["ref"],
            "kind": KIND_LABELS[row["kind"]].partition(":")[0],
            "of": ", ".join(json.loads(row["filters"]).values()),
            "every": EVERY_WORDS[Every(row["every"])],
            "role": ROLE_LABELS[Role(row["role"])],
            "next_at": row["next_at"],
        }
        for row in await scheduled_exports()
    ]
    return render(
        request,
        "attendance/scheduled_exports.html",
        form=form,
        lines=lines,
        kinds=KIND_LABELS,
        every=_EVERY,
        readers=readers,
        courses=courses,
        agencies=agencies,
        done=DONE,
    )


async def stop(request: Request) -> Response:
    """One less."""
    await read_form(request)
    await stop_export(request.path_params["export"], by=viewer_of(request), now=clock.now())
    return see_other("/desk/exports/scheduled?done=stopped")


routes = [
    page("/desk/exports/scheduled", scheduled, who=WHO, methods=("GET", "POST"), confirms=always),
    page("/desk/exports/scheduled/{export}/stop", stop, who=WHO, methods=("POST",), confirms=always),
]
