"""From records to people: who is the same person, when they were there, and what of it counts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import NamedTuple

from marstraining.meeting_reports.model import Attendee, Note, Span, TaughtDay
from marstraining.meeting_reports.names import Name
from marstraining.meeting_reports.records import Record, identity_of
from marstraining.meeting_reports.spans import clipped, seconds_of, union, without

# A connection that broke is reported for a while beside the one that replaced it.
_RECONNECTING = timedelta(minutes=3)
_EVER = Span(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class Placed(NamedTuple):
    """A record and the number of its file."""

    file: int
    record: Record


@dataclass(slots=True)
class _Group:
    """Records of one person."""

    placed: list[Placed]
    is_name_shared: bool = False

    @property
    def first(self) -> tuple[int, int]:
        if len(self.placed) > 1:
            return min((one.file, one.record.row) for one in self.placed)
        file, record = self.placed[0]
        return file, record.row


def people_of(placed: Iterable[Placed], days: Sequence[TaughtDay]) -> tuple[list[Attendee], list[tuple[int, Note]]]:
    """The people of one or more files of a meeting, in the order in which they appear, and notes each with its file.

    Records are one person's by address; without one, by name and company where nobody else of that name was there at the
    same time. A record without an address joins that of the only person of its name who was signed in.
    """
    notes: list[tuple[int, Note]] = []
    by_email: dict[str, _Group] = {}
    by_name: dict[str, list[Placed]] = defaultdict(list)
    for one in placed:
        email = one.record.email
        if not email:
            by_name[identity_of(one.record.name)].append(one)
        elif (known := by_email.get(email)) is not None:
            known.placed.append(one)
        else:
            by_email[email] = _Group([one])
    signed_in = _by_key(by_email.values()) if by_name else {}
    alone: list[_Group] = []
    for records in by_name.values():
        tracks = _tracks(records)
        same = _signed_in(records[0].record.name, signed_in) if len(tracks) == 1 else []
        if len(same) == 1:
            notes.extend((one.file, Note(one.record.row, _counted_with(one, same[0]))) for one in tracks[0].placed)
            same[0].placed.extend(tracks[0].placed)
            continue
        if len(tracks) > 1:
            notes.extend((track.first[0], Note(track.first[1], _KEPT_APART)) for track in tracks)
        alone.extend(tracks)
    groups = sorted([*by_email.values(), *alone], key=lambda group: group.first)
    return _attendees(groups, days, notes), notes


_KEPT_APART = "Another of the same name was there at the same time, and neither has an email address: kept apart. Match them by hand."
_DIALLED_IN = "Joined by telephone: the number is left out. Match it by hand."
_OUTSIDE = "There only before the session began or after it ended: counts as 0 minutes."


def _by_key(groups: Iterable[_Group]) -> dict[str, list[_Group]]:
    found: dict[str, list[_Group]] = defaultdict(list)
    for group in groups:
        for key in {key for one in group.placed for key in one.record.name.keys}:
            found[key].append(group)
    return found


def _counted_with(one: Placed, group: _Group) -> str:
    file, row = group.first
    where = f"row {row}" if file == one.file else f"row {row} of another file"
    return f"Not signed in, and of the same name as {where}: counted with it."


def _signed_in(name: Name, signed_in: dict[str, list[_Group]]) -> list[_Group]:
    """Who of that name was signed in, unless their company says that it is somebody else."""
    found = {id(group): group for key in name.keys[:1] for group in signed_in.get(key, [])}
    companies = {one.record.name.company.casefold() for group in found.values() for one in group.placed} - {""}
    return [] if name.company and companies and name.company.casefold() not in companies else list(found.values())


def _tracks(records: Sequence[Placed]) -> list[_Group]:
    """The fewest people who can have left these records of one name: those of one follow each other in time.

    A record without times may be of any moment, so that two of them are two people.
    """
    groups: list[_Group] = []
    free: list[tuple[datetime, int]] = []
    for one in sorted(records, key=lambda placed: ((placed.record.hull or _EVER).start, placed.file, placed.record.row)):
        hull = one.record.hull or _EVER
        if free and hull is not _EVER and free[0][0] <= hull.start + _RECONNECTING:
            until, track = heappop(free)
            groups[track].placed.append(one)
            heappush(free, (max(until, hull.end), track))
        else:
            heappush(free, (hull.end, len(groups)))
            groups.append(_Group([one]))
    for group in groups:
        group.is_name_shared = len(groups) > 1
    return groups


def _attendees(groups: Sequence[_Group], days: Sequence[TaughtDay], notes: list[tuple[int, Note]]) -> list[Attendee]:
    found = []
    telephones = 0
    windows, taught = [day.span for day in days], sum(day.taught_minutes for day in days) * 60
    for group in groups:
        placed = group.placed
        whole = placed[0].record
        is_telephone = bool(whole.name.telephone) and all(one.record.name.telephone and not one.record.name.keys for one in placed)
        telephones += is_telephone
        attendee = _attendee(group, windows, taught, f"Telephone {telephones}" if is_telephone else "")
        if is_telephone:
            notes.append((group.first[0], Note(group.first[1], _DIALLED_IN)))
        if days and attendee.spans and not attendee.seconds:
            notes.append((group.first[0], Note(group.first[1], _OUTSIDE)))
        found.append(attendee)
    return found


def _attendee(group: _Group, windows: Sequence[Span], taught: float, telephone: str) -> Attendee:
    """One person; `taught` are the seconds taught, 0 where no training day is known."""
    if len(group.placed) > 1:
        placed = sorted(group.placed, key=lambda one: (one.file, one.record.row))
        records = [one.record for one in placed]
        whole, rows = _joined(records), tuple([(one.file, one.record.row) for one in placed])
    else:
        file, whole = group.placed[0]
        records, rows = [whole], ((file, whole.row),)
    seconds, is_stated = counted(records, windows)
    name, spans = whole.name, whole.spans
    return Attendee(
        name=telephone or name.shown or whole.email,
        company=name.company,
        email=whole.email or None,
        keys=() if telephone else name.keys,
        rows=rows,
        spans=spans,
        hull=spans[0] if len(spans) == 1 and whole.envelope is None else whole.hull,
        seconds=seconds,
        share=min(seconds / taught, 1.0) if taught > 0 else None,
        is_stated=is_stated,
        is_end_assumed=whole.is_end_assumed,
        is_name_shared=group.is_name_shared,
        is_telephone=bool(telephone),
    )


def _joined(records: Sequence[Record]) -> Record:
    """Records of one person as one: the first name that is there, every form of it, the whole presence."""
    names = [record.name for record in records]
    hulls = [record.hull for record in records if record.hull]
    name = Name(
        next((name.shown for name in names if name.shown), ""),
        next((name.company for name in names if name.company), ""),
        tuple(dict.fromkeys(key for name in names for key in name.keys)),
    )
    spans = union(span for record in records for span in record.spans)
    hull = Span(min(hull.start for hull in hulls), max(hull.end for hull in hulls)) if hulls else None
    email = next((record.email for record in records if record.email), "")
    return Record(records[0].row, name, email, spans, envelope=hull, is_end_assumed=any(record.is_end_assumed for record in records))


def counted(records: Sequence[Record], windows: Sequence[Span]) -> tuple[float, bool]:
    """The seconds that count within the windows, those of training days, and whether a stated duration had a part in them.

    Times of presence are joined and cut to the windows. Durations of records without times are added, as far as the
    windows and those records' first and last moments leave room beside the times that are known.
    """
    if len(records) == 1 and len(records[0].spans) == 1 and len(windows) == 1:
        # Most people came once and to one training day.
        (span,), (window,) = records[0].spans, windows
        return max((min(span.end, window.end) - max(span.start, window.start)).total_seconds(), 0.0), False
    present = clipped((span for record in records for span in record.spans), windows)
    stated = [record for record in records if not record.spans and record.stated_seconds > 0]
    if not stated:
        return seconds_of(present), False
    extra = sum(record.stated_seconds for record in stated)
    return seconds_of(present) + fitting(extra, [record.envelope for record in stated], present, windows), True


def fitting(stated: float, envelopes: Sequence[Span | None], present: Sequence[Span], windows: Sequence[Span]) -> float:
    """How many of the stated seconds there is room for, beside the times that are known.

    `envelopes` are from first to last moment of those that the seconds are stated of; one that is None may be any time.
    """
    if not stated:
        return 0.0
    known = [envelope for envelope in envelopes if envelope]
    if len(known) == len(envelopes):
        stated = min(stated, seconds_of(without(clipped(known, windows), present)))
    return min(stated, seconds_of(without(windows, present))) if windows else stated


def share_of(seconds: float, days: Sequence[TaughtDay]) -> float | None:
    """What share of the minutes taught somebody was there, at most 1; None where no training day is known."""
    taught = sum(day.taught_minutes for day in days) * 60
    return min(seconds / taught, 1.0) if taught > 0 else None
