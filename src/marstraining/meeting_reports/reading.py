"""The one verb: read one or more reports of a meeting, against the training days that they may be of."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from marstraining.core.clock import LONDON, local
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.meeting_reports.columns import Columns, FoundList
from marstraining.meeting_reports.dates import Moment, Order, day_of, decide_order, mismatch, said_date
from marstraining.meeting_reports.entries import Entries, Kind, entries_of
from marstraining.meeting_reports.graph import looks_like_json, read_graph
from marstraining.meeting_reports.lists import found_list, sheet_by
from marstraining.meeting_reports.model import FileRead, NamedFile, Note, Report, Span, TaughtDay, Variant
from marstraining.meeting_reports.people import Placed, people_of
from marstraining.meeting_reports.records import Reading, Record, last_instant, records_of
from marstraining.meeting_reports.spans import touches
from marstraining.meeting_reports.tables import Summary, delimiter_in, is_report, nobody_came, recognise, sheet_of, summary_of
from marstraining.meeting_reports.text import check_kind, check_size, decode, records

# A meeting opens before the session and is closed after it; further off, it was another meeting.
_WINDOW = timedelta(minutes=15)
_DIFFERS = 60.0


@frozen
class _OneFile:
    read: FileRead
    records: tuple[Record, ...]
    days: tuple[TaughtDay, ...]


def read_report(name: str, data: bytes, days: Sequence[TaughtDay] = ()) -> Report:
    """What one report says; see `read_reports`."""
    return read_reports([NamedFile(name, data)], days)


def read_reports(files: Sequence[NamedFile], days: Sequence[TaughtDay] = (), columns: Columns | None = None) -> Report:
    """What one or more reports say of a session: a meeting that was restarted has one for each time it ran.

    `days` are the session's training days; presence is cut to those that the reports are of. Without any nothing is cut. Times
    in a file without a zone are Europe/London's. The same file twice adds nothing. With `columns` the files are no known reports,
    but lists with such columns, as somebody said.

    Refuses the whole with one of `Fault` as its code, for the first file that cannot be read: never a part of a report.
    Nothing but names, companies, addresses and times is taken from a file, and no file is kept.
    """
    found: dict[str, _OneFile] = {}
    read: list[FileRead] = []
    placed: list[Placed] = []
    for number, file in enumerate(files):
        digest = hashlib.sha256(file.data).hexdigest()
        if digest in found:
            read.append(replace(found[digest].read, notes=(Note(0, "This file is the same as another: it adds nothing."),), is_repeat=True))
            continue
        found[digest] = _read(file, digest, days, columns)
        read.append(found[digest].read)
        placed.extend(Placed(number, record) for record in found[digest].records)
    matched = tuple(day for day in days if any(day in one.days for one in found.values()))
    people, notes = people_of(placed, matched)
    for number, one in enumerate(read):
        own = {note for file, note in notes if file == number}
        read[number] = replace(one, notes=tuple(sorted({*one.notes, *own})))
    return Report(tuple(read), tuple(people), matched)


def look_at(file: NamedFile, days: Sequence[TaughtDay] = ()) -> FoundList | None:
    """The list in a file that is no known report, None for one that is; refuses what is neither, as reading does."""
    check_size(file)
    check_kind(file)
    text = decode(file.data)
    if looks_like_json(text) or is_report(text):
        return None
    found = found_list(text)
    try:
        _read(file, "", days, found.guess)
    except Refused as refusal:
        return replace(found, asks_order=refusal.field == "order")
    return found


def _said_in(file: NamedFile, columns: Columns | None) -> tuple[Variant, Entries, Summary]:
    """What a file says, times still as written."""
    check_size(file)
    check_kind(file)
    text = decode(file.data)
    if columns is None and looks_like_json(text):
        return Variant.TEAMS_GRAPH, *read_graph(text)
    if columns is None:
        sheet = sheet_of(records(text, delimiter_in(text)))
        variant = recognise(sheet)
    else:
        sheet, variant = sheet_by(text, columns), Variant.OWN
    entries = entries_of(sheet, variant)
    if not entries.found:
        raise nobody_came(sheet)
    return variant, entries, summary_of(sheet)


def _read(file: NamedFile, digest: str, days: Sequence[TaughtDay], columns: Columns | None) -> _OneFile:
    variant, entries, summary = _said_in(file, columns)
    zone: tzinfo = UTC if variant == Variant.TEAMS_LIVE_EVENT else LONDON
    said = columns.order if columns else None
    order = decide_order([*summary.moments, *entries.moments], _starts(entries, summary), days, zone=zone, said=said)
    reading = Reading(order, zone, _date_of_times(entries, summary, order, days))
    start = _start(entries, summary, reading)
    own_days = _days_of(start, entries, reading, days)
    reading.until = _until(entries, summary, reading, own_days)
    reading.whole_seconds = sum(day.span.seconds for day in own_days or (days if start is None else ()))
    found = records_of(entries.found, reading)
    _check_window(found, own_days)
    ends = reading.instants(summary.ends[1])[-1:] if summary.ends else ()
    last = ends[0] if ends else max((record.hull.end for record in found if record.hull), default=None)
    notes = [*entries.notes, *reading.notes, *_notes_of(entries, summary, found), *_notes_of_time(start, last, own_days)]
    if days and not any(moment.has_date for moment in _starts(entries, summary)):
        notes.append(Note(0, "The report has no dates, so nothing shows that it is of this session."))
    return _OneFile(
        FileRead(
            sha256=digest,
            variant=variant,
            records=sum(entry.kind != Kind.ACTIVITY for entry in entries.found),
            notes=tuple(sorted(set(notes))),
            starts_at=start,
            ends_at=last,
            stated_people=summary.people[1] if summary.people else None,
            stated_average_minutes=round(summary.average_seconds[1] / 60, 1) if summary.average_seconds else None,
        ),
        tuple(found),
        tuple(own_days or (days if start is None else ())),
    )


# ---- which day --------------------------------------------------------------------------------------------------------


def _starts(entries: Entries, summary: Summary) -> list[Moment]:
    """The moments of which the earliest is when the meeting began: as stated, or else the first joining."""
    if summary.starts and summary.starts[1].has_date:
        return [summary.starts[1]]
    return [entry.joined for entry in entries.found if entry.joined and entry.joined.has_date]


def _date_of_times(entries: Entries, summary: Summary, order: Order, days: Sequence[TaughtDay]) -> date | None:
    """The date of times that have none: that of the meeting, or else of the only training day it can be of."""
    dated = (moment.on(order) for moment in _starts(entries, summary))
    found = next((day for day in dated if day), None)
    return found or (day_of(days[0]) if len(days) == 1 else None)


def _start(entries: Entries, summary: Summary, reading: Reading) -> datetime | None:
    if summary.starts and (stated := reading.instants(summary.starts[1])):
        return stated[0]
    joins = [instant for entry in entries.found for instant in reading.instants(entry.joined)]
    return min(joins, default=None)


def _days_of(start: datetime | None, entries: Entries, reading: Reading, days: Sequence[TaughtDay]) -> list[TaughtDay]:
    """The training days of the meeting's date, or in which somebody came or went: a meeting can stand open from the day before.

    Refuses with SESSION_DATE_MISMATCH where the session has no such day.
    """
    if start is None or not days:
        return []
    found = [day for day in days if day_of(day) == local(start).date()]
    if not found:
        moments = [moment for entry in entries.found for moment in (entry.joined, entry.left) if moment]
        instants = [instant for moment in moments for instant in reading.instants(moment)]
        found = [day for day in days if any(touches(_window(day), Span(instant, instant)) for instant in instants)]
    if not found:
        raise mismatch(said_date(start), days)
    return found


def _window(day: TaughtDay) -> Span:
    return Span(day.starts_at - _WINDOW, day.ends_at + _WINDOW)


def _check_window(found: Sequence[Record], days: Sequence[TaughtDay]) -> None:
    """Refuse a report of the right date in which nobody was there near the session's time."""
    hulls = [hull for record in found if (hull := record.hull)]
    windows = [_window(day) for day in days]
    if hulls and windows and not any(touches(hull, window) for hull in hulls for window in windows):
        first, last = min(hull.start for hull in hulls), max(hull.end for hull in hulls)
        held = [f"{local(day.starts_at):%H:%M} to {local(day.ends_at):%H:%M}" for day in days]
        raise mismatch(f"{said_date(first)} from {local(first):%H:%M} to {local(last):%H:%M}", days, " and ".join(held))


def _until(entries: Entries, summary: Summary, reading: Reading, days: Sequence[TaughtDay]) -> tuple[datetime, str] | None:
    """When somebody left whose leaving time is missing: the meeting's end, the session's, or the last time that is known."""
    ends = reading.instants(summary.ends[1]) if summary.ends else ()
    if ends:
        return ends[-1], "the meeting ended"
    if days:
        return max(day.ends_at for day in days), "the session ended"
    last = last_instant(entries.found, reading)
    return (last, "the last time in the report") if last else None


# ---- what is worth knowing of the whole -------------------------------------------------------------------------------


def _notes_of(entries: Entries, summary: Summary, found: Sequence[Record]) -> list[Note]:
    notes = [Note(row, "The start or the end of the meeting cannot be read.") for row in summary.unreadable]
    people = sum(entry.kind == Kind.PERSON for entry in entries.found)
    if summary.people and people and summary.people[1] != people:
        row, stated = summary.people
        notes.append(Note(row, f"The report says {stated} participants and lists {people}."))
    counted = [entry.stated_seconds for entry in entries.found if entry.kind == Kind.PERSON and entry.stated_seconds is not None]
    if summary.average_seconds and counted:
        row, stated_average = summary.average_seconds
        average = sum(counted) / len(counted)
        if abs(average - stated_average) > _DIFFERS:
            minutes = f"{stated_average / 60:.1f} minutes on average, and the rows come to {average / 60:.1f}"
            notes.append(Note(row, f"The report says {minutes}."))
    joins = [entry.joined for entry in entries.found if entry.joined]
    is_said = [entry.is_whole for entry in entries.found]
    if any(is_said):
        who = "People" if all(is_said) else "Some people"
        notes.append(Note(0, f"{who} are said to have attended, and not how long: each counts as there for the whole session."))
    if not all(is_said) and not any(record.hull for record in found) and not any(joined.has_date for joined in joins):
        missing = "times without dates" if joins else "no times of joining and leaving"
        notes.append(Note(0, f"The report has {missing}: the stated durations count, before and after the session too."))
    return notes


def _notes_of_time(start: datetime | None, last: datetime | None, days: Sequence[TaughtDay]) -> list[Note]:
    """Whether the meeting of this report covers the session: of one that was restarted there is another report."""
    if not days:
        return []
    notes = []
    began, ended = min(day.starts_at for day in days), max(day.ends_at for day in days)
    if start and start > began + _WINDOW:
        notes.append(
            Note(0, f"The meeting began at {local(start):%H:%M}, after the session had begun. If it was restarted, add its other report.")
        )
    if last and last < ended - _WINDOW:
        notes.append(
            Note(0, f"The meeting ended at {local(last):%H:%M}, before the session was to end. If it was restarted, add its other report.")
        )
    return notes
