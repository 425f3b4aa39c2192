"""The lists and the summary in a report's rows, and which variant it is."""

import re
from collections.abc import Iterable, Mapping, Sequence

from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.meeting_reports.dates import Moment, is_bare_date, is_bare_time, read_moment
from marstraining.meeting_reports.durations import read_duration
from marstraining.meeting_reports.headings import (
    ZOOM_SECTIONS,
    Field,
    Label,
    fields_of,
    is_known_heading,
    is_other_heading,
    is_people_heading,
    label_of,
)
from marstraining.meeting_reports.model import Fault, Variant, refused
from marstraining.meeting_reports.text import MAX_ROWS, Row, delimiter_of, heading, records, tidy, too_many_rows

_NUMBERED = re.compile(r"\d{1,2}\. ?[^\W\d].*")
# A Teams list has seven columns; more are reactions, cameras and hands (T2e).
_TEAMS_COLUMNS = 7
_TIMES = frozenset(
    {Field.FIRST_JOIN, Field.LAST_LEAVE, Field.JOIN, Field.LEAVE, Field.DURATION, Field.MINUTES, Field.TIMESTAMP, Field.UTC_TIMESTAMP}
)
# A report's list, or its summary, is at its beginning.
_LOOKED_AT = 500
_AGAIN = "Download the report again when the meeting has ended, with Teams or Zoom set to English."


@frozen
class Table:
    """A list of people: its heading row's number, headings as compared, where its fields stand, its rows.

    `is_everybody`: whoever is on it was there, as somebody says.
    """

    number: int
    headings: Sequence[str]
    places: Mapping[Field, int]
    rows: Sequence[Row]
    is_everybody: bool = False

    def cell(self, row: Row, field: Field) -> str:
        """A field of a row, "" where the list has no such column or the row ends before it."""
        place = self.places.get(field)
        return row.cells[place] if place is not None and place < len(row.cells) else ""


@frozen
class Summary:
    """What the file says of the whole meeting, each with the number of its row where it has one."""

    starts: tuple[int, Moment] | None = None
    ends: tuple[int, Moment] | None = None
    people: tuple[int, int] | None = None
    average_seconds: tuple[int, float] | None = None
    unreadable: tuple[int, ...] = ()
    moments: tuple[Moment, ...] = ()


@frozen
class Sheet:
    """A report's rows, sorted: what stands outside the lists, and the lists of people."""

    outside: Sequence[Row]
    tables: Sequence[Table]
    sections: Sequence[str]


def delimiter_in(text: str) -> str:
    """The delimiter of the first line that heads a list of people: line 1 may have none, or another.

    Refuses with NO_PARTICIPANTS a report without such a line, and with NOT_A_REPORT what is no report.
    """
    is_known = False
    for line in text.split("\n"):
        delimiter = delimiter_of(line)
        names = [heading(cell) for cell in line.split(delimiter)]
        if is_people_heading(names):
            return delimiter
        is_known = is_known or label_of(names[0]) is not None or names[0] in ZOOM_SECTIONS or is_other_heading(names)
    raise no_participants() if is_known else not_a_report()


def is_report(text: str) -> bool:
    """Whether a text is a known report, be it one that cannot be read: two lines of a summary are enough."""
    labels = 0
    for line in text.split("\n", _LOOKED_AT)[:_LOOKED_AT]:
        delimiter = delimiter_of(line)
        names = [heading(cell) for cell in line.split(delimiter)]
        if is_people_heading(names):
            return _is_recognised(text, delimiter)
        labels += label_of(names[0]) is not None
        if labels > 1 or names[0] in ZOOM_SECTIONS:
            return True
    return False


def _is_recognised(text: str, delimiter: str) -> bool:
    try:
        recognise(sheet_of(records(text, delimiter)))
    except Refused as refusal:
        if refusal.code != Fault.NOT_A_REPORT:
            raise
        return False
    return True


def sheet_of(rows: Iterable[Row]) -> Sheet:
    """Sort a report's rows. Refuses with NO_PARTICIPANTS where nobody is on its lists."""
    outside: list[Row] = []
    tables: list[Table] = []
    sections: list[str] = []
    into: list[Row] = outside
    counted = 0
    for row in rows:
        first = heading(row.cells[0])
        # Among thousands of rows few are headings: only those that begin like one are compared whole.
        if into is not outside and len(row.cells) > 1 and not is_known_heading(first):
            into.append(row)
            counted += 1
            continue
        names = [heading(cell) for cell in row.cells]
        if is_people_heading(names):
            into = []
            tables.append(Table(row.number, names, fields_of(names), into))
        elif is_other_heading(names):
            into = []
        elif len(row.cells) == 1 and is_section(first):
            sections.append(first)
            into = outside
        else:
            into.append(row)
            counted += into is not outside
    if counted > MAX_ROWS:
        raise too_many_rows()
    if not any(table.rows for table in tables):
        raise no_participants()
    return Sheet(outside, tables, sections)


def is_section(text: str) -> bool:
    """Whether a line's only cell begins a section, as "2. Participants" does."""
    return _NUMBERED.fullmatch(text) is not None or text in ZOOM_SECTIONS


def no_participants() -> Exception:
    return refused(Fault.NO_PARTICIPANTS, f"The report has no list of participants, or nobody is on it. {_AGAIN}")


def nobody_came(sheet: Sheet) -> Exception:
    """The refusal of a report whose lists say of nobody that they were there."""
    fields = {field for table in sheet.tables for field in table.places}
    if {Field.REGISTERED, Field.REGISTRATION_STATUS}.isdisjoint(fields):
        return no_participants()
    return refused(
        Fault.NO_PARTICIPANTS,
        "The report says who registered, and of nobody that they came. Download the attendance report when the event has ended.",
    )


