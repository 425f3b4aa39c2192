"""Pages 1 to 3: the summary, what was delivered, whom it reached."""

from collections import Counter

from marstraining.reports.document import Block, Grid, Points, Text, Tile, Tiles
from marstraining.reports.quarterly.facts import Quarter
from marstraining.reports.quarterly.words import counted, percent, several
from marstraining.reports.queries.delivery import CourseDelivery, delivered_how
from marstraining.reports.queries.quality import EDUCATION_SECTORS
from marstraining.reports.rules import NOT_COLLECTED

_COURSES_A_TABLE = 6


def summary(quarter: Quarter) -> tuple[Block, ...]:
    """Six tiles, three things to know, and what the board is asked to decide."""
    sums = quarter.sums
    rates = (
        _tile("Places filled", percent(sums.fill), _beside(quarter, "fill", is_share=True)),
        _tile("Did not attend", percent(sums.no_shows), _beside(quarter, "no_shows", is_share=True)),
    )
    confidence = _tile(
        "Change in confidence, 0 to 10",
        sums.confidence.change_words,
        (
            *((sums.confidence.replied,) if sums.confidence.replied else ()),
            f"Quarter before: {quarter.before.confidence.change_words}",
            f"Same quarter a year ago: {quarter.year_ago.confidence.change_words}",
        ),
    )
    return (
        Tiles(
            (
                _tile("Sessions run", counted(sums.sessions), _beside(quarter, "sessions")),
                _tile("Attendances", counted(sums.attendances), _beside(quarter, "attendances")),
                _tile("Different people", counted(sums.people), _beside(quarter, "people")),
                # Rooms are nobody's own, and answers are never told apart by organisation.
                *(rates[1:] if quarter.is_part else (*rates, confidence)),
            )
        ),
        Text(_opening(quarter), place="summary"),
        Text(_most_attended(quarter), place="know-1"),
        Text(_waiting(quarter), place="know-2"),
        *(() if quarter.is_part else (Text(quarter.confidence.sentence, place="know-3"),)),
        Text("The board is asked to note this report.", place="decisions"),
    )


def _tile(label: str, value: str, notes: tuple[str, ...]) -> Tile:
    return Tile(label, value[:1].upper() + value[1:], notes)


def _beside(quarter: Quarter, name: str, *, is_share: bool = False) -> tuple[str, ...]:
    said = []
    for when, sums in (("Quarter before", quarter.before), ("Same quarter a year ago", quarter.year_ago)):
        value = getattr(sums, name) if sums.is_on_record else None
        said.append(f"{when}: {percent(value) if is_share else counted(value)}")
    return tuple(said)


def _opening(quarter: Quarter) -> str:
    sums = quarter.sums
    if not sums.sessions:
        return f"No session ran in {quarter.period.words}."
    people = f", by {several(sums.people, 'different person', 'different people')} where names are held" if sums.people else ""
    return f"In {quarter.period.words}, {several(sums.sessions, 'session')} ran, with {counted(sums.attendances)} attendances{people}."


def _most_attended(quarter: Quarter) -> str:
    held = [one for one in quarter.courses if one.attended]
    if not held:
        return "No attendance is held for this quarter."
    most = max(held, key=lambda one: one.attended or 0)
    return f"Most attended: {most.title}, {counted(most.attended)} attendances at {several(most.run, 'session')}."


def _waiting(quarter: Quarter) -> str:
    waiting = [one for one in quarter.planned if one.waiting]
    if not waiting:
        return "Nobody is waiting for a place at a session of the next two quarters."
    longest = max(waiting, key=lambda one: one.waiting or 0)
    number = sum(one.waiting or 0 for one in waiting)
    people = several(number, "person is", "people are")
    return f"{people} waiting for a place in the next two quarters, most of them for {longest.title} ({longest.waiting})."


_DELIVERY_HEADS = (
    "Course", "Planned", "Run", "Called off", "Places", "Booked", "Attended", "In part", "Did not attend", "Cancelled late",
    "Walked in", "Waiting",
)  # fmt: skip


def delivery(quarter: Quarter) -> tuple[Block, ...]:
    """The table by course, which the other pages' sums are held against, and how sessions were delivered."""
    rows = [_course_row(one) for one in quarter.courses]
    if rows:
        rows.append((quarter.sums.whole.title, *map(counted, _course_values(quarter.sums.whole))))
    ways = delivered_how(quarter.sessions)
    return (
        Grid(
            "Sessions and people by course",
            _DELIVERY_HEADS,
            tuple(rows),
            tuple(range(1, len(_DELIVERY_HEADS))),
            empty="No session was planned for this quarter.",
        ),
        Grid(
            "Sessions run, by how they were delivered",
            ("How", "Sessions"),
            (*((how, counted(number)) for how, number in ways.items()), ("E-learning", NOT_COLLECTED)),
            (1,),
        ),
        *_rates(quarter),
    )


