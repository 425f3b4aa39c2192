"""`read-report`: what a Teams or Zoom report says, or a list of one's own, with nothing written; without a session it needs no database."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from marstraining.commands.terminal import complain, say
from marstraining.core.clock import LONDON, local
from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.meeting_reports.apart import look_apart, read_apart
from marstraining.meeting_reports.columns import ASKED, FoundList, by_headings
from marstraining.meeting_reports.dates import Order
from marstraining.meeting_reports.matching import Match, match_people
from marstraining.meeting_reports.model import Attendee, Booked, Fault, NamedFile, Report, TaughtDay, Variant

# What a column is called at the command line, and the word for it.
_WORDS = {word.replace("_", "-"): word for word in ASKED} | {"minutes": "duration"}
_MATCH_WORDS = {"email": "by email", "alias_email": "by their other email", "name": "by name"}


@frozen
class SaidColumns:
    """What was typed of the columns of a list that is no known report: each `--column`, `--everybody` and `--order`."""

    columns: Sequence[str] = ()
    is_everybody: bool = False
    order: str = ""


def read_report(path: Path, starts: str, ends: str, as_json: bool, said: SaidColumns) -> int:  # noqa: FBT001 - the command's flag
    """0 with what the report says; 1 with the fault's name and sentence on standard error. No database is opened."""
    return tell(path, _days(starts, ends), None, said, as_json=as_json)


def tell(path: Path, days: Sequence[TaughtDay], booked: Sequence[Booked] | None, said: SaidColumns, *, as_json: bool) -> int:
    """Read a file in a process apart and print what it says; `booked` None matches with nobody. 0, or 1 for a fatal file."""
    named, order = _named(said), _order(said.order)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    try:
        report = asyncio.run(_read(NamedFile(path.name, data), days, named, is_everybody=said.is_everybody, order=order))
    except Refused as refusal:
        complain(f"{refusal.code}: {refusal.message}" if refusal.code in set(Fault) else refusal.message)
        return 1
    matches = match_people(report.people, booked or ())
    if as_json:
        say(json.dumps(_as_json(report, matches), ensure_ascii=False))
    else:
        _tell(report, matches, is_matched=booked is not None)
    return 0


async def _read(file: NamedFile, days: Sequence[TaughtDay], named: Mapping[str, str], *, is_everybody: bool, order: Order | None) -> Report:
    """The report, or the list with columns of these names; one of which nothing was said is refused with how to say it."""
    if named:
        [found] = await look_apart([file], days)
        if found is None:
            raise Refused("This is a known report: read it without --column.", code=Fault.WRONG_COLUMNS.value)
        columns = by_headings({_WORDS[word]: heading for word, heading in named.items()}, found.headings)
        return await read_apart([file], days, replace(columns, is_minutes="minutes" in named, is_everybody=is_everybody, order=order))
    try:
        return await read_apart([file], days)
    except Refused as refusal:
        if refusal.code not in {Fault.NOT_A_REPORT, Fault.NO_PARTICIPANTS}:
            raise
        [found] = await look_apart([file], days)
        if found is None:
            raise
        raise Refused(f"This is no known report. Say what its columns are: {_options(found)}", code=refusal.code) from refusal


def _options(found: FoundList) -> str:
    """The options that the guess at a list's columns stands for, and the columns that there are."""
    guess = found.guess
    words = {word: "minutes" if word == "duration" and guess.is_minutes else word.replace("_", "-") for word in guess.named}
    options = [f'--column {words[word]}="{found.headings[place]}"' for word, place in guess.named.items()]
    headings = ", ".join(f"{number} {heading}".strip() for number, heading in enumerate(found.headings, start=1))
    return f"{' '.join(options) or '--column name=1'} (columns: {headings})"


def _named(said: SaidColumns) -> dict[str, str]:
    """The columns that were typed as word=heading. Wrong usage ends the command with 2."""
    named: dict[str, str] = {}
    for typed in said.columns:
        word, mark, heading = typed.partition("=")
        if not mark or not heading.strip() or word not in _WORDS:
            raise click.BadParameter(f"--column “{typed}” is not understood: write one of {', '.join(_WORDS)}, then = and the heading")
        named[word] = heading
    if {"minutes", "duration"} <= named.keys():
        raise click.BadParameter("give --column minutes=… or --column duration=…, not both")
    if (said.is_everybody or said.order) and not named:
        raise click.BadParameter("--everybody and --order go with --column")
    return named


def _order(typed: str) -> Order | None:
    words = {order.value.replace(" ", "-"): order for order in Order}
    if typed and typed not in words:
        raise click.BadParameter(f"--order “{typed}” must be {' or '.join(words)}")
    return words.get(typed)


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
    said = "List" if read.variant == Variant.OWN else f"{'Zoom' if read.variant.is_zoom else 'Teams'} report {read.variant}"
    say(f"{said}{when}: {number} {'person' if number == 1 else 'people'}.")
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
