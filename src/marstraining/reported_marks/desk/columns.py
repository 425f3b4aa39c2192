"""A list that is no known report: somebody says what its columns are, then it is read like any report."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.errors import Refused
from marstraining.core.files import path_of
from marstraining.core.values import frozen
from marstraining.core.web import Form, page, read_form, render, see_other, viewer_of
from marstraining.core.web.dates import day as day_words
from marstraining.meeting_reports.apart import look_apart
from marstraining.meeting_reports.columns import ASKED, Columns, FoundList, check_columns, columns_from_json
from marstraining.meeting_reports.dates import Order
from marstraining.meeting_reports.model import NamedFile
from marstraining.reported_marks.actions.lists import KEPT_FOR, drop_waiting, keep_lists
from marstraining.reported_marks.desk.reports import ROOTS, is_teaching, load, root_of, waiting_of
from marstraining.reported_marks.desk.sending import days_of, read_lists, ready
from marstraining.reported_marks.queries import ReportSession
from marstraining.reported_marks.queries.lists import SaidBefore, WaitingList, said_before, waiting_lists

EVERYBODY = "everybody"
UNITS = {"minutes": "Minutes, as 80 or 80.5", "words": "Hours, minutes and seconds, as 1h 20m or 1:20:00"}
ORDERS = {Order.DAY_FIRST.name: "The day, as 31/12/2026", Order.MONTH_FIRST.name: "The month, as 12/31/2026"}
DONE = {"read": "The reports among the files are read. Now say what the columns of the other file are."}


@frozen
class _Opened:
    """A file that waits, the list in it, what was said of such lists before, and all files of the session with its headings."""

    waiting: WaitingList
    found: FoundList
    before: SaidBefore | None
    files: Sequence[WaitingList]


async def columns(request: Request) -> Response:
    """Say what they are."""
    session = await load(request)
    opened = await _open(request, session)
    if opened is None:
        return see_other(f"{root_of(request, session)}/reports?done=gone")
    form = _first(opened, request.query_params.get("day", ""))
    if request.method == "POST":
        form = await read_form(request)
        said = _said(form, opened.found)
        day_id = form.choice("day", "the training day", [str(day.id) for day in session.days], required=False)
        if said is not None and not form.errors:
            try:
                kept = await _keep(request, session, opened, said, day_id)
            except Refused as refusal:
                _refuse(form, refusal)
            else:
                return see_other(await _next(request, session, is_new=kept > 0))
    return _page(request, session, opened, form)


async def _open(request: Request, session: ReportSession) -> _Opened | None:
    """The file of the address; None where it waits no more, or is another's who trains here."""
    ref = request.path_params["waiting"]
    waiting = next((one for one in await waiting_of(request, session) if one.ref == ref), None)
    data = await asyncio.to_thread(_content, waiting.stored_as) if waiting else None
    if waiting is None or data is None:
        return None
    [found] = await look_apart([NamedFile(waiting.file_name, data)], [day.taught for day in session.days])
    if found is None:
        return None
    viewer = viewer_of(request)
    files = await waiting_lists(session.id, sent_by=viewer.person_id if is_teaching(request) else None, list_key=waiting.list_key)
    return _Opened(waiting, found, await said_before(found.key, len(found.headings)), files)


def _content(stored_as: str) -> bytes | None:
    path = path_of(config.current().data_dir, stored_as)
    return path.read_bytes() if path.is_file() else None


def _first(opened: _Opened, day_id: str) -> Form:
    """The form as it is shown first: as was said before of such lists, or as the columns look."""
    columns = opened.before.columns if opened.before else opened.found.guess
    form = Form.of(**columns.named, unit="minutes" if columns.is_minutes else "words", day=day_id)
    if columns.is_everybody and columns.attended is None:
        form.put("attended", EVERYBODY)
    if columns.order:
        form.put("order", columns.order.name)
    return form


