"""A training record as it is shown and taken away: its words, a PDF, lines of a CSV, and the files of evidence."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from marstraining.certificates.rules import hours_words, time_words
from marstraining.core import config
from marstraining.core.errors import NotFound
from marstraining.core.web import Column, pdf_response
from marstraining.coverage.evidence import evidence_path
from marstraining.coverage.paper import accreditation_tag, due_words, progress, record_pdf, why
from marstraining.coverage.queries import External, TrainingRecord
from marstraining.coverage.rules import STATE_WORDS
from marstraining.uploads.rules import FileState, check_served

EXTERNAL_WORDS = {"added": ("Not confirmed yet", "yellow"), "confirmed": ("Confirmed", "green"), "refused": ("Not counted", "red")}
USE_ANSWERS = {"yes": "Yes, I have used it", "no": "No, not lately"}
COLUMNS = (
    Column("kind", "Kind"),
    Column("title", "Training"),
    Column("provider", "Taught by"),
    Column("day", "Completed on"),
    Column("level", "Level"),
    Column("minutes", "Minutes", numeric=True),
    Column("state", "State"),
)


def shown_in(record: TrainingRecord) -> dict[str, Any]:
    """What the templates of a record need besides the record."""
    return {
        "record": record,
        "state_words": STATE_WORDS,
        "external_words": EXTERNAL_WORDS,
        "why": why,
        "hours": hours_words,
        "time_words": time_words,
        "due_words": due_words,
        "progress": progress,
        "use_answers": USE_ANSWERS,
        "accreditation_tag": accreditation_tag,
    }


async def record_response(request: Request, record: TrainingRecord) -> Response:
    """The record to print or send."""
    return pdf_response(request, f"training-record-{record.on.isoformat()}", await record_pdf(record, config.current()))


def csv_rows(record: TrainingRecord) -> Iterator[dict[str, object]]:
    """A line for everything attended and learnt elsewhere."""
    for line in record.attended:
        state = "Completed" if line.is_whole else "Attended in part"
        yield {"kind": "Attended", "title": line.title, "day": line.day, "level": line.level, "minutes": line.minutes, "state": state}
    for one in record.external:
        yield {
            "kind": "Learnt elsewhere",
            "title": one.title,
            "provider": one.provider,
            "day": one.completed_on,
            "minutes": one.minutes,
            "state": EXTERNAL_WORDS[one.state][0],
        }


def file_response(external: External | None) -> Response:
    """The evidence to save: never shown by us, since it is a stranger's file (security.md 5). Refused until it is found clean."""
    if external is not None and external.scan_state:
        check_served(FileState(external.scan_state))
    path = evidence_path(external.stored_as, config.current()) if external else None
    if external is None or path is None:
        raise NotFound
    return FileResponse(
        path,
        media_type=external.content_type,
        filename=external.file_name,
        content_disposition_type="attachment",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )
