"""From rows with times as written to records with instants: leaving times that are missing, events in pairs, stays per person."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from operator import attrgetter
from typing import NamedTuple

from marstraining.meeting_reports.dates import Moment, Order, instants, span_between
from marstraining.meeting_reports.entries import Entry, Kind
from marstraining.meeting_reports.model import LONGEST_SECONDS, Note, Span
from marstraining.meeting_reports.names import Name
from marstraining.meeting_reports.spans import seconds_of, union

# Meetings count seconds and Zoom rounds minutes up: a duration that is further from the times than this is worth a note.
_DIFFERS = 60.0
# Two clocks of one report can be a second apart.
_SAME = 2.0


class Record(NamedTuple):
    """One record of a file: a person as the meeting knew them, or one stay of theirs.

    `stated_seconds` counts where there are no spans. `envelope` is from first joining to last leaving, where that is not the
    spans' own first and last.
    """

    row: int
    name: Name
    email: str
    spans: tuple[Span, ...] = ()
    stated_seconds: float = 0.0
    envelope: Span | None = None
    is_end_assumed: bool = False

    @property
    def hull(self) -> Span | None:
        """From the first to the last moment of presence, None where no times are known."""
        if self.envelope or not self.spans:
            return self.envelope
        return self.spans[0] if len(self.spans) == 1 else Span(self.spans[0].start, max(span.end for span in self.spans))


@dataclass
class Reading:
    """What it takes to make instants of one file's moments, and the notes met on the way.

    `on` is the date of times that have none. `until` is when somebody left of whom that is not said, in an instant and words.
    `whole_seconds` is how long somebody was there of whom it is only said that they were.
    """

    order: Order
    zone: tzinfo
    on: date | None
    until: tuple[datetime, str] | None = None
    whole_seconds: float = 0.0
    notes: list[Note] = field(default_factory=list)
    _known: dict[tuple[Moment, date | None], tuple[datetime, ...]] = field(default_factory=dict, init=False, repr=False)

    def note(self, row: int, text: str) -> None:
        self.notes.append(Note(row, text))

    def instants(self, moment: Moment | None, on: date | None = None) -> tuple[datetime, ...]:
        """As `dates.instants`; each moment is asked for several times, and many people come at the same one."""
        if moment is None:
            return ()
        known = self._known.get((moment, on))
        if known is None:
            known = self._known[moment, on] = instants(moment, self.order, self.zone, on or self.on)
        return known


def records_of(entries: Sequence[Entry], reading: Reading) -> list[Record]:
    """The records of a file, in the order of its rows; notes are added to `reading`."""
    own = [entry for entry in entries if entry.kind in {Kind.PERSON, Kind.STAY}]
    people = [_record(entry, reading) for entry in own]
    activities = [(entry, _record(entry, reading)) for entry in entries if entry.kind == Kind.ACTIVITY]
    if activities:
        people = _explained(people, [entry.line for entry in own], activities, reading)
    events = [entry for entry in entries if entry.kind in {Kind.JOINED, Kind.LEFT}]
    return sorted([*people, *_paired(events, reading)], key=attrgetter("row"))


def last_instant(entries: Iterable[Entry], reading: Reading) -> datetime | None:
    """The latest time that a file names."""
    found = [instant for entry in entries for moment in (entry.joined, entry.left) for instant in reading.instants(moment)]
    return max(found, default=None)


# ---- one row --------------------------------------------------------------------------------------------------------


def _record(entry: Entry, reading: Reading) -> Record:
    joined = reading.instants(entry.joined)
    left = _left(entry, reading)
    stated = reading.whole_seconds if entry.is_whole else entry.stated_seconds or 0.0
    record = Record(entry.row, entry.name, entry.email, (), stated)
    if joined and left:
        return _between(record, entry, joined, left, reading)
    is_stay = entry.kind != Kind.PERSON
    if joined and entry.stated_seconds is None:
        return _until_the_end(record, joined[0], reading)
    if joined or left:
        missing = "leaving" if joined else "joining"
        if entry.stated_seconds is None:
            reading.note(entry.row, "There is no joining time and no duration: it counts as 0 minutes.")
            return record
        reading.note(entry.row, f"There is no {missing} time: the stated duration counts.")
        length = timedelta(seconds=entry.stated_seconds)
        span = Span(joined[0], joined[0] + length) if joined else Span(left[0] - length, left[0])
        return record._replace(spans=(span,)) if is_stay else record
    return record


def _left(entry: Entry, reading: Reading) -> tuple[datetime, ...]:
    """The leaving time; without a date it is on the day of joining, or the next where it would be before it."""
    if entry.left is None or entry.left.has_date or entry.joined is None:
        return reading.instants(entry.left)
    day = entry.joined.on(reading.order) if entry.joined.has_date else reading.on
    if day and entry.left.at < entry.joined.at:
        day += timedelta(days=1)
    return reading.instants(entry.left, day)


def _between(record: Record, entry: Entry, joined: Sequence[datetime], left: Sequence[datetime], reading: Reading) -> Record:
    stated = entry.stated_seconds
    span = span_between(joined, left, stated)
    if span is None:
        reading.note(
            entry.row,
            f"The leaving time is before the joining time: {'the stated duration counts' if stated else 'it counts as 0 minutes'}.",
        )
        return record
    seconds = span.seconds
    if seconds > LONGEST_SECONDS:
        counts = "the stated duration counts" if stated else "it counts as 0 minutes"
        reading.note(entry.row, f"The joining and leaving times are more than 30 hours apart: {counts}.")
        return record
    if stated is None and len(joined) + len(left) > 2:
        reading.note(entry.row, "The time is in the hour that the clock change repeats, and no duration says which: the first is taken.")
    if stated is None:
        if entry.kind == Kind.PERSON:
            reading.note(entry.row, "There is no duration: counted from first joining to last leaving.")
        return record._replace(spans=(span,))
    if entry.kind == Kind.PERSON and abs(seconds - stated) > _SAME:
        if stated > seconds + _DIFFERS:
            reading.note(entry.row, "The stated duration is longer than the times allow: the times count.")
            return record._replace(spans=(span,))
        return record._replace(envelope=span)
    if abs(seconds - stated) > _DIFFERS:
        reading.note(entry.row, "The stated duration and the times differ by more than a minute: the times count.")
    return Record(record.row, record.name, record.email, (span,), record.stated_seconds)


def _until_the_end(record: Record, joined: datetime, reading: Reading) -> Record:
    end, words = reading.until or (joined, "joining")
    if (end - joined).total_seconds() > LONGEST_SECONDS:
        reading.note(record.row, "There is no leaving time within 30 hours: it counts as 0 minutes.")
        return record
    reading.note(record.row, f"There is no leaving time: counted until {words}.")
    return record._replace(spans=(Span(joined, max(joined, end)),), is_end_assumed=True)


# ---- a person's stays -------------------------------------------------------------------------------------------------


def _explained(people: list[Record], lines: Sequence[str], activities: Sequence[tuple[Entry, Record]], reading: Reading) -> list[Record]:
    """The records of people, with the stays of the file's third section; a stay of nobody on the list is a record of its own."""
    stays: dict[int, list[Record]] = defaultdict(list)
    doubtful: set[int] = set()
    alone: list[Record] = []
    owners = _Owners(people, lines)
    for entry, stay in activities:
        found = owners.of(entry, stay)
        if len(found) == 1:
            stays[found[0]].append(stay)
        elif found:
            doubtful.update(found)
        else:
            alone.append(stay)
    for place in doubtful:
        reading.note(people[place].row, "Another of the same name was there at the same time, so the stated duration counts.")
    explained = [
        _with_stays(record, stays[place], reading) if place in stays and place not in doubtful else record
        for place, record in enumerate(people)
    ]
    return [*explained, *alone]


class _Owners:
    """Which records a stay can belong to."""

    def __init__(self, people: Sequence[Record], lines: Sequence[str]) -> None:
        self._people = people
        self._by: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, (record, line) in enumerate(zip(people, lines, strict=True)):
            if line:
                self._by["line", line].append(place)
            if record.email:
                self._by["email", record.email].append(place)
            self._by["nameless" if record.email else "name", identity_of(record.name)].append(place)

    def of(self, entry: Entry, stay: Record) -> list[int]:
        """By the connection's number, else the address, else the name among those without an address, else any of the name."""
        name = identity_of(stay.name)
        asked = [("line", entry.line)] if entry.line else [("email", stay.email)] if stay.email else [("name", name), ("nameless", name)]
        found = next((places for key in asked if (places := self._by.get(key))), [])
        within = [place for place in found if _holds(self._people[place].hull, stay.hull)] if len(found) > 1 else []
        return within or found


def _holds(outer: Span | None, inner: Span | None) -> bool:
    slack = timedelta(seconds=_SAME)
    return bool(outer and inner and outer.start - slack <= inner.start and inner.end <= outer.end + slack)


def _with_stays(record: Record, stays: Sequence[Record], reading: Reading) -> Record:
    spans = union(span for stay in stays for span in stay.spans)
    if not spans:
        return record
    if record.stated_seconds and abs(seconds_of(spans) - record.stated_seconds) > _DIFFERS:
        reading.note(record.row, "The stated duration and the times of the activities differ by more than a minute: the times count.")
    return record._replace(spans=spans, envelope=None, is_end_assumed=any(stay.is_end_assumed for stay in stays))