def _rates(quarter: Quarter) -> tuple[Block, ...]:
    """Who attended of those booked, by course, and what that means."""
    rated = [*(one for one in quarter.courses if one.rated), *([quarter.sums.whole] if quarter.sums.whole.rated else [])]
    return (
        Grid(
            "Attendance rate by course",
            ("Course", "Booked", "Attended", "Attendance rate"),
            tuple((one.title, counted(one.rated[1]), counted(one.rated[0]), percent(one.attendance_rate)) for one in rated if one.rated),
            (1, 2, 3),
            empty=f"Attendance rate: {NOT_COLLECTED}. No session of this quarter holds both who was booked and who attended.",
        ),
        Text(
            "The attendance rate is those who attended of those booked when the time to cancel was over, at the sessions that hold both."
            " People who came in part are not among those who attended, people who walked in are."
        ),
    )


def _course_row(one: CourseDelivery) -> tuple[str, ...]:
    values = [counted(value) for value in _course_values(one)]
    if not one.run:
        # Of what did not run there is nothing to hold: a dash, told in the annex. People waiting there are.
        values[3:10] = ["–" if value == counted(None) else value for value in values[3:10]]  # noqa: RUF001 - a dash as printed
    return (one.title, *values)


def _course_values(one: CourseDelivery) -> tuple[int | None, ...]:
    return (
        one.planned, one.run, one.called_off, one.capacity, one.booked, one.attended, one.partial, one.absent, one.late_cancelled,
        one.walked_in, one.waiting,
    )  # fmt: skip


def reach(quarter: Quarter) -> tuple[Block, ...]:
    """Organisations by attendances and people, by course, and those of whom nobody came."""
    rows = [(one.agency, one.sector, counted(one.attendances), counted(one.people)) for one in quarter.reach]
    # What is held as a number for a whole session, or of people in no organisation, so that the column comes to the tile's figure.
    unnamed = (quarter.sums.attendances or 0) - sum(one.attendances for one in quarter.reach)
    if unnamed:
        rows.append(("Not told apart by organisation", "", counted(unnamed), counted(None)))
    if rows:
        rows.append(("All", "", counted(quarter.sums.attendances), counted(quarter.sums.people)))
    whole = Grid(
        "Organisations by attendances and different people",
        ("Organisation", "Sector", "Attendances", "Different people"),
        tuple(rows),
        (2, 3),
        empty="Nobody attended in this quarter.",
    )
    share = Text(f"Share of each organisation’s workforce: {NOT_COLLECTED}.")  # noqa: RUF001 - the page's own apostrophe
    if quarter.is_part:
        return (whole, *_matrices(quarter), share)
    people = Text(
        "Somebody who came for two organisations counts once in each, and once in the last line. Organisations are those that people"
        " came for on the day; schools, colleges and early years settings stand together."
    )
    return (whole, people, *_matrices(quarter), share, *_new(quarter), *_silent(quarter))


def _new(quarter: Quarter) -> tuple[Block, ...]:
    """Organisations that came for the first time; settings by their number, since one of one person is that person's name."""
    if not quarter.new.is_known:
        return (Text(f"New organisations: {NOT_COLLECTED}. Of no day before this quarter is any attendance held by name."),)
    if not quarter.new.found:
        return (Text("New organisations: none. Somebody had attended before from each that came in this quarter."),)
    settings = Counter(sector for _, sector in quarter.new.found if sector in EDUCATION_SECTORS)
    lines = [name for name, sector in quarter.new.found if sector not in EDUCATION_SECTORS]
    lines += [f"{sector}: {several(settings[sector], 'setting')}" for sector in EDUCATION_SECTORS if settings[sector]]
    return (Text("New organisations, from which somebody attended by name for the first time on record:"), Points(tuple(lines)))


def _silent(quarter: Quarter) -> tuple[Block, ...]:
    if not quarter.silent:
        return (Text("Somebody attended from every organisation of the area that is not a school, college or early years setting."),)
    return (
        Text(
            "Organisations of the area from which nobody attended by name in this quarter; schools, colleges and early years are in"
            " section 4:"
        ),
        Points(tuple(quarter.silent)),
    )


def _matrices(quarter: Quarter) -> list[Grid]:
    """Attendances by organisation and course, few courses to a table so that it fits a page; nought where nobody came."""
    titles = {one.code: one.title for one in quarter.courses}
    codes = sorted({code for one in quarter.reach for code in one.by_course}, key=lambda code: titles.get(code, code))
    parts = [codes[start : start + _COURSES_A_TABLE] for start in range(0, len(codes), _COURSES_A_TABLE)]
    return [
        Grid(
            "Attendances by organisation and course" + (f", part {place} of {len(parts)}" if len(parts) > 1 else ""),
            ("Organisation", *(titles.get(code, code) for code in part)),
            tuple(
                (one.agency, *(counted(one.by_course.get(code, 0)) for code in part))
                for one in quarter.reach
                if any(code in one.by_course for code in part)
            ),
            tuple(range(1, len(part) + 1)),
        )
        for place, part in enumerate(parts, start=1)
    ]
