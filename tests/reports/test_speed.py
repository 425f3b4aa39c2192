"""A quarter of 2,000 sessions and 40,000 answers becomes a report well within what issue 5 allows."""

import time

import pytest

from marstraining.core import config
from marstraining.reports.actions import take_quarterly_snapshot
from marstraining.reports.paper import document_of, docx_of, pdf_of
from marstraining.reports.queries import report_of
from tests.conftest import Clock
from tests.reports.many import fill_quarter
from tests.reports.quarters import AT_DESK, QUARTER, tiles

SECONDS = 20.0


@pytest.mark.usefixtures("db")
async def test_a_report_of_2000_sessions_and_40000_answers_takes_less_than_20_seconds(clock: Clock) -> None:
    await fill_quarter(now=clock.now)
    began = time.perf_counter()
    frozen, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    report = await report_of(frozen.ref, viewer=AT_DESK)
    assert report is not None
    document = document_of(report, config.current())
    await pdf_of(document, config.current())
    await docx_of(document)
    assert time.perf_counter() - began < SECONDS
    assert (tiles(frozen)["Sessions run"], tiles(frozen)["Attendances"]) == ("2,000", "40,000")
