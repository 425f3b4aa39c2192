"""Who falls due, by month and rule: people, never attendances."""

from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from marstraining.certificates.rules import add_months
from marstraining.core import clock
from marstraining.core.viewer import Role
from marstraining.core.web import Column, Files, Link, TableView, export_response, page, render, roles, viewer_of
from marstraining.core.web.dates import day_plain
from marstraining.core.web.tables import PER_PAGE
from marstraining.coverage.queries import named, people_asked, refresher_rules
from marstraining.coverage.rules import STATE_WORDS, Due, RuleKind, applied_on, due_months
from marstraining.history.actions import record_export

MONTHS = 12
COLUMNS = (
    Column("name", "Name"),
    Column("agency", "Organisation"),
    Column("rule", "Rule"),
    Column("due", "Due on"),
    Column("state", "Now"),
    Column("last", "Last completed"),
)


async def coverage(request: Request) -> Response:
    """The table, and for one of its numbers the people behind it."""
    now, query = clock.now(), request.query_params
    on = clock.today_of(now)
    people = await people_asked(on=on)
    table = due_months(people, on, MONTHS)
    titles = {rule.code: rule.title for rule in applied_on(await refresher_rules(), on) if rule.kind != RuleKind.USE}
    columns = _columns(on)
    falling = {code: table[code] for code in titles if code in table}
    view = TableView.read(query, path="/desk/coverage", columns=COLUMNS, default="name", filters=("rule", "month"))
    rule, column = view.filters["rule"], view.filters["month"]
    chosen = sorted(table.get(rule, {}).get(column, set()))
    lines = [_line(row, _due(people[int(row["id"])], rule)) for row in await named(chosen, on=on)] if chosen else []
    if view.export:
        viewer = viewer_of(request)
        await record_export("coverage", by=viewer, now=now, subject_kind="coverage", subject_id=None, lines=len(lines))
        return export_response(request, view.export, "coverage", COLUMNS, lines)
    view = view.of(len(lines))
    first = view.pager.offset
    return render(
        request,
        "coverage/desk/coverage.html",
        on=on,
        columns=columns,
        rows=[(code, titles[code], cells) for code, cells in falling.items()],
        quiet=[title for code, title in titles.items() if code not in falling],
        total=table.get("", {}),
        asked=len(people),
        up_to_date=sum(all(due.state.value in {"met", "soon"} for due in dues) for dues in people.values()),
        shown=dict(columns).get(column, ""),
        rule_title="any rule" if not rule else titles.get(rule, rule),
        is_shown=bool(column),
        view=view,
        lines=lines[first : first + PER_PAGE],
    )


def _columns(on: date) -> list[tuple[str, str]]:
    months = [add_months(on.replace(day=1), number) for number in range(MONTHS)]
    return [("overdue", "Overdue"), *((f"{day:%Y-%m}", f"{day:%b %Y}") for day in months), ("later", "Later")]


def _due(dues: list[Due], rule: str) -> Due:
    """The standing that put somebody into a cell: that of the rule, or by any rule their first."""
    dated = [due for due in dues if due.due_on is not None and (not rule or due.asked.rule.code == rule)]
    return min(dated, key=lambda due: due.due_on or date.max)


def _line(row: dict[str, str | int], due: Due) -> dict[str, object]:
    return {
        "name": Link(str(row["name"]), f"/desk/people/{row['ref']}/record"),
        "agency": row["agency"],
        "rule": f"{due.asked.rule.title} ({due.asked.rule.code})",
        "due": day_plain(due.due_on) if due.due_on else "",
        "state": STATE_WORDS[due.state][0],
        "last": day_plain(due.last_day) if due.last_day else "",
    }


routes = [page("/desk/coverage", coverage, who=roles(Role.DESK), files=Files.PEOPLE)]
