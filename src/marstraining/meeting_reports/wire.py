"""A report as JSON and back: how the process that reads a file hands it over."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from marstraining.meeting_reports.model import Attendee, FileRead, Note, Report, Span, TaughtDay, Variant

_FLAGS = ("is_stated", "is_end_assumed", "is_name_shared", "is_telephone")


def days_to_json(days: Sequence[TaughtDay]) -> list[list[object]]:
    return [[day.starts_at.isoformat(), day.ends_at.isoformat(), day.taught_minutes] for day in days]


def days_from_json(said: Sequence[Sequence[Any]]) -> tuple[TaughtDay, ...]:
    return tuple(TaughtDay(datetime.fromisoformat(starts), datetime.fromisoformat(ends), taught) for starts, ends, taught in said)


def report_to_json(report: Report) -> dict[str, object]:
    """Plain values only."""
    return {
        "files": [_file_to_json(file) for file in report.files],
        "people": [_person_to_json(person) for person in report.people],
        "days": days_to_json(report.days),
    }


def report_from_json(said: Mapping[str, Any]) -> Report:
    """The report that `report_to_json` wrote."""
    files = tuple(_file_from_json(file) for file in said["files"])
    return Report(files, tuple(_person_from_json(person) for person in said["people"]), days_from_json(said["days"]))


def _file_to_json(file: FileRead) -> dict[str, object]:
    notes = [[note.row, note.text] for note in file.notes]
    times = {name: moment.isoformat() if moment else None for name, moment in (("starts_at", file.starts_at), ("ends_at", file.ends_at))}
    return asdict(file) | {"notes": notes} | times


def _file_from_json(said: Mapping[str, Any]) -> FileRead:
    times = {name: datetime.fromisoformat(said[name]) if said[name] else None for name in ("starts_at", "ends_at")}
    notes = tuple(Note(row, text) for row, text in said["notes"])
    return FileRead(**{**said, **times, "variant": Variant(said["variant"]), "notes": notes})


def _person_to_json(person: Attendee) -> list[object]:
    """A list, and instants as seconds: of twenty thousand people names of fields would be most of the text."""
    hull = _seconds(person.hull) if person.hull else None
    flags = [getattr(person, flag) for flag in _FLAGS]
    shown = [person.name, person.company, person.email, person.keys, person.rows]
    return [*shown, [_seconds(span) for span in person.spans], hull, person.seconds, person.share, *flags]


def _person_from_json(said: Sequence[Any]) -> Attendee:
    name, company, email, keys, rows, spans, hull, seconds, share, *flags = said
    return Attendee(
        name,
        company,
        email,
        tuple(keys),
        tuple((file, row) for file, row in rows),
        tuple(_span(span) for span in spans),
        _span(hull) if hull else None,
        seconds,
        share,
        **dict(zip(_FLAGS, flags, strict=True)),
    )


def _seconds(span: Span) -> tuple[float, float]:
    return (span.start.timestamp(), span.end.timestamp())


def _span(said: Sequence[float]) -> Span:
    return Span(datetime.fromtimestamp(said[0], UTC), datetime.fromtimestamp(said[1], UTC))
