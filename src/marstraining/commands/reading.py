"""`read-report`: what a Teams or Zoom report says, with nothing written; without a session it needs no database."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from marstraining.commands.terminal import complain, say
from marstraining.core.clock import LONDON, local
from marstraining.core.errors import Refused
from marstraining.meeting_reports.apart import read_apart
from marstraining.meeting_reports.matching import Match, match_people
from marstraining.meeting_reports.model import Attendee, Booked, Fault, NamedFile, Report, TaughtDay

_MATCH_WORDS = {"email": "by email", "alias_email": "by their other email", "name": "by name"}


def read_report(path: Path, starts: str, ends: str, as_json: bool) -> int:  # noqa: FBT001 - the command's flag
    """0 with what the report says; 1 with the fault's name and sentence on standard error. No database is opened."""
    return tell(path, _days(starts, ends), None, as_json=as_json)


def tell(path: Path, days: Sequence[TaughtDay], booked: Sequence[Booked] | None, *, as_json: bool) -> int:
    """Read a file in a process apart and print what it says; `booked` None matches with nobody. 0, or 1 for a fatal file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    try:
        report = asyncio.run(read_apart([NamedFile(path.name, data)], days))
    except Refused as refusal:
        complain(f"{refusal.code}: {refusal.message}" if refusal.code in set(Fault) else refusal.message)
        return 1
    matches = match_people(report.people, booked or ())
    if as_json:
        say(json.dumps(_as_json(report, matches), ensure_ascii=False))
    else:
        _tell(report, matches, is_matched=booked is not None)
    return 0


def _days(starts: str, ends: str) -> tuple[TaughtDay, ...]:
    """The session's times that were typed, in London unless they say otherwise. Wrong usage ends the command with 2."""
    if bool(starts) != bool(ends):
        raise click.BadParameter("--starts and --ends go together")
    if not starts:
        return ()
    began, ended = _instant(starts, "--starts"), _instant(ends, "--ends")
    if ended <= began:
        raise click.BadParameter("--ends must be after --starts")
    return (TaughtDay(began, ended, (ended - began).total_seconds() / 60),)


def _instant(typed: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise click.BadParameter(f"{option} “{typed}” is not a date and time: write it like 2026-11-24T09:30") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=LONDON)


def _as_json(report: Report, matches: Sequence[Match]) -> dict[str, object]:
    """The form that DESIGN.md keeps stable: intervals are of London's wall clock with its offset."""
    read = report.files[0]
    people = [
        {
            "name": person.name,
            "email": person.email,
            "minutes": person.minutes,
            "intervals": [[local(span.start).isoformat(), local(span.end).isoformat()] for span in person.spans],
            "match": match.by,
        }
        for person, match in zip(report.people, matches, strict=True)
    ]
    return {"variant": read.variant, "notes": [{"row": note.row, "text": note.text} for note in read.notes], "people": people}


def _tell(report: Report, matches: Sequence[Match], *, is_matched: bool) -> None:
    read = report.files[0]
    number = len(report.people)
    when = f", {local(read.starts_at):%d/%m/%Y %H:%M}" if read.starts_at else ""
    say(f"{'Zoom' if read.variant.is_zoom else 'Teams'} report {read.variant}{when}: {number} {'person' if number == 1 else 'people'}.")
    for person, match in zip(report.people, matches, strict=True):
        say("  ".join(part for part in (*_parts(person), _found(match) if is_matched else "") if part))
    if read.notes:
        say()
    for note in read.notes:
        say(f"Row {note.row}: {note.text}" if note.row else note.text)


def _parts(person: Attendee) -> list[str]:
    times = f"{local(person.hull.start):%H:%M} to {local(person.hull.end):%H:%M}" if person.hull else ""
    share = f"{person.share:.0%}" if person.share is not None else ""
    return [person.name, person.email if person.email and person.email != person.name else "", f"{person.minutes} minutes", share, times]


def _found(match: Match) -> str:
    if match.by:
        return f"matched {_MATCH_WORDS[match.by]}"
    return "not matched, but somebody with a name like it is booked" if match.suggested_ids else "not matched"
