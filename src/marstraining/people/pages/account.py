"""One's own account: name, addresses, posts, calendar, and where one is signed in."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused, UnknownLink
from marstraining.core.viewer import Role, Viewer
from marstraining.core.web import NO_REFERRER, SIGNED_IN, Form, always, page, read_form, render, see_other, viewer_of
from marstraining.messages.queries import channel_account
from marstraining.people import actions, forms, queries, rules
from marstraining.people.browsers import forget_browser

HOME = "/me/account"
DONE: dict[str, str | tuple[str, str]] = {
    "name": "Your name is changed.",
    "sent": "Check your email: we have sent a link to the new address. Press the button there to confirm it.",
    "confirmed": "Your email address is confirmed.",
    "removed": "Your second email address is removed.",
    "calendar": "Your calendar choice is saved.",
    "digest": "Your choice about emails on your staff is saved.",
    "post": "Your organisation is added.",
    "ended": "That post is ended.",
    "device": "That browser is signed out.",
    "forgotten": "We have forgotten the needs that you kept for next time.",
}
CALENDAR = {
    rules.CalendarChoice.INVITATIONS.value: "Invitations in emails",
    rules.CalendarChoice.FEED.value: "A calendar feed that I subscribe to",
}
CALENDAR_HINTS = {
    rules.CalendarChoice.INVITATIONS.value: "Each booking arrives with an entry that your calendar can add and keep up to date",
    rules.CalendarChoice.FEED.value: "New bookings come without an entry: your calendar reads them from an address of your own",
}
ADDRESS_KINDS = {"second": "As a second address, to sign in with when you cannot reach the first", "first": "Instead of my present address"}
_SPENT = "A link to confirm an email address works once, for 24 hours, and for whoever asked for it."


async def account(request: Request) -> Response:
    """Everything about oneself on one page, each with a way to change it."""
    viewer, person = await _self(request)
    now = clock.now()
    return render(
        request,
        "people/account.html",
        person=person,
        posts=await queries.positions_of(person["id"], on=clock.today()),
        today=clock.today(),
        job_roles=rules.JOB_ROLES,
        sign_ins=await queries.sign_ins_of(person["id"], now=now),
        here=viewer.sign_in_id,
        calendar=CALENDAR[person["calendar_choice"]],
        has_telegram=await queries.telegram_chat_of(person["id"]) is not None,
        digest=_digest(viewer, person),
        has_bot=await channel_account("telegram") is not None,
        done=DONE,
    )


def _digest(viewer: Viewer, person: dict[str, Any]) -> str:
    """How often a lead is told about their staff, "" for who leads nobody."""
    if not viewer.has_any(Role.AGENCY_LEAD):
        return ""
    return rules.DIGEST_WORDS[rules.DigestChoice(person["digest_choice"] or rules.DigestChoice.DAILY)]


async def _self(request: Request) -> tuple[Viewer, dict[str, Any]]:
    viewer = viewer_of(request)
    person = await queries.own_record(viewer.person_id or 0)
    if person is None:
        raise NotFound
    return viewer, person


async def name(request: Request) -> Response:
    """Change one's name."""
    viewer, person = await _self(request)
    form = Form.of(name=person["name"])
    if request.method == "POST":
        form = await read_form(request)
        try:
            await actions.change_name(person["id"], form.get("name"), by=viewer, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"{HOME}?done=name")
    return render(request, "people/name.html", form=form)


async def email(request: Request) -> Response:
    """Give a new address, first or second; it counts once confirmed from its own mailbox."""
    viewer, person = await _self(request)
    form = Form.of(kind="second" if person["email"] else "first")
    if request.method == "POST":
        form = await read_form(request)
        kind = form.choice("kind", "how we use this address", ADDRESS_KINDS)
        if not form.errors:
            try:
                await actions.ask_address_change(
                    person["id"], form.get("email"), replaces_first=kind == "first", by=viewer, now=clock.now()
                )
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"{HOME}?done=sent")
    return render(request, "people/email.html", form=form, person=person, kinds=ADDRESS_KINDS)


async def remove_second_email(request: Request) -> Response:
    """Forget the second address."""
    viewer, person = await _self(request)
    await read_form(request)
    await actions.remove_second_email(person["id"], by=viewer, now=clock.now())
    return see_other(f"{HOME}?done=removed")


