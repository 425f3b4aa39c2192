"""Noting a quality check, withdrawing and bringing back, having links looked at again."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.resources.actions import bring_back, check_quality, look_again, take_new_address, withdraw_resource
from marstraining.resources.desk.shelf import WHO, last_routes
from marstraining.resources.forms import read_quality
from marstraining.resources.queries import EVERYTHING, ResourceFacts, resource_facts
from marstraining.resources.queries.desk import other_resources
from marstraining.resources.rules import VERDICT_LABELS


async def check(request: Request) -> Response:
    """Note that somebody looked the resource over, and reviewed it where they did."""
    facts = await _facts(request)
    role = facts.last_check.role if facts.last_check else "Training team"
    form = Form.of(checked_on=clock.today(), role=role, verdict="")
    if request.method == "POST":
        form = await read_form(request)
        note = read_quality(form)
        if not form.errors:
            try:
                is_new = await check_quality(facts.row.code, note, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/desk/resources/{facts.row.code}?done={'checked' if is_new else 'noted'}")
    return render(request, "resources/desk/check.html", form=form, row=facts.row, verdicts=VERDICT_LABELS)


async def withdraw(request: Request) -> Response:
    """Ask for the reason and for what to use instead, then withdraw."""
    facts = await _facts(request)
    form = Form()
    others = await other_resources(facts.row.code)
    if request.method == "POST":
        form = await read_form(request)
        instead = form.choice("replaced_by", "what to use instead", [code for code, _ in others], required=False)
        if not form.errors:
            try:
                done = await withdraw_resource(
                    facts.row.code, reason=form.get("reason"), replaced_by=instead, by=viewer_of(request), now=clock.now()
                )
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/desk/resources/{facts.row.code}?done={'withdrawn' if done else 'already'}")
    return render(request, "resources/desk/withdraw.html", form=form, row=facts.row, others=others)


async def back(request: Request) -> Response:
    """Bring a withdrawn resource back."""
    await read_form(request)
    await bring_back(_code(request), by=viewer_of(request), now=clock.now())
    return see_other(f"/desk/resources/{_code(request)}?done=back")


async def again(request: Request) -> Response:
    """Have the links looked at next."""
    await read_form(request)
    await look_again(_code(request), by=viewer_of(request), now=clock.now())
    return see_other(f"/desk/resources/{_code(request)}?done=asked")


async def new_address(request: Request) -> Response:
    """Lead to where the address has moved."""
    await read_form(request)
    moved = await take_new_address(_code(request), by=viewer_of(request), now=clock.now())
    return see_other(f"/desk/resources/{_code(request)}?done={'moved' if moved else 'stayed'}")


async def _facts(request: Request) -> ResourceFacts:
    return await resource_facts(_code(request), scope=EVERYTHING)


def _code(request: Request) -> str:
    code: str = request.path_params["code"]
    return code.upper()


_ROOT = "/desk/resources/{code}"
routes = [
    page(f"{_ROOT}/check", check, who=WHO, methods=("GET", "POST")),
    page(f"{_ROOT}/withdraw", withdraw, who=WHO, methods=("GET", "POST")),
    page(f"{_ROOT}/back", back, who=WHO, methods=("POST",)),
    page(f"{_ROOT}/look-again", again, who=WHO, methods=("POST",)),
    page(f"{_ROOT}/new-address", new_address, who=WHO, methods=("POST",)),
    *last_routes,
]
