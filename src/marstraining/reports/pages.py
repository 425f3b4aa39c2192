"""The board's calendar and reports; the training team takes new ones, words their sentences and signs them off."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.clock import today_of
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Role
from marstraining.core.web import Files, Form, document_response, page, pdf_response, read_form, render, roles, see_other, viewer_of
from marstraining.reports import forms
from marstraining.reports.actions import (
    drop_action,
    finish_action,
    name_action,
    sign_off,
    take_annual_snapshot,
    take_signature_back,
    write_wordings,
)
from marstraining.reports.apart import asked_by, take_apart
from marstraining.reports.paper import FORMATS, MARKING_NAMES, document_of, docx_of, json_of, page_of, pdf_of
from marstraining.reports.queries import Report, drafts_of, last_written, may_take, report_of, snapshots
from marstraining.reports.queries.board_actions import actions_of, open_actions
from marstraining.reports.queries.meetings import BoardMeeting, meetings
from marstraining.reports.queries.scopes import periods_held, scope_choices
from marstraining.reports.rules import LONGEST_WORDING, PaperState, Period, working_days_until

WHO_READS = roles(Role.BOARD_READER, Role.DESK, Role.ADMINISTRATOR)
DONE: dict[str, str | tuple[str, str]] = {
    "taken": "The report is made. Its figures stay as they are.",
    "same": ("Nothing has changed", "The figures are those of the last report, so it stands."),
    "worded": "Your words are in the report.",
    "unworded": ("Nothing has changed", "The sentences read as they did."),
    "signed": "The report is signed off.",
    "already": ("Nothing to do", "The report was signed off already."),
    "reopened": "The signature is taken back. The report is a draft again.",
    "named": "The action is in the report.",
    "dropped": "The action is no longer in the report.",
    "finished": "The action is noted as done.",
    "added": "The meeting is on the board’s calendar.",  # noqa: RUF001 - an apostrophe as printed
    "planned": "The meetings are on the board’s calendar.",  # noqa: RUF001 - as above
    "changed": "The meeting is changed.",
    "unchanged": ("Nothing has changed", "The meeting stands as it was."),
    "removed": "The meeting is off the board’s calendar.",  # noqa: RUF001 - as above
}
# What a paper's state is called, and its colour.
STATES: Mapping[PaperState, tuple[str, str]] = {
    PaperState.NOT_TAKEN: ("Figures not taken yet", "grey"),
    PaperState.LATE: ("Figures are late", "red"),
    PaperState.DRAFTED: ("Draft", "yellow"),
    PaperState.SIGNED: ("Signed off", "green"),
    PaperState.NONE: ("No paper", "grey"),
}
_PAST_SHOWN = 8

_PLACES = {
    "summary": "what happened in the quarter",
    "know-1": "first thing to know",
    "know-2": "second thing to know",
    "know-3": "third thing to know",
    "decisions": "decisions requested",
    "you-said": "you said, we did",
    "risks": "risks",
    "actions": "actions in words, beside their list below",
}


@frozen
class MeetingLine:
    """A meeting as the board's page shows it; `days` are working days until its paper is due, below 0 once it was.

    `is_being_taken` while a process is at work on its figures.
    """

    meeting: BoardMeeting
    state: PaperState
    days: int
    is_being_taken: bool


def _lines(found: Sequence[BoardMeeting], now: datetime) -> list[MeetingLine]:
    calendar, today = config.current().partnership.working_calendar, today_of(now)
    return [
        MeetingLine(
            one,
            one.state(today),
            working_days_until(calendar, today, one.draft.paper_due_on),
            is_being_taken=one.taking_until is not None and one.taking_until > now,
        )
        for one in found
    ]


async def listing(request: Request) -> Response:
    """The board's meetings with their papers, and every report; the training team takes a new one here."""
    viewer, now, form = viewer_of(request), clock.now(), Form()
    takes = may_take(viewer)
    if request.method == "POST":
        if not takes:
            raise NotFound
        form = await read_form(request)
        taken = await _take(request, form)
        if taken is not None:
            return taken
    today = today_of(now)
    calendar = await meetings(viewer=viewer)
    ahead = _lines([one for one in calendar if one.meets_on >= today], now)
    past = [one for one in reversed(calendar) if one.meets_on < today]
    return render(
        request,
        "reports/list.html",
        coming=ahead[0] if ahead else None,
        later=ahead[1:],
        past=_lines(past[:_PAST_SHOWN], now),
        removed=await meetings(viewer=viewer, are_removed=True, limit=_PAST_SHOWN) if takes else [],
        states=STATES,
        actions=await open_actions(viewer=viewer),
        words=viewer.is_desk,
        today=today,
        reports=await snapshots(viewer=viewer),
        takes=takes,
        periods=[(forms.period_value(one), _words(one)) for one in await periods_held(today=today)] if takes else [],
        scopes=await scope_choices() if takes else [],
        form=form,
        done=DONE,
    )


