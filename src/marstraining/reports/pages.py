"""The board's reports: a list, each as a page and a file; the training team takes new ones, words their sentences, signs them off."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.clock import today_of
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Files, Form, document_response, page, pdf_response, read_form, render, roles, see_other, viewer_of
from marstraining.reports.actions import sign_off, take_annual_snapshot, take_quarterly_snapshot, write_wordings
from marstraining.reports.paper import FORMATS, document_of, docx_of, json_of, page_of, pdf_of
from marstraining.reports.queries import Report, drafts_of, may_take, report_of, snapshots
from marstraining.reports.queries.scopes import periods_held, scope_choices
from marstraining.reports.rules import LONGEST_WORDING, Period

WHO_READS = roles(Role.BOARD_READER, Role.DESK, Role.ADMINISTRATOR)
DONE: dict[str, str | tuple[str, str]] = {
    "taken": "The report is taken. Its figures stay as they are.",
    "same": ("Nothing has changed", "The figures are those of the last report, so it stands."),
    "worded": "Your words are in the report. Sign it off again if it was signed off before.",
    "unworded": ("Nothing has changed", "The sentences read as they did."),
    "signed": "The report is signed off.",
    "already": ("Nothing to do", "The report was signed off already."),
}

_PLACES = {
    "summary": "what happened in the quarter",
    "know-1": "first thing to know",
    "know-2": "second thing to know",
    "know-3": "third thing to know",
    "decisions": "decisions requested",
    "you-said": "you said, we did",
    "risks": "risks",
    "actions": "actions",
}


async def listing(request: Request) -> Response:
    """Every report, the last of each period first; the training team takes a new one here."""
    viewer, now, form = viewer_of(request), clock.now(), Form()
    takes = may_take(viewer)
    if request.method == "POST":
        if not takes:
            raise NotFound
        form = await read_form(request)
        taken = await _take(request, form)
        if taken is not None:
            return taken
    return render(
        request,
        "reports/list.html",
        reports=await snapshots(viewer=viewer),
        takes=takes,
        periods=[(_value(one), _words(one)) for one in await periods_held(today=today_of(now))] if takes else [],
        scopes=await scope_choices() if takes else [],
        form=form,
        done=DONE,
    )


def _value(period: Period) -> str:
    return f"{period.year}" if period.quarter is None else f"{period.year}-{period.quarter}"


def _words(period: Period) -> str:
    return f"Annual figures of {period.words}" if period.quarter is None else period.words.capitalize()


async def _take(request: Request, form: Form) -> Response | None:
    """Take the report that the form names; None where the form says what is wrong."""
    viewer, now = viewer_of(request), clock.now()
    held = {_value(one): one for one in await periods_held(today=today_of(now))}
    period = held.get(form.choice("period", "the period", list(held)))
    scope = form.choice("scope", "what it is of", [value for value, _ in await scope_choices() if value], required=False)
    if period is not None and period.quarter is None and scope:
        form.fail("scope", "Annual figures are of the whole programme: select “The whole programme”, or a quarter")
    if form.errors or period is None:
        return None
    try:
        if period.quarter is None:
            frozen, _ = await take_annual_snapshot(period, by=viewer, now=now)
        else:
            frozen, _ = await take_quarterly_snapshot(period, scope=scope, by=viewer, now=now)
    except Refused as refusal:
        form.refuse(refusal)
        return None
    except NotFound:
        # Of an area: it was not the partnership's in that quarter.
        form.fail("scope", "No course belonged to this area in that quarter: select another quarter or area")
        return None
    return see_other(f"/board/reports/{frozen.ref}?done={'taken' if frozen.as_at == now else 'same'}")


async def show(request: Request) -> Response:
    """A report, page below page."""
    report = await _report(request)
    return render(
        request,
        "reports/report.html",
        report=page_of(document_of(report, config.current())),
        words=viewer_of(request).is_desk and report.frozen.kind == "quarterly",
        done=DONE,
    )


async def file(request: Request) -> Response:
    """The report as a PDF, for Word, or as JSON."""
    report = await _report(request)
    ending, settings = request.path_params["ending"], config.current()
    if ending not in FORMATS:
        raise NotFound
    document = document_of(report, settings)
    name = f"training-report-{_value(report.frozen.period)}-{report.frozen.ref}"
    if ending == "pdf":
        return pdf_response(request, name, await pdf_of(document, settings))
    made = await docx_of(document) if ending == "docx" else json_of(report, document).encode()
    return document_response(request, name, ending, made)


async def words(request: Request) -> Response:
    """The sentences that were drafted, each to be reworded; figures stand elsewhere."""
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
            number = await write_wordings(ref, texts, by=viewer_of(request), now=clock.now())
            return see_other(f"/board/reports/{ref}?done={'worded' if number else 'unworded'}")
    else:
        for one in drafts:
            form.put(one.place, one.text)
    document = document_of(report, config.current())
    return render(
        request, "reports/words.html", report=document, drafts=drafts, form=form, longest=LONGEST_WORDING,
        is_signed=not document.is_draft, names=_PLACES,
    )  # fmt: skip


async def sign(request: Request) -> Response:
    """Sign the report off as it reads."""
    report = await _report(request)
    await read_form(request)
    is_new = await sign_off(report.frozen.ref, by=viewer_of(request), now=clock.now())
    return see_other(f"/board/reports/{report.frozen.ref}?done={'signed' if is_new else 'already'}")


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
    page(f"{_ROOT}/words", words, who=roles(Role.DESK), methods=("GET", "POST")),
    page(f"{_ROOT}/sign", sign, who=roles(Role.DESK), methods=("POST",)),
]