def identity_of(name: Name) -> str:
    """What tells names apart where there is no address: a telephone, or name and company."""
    return f"tel:{name.telephone}" if name.telephone else f"{name.keys[0] if name.keys else ''}|{name.company.casefold()}"


# ---- events -----------------------------------------------------------------------------------------------------------


def _paired(events: Sequence[Entry], reading: Reading) -> list[Record]:
    """One record for each person of a live event, or each name of an early Teams list, from their Joined and Left."""
    lines: dict[tuple[str, str, str], list[tuple[datetime, Entry]]] = defaultdict(list)
    for entry in events:
        at = reading.instants(entry.joined)
        if at:
            lines[entry.person, entry.line, f"{entry.email}|{identity_of(entry.name)}"].append((at[0], entry))
    people: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for (person, line, name), pairs in lines.items():
        people[person or line, name].append(_of_line(sorted(pairs, key=lambda pair: (pair[0], pair[1].row)), reading))
    return [_whole(connections) for connections in people.values()]


def _whole(connections: Sequence[Record]) -> Record:
    """The connections of one person as one record."""
    first = min(connections, key=lambda record: record.row)
    spans = union(span for record in connections for span in record.spans)
    return first._replace(spans=spans, is_end_assumed=any(record.is_end_assumed for record in connections))


def _of_line(line: Sequence[tuple[datetime, Entry]], reading: Reading) -> Record:
    spans: list[Span] = []
    since: tuple[datetime, Entry] | None = None
    for at, entry in line:
        if entry.kind == Kind.LEFT and since is None:
            reading.note(entry.row, "Left without having joined: not counted.")
        elif entry.kind == Kind.LEFT and since is not None:
            if (at - since[0]).total_seconds() <= LONGEST_SECONDS:
                spans.append(Span(since[0], at))
            else:
                reading.note(entry.row, "The joining and leaving times are more than 30 hours apart: it counts as 0 minutes.")
            since = None
        elif since is None:
            since = (at, entry)
        else:
            reading.note(entry.row, "Joined again without having left: counted from the first.")
    first = min((entry for _, entry in line), key=lambda entry: entry.row)
    record = Record(first.row, first.name, first.email, spans=union(spans))
    if since is None:
        return record
    open_one = _until_the_end(record._replace(row=since[1].row), since[0], reading)
    return open_one._replace(row=record.row, spans=union([*spans, *open_one.spans]))
