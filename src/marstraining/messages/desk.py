"""The outbox as the training team sees it: what waits, is on hold, was sent or failed and why; and what can be done about it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from marstraining.core import clock, config, paths
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role, Viewer
from marstraining.core.web import (
    Column,
    Files,
    Form,
    Pager,
    TableView,
    export_response,
    nearest_page,
    page,
    read_form,
    render,
    roles,
    see_other,
    viewer_of,
)
from marstraining.core.web.dates import clock_time, plural, when
from marstraining.core.web.headers import CONTENT_SECURITY_POLICY
from marstraining.core.web.pager import page_number
from marstraining.core.web.tables import PER_PAGE
from marstraining.history.actions import record_export
from marstraining.messages import actions, queries
from marstraining.messages.envelope import UNBUILDABLE, Rendered, previewed_subject, rendered
from marstraining.messages.note import note_text
from marstraining.messages.queries import OUTBOX_ORDER, StoredLetter
from marstraining.messages.refusal import reason_of
from marstraining.messages.rules import Channel, LetterState, Priority, letter_words

STAFF = roles(Role.DESK, Role.ADMINISTRATOR)
STATES: Mapping[LetterState, tuple[str, str]] = {
    LetterState.WAITING: ("Waiting", "blue"),
    LetterState.HELD: ("On hold", "orange"),
    LetterState.SENDING: ("Being sent", "blue"),
    LetterState.SENT: ("Sent", "green"),
    LetterState.FAILED: ("Failed", "red"),
    LetterState.MISSED: ("Not sent in time", "yellow"),
    LetterState.WITHDRAWN: ("Set aside", "grey"),
}
DONE: Mapping[str, str | tuple[str, str]] = {
    "again": "The letter is sent again.",
    "released": "The letter is released and leaves when it is due.",
    "set_aside": "The letter is set aside. It will not be sent.",
    "all_again": "The failed letters are sent again.",
    "all_released": "The letters are released. Each leaves when it is due.",
    "all_set_aside": "The letters that were on hold are set aside. None of them will be sent.",
    "none": ("Nothing to do", "No letter there can still be of use."),
    "cleared": "The address is off this list.",
}
_COLUMNS = (
    Column("template", "Letter", sort=True),
    Column("to", "To", sort=True),
    Column("state", "State", sort=True),
    Column("queued", "Written", sort=True),
    Column("outcome", "What became of it"),
)
_EXPORT_COLUMNS = (
    Column("template", "Letter"),
    Column("name", "To"),
    Column("address", "Address"),
    Column("state", "State"),
    Column("created_at", "Written"),
    Column("sent_at", "Sent"),
    Column("tries", "Tries", numeric=True),
    Column("last_error", "Reason"),
)
_MOST_EXPORTED = 20_000
# A letter is other people's text in part: nothing in it runs, loads or leads anywhere. Its styles stand in its elements.
_LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox"
_FRAMING_POLICY = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"


class _Verb(Protocol):
    """What the desk does to one letter."""

    def __call__(self, letter_id: int, *, by: Viewer, now: datetime) -> Awaitable[None]: ...


class _VerbForAll(Protocol):
    """What the desk does to all letters of a state; how many there were."""

    def __call__(self, *, by: Viewer, now: datetime) -> Awaitable[int]: ...


async def letters(request: Request) -> Response:
    """The outbox: filtered, sorted, paged, taken away as a file."""
    view = TableView.read(
        request.query_params, path="/desk/letters", columns=_COLUMNS, default="-queued", filters=("q", "state", "template")
    )
    order, now = view.order_by(OUTBOX_ORDER, tie="id DESC"), clock.now()
    if view.export:
        taken = await queries.outbox_lines(view.filters, order=order, limit=_MOST_EXPORTED)
        await record_export("letters", by=viewer_of(request), now=now, subject_kind="letter", subject_id=None, lines=len(taken))
        return export_response(request, view.export, "letters", _EXPORT_COLUMNS, map(_exported, taken))
    view, (found, _) = await nearest_page(view, partial(queries.outbox, view.filters, order=order))
    state = await queries.outbox_state(now=now)
    return render(
        request,
        "messages_desk/letters.html",
        view=view,
        rows=[_line(one, now=now) for one in found],
        state=state,
        mail=state.delivery,
        waiting=state.count(LetterState.WAITING, LetterState.SENDING),
        held=state.count(LetterState.HELD),
        sent=state.count(LetterState.SENT),
        failed=state.count(LetterState.FAILED),
        missed=state.count(LetterState.MISSED),
        set_aside=state.count(LetterState.WITHDRAWN),
        states={str(name): words for name, (words, _) in STATES.items() if name is not LetterState.SENDING},
        templates=_templates(),
        done=DONE,
    )


async def letter(request: Request) -> Response:
    """One letter: what became of it and what it says."""
    return _letter_page(request, await _letter(request))


async def letter_body(request: Request) -> Response:
    """The letter's HTML alone, shut in."""
    parts = _preview(await _letter(request))
    if parts is None or not parts.html:
        raise NotFound
    return HTMLResponse(parts.html, headers={"Content-Security-Policy": _LETTER_POLICY})


