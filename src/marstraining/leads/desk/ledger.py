"""The ledger of late cancellations and absences, for leads of their own staff and for the desk, which may waive."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings.rules import CANCEL_REASONS, CancelReason
from marstraining.colleagues.actions import restore_entry, waive_entry
from marstraining.colleagues.queries import LEDGER_ORDER, ledger, ledger_by_agency
from marstraining.colleagues.rules import LEDGER_WORDS, LedgerKind
from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.core.web import (
    Column,
    Files,
    Form,
    Link,
    TableView,
    Tag,
    export_response,
    nearest_page,
    page,
    read_form,
    render,
    roles,
    see_other,
    viewer_of,
)
from marstraining.history.actions import record_export
from marstraining.leads.desk.home import WHO_LEADS, narrowed

_COLUMNS = (
    Column("when", "Session date", sort=True),
    Column("name", "Name", sort=True),
    Column("agency", "Organisation", sort=True),
    Column("session", "Session", sort=True),
    Column("kind", "What", sort=True),
    Column("reason", "Reason"),
    Column("notice", "Notice in hours", numeric=True),
    Column("counts", "Counts as unused"),
)
DONE = {"waived": "The entry does not count any more.", "restored": "The entry counts again."}


async def own(request: Request) -> Response:
    """A lead's page."""
    return await _ledger(request, path="/agency/ledger", is_desk=False)


async def all_agencies(request: Request) -> Response:
    """The desk's page: every agency, with waiving."""
    return await _ledger(request, path="/desk/ledger", is_desk=True)


async def _ledger(request: Request, *, path: str, is_desk: bool) -> Response:
    viewer, today = viewer_of(request), clock.today()
    view = TableView.read(request.query_params, path=path, columns=_COLUMNS, default="-when", filters=("agency", "from", "to"))
    read = partial(
        ledger,
        viewer,
        first=_day(view.filters["from"]),
        last=_day(view.filters["to"]),
        agency=view.filters["agency"],
        on=today,
        order=view.order_by(LEDGER_ORDER),
    )
    if view.export:
        found, total = await read()
        await record_export("ledger", by=viewer, now=clock.now(), subject_kind="ledger", subject_id=None, lines=total)
        return export_response(request, view.export, "ledger", _COLUMNS, _rows(found, is_desk=False))
    view, (found, _) = await nearest_page(view, read)
    return render(
        request,
        "leads/ledger.html",
        is_desk=is_desk,
        view=view if is_desk else narrowed(view, viewer),
        rows=list(_rows(found, is_desk=is_desk)),
        agencies=await ledger_by_agency(viewer, on=today),
        done=DONE,
    )


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _rows(found: Iterable[Mapping[str, Any]], *, is_desk: bool) -> Iterable[dict[str, object]]:
    for row in found:
        counts = "No: excused" if row["is_excused"] else "No: waived" if row["waived_at"] else "Yes"
        name: object = Link(row["name"], f"/desk/ledger/{row['id']}") if is_desk else row["name"]
        yield {
            "when": clock.local(row["starts_at"]).date(),
            "name": name,
            "agency": row["agency"],
            "session": row["title"],
            "kind": LEDGER_WORDS[LedgerKind(row["kind"])],
            "reason": CANCEL_REASONS[CancelReason(row["reason"])] if row["reason"] in tuple(CancelReason) else "",
            "notice": "" if row["notice_hours"] is None else _hours(row["notice_hours"]),
            "counts": Tag(counts, "red" if counts == "Yes" else "grey"),
        }


def _hours(number: float) -> int | float:
    """Working hours to a tenth, whole ones without it."""
    tenths = round(number, 1)
    return int(tenths) if tenths == int(tenths) else tenths


async def entry(request: Request) -> Response:
    """One entry at the desk: waive it for a reason, or let it count again."""
    viewer = viewer_of(request)
    found, _ = await ledger(viewer, entry_id=_number(request), on=clock.today())
    if not found:
        raise NotFound
    row, form = found[0], Form()
    if request.method == "POST":
        form = await read_form(request)
        try:
            if form.get("do") == "restore":
                await restore_entry(row["id"], by=viewer, now=clock.now())
                return see_other("/desk/ledger?done=restored")
            reason = form.text("reason", "why it does not count", max=200)
            if not form.errors:
                await waive_entry(row["id"], reason=reason, by=viewer, now=clock.now())
                return see_other("/desk/ledger?done=waived")
        except Refused as refusal:
            form.refuse(refusal)
    return render(request, "leads/ledger_entry.html", row=row, line=next(iter(_rows([row], is_desk=False))), form=form)


def _number(request: Request) -> int:
    typed = request.path_params["number"]
    if not (typed.isascii() and typed.isdigit()) or len(typed) > 9:
        raise NotFound
    return int(typed)


routes = [
    page("/agency/ledger", own, who=WHO_LEADS, files=Files.PEOPLE),
    page("/desk/ledger", all_agencies, who=roles(Role.DESK), files=Files.PEOPLE),
    page("/desk/ledger/{number}", entry, who=roles(Role.DESK), methods=("GET", "POST")),
]