def not_a_report() -> Exception:
    return refused(
        Fault.NOT_A_REPORT, f"This is not an attendance report of Teams or Zoom: none of its rows has the headings of one. {_AGAIN}"
    )


# ---- which variant ----------------------------------------------------------------------------------------------------


def recognise(sheet: Sheet) -> Variant:
    """The variant by its headings. Refuses with NOT_A_REPORT a list that tells nothing of presence as a report does."""
    fields = {field for table in sheet.tables for field in table.places}
    if Field.UTC_TIMESTAMP in fields:
        return Variant.TEAMS_LIVE_EVENT
    if {Field.ACTION, Field.TIMESTAMP} <= fields:
        return Variant.TEAMS_EVENTS
    has_registrations = not {Field.REGISTERED, Field.REGISTRATION_STATUS}.isdisjoint(fields)
    if "attendee report" in sheet.sections or (Field.ATTENDED in fields and not _TIMES.isdisjoint(fields) and not has_registrations):
        return Variant.ZOOM_WEBINAR
    if Field.MINUTES in fields:
        return Variant.ZOOM_WEBINAR if Field.ATTENDED in fields else _zoom(sheet, fields)
    if has_registrations or (Field.FIRST_NAME in fields and not _TIMES.isdisjoint(fields)):
        return Variant.TEAMS_WEBINAR
    if Field.FIRST_JOIN in fields or (Field.DURATION in fields and Field.JOIN not in fields):
        return _teams(sheet)
    if Field.JOIN in fields:
        return Variant.TEAMS_JOINS
    raise not_a_report()


def _zoom(sheet: Sheet, fields: set[Field]) -> Variant:
    if Field.TOPIC in fields:
        return Variant.ZOOM_COMBINED
    if any({"topic", "start time"} <= {heading(cell) for cell in row.cells} for row in sheet.outside):
        return Variant.ZOOM_WITH_MEETING
    if Field.JOIN not in fields:
        return Variant.ZOOM_USERS
    is_new = not {Field.WAITING_ROOM, Field.DISCLAIMER}.isdisjoint(fields) or "email" in sheet.tables[0].headings
    return Variant.ZOOM_JOINS_NEW if is_new else Variant.ZOOM_JOINS


def _teams(sheet: Sheet) -> Variant:
    table = next((table for table in sheet.tables if Field.FIRST_JOIN in table.places), sheet.tables[0])
    place = table.places.get(Field.FIRST_JOIN)
    if place is not None and not table.headings[place].startswith("first join"):
        return Variant.TEAMS_LOCALISED
    has_engagement = len(table.headings) > _TEAMS_COLUMNS or any("engagement" in section for section in sheet.sections)
    return Variant.TEAMS_ENGAGEMENT if has_engagement else Variant.TEAMS


# ---- the summary ------------------------------------------------------------------------------------------------------


def summary_of(sheet: Sheet) -> Summary:
    """What stands outside the lists: label and value in one row, or a row of labels over one of values; Z3o has it in columns."""
    said: dict[Label, tuple[int, str]] = {}
    for above, row in zip([None, *sheet.outside], sheet.outside, strict=False):
        for label, value in _pairs(above, row):
            said.setdefault(label, (row.number, value))
    for table in sheet.tables:
        first = table.rows[0] if table.rows and Field.TOPIC in table.places else None
        for label, field in ((Label.STARTS, Field.STARTS), (Label.ENDS, Field.ENDS)):
            if first and (value := tidy(table.cell(first, field))):
                said.setdefault(label, (first.number, value))
    starts, ends = (_moment(said.get(label)) for label in (Label.STARTS, Label.ENDS))
    people = said.get(Label.PEOPLE)
    average = said.get(Label.AVERAGE)
    seconds = read_duration(average[1]) if average else None
    unreadable = [said[label][0] for label, read in ((Label.STARTS, starts), (Label.ENDS, ends)) if label in said and read is None]
    every = [read_moment(tidy(cell)) for row in sheet.outside for cell in row.cells[:12]]
    return Summary(
        starts=starts,
        ends=ends,
        people=(people[0], int(people[1])) if people and people[1].isascii() and people[1].isdigit() and len(people[1]) < 7 else None,
        average_seconds=(average[0], seconds) if average and seconds is not None else None,
        unreadable=tuple(unreadable),
        moments=tuple(moment for moment in every if moment),
    )


def _pairs(above: Row | None, row: Row) -> list[tuple[Label, str]]:
    """Labels with their values: down the first column, or from the row of labels above."""
    label = label_of(heading(row.cells[0]))
    if label and len(row.cells) > 1:
        values = [tidy(cell) for cell in row.cells[1:] if cell.strip()]
        # Where a comma became a border of cells, the date stands in one and the time in the next.
        value = f"{values[0]}, {values[1]}" if len(values) > 1 and is_bare_date(values[0]) and is_bare_time(values[1]) else values[0]
        if not label_of(value.casefold()):
            return [(label, value)]
    if above is None:
        return []
    labels = [label_of(heading(cell)) for cell in above.cells]
    if sum(found is not None for found in labels) < 2:
        return []
    return [(found, tidy(cell)) for found, cell in zip(labels, row.cells, strict=False) if found and cell.strip()]


def _moment(said: tuple[int, str] | None) -> tuple[int, Moment] | None:
    moment = read_moment(said[1]) if said else None
    return (said[0], moment) if said and moment else None