def _to_one(verb: _Verb, done: str) -> Callable[[Request], Awaitable[Response]]:
    """A button of one letter, on its page or on its line of the list, to which it then goes back."""

    async def press(request: Request) -> Response:
        form = await read_form(request)
        found = await _letter(request)
        try:
            await verb(found.id, by=viewer_of(request), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            return _letter_page(request, await _letter(request), form=form)
        listed = form.get("from")
        back = f"/desk/letters?state={listed}&" if listed in set(LetterState) else f"/desk/letters/{found.ref}?"
        return see_other(f"{back}done={done}")

    return press


def _to_all(verb: _VerbForAll, done: str) -> Callable[[Request], Awaitable[Response]]:
    """A button of all letters of a state."""

    async def press(request: Request) -> Response:
        await read_form(request)
        number = await verb(by=viewer_of(request), now=clock.now())
        return see_other(f"/desk/letters?done={done if number else 'none'}")

    return press


async def bounced(request: Request) -> Response:
    """Addresses that a mail server refused for good."""
    asked = page_number(request.query_params.get("page", ""))
    found, total = await queries.bounced_addresses(limit=PER_PAGE, offset=(asked - 1) * PER_PAGE)
    pager = Pager.of(request, total)
    if pager.page != asked:
        found, _ = await queries.bounced_addresses(limit=PER_PAGE, offset=pager.offset)
    for row in found:
        row["words"] = letter_words(row["template"]) if row["template"] else ""
        row["why"] = reason_of(row["reason"]).words
    return render(request, "messages_desk/bounced.html", rows=found, pager=pager, done=DONE)


async def clear(request: Request) -> Response:
    """Take an address off that list."""
    number = (await read_form(request)).get("bounced")
    if not (number.isascii() and number.isdecimal() and len(number) <= 9):
        raise NotFound
    await actions.clear_bounced_address(int(number), by=viewer_of(request), now=clock.now())
    return see_other("/desk/letters/bounced?done=cleared")


def _letter_page(request: Request, found: StoredLetter, *, form: Form | None = None) -> Response:
    now = clock.now()
    return render(
        request,
        "messages_desk/letter.html",
        letter=found,
        words=letter_words(found.template),
        tag=STATES[found.state],
        outcome=_outcome(found, now=now, moment=when),
        reason=reason_of(found.last_error),
        is_failed=found.state == LetterState.FAILED,
        is_held=found.state == LetterState.HELD,
        can_resend=_is_of_use(found, now=now) and found.state in {LetterState.FAILED, LetterState.MISSED, LetterState.SENT},
        can_release=_is_of_use(found, now=now) and found.state == LetterState.HELD,
        has_secret=_has_secret(found),
        is_chat=found.channel is Channel.TELEGRAM,
        parts=_preview(found),
        entries=[(item, datetime.fromisoformat(item.starts_at), datetime.fromisoformat(item.ends_at)) for item in found.calendar],
        form=form,
        done=DONE,
        headers={"Content-Security-Policy": _FRAMING_POLICY},
    )


async def _letter(request: Request) -> StoredLetter:
    found = await queries.letter_of(request.path_params["ref"])
    if found is None:
        raise NotFound
    return found


def _has_secret(found: StoredLetter) -> bool:
    """Whether it signs somebody in: such letters are shown to nobody (calendar_and_letters.md, Letters 6)."""
    return found.priority == Priority.SIGN_IN


def _preview(found: StoredLetter) -> Rendered | None:
    if _has_secret(found) or found.erased_at is not None:
        return None
    try:
        if found.channel is Channel.TELEGRAM:
            heading, rest = note_text(found, config.current())
            return Rendered(subject=heading, text=rest, html="")
        return rendered(found, config.current(), is_preview=True)
    except UNBUILDABLE:
        return None


@cache
def _templates() -> list[tuple[str, str]]:
    """Every kind of letter there is, by what people call it."""
    folders = [path.name for path in (paths.TEMPLATES / "messages").iterdir() if path.is_dir()]
    return sorted(((name, letter_words(name)) for name in folders), key=lambda pair: pair[1])


def _line(found: StoredLetter, *, now: datetime) -> dict[str, object]:
    is_of_use = _is_of_use(found, now=now)
    return {
        "ref": found.ref,
        "words": letter_words(found.template),
        "subject": _subject(found),
        "name": found.name or found.shown_address,
        "address": found.shown_address if found.name else "",
        "tag": STATES[found.state],
        "written": _moment(found.created_at),
        "outcome": "Sent at once" if _is_at_once(found) else _outcome(found, now=now, moment=_moment),
        "can_resend": is_of_use and found.state in {LetterState.FAILED, LetterState.MISSED},
        "can_release": is_of_use and found.state == LetterState.HELD,
        "can_set_aside": found.state in {LetterState.FAILED, LetterState.HELD},
    }


def _subject(found: StoredLetter) -> str:
    if _has_secret(found) or found.erased_at is not None:
        return ""
    try:
        return previewed_subject(found, config.current())
    except UNBUILDABLE:
        return ""


def _is_of_use(found: StoredLetter, *, now: datetime) -> bool:
    return found.erased_at is None and (found.expires_at is None or found.expires_at > now)


def _is_at_once(found: StoredLetter) -> bool:
    """Whether it was sent as soon as it was written: a list that says when it was written need not say that twice."""
    return found.state == LetterState.SENT and found.sent_at is not None and found.sent_at - found.created_at < timedelta(minutes=1)


def _outcome(found: StoredLetter, *, now: datetime, moment: Callable[[datetime], str]) -> str:
    """What became of a letter, or what comes next, in a sentence."""
    due, said = moment(found.next_try_at), reason_of(found.last_error).words
    match found.state:
        case LetterState.SENT if found.sent_at:
            return f"Sent on {moment(found.sent_at)}"
        case LetterState.SENDING:
            return "Being sent at this moment"
        case LetterState.WAITING if found.tries:
            return f"Tried {'once' if found.tries == 1 else plural(found.tries, 'time')}, next on {due}. {said}"
        case LetterState.WAITING:
            return f"Leaves on {due}" if found.next_try_at > now else "Leaves next"
        case LetterState.HELD:
            return f"{'Is' if found.next_try_at > now else 'Was'} due on {due}. {said}"
        case LetterState.WITHDRAWN:
            return said or "No longer true when it was to be sent"
    return said


def _moment(instant: datetime) -> str:
    at = clock.local(instant)
    return f"{at.day} {at:%b %Y}, {clock_time(at.time())}"


def _exported(row: Mapping[str, Any]) -> dict[str, object]:
    return {**row, "template": letter_words(row["template"]), "state": STATES[LetterState(row["state"])][0]}


_BUTTONS = {
    "resend-failed": _to_all(actions.resend_failed_letters, "all_again"),
    "release-held": _to_all(actions.release_held_letters, "all_released"),
    "take-back-held": _to_all(actions.take_back_held_letters, "all_set_aside"),
    "{ref}/resend": _to_one(actions.resend_letter, "again"),
    "{ref}/release": _to_one(actions.release_letter, "released"),
    "{ref}/take-back": _to_one(actions.take_back_letter, "set_aside"),
}
routes = [
    page("/desk/letters", letters, who=STAFF, files=Files.PEOPLE),
    page("/desk/letters/bounced", bounced, who=STAFF),
    page("/desk/letters/bounced/clear", clear, who=STAFF, methods=("POST",)),
    *(page(f"/desk/letters/{path}", press, who=STAFF, methods=("POST",)) for path, press in _BUTTONS.items()),
    page("/desk/letters/{ref}", letter, who=STAFF),
    page("/desk/letters/{ref}/body", letter_body, who=STAFF),
]
