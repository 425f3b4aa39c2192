"""What reports propose for a register: plain values, put together from what was read, who is booked and what is marked."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from marstraining.attendance.queries.registers import StandingMark
from marstraining.attendance.rules import Became, Evidence, MarkWord, Proposal, TakenAs, Thresholds, propose_mark
from marstraining.core.values import frozen
from marstraining.meeting_reports.kept import Times, seconds_on
from marstraining.meeting_reports.model import Booked, TaughtDay
from marstraining.meeting_reports.people import share_of

# What a person marked is not changed by a report unless somebody says so.
_FROM_REPORTS = frozenset({Evidence.TEAMS, Evidence.ZOOM, Evidence.LIST})
_TAKEN_AS = {Became.WALK_IN: TakenAs.WALK_IN, Became.TRAINER: TakenAs.TRAINER}


@frozen
class ReportDay:
    """A training day that reports can be of."""

    id: int
    day: date
    taught: TaughtDay


@frozen
class ReportSession:
    """A session as its reports are read against: training days that were not cancelled, and from which share one has attended."""

    id: int
    ref: str
    title: str
    state: str
    delivery: str
    starts_at: datetime
    ends_at: datetime
    days: tuple[ReportDay, ...]
    thresholds: Thresholds
    is_locked: bool


@frozen
class ReportFile:
    """One file that was read."""

    id: int
    file_hash: str
    file_name: str
    variant: str
    rows_read: int
    people_read: int
    notes: tuple[Mapping[str, Any], ...]
    at: datetime


@frozen
class ReportEntry:
    """Somebody in the reports; `suggested` are people of the session whose names are near, for a person to choose from."""

    id: int
    ref: str
    key: str
    name: str
    email: str
    minutes: float
    intervals: str
    became: Became
    matched_by: str
    person_id: int | None
    person: str
    confirmed_by: str
    is_settled: bool
    revision: int
    suggested: tuple[tuple[int, str], ...] = ()

    @property
    def times(self) -> Times:
        """Read when asked for: of a very large meeting few are."""
        read: Times = json.loads(self.intervals)
        return read

    @property
    def is_open(self) -> bool:
        """Whether somebody has yet to say who this is."""
        return self.became == Became.UNMATCHED


@frozen
class OnSession:
    """Somebody who has a place on the session, or trains it."""

    id: int
    name: str
    agency: str
    is_trainer: bool
    addresses: Booked


@frozen
class ProposedMark:
    """What the reports say of one person on one training day.

    `does` is what writing would do: "write" a mark, leave what says the "same" or what a person marked by hand ("kept"), propose
    nothing for want of minutes ("short"), or, with nobody of that name in the reports, "absent".
    """

    person_id: int
    name: str
    agency: str
    day_id: int
    seconds: float
    share: float
    proposal: Proposal | None
    standing: StandingMark | None
    taken_as: TakenAs
    matched_by: tuple[str, ...]
    does: Literal["write", "same", "kept", "short", "absent"]

    @property
    def minutes(self) -> int:
        return round(self.seconds / 60)

    @property
    def word(self) -> MarkWord | None:
        return MarkWord(self.proposal.value) if self.proposal in {Proposal.ATTENDED, Proposal.PARTIAL} else None


@frozen
class Preview:
    """Everything read of a session's reports. `stamp` changes with whatever is changed about it, in any tab."""

    files: tuple[ReportFile, ...]
    entries: tuple[ReportEntry, ...]
    marks: tuple[ProposedMark, ...]
    evidence: Evidence

    @property
    def tray(self) -> list[ReportEntry]:
        return [entry for entry in self.entries if entry.is_open]

    @property
    def stamp(self) -> str:
        standing = sum(mark.standing.id for mark in self.marks if mark.standing)
        changes = sum(entry.revision for entry in self.entries)
        return f"{len(self.files)}-{len(self.entries)}-{changes}-{len(self.marks)}-{standing}"

    @property
    def writes(self) -> int:
        return sum(mark.does == "write" for mark in self.marks)


def proposed_marks(
    session: ReportSession,
    people: Sequence[OnSession],
    entries: Sequence[ReportEntry],
    standing: Mapping[tuple[int, int | None], StandingMark],
) -> Iterator[ProposedMark]:
    """One for each person and training day that the reports have times of: those found in them, then learners who are not."""
    own: dict[int, list[ReportEntry]] = {}
    for entry in entries:
        if entry.person_id is not None:
            own.setdefault(entry.person_id, []).append(entry)
    on_session = {one.id: one for one in people}
    covered = [day for day in session.days if any(seconds_on(day.taught, [entry.times]) > 0 for entry in entries)]
    for day in covered:
        key = None if len(session.days) == 1 else day.id
        for one in on_session.values():
            found = own.get(one.id, [])
            if found or not one.is_trainer:
                yield _proposed(session, day, one, found, standing.get((one.id, key)))


def _proposed(
    session: ReportSession, day: ReportDay, one: OnSession, found: Sequence[ReportEntry], standing: StandingMark | None
) -> ProposedMark:
    seconds = seconds_on(day.taught, (entry.times for entry in found))
    share = share_of(seconds, [day.taught]) or 0.0
    proposal = propose_mark(share, session.thresholds) if found and seconds else None
    taken_as = standing.taken_as if standing else TakenAs.TRAINER if one.is_trainer else _taken_as(found)
    return ProposedMark(
        person_id=one.id,
        name=one.name,
        agency=one.agency,
        day_id=day.id,
        seconds=seconds,
        share=share,
        proposal=proposal,
        standing=standing,
        taken_as=taken_as,
        matched_by=tuple(dict.fromkeys(entry.matched_by for entry in found)),
        does=_does(proposal, round(seconds / 60), standing),
    )


def _taken_as(found: Iterable[ReportEntry]) -> TakenAs:
    return next((_TAKEN_AS[entry.became] for entry in found if entry.became in _TAKEN_AS), TakenAs.LEARNER)


def _does(proposal: Proposal | None, minutes: int, standing: StandingMark | None) -> Literal["write", "same", "kept", "short", "absent"]:
    if proposal is None:
        return "same" if standing else "absent"
    if proposal == Proposal.INSUFFICIENT:
        return "kept" if standing else "short"
    if standing is None:
        return "write"
    is_from_report = standing.evidence in _FROM_REPORTS
    if standing.mark == MarkWord(proposal.value):
        return "write" if is_from_report and standing.minutes != minutes else "same"
    return "write" if is_from_report else "kept"
