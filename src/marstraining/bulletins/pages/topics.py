"""One topic: asking to be told of its new dates and resources, signed in or by an address that is then confirmed."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bulletins.actions import ask_to_subscribe, confirm_topic, stop_topic, subscribe_to_topic
from marstraining.bulletins.queries import followed_topic, open_request, topic_label
from marstraining.bulletins.rules import PACES, Pace
from marstraining.core import clock
from marstraining.core.errors import Refused, TooFast
from marstraining.core.web import ANYONE, NO_REFERRER, Form, page, read_form, render, see_other, viewer_of
from marstraining.people.browsers import network_of

DONE: dict[str, str | tuple[str, str]] = {
    "following": "We will tell you about new dates and resources on this topic.",
    "stopped": "You will hear no more about this topic.",
    "sent": (
        "Check your email",
        "If the address is right, an email is on its way to it. Press the button there and we will tell you what is new on this topic.",
    ),
}


async def news(request: Request) -> Response:
    """One topic: follow it or stop following it. Who is not signed in gives an address, and gets a letter to confirm it."""
    viewer, now = viewer_of(request), clock.now()
    slug = request.path_params["slug"]
    label = await topic_label(slug)
    followed = await followed_topic(slug, viewer.person_id) if viewer.person_id is not None else None
    form = Form.of(pace=(followed.pace if followed else Pace.DAILY).value)
    if request.method == "POST":
        form = await read_form(request)
        if form.get("stop"):
            await stop_topic(slug, by=viewer, now=now)
            return see_other(f"/topics/{slug}/news?done=stopped")
        pace = Pace(form.choice("pace", "how often we tell you", PACES) or Pace.DAILY)
        if not form.errors and viewer.is_signed_in:
            await subscribe_to_topic(slug, pace=pace, by=viewer, now=now)
            return see_other(f"/topics/{slug}/news?done=following")
        if not form.errors:
            try:
                await ask_to_subscribe(slug, form.get("email"), pace=pace, network=network_of(request), now=now)
            except Refused as refusal:
                form.refuse(refusal)
            except TooFast as refusal:
                form.errors["email"] = refusal.message
            else:
                return see_other(f"/topics/{slug}/news?done=sent")
    return render(
        request,
        "bulletins/topic.html",
        slug=slug,
        label=label,
        followed=followed,
        is_signed_in=viewer.is_signed_in,
        is_sent=request.query_params.get("done") == "sent" and not form.errors,
        form=form,
        paces=PACES,
        done=DONE,
    )


async def confirm(request: Request) -> Response:
    """The page of the letter to a new address: its button confirms it; looking at it does nothing."""
    token, now = request.path_params["token"], clock.now()
    if request.method == "POST":
        await read_form(request)
        try:
            label = await confirm_topic(token, now=now)
        except Refused:
            return render(request, "bulletins/confirm.html", asked=None, label="", headers=NO_REFERRER)
        return render(request, "bulletins/confirm.html", asked=None, label=label, headers=NO_REFERRER)
    return render(request, "bulletins/confirm.html", asked=await open_request(token, now=now), label="", headers=NO_REFERRER)


routes = [
    page("/topics/{slug}/news", news, who=ANYONE, methods=("GET", "POST")),
    page("/bulletins/confirm/{token}", confirm, who=ANYONE, methods=("GET", "POST")),
]
