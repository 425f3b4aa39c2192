"""The quarterly report to the board, page by page (evaluation.md 4.7), composed of plain figures; nothing here reads a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from marstraining.reports.document import Bar, Block, Forest, Grid, Points, Section, Text, Tile, Tiles
from marstraining.reports.queries.confidence import Confidence, CourseConfidence
from marstraining.reports.queries.delivery import CourseDelivery, HeldSession, Reach, delivered_how, total
from marstraining.reports.queries.quality import Accredited, Coverage, Represented, Trained
from marstraining.reports.rules import NOT_COLLECTED, Figure, Measure, Period, Standing

_NOT_HELD = "not held"
_COURSES_A_TABLE = 6


@dataclass(frozen=True, slots=True)
class Sums:
    """What a period comes to in six figures; None is not held."""

    sessions: int
    attendances: int | None
    people: int
    fill: float | None
    no_shows: float | None


@dataclass(frozen=True, slots=True)
class Quarter:
    """Everything a quarterly report is made of, as at one moment."""

    period: Period
    as_at: str
    sums: Sums
    before: Sums
    year_ago: Sums
    sessions: Sequence[HeldSession]
    courses: Sequence[CourseDelivery]
    reach: Sequence[Reach]
    silent: Sequence[str]
    represented: Sequence[Represented]
    coverage: Coverage
    confidence: Confidence
    trained: Trained
    accredited: Sequence[Accredited]
    planned: Sequence[CourseDelivery]


def sums_of(sessions: Sequence[HeldSession], *, people: int) -> Sums:
    """Six figures of a period: fill is attended of capacity, no-shows are absent of booked, each where both are held."""
    over = [one for one in sessions if one.is_over]
    filled = [(one.attended, one.capacity) for one in over if one.attended is not None and one.capacity]
    missed = [(one.absent, one.booked) for one in over if one.absent is not None and one.booked]
    return Sums(
        sessions=len(over),
        attendances=total([one.attended for one in over]),
        people=people,
        fill=_share(filled),
        no_shows=_share(missed),
    )


def _share(pairs: Sequence[tuple[int, int]]) -> float | None:
    return sum(part for part, _ in pairs) / sum(whole for _, whole in pairs) if pairs else None


def sections_of(quarter: Quarter) -> tuple[Section, ...]:
    """Eleven pages and two annexes."""
    return (
        Section("1", "Summary", _summary(quarter)),
        Section("2", "Delivery", _delivery(quarter)),
        Section("3", "Reach", _reach(quarter)),
        Section("4", "Education and early years", _education(quarter)),
        Section("5", "Voluntary and community sector", _not_collected("Returns of the voluntary and community sector")),
        Section("6", "E-workbooks", _not_collected("E-workbooks started and completed")),
        Section("7", "Confidence", _confidence(quarter)),
        Section("8", "Impact after three months", _impact(quarter)),
        Section("9", "Quality", _quality(quarter)),
        Section("10", "Accreditation and money", _accreditation(quarter)),
        Section("11", "Plan and risks", _plan(quarter)),
        Section("Annex A", "Definitions and data quality", _definitions(quarter)),
        Section("Annex B", "Technical table", _technical(quarter)),
    )


def paper_of(quarter: Quarter) -> tuple[Section, ...]:
    """The two-page paper that goes before the pages: the summary and what the board is asked."""
    return (Section("", "Summary", _summary(quarter)), Section("", "What is planned and at risk", _plan(quarter)[:2]))


def figures_of(quarter: Quarter, *, as_at: str) -> tuple[Figure, ...]:
    """The figures of the quarter by key and measure, so that two snapshots can be compared; people and attendances apart."""
    found = [
        Figure("all", "Sessions run", Measure.SESSIONS, quarter.sums.sessions, _number(quarter.sums.sessions), Standing.COMPUTED, as_at),
        Figure(
            "all", "Attendances", Measure.ATTENDANCES, quarter.sums.attendances, _number(quarter.sums.attendances), Standing.COMPUTED, as_at
        ),
        Figure("all", "Different people", Measure.PEOPLE, quarter.sums.people, _number(quarter.sums.people), Standing.COMPUTED, as_at),
    ]
    for one in quarter.courses:
        for measure, value in ((Measure.SESSIONS, one.run), (Measure.ATTENDANCES, one.attended), (Measure.PEOPLE, one.people)):
            standing = Standing.COMPUTED if value is not None else Standing.NOT_HELD
            found.append(Figure(one.code, one.title, measure, value, _number(value), standing, as_at, one.code))
    return tuple(found)


# ---- words ------------------------------------------------------------------------------------------------------------


def _number(value: int | None) -> str:
    return _NOT_HELD if value is None else f"{value:,}"


def _several(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _percent(share: float | None) -> str:
    return _NOT_HELD if share is None else f"{share:.0%}"


def _beside(quarter: Quarter, name: str, *, is_share: bool = False) -> tuple[str, ...]:
    words = _percent if is_share else _number
    before, ago = getattr(quarter.before, name), getattr(quarter.year_ago, name)
    return (f"{words(before)} in the quarter before", f"{words(ago)} in the same quarter a year ago")


def _not_collected(what: str) -> tuple[Block, ...]:
    return (Text(f"{what}: {NOT_COLLECTED}. Nothing is held, which is not the same as none."),)


# ---- pages ------------------------------------------------------------------------------------------------------------


def _summary(quarter: Quarter) -> tuple[Block, ...]:
    sums, overall = quarter.sums, quarter.confidence.programme
    return (
        Tiles(
            (
                Tile("Sessions run", _number(sums.sessions), _beside(quarter, "sessions")),
                Tile("Attendances", _number(sums.attendances), _beside(quarter, "attendances")),
                Tile("Different people", _number(sums.people), _beside(quarter, "people")),
                Tile("Places filled", _percent(sums.fill), _beside(quarter, "fill", is_share=True)),
                Tile("Did not attend", _percent(sums.no_shows), _beside(quarter, "no_shows", is_share=True)),
                Tile("Confidence", overall.change_words, (overall.replied,)),
            )
        ),
        Text(_opening(quarter), place="summary"),
        Text(_most_attended(quarter), place="know-1"),
        Text(_waiting(quarter), place="know-2"),
        Text(quarter.confidence.sentence, place="know-3"),
        Text("Decisions requested: to note this report.", place="decisions"),
    )


def _opening(quarter: Quarter) -> str:
    sums = quarter.sums
    if not sums.sessions:
        return f"No session ran in {quarter.period.words}."
    people = f", by {_several(sums.people, 'different person', 'different people')} where names are held" if sums.people else ""
    return f"In {quarter.period.words}, {_several(sums.sessions, 'session')} ran, with {_number(sums.attendances)} attendances{people}."


def _most_attended(quarter: Quarter) -> str:
    held = [one for one in quarter.courses if one.attended]
    if not held:
        return "No attendance is held for this quarter."
    most = max(held, key=lambda one: one.attended or 0)
    return f"Most attended: {most.title}, {_number(most.attended)} attendances at {_several(most.run, 'session')}."


def _waiting(quarter: Quarter) -> str:
    waiting = [one for one in quarter.planned if one.waiting]
    if not waiting:
        return "Nobody is waiting for a place at a session of the next two quarters."
    longest = max(waiting, key=lambda one: one.waiting)
    number = sum(one.waiting for one in waiting)
    people = _several(number, "person is", "people are")
    return f"{people} waiting for a place in the next two quarters, most of them for {longest.title} ({longest.waiting})."


def _delivery(quarter: Quarter) -> tuple[Block, ...]:
    heads = (
        "Course", "Planned", "Run", "Called off", "Places", "Booked", "Attended", "In part", "Did not attend", "Late cancelled",
        "Walked in", "Waiting",
    )  # fmt: skip
    rows = [_course_row(one) for one in quarter.courses]
    sums = [
        "All courses", *(
            _number(value)
            for value in (
                sum(one.planned for one in quarter.courses), sum(one.run for one in quarter.courses),
                sum(one.called_off for one in quarter.courses), total([one.capacity for one in quarter.courses]),
                total([one.booked for one in quarter.courses]), total([one.attended for one in quarter.courses]),
                total([one.partial for one in quarter.courses]), total([one.absent for one in quarter.courses]),
                sum(one.late_cancelled for one in quarter.courses), total([one.walked_in for one in quarter.courses]),
                sum(one.waiting for one in quarter.courses),
            )
        ),
    ]  # fmt: skip
    ways = delivered_how(quarter.sessions)
    return (
        Grid("Sessions and people by course", heads, (*rows, tuple(sums)) if rows else (), tuple(range(1, 12))),
        Grid("Sessions run by how they were delivered", ("How", "Sessions"), tuple((how, _number(n)) for how, n in ways.items()), (1,)),
        Text(f"E-learning: {NOT_COLLECTED}."),
    )


def _course_row(one: CourseDelivery) -> tuple[str, ...]:
    values = (
        one.planned, one.run, one.called_off, one.capacity, one.booked, one.attended, one.partial, one.absent, one.late_cancelled,
        one.walked_in, one.waiting,
    )  # fmt: skip
    return (one.title, *(_number(value) for value in values))


def _reach(quarter: Quarter) -> tuple[Block, ...]:
    whole = Grid(
        "Organisations by attendances and different people",
        ("Organisation", "Sector", "Attendances", "Different people"),
        tuple((one.agency, one.sector, _number(one.attendances), _number(one.people)) for one in quarter.reach),
        (2, 3),
        empty="Nobody attended by name in this period.",
    )
    codes = sorted({code for one in quarter.reach for code in one.by_course})
    titles = {one.code: one.title for one in quarter.courses}
    parts = [codes[start : start + _COURSES_A_TABLE] for start in range(0, len(codes), _COURSES_A_TABLE)]
    matrices = [
        Grid(
            f"Attendances by organisation and course, part {number} of {len(parts)}",
            ("Organisation", *(titles.get(code, code) for code in part)),
            tuple(
                (one.agency, *(_number(one.by_course.get(code, 0)) for code in part))
                for one in quarter.reach
                if any(code in one.by_course for code in part)
            ),
            tuple(range(1, len(part) + 1)),
        )
        for number, part in enumerate(parts, start=1)
    ]
    silent = Points(tuple(quarter.silent)) if quarter.silent else Text("Somebody attended from every organisation of the area.")
    return (
        whole,
        *matrices,
        Text(f"Share of each organisation’s workforce: {NOT_COLLECTED}."),  # noqa: RUF001 - the page's own apostrophe
        Text("Organisations of the area from which nobody attended by name in this quarter:"),
        silent,
    )


def _education(quarter: Quarter) -> tuple[Block, ...]:
    return (
        Grid(
            "Settings represented at this quarter’s briefings and forums",  # noqa: RUF001 - as above
            ("Sector", "Settings in the register", "Represented"),
            tuple((one.sector, _number(one.settings), _number(one.represented)) for one in quarter.represented),
            (1, 2),
            empty="No school or early years setting is in the register.",
        ),
        _standings(quarter.coverage, "Designated Safeguarding Leads and early years staff against their rules", ("DSL", "EY", "SCH")),
        Text("Names of settings not represented are in the restricted annex that the training team holds."),
    )


def _standings(coverage: Coverage, caption: str, prefixes: tuple[str, ...] = ("",)) -> Grid:
    held = [one for one in coverage.standings if one.code.startswith(prefixes)]
    return Grid(
        caption,
        ("Rule", "Asked of", "Up to date", "Share", "Overdue"),
        tuple(
            (one.title, _number(one.asked), _number(one.current), _percent(one.current / one.asked), _number(one.overdue)) for one in held
        ),
        (1, 2, 3, 4),
        empty="No rule asks anything of anybody in these posts.",
    )


def _confidence(quarter: Quarter) -> tuple[Block, ...]:
    shown = [one for one in quarter.confidence.courses if one.change is not None]
    held_back = [one for one in quarter.confidence.courses if one.change is None]
    bars = tuple(
        Bar(
            one.title,
            one.change,
            one.low if one.low is not None else one.change,
            one.high if one.high is not None else one.change,
            one.words,
        )
        for one in sorted(shown, key=lambda one: -one.answers)
        if one.change is not None
    )
    blocks: list[Block] = [
        Forest("Change in confidence by course, 0 to 10, with 95% intervals", bars, _scale(bars)),
        Grid(
            "Who replied, and how they moved",
            ("Course", "Replied", "More confident", "The same", "Less confident", "Note"),
            tuple((one.title, one.replied, one.up, one.same, one.down, "Few replied" if one.few_replied else "") for one in shown),
            (),
            empty="No course has enough replies for an average this quarter.",
        ),
    ]
    if held_back:
        blocks += [Text("Not published, and why:"), Points(tuple(f"{one.title}: {one.why}" for one in held_back))]
    blocks.append(Text("These are people’s own ratings of before and now, given after the session: a perceived change."))  # noqa: RUF001
    return tuple(blocks)


def _scale(bars: Sequence[Bar]) -> tuple[float, float]:
    low, high = min((one.low for one in bars), default=0.0), max((one.high for one in bars), default=1.0)
    return float(min(-1, int(low) - 1)), float(max(1, int(high) + 1))


def _impact(quarter: Quarter) -> tuple[Block, ...]:
    if not quarter.confidence.follow_ups:
        return _not_collected("Follow-ups three months after a session")
    return (
        Grid(
            "Three months after: who replied, and whether they used it",
            ("Course", "Replied", "Used it"),
            tuple(quarter.confidence.follow_ups),
            (),
        ),
    )


def _quality(quarter: Quarter) -> tuple[Block, ...]:
    one = quarter.trained
    return (
        Grid(
            "Trainers",
            ("Measure", "Figure"),
            (
                ("People who trained this quarter", _number(one.trainers)),
                ("Sessions of which trainers are on record", _number(one.sessions)),
                ("Of these, trained by two or more", _number(one.together)),
                ("Observations of training", NOT_COLLECTED),
                ("Courses reviewed against the standards", NOT_COLLECTED),
            ),
            (1,),
        ),
        Text("You said, we did: nothing is written yet.", place="you-said"),
    )


def _accreditation(quarter: Quarter) -> tuple[Block, ...]:
    return (
        Grid(
            "Accreditations at the end of the quarter",
            ("Course", "Active", "End within 90 days", "Lapsed"),
            tuple((one.course, _number(one.active), _number(one.ending), _number(one.lapsed)) for one in quarter.accredited),
            (1, 2, 3),
            empty="No accreditation is on record.",
        ),
        Text(f"Charges, costs for each place and hours given in kind: {NOT_COLLECTED}."),
    )


def _plan(quarter: Quarter) -> tuple[Block, ...]:
    return (
        Grid(
            "Sessions of the next two quarters and who waits for them",
            ("Course", "Planned", "Called off", "Waiting"),
            tuple((one.title, _number(one.planned), _number(one.called_off), _number(one.waiting)) for one in quarter.planned),
            (1, 2, 3),
            empty="No session is planned for the next two quarters.",
        ),
        Grid(
            "People falling due under refresher rules, by month",
            ("Month", "Fall due"),
            tuple((f"{date.fromisoformat(f'{month}-01'):%B %Y}", _number(n)) for month, n in quarter.coverage.due.items()),
            (1,),
        ),
        Text("Risks: none is written yet.", place="risks"),
        Text("Actions, each with an owner and a date: none is written yet.", place="actions"),
    )


_DEFINITIONS = (
    (
        "An attendance is one person at one session, however many training days it has. Different people are counted once each, and only"
        " where names are held."
    ),
    (
        "A session belongs to the quarter of its first training day. Planned counts every session that was not a draft; run, those that"
        " took place by the date of these figures."
    ),
    (
        "Booked counts those booked when the session began and those who cancelled after the cut-off. The share that did not attend is the"
        " absent among them."
    ),
    "Places filled is attended of places, over the sessions that have a limit and a register or a headcount.",
    "Not held means that nobody recorded it; it is never nought.",
    "Averages of confidence are shown from 10 replies and where at least one in five replied; fewer than 5 replies show nothing.",
)


def _definitions(quarter: Quarter) -> tuple[Block, ...]:
    return (
        Points(_DEFINITIONS),
        Text(f"Sessions that ran and of which no attendance is held: {_number(_without_figure(quarter))}. Figures as at {quarter.as_at}."),
    )


def _without_figure(quarter: Quarter) -> int:
    return sum(one.is_over and one.attended is None for one in quarter.sessions)


def _technical(quarter: Quarter) -> tuple[Block, ...]:
    return (
        Grid(
            "Change in confidence by course",
            ("Course", "n", "Before", "Now", "SD of change", "95% interval", "r", "g", "p (Holm)"),
            tuple(_technical_row(one) for one in quarter.confidence.courses if one.technical),
            tuple(range(1, 9)),
            empty="No course has enough replies for a technical table this quarter.",
        ),
    )


def _technical_row(one: CourseConfidence) -> tuple[str, ...]:
    values: Mapping[str, str] = one.technical
    return (one.title, *(values.get(name, "") for name in ("n", "then", "now", "sd", "interval", "r", "g", "p")))
