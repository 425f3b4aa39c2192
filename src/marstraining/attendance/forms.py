"""What is asked of an export."""

from marstraining.attendance.queries.export_kinds import FEEDBACK, LABELS
from marstraining.attendance.queries.exports import Filters
from marstraining.core.web import Form

FORMATS = {"csv": "CSV, for any spreadsheet program", "xlsx": "Excel workbook (XLSX)"}
KIND_LABELS = dict(LABELS)
_LONGEST = 30


def read_filters(form: Form) -> Filters:
    """The filters typed, or errors beside their fields."""
    session = form.text("session", "the reference of a session", required=False).lower()
    course = form.text("course", "the code of a course", required=False, max=_LONGEST)
    agency = form.text("agency", "the code of an organisation", required=False, max=_LONGEST)
    first = form.date("from", "the first day", required=False)
    last = form.date("to", "the last day", required=False)
    if first and last and last < first:
        form.fail("to", "The last day must not be before the first")
    if agency and form.get("kind") == FEEDBACK:
        form.fail("agency", "Feedback is not told apart by organisation: leave the organisation out")
    return Filters(session.rstrip("/").rpartition("/")[2], course, agency, first, last)
