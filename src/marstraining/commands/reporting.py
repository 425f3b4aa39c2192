"""`report`: figures frozen and written to a file."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from marstraining.commands.database import opened
from marstraining.commands.terminal import complain, counting, say
from marstraining.core import clock
from marstraining.core.config import Settings, load_settings
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM
from marstraining.reports.actions import take_annual_snapshot, take_quarterly_snapshot
from marstraining.reports.paper import document_of, docx_of, json_of, pdf_of, standalone_page
from marstraining.reports.queries import Frozen, Report, report_of
from marstraining.reports.queries.quarter import STEPS
from marstraining.reports.queries.scopes import area_scope
from marstraining.reports.rules import Change, Period, read_quarter, read_year

ENDINGS = (".html", ".pdf", ".docx", ".json")

_Take = Callable[[Callable[[str], None]], Awaitable[tuple[Frozen, tuple[Change, ...]]]]


def annual(year: str, out: Path) -> None:
    """Freeze a financial year's figures and write them; refuses a year that is none, and an ending that is not known."""
    period = Period(read_year(year))
    _write(out, f"Figures of {period.words}", lambda _step: take_annual_snapshot(period, by=SYSTEM, now=clock.now()), steps=0)


def quarterly(year: str, quarter: str, out: Path, course: str, agency: str, area: str) -> None:  # noqa: PLR0917 - the command's options
    """Freeze a quarter's report and write it; refuses two narrowings at once, and a code that names nothing."""
    period = Period(read_year(year), read_quarter(quarter))
    scopes = [scope for scope in (course and f"course:{course}", agency and f"agency:{agency}", area and area_scope(area)) if scope]
    if len(scopes) > 1:
        raise Refused("A report is of one course, one organisation or one area: give only one of --course, --agency and --area.")
    scope = scopes[0] if scopes else ""

    async def take(step: Callable[[str], None]) -> tuple[Frozen, tuple[Change, ...]]:
        try:
            return await take_quarterly_snapshot(period, scope=scope, progress=step, by=SYSTEM, now=clock.now())
        except NotFound:
            kind, _, name = scope.partition(":")
            words = {"course": "course", "agency": "organisation", "area": "area of that quarter"}[kind]
            raise Refused(f"“{name}” is no {words} here.") from None

    _write(out, f"Report of {period.words}", take, steps=STEPS)


def _write(out: Path, what: str, take: _Take, *, steps: int) -> None:
    if out.suffix not in ENDINGS:
        raise Refused(f"The file's name must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    made, changed = asyncio.run(_made(out.suffix, take, steps))
    try:
        out.write_bytes(made)
    except OSError as error:
        raise Refused(f"{out} cannot be written: {error.strerror}") from error
    say(f"{what} written to {out}.")
    for one in changed:
        say(f"Changed since the last snapshot: {one.label} ({one.measure}), {one.was} then, {one.now} now.")


async def _made(ending: str, take: _Take, steps: int) -> tuple[bytes, Iterable[Change]]:
    settings = load_settings(need_secret=False)
    async with opened(settings):
        with counting("Reporting", steps + 1) as advance:

            def step(words: str) -> None:
                complain(words)
                advance(1)

            frozen, changed = await take(step)
            report = await report_of(frozen.ref, viewer=SYSTEM)
            if report is None:
                raise RuntimeError(f"report {frozen.ref} was taken and is not there")
            step("Writing the file")
            return await _format(ending, report, settings), changed


async def _format(ending: str, report: Report, settings: Settings) -> bytes:
    document = document_of(report, settings)
    if ending == ".pdf":
        return await pdf_of(document, settings)
    if ending == ".docx":
        return await docx_of(document)
    return (standalone_page(document, settings) if ending == ".html" else json_of(report, document)).encode()
