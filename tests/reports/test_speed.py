"""A quarter of 2,000 sessions and 40,000 answers becomes a report well within what issue 5 allows, here and in its own process."""

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from marstraining.core import config
from marstraining.core.config import Settings
from marstraining.core.db import execute, rows
from marstraining.core.tokens import new_ref
from marstraining.evaluation.actions import put_ready_surveys
from marstraining.evaluation.rules.instruments import FOLLOW_UP
from marstraining.evaluation.statistics import summarise
from marstraining.reports.actions import take_quarterly_snapshot
from marstraining.reports.document import Quotes
from marstraining.reports.paper import document_of, docx_of, pdf_of
from marstraining.reports.queries import report_of
from tests.conftest import SECRET_KEY, Clock
from tests.reports.many import fill_quarter, insert_many
from tests.reports.quarters import AT_DESK, IN_QUARTER, QUARTER, sections, tiles

pytestmark = pytest.mark.timed

SECONDS = 20.0


@pytest.mark.usefixtures("db")
async def test_a_report_of_2000_sessions_and_40000_answers_takes_less_than_20_seconds(
    clock: Clock, settings: Settings, tmp_path: Path
) -> None:
    await fill_quarter(now=clock.now)
    await _feedback([row["id"] for row in await rows("SELECT id FROM programme_session ORDER BY id")])
    began = time.perf_counter()
    frozen, _ = await take_quarterly_snapshot(QUARTER, by=AT_DESK, now=clock.now)
    report = await report_of(frozen.ref, viewer=AT_DESK)
    assert report is not None
    document = document_of(report, config.current())
    await pdf_of(document, config.current())
    await docx_of(document)
    assert time.perf_counter() - began < SECONDS
    assert (tiles(frozen)["Sessions run"], tiles(frozen)["Attendances"]) == ("2,000", "40,000")
    page = sections(frozen)["8"]
    assert page.title == "Impact after three months: 40000 of 60000 (67%) replied"
    assert [len(block.quotes) for block in page.blocks if isinstance(block, Quotes)] == [6]
    await _in_its_own_process(settings, tmp_path)


async def _in_its_own_process(settings: Settings, folder: Path) -> None:
    """The command, from its start to the written file, with its progress told line by line."""
    out = folder / "quarter.pdf"
    environ = {
        **os.environ,
        "MARS_DATA_DIR": str(settings.data_dir),
        "MARS_DATABASE_URL": settings.database_url,
        "MARS_SECRET_KEY": SECRET_KEY,
    }
    command = ("report", "quarterly", "--year", QUARTER.year_words, "--quarter", "3", "--out", str(out))
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "marstraining", *command, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()
    assert (process.returncode, time.perf_counter() - began < SECONDS, out.read_bytes()[:5]) == (0, True, b"%PDF-"), told.decode()
    assert [line for line in told.decode().splitlines() if line in {"Three months later", "Writing the file"}] == [
        "Three months later", "Writing the file",
    ]  # fmt: skip


async def _feedback(session_ids: list[int]) -> None:
    """Of each session a survey after it and one three months later, closed, with 20 answers each, what they come to, and a quotation."""
    await put_ready_surveys(now=IN_QUARTER)
    versions = {row["kind"]: row["id"] for row in await rows(
        "SELECT t.kind, n.id FROM evaluation_version n JOIN evaluation_instrument t ON t.id = n.instrument_id")}  # fmt: skip
    closed_at = IN_QUARTER + timedelta(days=40)
    asked = json.dumps([one.as_json() for one in FOLLOW_UP.sections])
    await insert_many(
        "INSERT INTO evaluation_survey (ref, kind, mode, title, session_id, version_id, sections, chosen, opened_at, closes_at, closed_at,"
        " is_asked_out, by_letter, asked, paper_asked, revision)"
        " VALUES (?, ?, 'anonymous', 'Course', ?, ?, ?, '{}', ?, ?, ?, ?, ?, 30, 0, 0)",
        [
            (new_ref(), kind, session, versions[kind], asked, IN_QUARTER, closed_at, closed_at, True, True)
            for session in session_ids
            for kind in ("after", "follow_up")
        ],
    )
    surveys = await rows("SELECT id, kind FROM evaluation_survey ORDER BY id")
    answers = json.dumps({"used": "Not yet", "barriers": ["Time"], "confidence_now_1": 7})
    await insert_many(
        "INSERT INTO evaluation_response (id, survey_id, submission_id, answers, flags, pair_key) VALUES (?, ?, ?, ?, '[]', '')",
        [(row["id"] * 100 + number, row["id"], f"s{row['id']}-{number}", answers) for row in surveys for number in range(20)],
    )
    await insert_many(
        "INSERT INTO evaluation_comment (id, survey_id, question, text, may_quote, state) VALUES (?, ?, 'changed', ?, ?, 'shown')",
        [(row["id"], row["id"], f"What changed {row['id']}.", True) for row in surveys],
    )
    counted: list[dict[str, Any]] = [
        {"question": "used", "measure": "used", "text": "Used it?", "counts": {"Yes, with a family": 12, "Not yet": 8}, "answers": 20},
        {"question": "barriers", "measure": "barriers", "text": "In the way?", "counts": {"Time": 12, "Workload": 8}, "answers": 20},
    ]
    pairs = [(4.0, 7.0)] * 20
    measures = {"statements": [], "counted": counted, "course": asdict(summarise(pairs, (0, 10), 30)), "pairs": pairs, "flags": {}}
    await insert_many(
        "INSERT INTO evaluation_summary (scope, survey_id, quarter, step, is_current, answers, asked, surveys, measures)"
        " VALUES ('survey', ?, '', 1, ?, 20, 30, 1, ?)",
        [(row["id"], True, json.dumps(measures)) for row in surveys],
    )
    block = {"questions": [one | {"counts": list(one["counts"].items())} for one in counted], "now": None, "end": None}
    await insert_many(
        "INSERT INTO evaluation_block (kind, quarter, answers, asked, surveys, measures) VALUES ('follow_up', '2025/26 Q3', 20, 30, 1, ?)",
        [(json.dumps(block),) for row in surveys if row["kind"] == "follow_up"],
    )
    # What the database's own housekeeping does within the minute after so many rows.
    await execute("ANALYZE")
