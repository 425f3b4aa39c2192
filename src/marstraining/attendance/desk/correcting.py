"""One person on the register: mark with reason and times, in which capacity they were there, and how their marks came about."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.attendance import queries
from marstraining.attendance.actions import mark_register
from marstraining.attendance.desk.register import TAPS
from marstraining.attendance.desk.taking import BOTH, CAPACITY_WORDS, Row, Taking, load, rows_of
from marstraining.attendance.rules import (
    CORRECTIONS,
    EVIDENCE_WORDS,
    LEARNERS,
    NOT_ADMITTED,
    REASON_WORDS,
    Evidence,
    MarkWord,
    NewMark,
    TakenAs,
)
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.people.rules import JOB_ROLES

_LATE = "late"
# What a mark that somebody makes by hand may stand on.
_SOURCES = {
    Evidence.MANUAL: "I saw it myself",
    Evidence.PAPER: "A signed sheet of paper",
    Evidence.WORD: "The trainer’s word, or a day made up in another session",  # noqa: RUF001 - an apostrophe as printed
}


async def person(request: Request) -> Response:
    """The page of one person on one training day, and its form."""
    taking = await load(request)
    row = await _row(request, taking)
    form = _filled(request, row)
    if request.method == "POST":
        form = await read_form(request)
        answer = await _save(request, taking, row, form)
        if answer is not None:
            return answer
    return render(
        request,
        "attendance/desk/person.html",
        taking=taking,
        session=taking.session,
        row=row,
        marks=_choices(taking),
        reasons=REASON_WORDS,
        capacities=_capacities(row),
        sources=_sources(row),
        job_roles=JOB_ROLES,
        corrections=CORRECTIONS,
        made=await queries.marks_made(taking.session.id, row.line.id),
        days={one.id: one for one in taking.days},
        mark_words=TAPS,
        evidence=EVIDENCE_WORDS,
        can_change=not taking.why_not or (taking.is_locked and taking.as_desk),
        form=form,
    )


async def _row(request: Request, taking: Taking) -> Row:
    for row in await rows_of(taking):
        if row.line.ref == request.path_params["person"]:
            return row
    raise NotFound


def _choices(taking: Taking) -> dict[str, str]:
    choices: dict[str, str] = {str(word): text for word, text in TAPS.items()}
    if taking.session.last_admission_minutes is not None:
        choices[_LATE] = "Arrived late, not admitted"
    return choices


def _capacities(row: Row) -> dict[str, str]:
    """Learner as they came to be one, trainer, or assistant."""
    as_learner = row.line.taken_as if row.line.taken_as in LEARNERS else TakenAs.LEARNER
    return {str(one): CAPACITY_WORDS[one] for one in (as_learner, TakenAs.TRAINER, TakenAs.ASSISTANT)}


def _sources(row: Row) -> dict[str, str]:
    """What the mark may stand on, what it stands on now among them: to correct a time is not to have seen it."""
    held = Evidence(row.mark.evidence) if row.mark else Evidence.MANUAL
    kept = {} if held in _SOURCES else {str(held): f"As it was: {EVIDENCE_WORDS[held]}"}
    return {**kept, **{str(one): text for one, text in _SOURCES.items()}}


def _filled(request: Request, row: Row) -> Form:
    mark = row.mark
    chosen = request.query_params.get("mark", "") or (mark.mark if mark else "")
    is_late = mark is not None and mark.reason == NOT_ADMITTED
    return Form.of(
        mark=_LATE if is_late and chosen == MarkWord.ABSENT else chosen,
        reason=mark.reason if mark and not is_late else "",
        arrived=mark.arrived if mark else "",
        left=mark.left if mark else "",
        taken_as=row.line.taken_as,
        # Somebody else's mark says nothing about how they know.
        source=Evidence.MANUAL if mark is None else mark.evidence if chosen == mark.mark or mark.evidence in _SOURCES else "",
    )


async def _save(request: Request, taking: Taking, row: Row, form: Form) -> Response | None:
    word = form.choice("mark", "how they attended", _choices(taking))
    reason = form.choice("reason", "why they sent apologies", REASON_WORDS) if word == MarkWord.EXCUSED else ""
    is_there = word in {MarkWord.ATTENDED, MarkWord.PARTIAL}
    arrived, left = (
        form.time(name, label, required=False) for name, label in (("arrived", "the time they came"), ("left", "the time they left"))
    )
    taken_as = form.choice("taken_as", "in which capacity they were there", _capacities(row))
    source = form.choice("source", "how you know", _sources(row))
    why = form.choice("why", "why the mark is corrected", CORRECTIONS) if taking.is_locked else ""
    said = MarkWord.ABSENT if word == _LATE else word
    held = row.mark if row.mark and row.mark.evidence == source else None
    if held and source not in _SOURCES and held.mark != said:
        form.fail("source", f"“{EVIDENCE_WORDS[Evidence(source)]}” says otherwise: select how you know")
    if form.errors or taking.day is None:
        return None
    times = [f"{at:%H:%M}" if at and is_there else "" for at in (arrived, left)]
    is_timed_alike = held is not None and [held.mark, held.arrived, held.left] == [said, *times]
    try:
        new = NewMark(
            row.line.id,
            taking.day.id,
            MarkWord(said),
            evidence=Evidence(source),
            minutes=held.minutes if held and is_timed_alike else None,
            reason=NOT_ADMITTED if word == _LATE else reason,
            arrived=times[0],
            left=times[1],
            taken_as=TakenAs(taken_as),
        )
        await mark_register(taking.session.id, [new], why=why, by=viewer_of(request), now=taking.now)
    except Refused as refusal:
        form.refuse(refusal)
        return None
    joint = "&" if "?" in taking.page else "?"
    return see_other(f"{taking.page}{joint}done={'corrected' if taking.is_locked else 'marked'}#p-{row.line.ref}")


routes = [page(f"{prefix}/register/people/{{person}}", person, who=who, methods=("GET", "POST")) for prefix, who in BOTH]