async def confirm(request: Request) -> Response:
    """The page of the letter to a new address: its button takes the address into use."""
    viewer, person = await _self(request)
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        try:
            await actions.confirm_address(request.path_params["token"], by=viewer, now=clock.now())
        except NotFound:
            raise UnknownLink(_SPENT) from None
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return see_other(f"{HOME}?done=confirmed")
    asked = await queries.asked_change(request.path_params["token"], person["id"], now=clock.now())
    if asked is None:
        raise UnknownLink(_SPENT)
    return render(request, "people/confirm.html", form=form, asked=asked, present=person["email"] or "", headers=NO_REFERRER)


async def forget_needs(request: Request) -> Response:
    """Forget what one chose to keep of one's needs for next time."""
    viewer, person = await _self(request)
    await read_form(request)
    await actions.forget_kept_needs(person["id"], by=viewer, now=clock.now())
    return see_other(f"{HOME}?done=forgotten")


async def calendar(request: Request) -> Response:
    """Invitations or the feed, and whether titles say only "Training"."""
    viewer, person = await _self(request)
    form = Form.of(choice=person["calendar_choice"], discreet=bool(person["has_discreet_titles"]))
    if request.method == "POST":
        form = await read_form(request)
        choice = form.choice("choice", "how training reaches your calendar", CALENDAR)
        if not form.errors:
            await actions.choose_calendar(
                person["id"],
                choice=rules.CalendarChoice(choice),
                has_discreet_titles=form.checkbox("discreet"),
                by=viewer,
                now=clock.now(),
            )
            return see_other(f"{HOME}?done=calendar")
    return render(request, "people/calendar.html", form=form, choices=CALENDAR, hints=CALENDAR_HINTS)


async def add_post(request: Request) -> Response:
    """Start a post at an agency of the list, or at one that is not listed yet."""
    viewer, person = await _self(request)
    form, now = Form(), clock.now()
    if request.method == "POST":
        form = await read_form(request)
        wish = forms.read_post(form)
        if not form.errors:
            try:
                await actions.add_own_post(person["id"], wish, by=viewer, now=now)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"{HOME}?done=post")
    return render(
        request,
        "people/post.html",
        form=form,
        agencies=[(choice.code, choice.name) for choice in await queries.agency_choices(person["email"] or "")],
        job_roles=rules.JOB_ROLE_CHOICES,
    )


async def end_post(request: Request) -> Response:
    """End a post of one's own today, after asking."""
    viewer, person = await _self(request)
    if request.method != "POST":
        asked = request.query_params.get("post", "")
        post = next((one for one in await queries.positions_of(person["id"], on=clock.today()) if str(one["id"]) == asked), None)
        if post is None or post["ends_on"] is not None:
            raise NotFound
        return render(request, "people/end_post.html", post=post, job_roles=rules.JOB_ROLES)
    form = await read_form(request)
    await actions.end_position(forms.row_number(form, "post"), ends_on=clock.today(), by=viewer, now=clock.now())
    return see_other(f"{HOME}?done=ended")


async def devices(request: Request) -> Response:
    """End one of one's sign-ins, or all of them."""
    viewer, person = await _self(request)
    form = await read_form(request)
    if form.get("sign_in") != "all":
        await actions.end_sign_in(forms.row_number(form, "sign_in"), by=viewer, now=clock.now())
        return see_other(f"{HOME}?done=device")
    await actions.end_all_sign_ins(person["id"], by=viewer, now=clock.now())
    response = see_other("/sign-in?done=signed-out")
    forget_browser(response)
    return response


routes = [
    page("/me/account", account, who=SIGNED_IN),
    page("/me/account/name", name, who=SIGNED_IN, methods=("GET", "POST")),
    page("/me/account/email", email, who=SIGNED_IN, methods=("GET", "POST"), confirms=always),
    page("/me/account/email/remove", remove_second_email, who=SIGNED_IN, methods=("POST",), confirms=always),
    page("/me/account/confirm/{token}", confirm, who=SIGNED_IN, methods=("GET", "POST")),
    page("/me/account/calendar", calendar, who=SIGNED_IN, methods=("GET", "POST")),
    page("/me/account/needs/forget", forget_needs, who=SIGNED_IN, methods=("POST",)),
    page("/me/account/post", add_post, who=SIGNED_IN, methods=("GET", "POST")),
    page("/me/account/post/end", end_post, who=SIGNED_IN, methods=("GET", "POST")),
    page("/me/account/devices", devices, who=SIGNED_IN, methods=("POST",)),
]
