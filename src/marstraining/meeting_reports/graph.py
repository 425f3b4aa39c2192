"""A meeting's attendance as Microsoft Graph gives it: JSON with `attendanceRecords`, alone or as pages of a list (T6)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from marstraining.meeting_reports.dates import read_moment
from marstraining.meeting_reports.entries import Entries, Entry, Kind
from marstraining.meeting_reports.model import LONGEST_SECONDS
from marstraining.meeting_reports.names import Name, teams_name
from marstraining.meeting_reports.tables import Summary, no_participants, not_a_report
from marstraining.meeting_reports.text import MAX_ROWS, too_many_rows

_LONGEST_ADDRESS = 254


def looks_like_json(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def read_graph(text: str) -> tuple[Entries, Summary]:
    """The records of every report in the text; rows are numbered as records are, from 1.

    Refuses what is no JSON or holds no attendance records. Role and identity's id are not read.
    """
    try:
        whole: object = json.loads(text)
    except (ValueError, RecursionError):
        raise not_a_report() from None
    reports = list(_reports(whole))
    if not reports:
        raise not_a_report()
    records = [record for report in reports for record in _list(report.get("attendanceRecords")) if _is_object(record)]
    if len(records) + sum(len(_list(record.get("attendanceIntervals"))) for record in records) > MAX_ROWS:
        raise too_many_rows()
    entries = Entries()
    for row, record in enumerate(records, start=1):
        entries.found.extend(_entries(row, record, entries))
    if not entries.found:
        raise no_participants()
    return entries, _summary(reports)


def _reports(whole: object) -> Iterator[Mapping[str, object]]:
    """The objects that hold records: one, a list of them under `value`, or a page of bare records under `value`."""
    if isinstance(whole, list):
        for one in whole:
            yield from _reports(one) if _is_object(one) else ()
    elif _is_object(whole) and isinstance(whole.get("attendanceRecords"), list):
        yield whole
    elif _is_object(whole) and isinstance(whole.get("value"), list):
        inner = [one for one in _list(whole["value"]) if _is_object(one)]
        reports = [one for one in inner if isinstance(one.get("attendanceRecords"), list)]
        bare = [one for one in inner if "attendanceIntervals" in one or "totalAttendanceInSeconds" in one]
        yield from reports or ([{"attendanceRecords": bare}] if bare else [])


def _summary(reports: Sequence[Mapping[str, object]]) -> Summary:
    starts = [moment for report in reports if (moment := read_moment(_text(report.get("meetingStartDateTime"))))]
    ends = [moment for report in reports if (moment := read_moment(_text(report.get("meetingEndDateTime"))))]
    total = reports[0].get("totalParticipantCount")
    return Summary(
        starts=(0, min(starts, key=lambda moment: (moment.year, moment.month, moment.day, moment.at))) if starts else None,
        ends=(0, max(ends, key=lambda moment: (moment.year, moment.month, moment.day, moment.at))) if ends else None,
        people=(0, total) if len(reports) == 1 and isinstance(total, int) and 0 <= total < 10**6 else None,
    )


def _entries(row: int, record: Mapping[str, object], entries: Entries) -> Iterator[Entry]:
    """A record as a person's row, and its intervals as that person's stays."""
    identity = record.get("identity")
    name: Name = teams_name(_text(identity.get("displayName")) if _is_object(identity) else "")
    email = _text(record.get("emailAddress")).casefold()
    if email and ("@" not in email or len(email) > _LONGEST_ADDRESS or " " in email):
        entries.note(row, "The email address cannot be one and is left out.")
        email = ""
    if not (name.keys or name.telephone or email):
        entries.note(row, "The row has neither a name nor an email address and is not counted.")
        return
    yield Entry(row, Kind.PERSON, name, email, stated_seconds=_seconds(record.get("totalAttendanceInSeconds")), line=str(row))
    for interval in _list(record.get("attendanceIntervals")):
        if _is_object(interval):
            joined, left = read_moment(_text(interval.get("joinDateTime"))), read_moment(_text(interval.get("leaveDateTime")))
            stated = _seconds(interval.get("durationInSeconds"))
            yield Entry(row, Kind.ACTIVITY, name, email, joined, left, stated, line=str(row))


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, dict)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    # JSON can hold half of a pair of code units, which no text that is written can.
    return value.encode("utf-8", "replace").decode().strip() if isinstance(value, str) else ""


def _seconds(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isinstance(value, int | float) and 0 <= value <= LONGEST_SECONDS else None
