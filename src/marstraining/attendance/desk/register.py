"""The register: everybody with a place, one tap for each mark, kept on the device until it is acknowledged."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from marstraining.attendance.actions import mark_register
from marstraining.attendance.desk.taking import BOTH, CAPACITY_WORDS, Row, Taking, day_of, load, rows_of
from marstraining.attendance.rules import MARK_WORDS, NOT_ADMITTED, REASON_WORDS, MarkWord, NewMark
from marstraining.bookings.actions import NeedsLine, read_needs_as_trainer
from marstraining.bookings.rules import Mode, may_trainer_read
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import hash_token
from marstraining.core.web import Form, page, read_form, read_json, render, see_other, viewer_of
from marstraining.core.web.csrf import is_token_right
from marstraining.core.web.reading import StaleForm
from marstraining.people.rules import JOB_ROLES

MODE_WORDS = {Mode.ROOM: "In the room", Mode.ONLINE: "Online"}
DONE = {
    "marked": "The mark is saved.",
    "rest": "Everybody without a mark is marked as attended.",
    "locked": "The register is locked. Its marks are the record now.",
    "corrected": "The mark is corrected.",
    "walk-in": "They are on the register now, and marked.",
}
# What stands on the buttons of a line.
TAPS = {word: MARK_WORDS[word] for word in (MarkWord.ATTENDED, MarkWord.PARTIAL, MarkWord.ABSENT, MarkWord.EXCUSED)}
_TAP = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_TAPS = 50
_LONGEST_WAIT = timedelta(days=30)


async def register(request: Request) -> Response:
    """The page, without a word of what anybody needs."""
    return await register_page(request, await load(request))


async def register_page(
    request: Request, taking: Taking, *, form: Form | None = None, needs: Sequence[NeedsLine] | None = None
) -> Response:
    """The register; `form` brings the refusal of a button on it, `needs` what learners need where a trainer asked."""
    viewer, session = viewer_of(request), taking.session
    rows = await rows_of(taking)
    learners = [row for row in rows if row.is_learner]
    return render(
        request,
        "attendance/desk/register.html",
        taking=taking,
        session=session,
        learners=learners,
        helpers=[row for row in rows if not row.is_learner],
        counts=counts_of(learners),
        taps=TAPS,
        reasons=REASON_WORDS,
        capacities=CAPACITY_WORDS,
        job_roles=JOB_ROLES,
        modes=MODE_WORDS if session.delivery == "hybrid" else {},
        needs=needs,
        needs_of={line.booking_ref: line for line in needs or ()},
        may_read=not taking.as_desk
        and bool(session.needs)
        and may_trainer_read(starts_at=session.starts_at, ends_at=session.ends_at, now=taking.now),
        # Taps wait on a device under this name, so that who signs in there next does not send them as their own.
        keeper=hash_token(f"{session.ref}|{viewer.person_id}")[:16],
        form=form,
        done=DONE,
    )


def counts_of(rows: Sequence[Row]) -> Mapping[str, int]:
    """How many learners are marked in each way, and how many are not."""
    counts = {str(word): sum(1 for row in rows if row.mark and row.mark.mark == word) for word in MarkWord}
    return {**counts, "unmarked": sum(1 for row in rows if row.mark is None), "all": len(rows)}


async def needs(request: Request) -> Response:
    """The register with what learners need, for its trainers in their window; each reading is kept."""
    taking = await load(request)
    await read_form(request)
    lines = await read_needs_as_trainer(taking.session.id, by=viewer_of(request), now=taking.now)
    return await register_page(request, taking, needs=lines)


async def mark(request: Request) -> Response:
    """A button of a line without JavaScript, or the one for everybody else."""
    taking = await load(request)
    form = await read_form(request)
    ref, _, word = form.get("mark").partition(".")
    if taking.day is None:
        raise NotFound
    rows = await rows_of(taking)
    if ref == "rest":
        chosen = [row for row in rows if row.mark is None and row.is_learner]
        word = MarkWord.ATTENDED
    else:
        chosen = [row for row in rows if row.line.ref == ref]
    if word == MarkWord.EXCUSED:
        return see_other(f"{taking.root}/register/people/{ref}?day={taking.day.key}&mark=excused")
    try:
        marks = [_new_mark(row, taking.day.id, word=word) for row in chosen]
        await mark_register(taking.session.id, marks, by=viewer_of(request), now=taking.now)
    except Refused as refusal:
        form.refuse(refusal)
        return await register_page(request, taking, form=form)
    joint = "&" if "?" in taking.page else "?"
    return see_other(f"{taking.page}{joint}done={'rest' if ref == 'rest' else 'marked'}#p-{ref}")


def _new_mark(row: Row, day_id: int, *, word: str, reason: str = "", **more: Any) -> NewMark:  # noqa: ANN401 - the mark's own fields
    """A mark of somebody in the capacity in which they stand on the register; "late" is not admitted."""
    if word == "late":
        word, reason = MarkWord.ABSENT, NOT_ADMITTED
    if word not in tuple(MarkWord):
        raise NotFound
    return NewMark(row.line.id, day_id, MarkWord(word), reason=reason, taken_as=row.line.taken_as, **more)


async def taps(request: Request) -> Response:
    """Taps of a device, each answered by itself, so that one that is refused holds up no other.

    JSON in: {"csrf", "taps": [{"tap", "person", "day", "mark", "reason", "ago"}]}, `ago` being milliseconds since the touch. JSON out:
    {"taps": [{"tap", "result", "message", "said", "mark"}]}, `result` one of written, unchanged, overtaken and refused.
    """
    taking = await load(request)
    sent = await read_json(request)
    if not isinstance(sent, dict) or not is_token_right(request, str(sent.get("csrf", ""))):
        raise StaleForm([], had_files=False)
    asked = sent.get("taps")
    if not isinstance(asked, list) or len(asked) > _MOST_TAPS:
        raise Refused("Send at most 50 taps at once.", code="taps")
    rows = {row.line.ref: row for row in await rows_of(taking)}
    outcomes = [(tap, *await _take(request, taking, rows, tap)) for tap in asked if isinstance(tap, dict)]
    touched = {str(tap.get("day")) for tap, *_ in outcomes}
    days = [replace(taking, day=one) for one in taking.days if one.key in touched]
    said = {one.day.key: {row.line.ref: row for row in await rows_of(one)} for one in days if one.day}
    answers = [
        {"tap": str(tap.get("tap", "")), "result": result, "message": message, **_standing(said, tap)} for tap, result, message in outcomes
    ]
    return JSONResponse({"taps": answers})


def _standing(rows: Mapping[str, Mapping[str, Row]], tap: Mapping[str, Any]) -> dict[str, str]:
    """What the register says now of the person tapped, whoever said it."""
    row = rows.get(str(tap.get("day")), {}).get(str(tap.get("person")))
    is_late = row is not None and row.mark is not None and row.mark.reason == NOT_ADMITTED
    return {"said": row.said if row else "", "mark": ("late" if is_late else row.mark.mark) if row and row.mark else ""}


async def _take(request: Request, taking: Taking, rows: Mapping[str, Row], tap: Mapping[str, Any]) -> tuple[str, str]:
    number, ago = str(tap.get("tap", "")), tap.get("ago", 0)
    is_readable = _TAP.fullmatch(number) and isinstance(ago, int | float) and 0 <= ago <= _LONGEST_WAIT / timedelta(milliseconds=1)
    row = rows.get(str(tap.get("person", "")))
    if not is_readable or row is None:
        return "refused", "This person is not on the register any more." if row is None else "This mark could not be read."
    try:
        new = _new_mark(
            row,
            day_of(taking.days, str(tap.get("day", ""))).id,
            word=str(tap.get("mark", "")),
            reason=str(tap.get("reason", "")),
            tap=number,
            touched_at=taking.now - timedelta(milliseconds=float(ago)),
        )
        marked = await mark_register(taking.session.id, [new], by=viewer_of(request), now=taking.now)
    except Refused as refusal:
        return "refused", refusal.message
    except NotFound:
        return "refused", "This training day or person is not on the register any more."
    if marked.overtaken:
        return "overtaken", "Somebody marked this person after you did, so their mark stands."
    return ("written" if marked.written else "unchanged"), ""


routes = [
    route
    for prefix, who in BOTH
    for route in (
        page(f"{prefix}/register", register, who=who),
        page(f"{prefix}/register", mark, who=who, methods=("POST",)),
        page(f"{prefix}/register/taps", taps, who=who, methods=("POST",)),
    )
] + [page("/teaching/{ref}/register/needs", needs, who=BOTH[0][1], methods=("POST",))]
