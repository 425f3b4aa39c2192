"""Connecting one's account to a Telegram chat, and choosing what is sent there."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound, TooFast
from marstraining.core.qr import qr_svg
from marstraining.core.web import SIGNED_IN, Form, page, read_form, render, see_other, viewer_of
from marstraining.messages.queries import channel_account
from marstraining.people import actions, queries, rules

HOME = "/me/account/telegram"
DONE: dict[str, str | tuple[str, str]] = {
    "saved": "Your choice is saved.",
    "parted": ("Telegram is disconnected.", "We have forgotten the chat. Letters go to your email address."),
}
LETTER_HINTS = {
    "bookings": "A short note beside each email. Joining links, certificates and calendar entries come by email alone",
    "reminders": "A short note beside each email",
    "updates": "In the chat instead of by email, never between 8pm and 7:30am",
    "account": "A short note beside each email, so that you notice what was not you",
}


async def telegram(request: Request) -> Response:
    """What is connected; a form that connects a chat, or that says what is sent to it."""
    viewer, now = viewer_of(request), clock.now()
    chat = await queries.telegram_chat_of(viewer.person_id or 0)
    bot = await channel_account("telegram")
    form = Form.of(letters=list(chat.wishes.words) if chat else list[str]())
    if request.method == "POST":
        form = await read_form(request)
        wishes = rules.TelegramWishes.of(form.all("letters"))
        if chat:
            await actions.choose_telegram_letters(wishes, by=viewer, now=now)
            return see_other(f"{HOME}?done=saved")
        if bot is None:
            raise NotFound
        try:
            token = await actions.make_telegram_token(wishes, by=viewer, now=now)
        except TooFast as refusal:
            form.errors["letters"] = refusal.message
        else:
            address = f"https://t.me/{bot}?start={token}"
            # The answer to a POST, without an address of its own: the token stands in no browser's history.
            return render(request, "people/telegram_link.html", address=address, bot=bot, token=token, picture=qr_svg(address).decode())
    return render(
        request, "people/telegram.html", form=form, chat=chat, bot=bot, letters=rules.TELEGRAM_LETTERS, hints=LETTER_HINTS, done=DONE
    )


async def part(request: Request) -> Response:
    """Disconnect the chat."""
    await read_form(request)
    await actions.unlink_telegram(by=viewer_of(request), now=clock.now())
    return see_other(f"{HOME}?done=parted")


routes = [
    page(HOME, telegram, who=SIGNED_IN, methods=("GET", "POST")),
    page(f"{HOME}/part", part, who=SIGNED_IN, methods=("POST",)),
]
