"""A report as JSON and back: how the process that reads a file hands it over.

People are handed over as columns, and what each has several of in one row with their numbers: of twenty thousand people lists
within lists would take longer to unpack than their file to read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from marstraining.meeting_reports.model import Attendee, FileRead, Note, Report, Span, TaughtDay, Variant

T = TypeVar("T")
_PLAIN = ("name", "company", "email", "seconds", "share")
_FLAGS = ("is_stated", "is_end_assumed", "is_name_shared", "is_telephone")


def days_to_json(days: Sequence[TaughtDay]) -> list[list[object]]:
    return [[day.starts_at.isoformat(), day.ends_at.isoformat(), day.taught_minutes] for day in days]


def days_from_json(said: Sequence[Sequence[Any]]) -> tuple[TaughtDay, ...]:
    return tuple(TaughtDay(datetime.fromisoformat(starts), datetime.fromisoformat(ends), taught) for starts, ends, taught in said)


def report_to_json(report: Report) -> dict[str, object]:
    """Plain values only."""
    return {
        "files": [_file_to_json(file) for file in report.files],
        "people": _people_to_json(report.people),
        "days": days_to_json(report.days),
    }


def report_from_json(said: Mapping[str, Any]) -> Report:
    """The report that `report_to_json` wrote."""
    files = tuple(_file_from_json(file) for file in said["files"])
    return Report(files, _people_from_json(said["people"]), days_from_json(said["days"]))


def _file_to_json(file: FileRead) -> dict[str, object]:
    times = {name: moment.isoformat() if moment else None for name, moment in (("starts_at", file.starts_at), ("ends_at", file.ends_at))}
    return {field.name: getattr(file, field.name) for field in fields(file)} | times


def _file_from_json(said: Mapping[str, Any]) -> FileRead:
    times = {name: datetime.fromisoformat(said[name]) if said[name] else None for name in ("starts_at", "ends_at")}
    notes = tuple(Note(row, text) for row, text in said["notes"])
    return FileRead(**{**said, **times, "variant": Variant(said["variant"]), "notes": notes})


def _people_to_json(people: Sequence[Attendee]) -> dict[str, object]:
    """`hull` says of each 0 for none, 1 for that of the one span, 2 for the next of `hulls`."""
    columns = dict(zip(Attendee._fields, zip(*people, strict=True), strict=True)) if people else dict.fromkeys(Attendee._fields, ())
    spans, hulls = columns["spans"], columns["hull"]
    kinds = [0 if hull is None else 1 if len(own) == 1 and own[0] == hull else 2 for own, hull in zip(spans, hulls, strict=True)]
    rows = columns["rows"]
    return {
        **{name: columns[name] for name in _PLAIN},
        **{name: [place for place, is_so in enumerate(columns[name]) if is_so] for name in _FLAGS},
        "keys": [key for keys in columns["keys"] for key in keys],
        "keys_of": [len(keys) for keys in columns["keys"]],
        "rows": [number for own in rows for row in own for number in row],
        "rows_of": [len(own) for own in rows],
        "spans": _seconds(span for own in spans for span in own),
        "spans_of": [len(own) for own in spans],
        "hull": kinds,
        "hulls": _seconds(hull for hull, kind in zip(hulls, kinds, strict=True) if kind == 2),
    }


def _people_from_json(said: Mapping[str, Any]) -> tuple[Attendee, ...]:
    number = len(said["name"])
    numbers = said["rows"]
    spans = list(_groups(_spans(said["spans"]), said["spans_of"]))
    hulls = iter(_spans(said["hulls"]))
    columns = {
        **{name: said[name] for name in _PLAIN},
        **{name: _flags(said[name], number) for name in _FLAGS},
        "keys": _groups(said["keys"], said["keys_of"]),
        "rows": _groups(list(zip(numbers[::2], numbers[1::2], strict=True)), said["rows_of"]),
        "spans": spans,
        "hull": [None if kind == 0 else own[0] if kind == 1 else next(hulls) for kind, own in zip(said["hull"], spans, strict=True)],
    }
    return tuple(map(Attendee._make, zip(*(columns[name] for name in Attendee._fields), strict=True)))


def _groups(items: Sequence[T], sizes: Iterable[int]) -> Iterator[tuple[T, ...]]:
    """A row of items as tuples of these sizes."""
    place = 0
    for size in sizes:
        yield tuple(items[place : place + size])
        place += size


def _flags(places: Iterable[int], number: int) -> list[bool]:
    flags = [False] * number
    for place in places:
        flags[place] = True
    return flags


def _seconds(spans: Iterable[Span]) -> list[float]:
    return [instant.timestamp() for span in spans for instant in span]


def _spans(seconds: Sequence[float]) -> list[Span]:
    instants = [datetime.fromtimestamp(second, UTC) for second in seconds]
    return list(map(Span, instants[::2], instants[1::2]))
