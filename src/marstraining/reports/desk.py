"""The board's calendar at the desk: meetings added, one or a year of them, changed and removed, and their figures taken again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.bank_holidays import bank_holidays
from marstraining.core.clock import today_of
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.core.web.dates import day_plain
from marstraining.reports import forms
from marstraining.reports.actions import add_meeting, add_meetings, change_meeting, remove_meeting
from marstraining.reports.apart import asked_by, take_apart
from marstraining.reports.queries.meetings import BoardMeeting, meeting_by_ref, meetings
from marstraining.reports.rules import (
    LONGEST_NOTE,
    MeetingDraft,
    meeting_days,
    meeting_faults,
    proposed_meeting,
)

WHO_KEEPS = roles(Role.DESK, Role.ADMINISTRATOR)
_FURTHEST_DAYS = 5 * 366


async def new(request: Request) -> Response:
    """A meeting: first its date, then the other dates as they are proposed from it."""
    viewer, now = viewer_of(request), clock.now()
    today = today_of(now)
    if request.method == "POST":
        form = await read_form(request)
        draft = forms.read_meeting(form, today=today)
        if draft is not None and not await _failed(form, draft, request):
            try:
                await add_meeting(draft, by=viewer, now=now)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other("/board?done=added")
        return _meeting_page(request, form, today=today, meeting=None)
    asked = Form(request.query_params.multi_items())
    if not any(name.startswith("on") for name in request.query_params):
        return render(request, "reports/meeting_day.html", form=Form())
    meets_on = asked.date("on", "the date of the meeting", earliest=today, latest=date.fromordinal(today.toordinal() + _FURTHEST_DAYS))
    known = await meetings(viewer=viewer)
    if any(one.meets_on == meets_on for one in known):
        asked.fail("on", f"There is a meeting on {day_plain(meets_on)} already: change that one, or choose another day")
    if asked.errors:
        return render(request, "reports/meeting_day.html", form=asked)
    draft = proposed_meeting(meets_on, config.current().partnership.working_calendar, today=today)
    last = _last_placed(known)
    proposed = replace(draft, place=last.place, starts=last.starts) if last else draft
    return _meeting_page(request, forms.meeting_form(proposed), today=today, meeting=None)


async def change(request: Request) -> Response:
    """A meeting as it stands, to be changed."""
    viewer, now = viewer_of(request), clock.now()
    today, meeting = today_of(now), await _meeting(request)
    form = forms.meeting_form(meeting.draft)
    form.put("seen", str(meeting.revision))
    if request.method == "POST":
        form = await read_form(request)
        draft = forms.read_meeting(form, today=today)
        if draft is not None and not await _failed(form, draft, request, meeting=meeting):
            seen = form.get("seen")
            try:
                is_new = await change_meeting(
                    meeting.ref, draft, seen=int(seen) if seen.isdecimal() and len(seen) < 9 else -1, by=viewer, now=now
                )
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other(f"/board?done={'changed' if is_new else 'unchanged'}")
    return _meeting_page(request, form, today=today, meeting=meeting)


async def _failed(form: Form, draft: MeetingDraft, request: Request, *, meeting: BoardMeeting | None = None) -> bool:
    """Put every fault of the meeting beside its field; whether there is one."""
    others = [one.draft for one in await meetings(viewer=viewer_of(request)) if meeting is None or one.ref != meeting.ref]
    if meeting is None and draft in others:
        # Sent twice: the verb answers with the one there is.
        return False
    faults = meeting_faults(
        draft,
        before=meeting.draft if meeting else None,
        is_signed=meeting.is_signed if meeting else False,
        others=others,
        today=clock.today(),
    )
    for name, sentence in faults.items():
        form.fail(name, sentence)
    return bool(faults)


def _meeting_page(request: Request, form: Form, *, today: date, meeting: BoardMeeting | None) -> Response:
    can_take = meeting is not None and not meeting.is_signed and meeting.draft.cut_off_on < today <= meeting.meets_on
    return render(
        request,
        "reports/meeting.html",
        form=form,
        meeting=meeting,
        can_take=can_take,
        can_remove=meeting is not None and meeting.meets_on >= today,
        periods=forms.period_choices(today),
        longest=LONGEST_NOTE,
    )


async def remove(request: Request) -> Response:
    """Take a meeting off the calendar, with the reason."""
    meeting, form, now = await _meeting(request), await read_form(request), clock.now()
    try:
        await remove_meeting(meeting.ref, form.get("reason"), by=viewer_of(request), now=now)
    except Refused as refusal:
        shown = forms.meeting_form(meeting.draft)
        shown.put("seen", str(meeting.revision))
        shown.put("reason", form.get("reason"))
        shown.refuse(refusal)
        return _meeting_page(request, shown, today=today_of(now), meeting=meeting)
    return see_other("/board?done=removed")


async def take(request: Request) -> Response:
    """Take the figures of a meeting's paper now, or again."""
    meeting, now = await _meeting(request), clock.now()
    await read_form(request)
    question = {"meeting": meeting.ref, "again": True, "by": asked_by(viewer_of(request)), "now": now.isoformat()}
    try:
        taken = await take_apart(question)
    except Refused as refusal:
        shown = forms.meeting_form(meeting.draft)
        shown.put("seen", str(meeting.revision))
        shown.refuse(refusal)
        return _meeting_page(request, shown, today=today_of(now), meeting=meeting)
    return see_other(f"/board/reports/{taken['ref']}?done=taken")