def _words(period: Period) -> str:
    return f"Annual figures of {period.words}" if period.quarter is None else period.words.capitalize()


async def _take(request: Request, form: Form) -> Response | None:
    """Take the report that the form names; None where the form says what is wrong."""
    viewer, now = viewer_of(request), clock.now()
    held = {forms.period_value(one): one for one in await periods_held(today=today_of(now))}
    period = held.get(form.choice("period", "the period", list(held)))
    scope = form.choice("scope", "what it covers", [value for value, _ in await scope_choices() if value], required=False)
    if period is not None and period.quarter is None and scope:
        form.fail("scope", "Annual figures cover the whole programme: select “The whole programme”, or a quarter")
    if form.errors or period is None:
        return None
    try:
        if period.quarter is None:
            frozen, _ = await take_annual_snapshot(period, by=viewer, now=now)
            ref, is_new = frozen.ref, frozen.as_at == now
        else:
            asked = {"year": period.year, "quarter": period.quarter, "scope": scope, "by": asked_by(viewer), "now": now.isoformat()}
            taken = await take_apart(asked)
            ref, is_new = taken["ref"], taken["is_new"]
    except Refused as refusal:
        form.refuse(refusal)
        return None
    except NotFound:
        # Of an area: it was not the partnership's in that quarter.
        form.fail("scope", "No course belonged to this area in that quarter: select another quarter or area")
        return None
    return see_other(f"/board/reports/{ref}?done={'taken' if is_new else 'same'}")


async def show(request: Request) -> Response:
    """A report, page below page."""
    return _report_page(request, await _report(request), Form())


def _report_page(request: Request, report: Report, form: Form) -> Response:
    return render(
        request,
        "reports/report.html",
        report=page_of(document_of(report, config.current())),
        words=viewer_of(request).is_desk and report.frozen.kind == "quarterly",
        written=report.written,
        has_restricted=bool(report.frozen.content.get("restricted")),
        form=form,
        done=DONE,
    )


async def restricted(request: Request) -> Response:
    """The annex apart from the report: settings that were not represented, by name."""
    report = await _report(request)
    held = report.frozen.content.get("restricted")
    if not held:
        raise NotFound
    document = document_of(report, config.current())
    return render(request, "reports/restricted.html", report=document, marking=MARKING_NAMES, annex={"sections": held})


async def file(request: Request) -> Response:
    """The report as a PDF, for Word, or as JSON."""
    report = await _report(request)
    ending, settings = request.path_params["ending"], config.current()
    if ending not in FORMATS:
        raise NotFound
    document = document_of(report, settings)
    name = f"training-report-{forms.period_value(report.frozen.period)}-{report.frozen.ref}"
    if ending == "pdf":
        return pdf_response(request, name, await pdf_of(document, settings))
    made = await docx_of(document) if ending == "docx" else json_of(report, document).encode()
    return document_response(request, name, ending, made)