def _said(form: Form, found: FoundList) -> Columns | None:
    """What was said, None with the faults in the form where it does not say who was there."""
    places = [str(place) for place in range(len(found.headings))]
    named: dict[str, int] = {}
    for word, words in ASKED.items():
        choice = form.choice(word, f"the column with {words}", [*places, *([EVERYBODY] if word == "attended" else [])], required=False)
        if choice and choice != EVERYBODY:
            named[word] = int(choice)
    unit = form.choice("unit", "how durations are written", UNITS, required="duration" in named)
    order = form.choice("order", "whether the day or the month comes first", ORDERS, required=False)
    if form.errors:
        return None
    is_minutes, is_everybody = unit == "minutes" and "duration" in named, form.get("attended") == EVERYBODY
    columns = replace(columns_from_json(named), is_minutes=is_minutes, is_everybody=is_everybody, order=Order[order] if order else None)
    try:
        check_columns(columns, found.headings)
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return columns


def _refuse(form: Form, refusal: Refused) -> None:
    """Show why, beside its field; where the dates can be read in two ways, that is all there is to say of them."""
    if refusal.field == "order":
        form.fail("order", f"{refusal.message.partition('. ')[0]}. Select which comes first")
    form.refuse(refusal)


async def _keep(request: Request, session: ReportSession, opened: _Opened, said: Columns, day_id: str) -> int:
    """Read all files with these headings as was said, and keep what they say; how many were new."""
    contents = [(one, await asyncio.to_thread(_content, one.stored_as)) for one in opened.files]
    here = [(one, data) for one, data in contents if data is not None]
    report = await read_lists([NamedFile(one.file_name, data) for one, data in here], days_of(session, day_id), said)
    read = await ready(session, report, [one.file_name for one, _ in here])
    refs = [one.ref for one, _ in here]
    return await keep_lists(session, read, refs, opened.found, said, by=viewer_of(request), now=clock.now())


async def _next(request: Request, session: ReportSession, *, is_new: bool) -> str:
    """The next file that waits, or the preview."""
    root = root_of(request, session)
    left = await waiting_of(request, session)
    if left:
        return f"{root}/reports/columns/{left[0].ref}"
    return f"{root}/reports?done={'read' if is_new else 'known'}"


def _page(request: Request, session: ReportSession, opened: _Opened, form: Form) -> Response:
    found = opened.found
    return render(
        request,
        "reported_marks/columns.html",
        layout="base.html" if is_teaching(request) else "desk.html",
        session=session,
        root=root_of(request, session),
        waiting=opened.waiting,
        others=[one.file_name for one in opened.files if one.ref != opened.waiting.ref],
        until=opened.waiting.at + KEPT_FOR,
        found=found,
        before=opened.before,
        shown=[_shown(found, place) for place in range(len(found.headings))],
        choices=_choices(found),
        everybody=EVERYBODY,
        units=UNITS,
        orders=ORDERS if found.asks_order or "order" in form.errors or form.get("order") else {},
        days={str(day.id): day_words(day.day) for day in session.days},
        form=form,
        done=DONE,
    )


def _shown(found: FoundList, place: int) -> Mapping[str, object]:
    """A column as the page shows it: its heading, and what stands below it in the first rows."""
    cells = [row[place] for row in found.examples]
    return {"heading": _heading(found, place), "cells": cells if any(cells) else []}


def _choices(found: FoundList) -> dict[str, str]:
    """The columns to choose from, each by its heading and number, so that two of one name are told apart."""
    headings = [_heading(found, place) for place in range(len(found.headings))]
    return {
        str(place): heading if headings.count(heading) == 1 else f"{heading} (column {place + 1})" for place, heading in enumerate(headings)
    }


def _heading(found: FoundList, place: int) -> str:
    return found.headings[place] or f"Column {place + 1}, without a heading"


async def drop(request: Request) -> Response:
    """Do without the file."""
    session = await load(request)
    await read_form(request)
    ref = request.path_params["waiting"]
    mine = any(one.ref == ref for one in await waiting_of(request, session))
    is_gone = mine and await drop_waiting(session.id, ref, by=viewer_of(request), now=clock.now())
    return see_other(f"{root_of(request, session)}/reports?done={'dropped' if is_gone else 'gone'}")


routes = [
    route
    for root, who in ROOTS
    for route in (
        page(f"{root}/{{ref}}/reports/columns/{{waiting}}", columns, who=who, methods=("GET", "POST")),
        page(f"{root}/{{ref}}/reports/columns/{{waiting}}/drop", drop, who=who, methods=("POST",)),
    )
]