# ---- a year ahead ------------------------------------------------------------------------------------------------------


@frozen
class PlannedLine:
    """A meeting of the rule with what speaks against it, `moved` the sentence on why it is not on the rule's own day."""

    draft: MeetingDraft
    moved: str
    faults: Sequence[str]


async def plan(request: Request) -> Response:
    """A year of meetings: the rule, then its dates with what speaks against some, then those that were ticked are added."""
    viewer, now = viewer_of(request), clock.now()
    today = today_of(now)
    form = await read_form(request) if request.method == "POST" else Form(request.query_params.multi_items())
    if not form.pairs:
        last = _last_placed(await meetings(viewer=viewer))
        form = forms.usual_year(today, place=last.place if last else "")
        return _plan_page(request, form, today=today, lines=None)
    asked = forms.read_year_form(form, today=today)
    if asked is None or form.get("do") == "change":
        return _plan_page(request, form, today=today, lines=None)
    lines = await _lines(asked, request, today=today)
    if request.method != "POST":
        return _plan_page(request, form, today=today, lines=lines)
    ticked = set(form.all("day"))
    chosen = [one.draft for one in lines if not one.faults and one.draft.meets_on.isoformat() in ticked]
    if not chosen:
        form.fail("day", "Select the meetings to add")
        return _plan_page(request, form, today=today, lines=lines)
    try:
        await add_meetings(chosen, by=viewer, now=now)
    except Refused as refusal:
        form.fail("", refusal.message)
        return _plan_page(request, form, today=today, lines=lines)
    return see_other("/board?done=planned")


def _last_placed(known: Sequence[BoardMeeting]) -> MeetingDraft | None:
    """The latest meeting whose place is known, of meetings in the order of their days."""
    return next((one.draft for one in reversed(known) if one.draft.place), None)


async def _lines(asked: forms.YearForm, request: Request, *, today: date) -> list[PlannedLine]:
    calendar = config.current().partnership.working_calendar
    known = [one.draft for one in await meetings(viewer=viewer_of(request))]
    days = meeting_days(asked.rule, calendar, why_closed=_why_closed)
    lines: list[PlannedLine] = []
    for planned in days:
        draft = replace(proposed_meeting(planned.day, calendar, today=today), place=asked.place)
        moved = f"Instead of {day_plain(planned.instead_of)}, {planned.why}" if planned.instead_of else ""
        others = [*known, *(one.draft for one in lines if not one.faults)]
        lines.append(PlannedLine(draft, moved, tuple(meeting_faults(draft, others=others, today=today).values())))
    return lines


def _why_closed(day: date) -> str:
    return bank_holidays(day.year).get(day, "when the partnership is closed")


def _plan_page(request: Request, form: Form, *, today: date, lines: Sequence[PlannedLine] | None) -> Response:
    rule = [(name, value) for name, value in form.pairs if name in {"which", "weekday", "every", "first", "count", "place"}]
    ticked = form.all("day") if request.method == "POST" else [one.draft.meets_on.isoformat() for one in lines or () if not one.faults]
    return render(
        request,
        "reports/meetings_year.html",
        form=form,
        lines=lines,
        rule=rule,
        ticked=ticked,
        ordinals=forms.ORDINALS,
        weekdays=forms.WEEKDAYS,
        how_often=forms.HOW_OFTEN,
        months=forms.month_choices(today),
    )


async def _meeting(request: Request) -> BoardMeeting:
    found = await meeting_by_ref(request.path_params["ref"], viewer=viewer_of(request))
    if found is None:
        raise NotFound
    return found


_ROOT = "/board/meetings"
routes = [
    page(f"{_ROOT}/new", new, who=WHO_KEEPS, methods=("GET", "POST")),
    page(f"{_ROOT}/year", plan, who=WHO_KEEPS, methods=("GET", "POST")),
    page(f"{_ROOT}/{{ref}}", change, who=WHO_KEEPS, methods=("GET", "POST")),
    page(f"{_ROOT}/{{ref}}/remove", remove, who=WHO_KEEPS, methods=("POST",)),
    page(f"{_ROOT}/{{ref}}/take", take, who=WHO_KEEPS, methods=("POST",)),
]