async def words(request: Request) -> Response:
    """The sentences that were drafted, each to be reworded, and the actions; figures stand elsewhere."""
    report = await _report(request)
    if report.frozen.kind != "quarterly":
        raise NotFound
    ref, form = report.frozen.ref, Form()
    drafts = await drafts_of(ref)
    if request.method == "POST":
        form = await read_form(request)
        texts = {
            one.place: form.text(one.place, "a sentence, or keep the drafted one", max=LONGEST_WORDING, multiline=True) for one in drafts
        }
        if not form.errors:
            try:
                number = await write_wordings(ref, texts, seen=_seen(form), by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
                # What others wrote is then beside what was typed; to save again is to have read it.
                form.put("seen", str((await last_written(ref)).number))
            else:
                return see_other(f"/board/reports/{ref}?done={'worded' if number else 'unworded'}")
    else:
        form.put("seen", str(report.written))
        for one in drafts:
            form.put(one.place, one.text)
    return await _words_page(request, report, form, Form())


async def _words_page(request: Request, report: Report, form: Form, doing: Form) -> Response:
    """The sentences with what was typed in `form`, and the actions with what was typed of a new one in `doing`."""
    drafts, document = await drafts_of(report.frozen.ref), document_of(report, config.current())
    return render(
        request, "reports/words.html", report=document, drafts=drafts, form=doing if doing.errors else form, sentences=form, doing=doing,
        longest=LONGEST_WORDING, is_signed=not document.is_draft, names=_PLACES, actions=await actions_of(report.frozen.ref), done=DONE,
        others=form.refusal is not None and form.refusal.code == "changed",
    )  # fmt: skip


def _seen(form: Form) -> int:
    """Up to which number of a report's words the page had shown them; nobody has seen -1."""
    seen = form.get("seen")
    return int(seen) if seen.isdecimal() and len(seen) <= 18 else -1


async def doing(request: Request) -> Response:
    """Add an action to a draft, or take one out."""
    report, form = await _report(request), await read_form(request)
    ref, now = report.frozen.ref, clock.now()
    try:
        if form.get("drop"):
            await drop_action(ref, form.ref("drop"), by=viewer_of(request), now=now)
            return see_other(f"/board/reports/{ref}/words?done=dropped#actions-heading")
        typed = forms.read_action(form, today=today_of(now))
        if typed is not None:
            await name_action(ref, typed.what, typed.owner, typed.due_on, by=viewer_of(request), now=now)
            return see_other(f"/board/reports/{ref}/words?done=named#actions-heading")
    except Refused as refusal:
        form.refuse(refusal)
    sentences = Form.of(seen=report.written, **{one.place: one.text for one in await drafts_of(ref)})
    return await _words_page(request, report, sentences, form)


async def finish(request: Request) -> Response:
    """Note that an action is done."""
    form = await read_form(request)
    await finish_action(form.ref("action"), by=viewer_of(request), now=clock.now())
    return see_other("/board?done=finished")


async def sign(request: Request) -> Response:
    """Sign the report off as it reads."""
    report, form = await _report(request), await read_form(request)
    try:
        is_new = await sign_off(report.frozen.ref, seen=_seen(form), by=viewer_of(request), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return _report_page(request, report, form)
    return see_other(f"/board/reports/{report.frozen.ref}?done={'signed' if is_new else 'already'}")


async def reopen(request: Request) -> Response:
    """Take the signature back, with the reason."""
    report, form = await _report(request), await read_form(request)
    try:
        await take_signature_back(report.frozen.ref, form.get("reason"), by=viewer_of(request), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return _report_page(request, report, form)
    return see_other(f"/board/reports/{report.frozen.ref}?done=reopened")


async def _report(request: Request) -> Report:
    found = await report_of(request.path_params["ref"], viewer=viewer_of(request))
    if found is None:
        raise NotFound
    return found


_ROOT = "/board/reports/{ref}"
routes = [
    page("/board", listing, who=WHO_READS, methods=("GET", "POST")),
    page(f"{_ROOT}.{{ending}}", file, who=WHO_READS, files=Files.NOBODY),
    page(_ROOT, show, who=WHO_READS),
    page(f"{_ROOT}/restricted", restricted, who=WHO_READS),
    page(f"{_ROOT}/words", words, who=roles(Role.DESK), methods=("GET", "POST")),
    page(f"{_ROOT}/actions", doing, who=roles(Role.DESK), methods=("POST",)),
    page(f"{_ROOT}/sign", sign, who=roles(Role.DESK), methods=("POST",)),
    page(f"{_ROOT}/reopen", reopen, who=roles(Role.DESK), methods=("POST",)),
    page("/board/actions/done", finish, who=roles(Role.DESK), methods=("POST",)),
]
