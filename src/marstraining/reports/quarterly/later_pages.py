"""Pages 7 to 11 and the annexes: confidence, impact, quality, accreditation, the plan, definitions."""

from collections.abc import Mapping, Sequence
from datetime import date

from marstraining.reports.document import Bar, Block, Forest, Grid, Points, Text
from marstraining.reports.quarterly.facts import Quarter
from marstraining.reports.quarterly.words import counted, not_collected, of_the_whole
from marstraining.reports.queries.confidence import CourseConfidence
from marstraining.reports.rules import NOT_COLLECTED


def confidence(quarter: Quarter) -> tuple[Block, ...]:
    """Changes on one scale with who replied, and the courses that are not published."""
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
    if not quarter.confidence.courses:
        return not_collected("Feedback on confidence for this quarter")
    blocks: list[Block] = []
    if bars:
        blocks.append(Forest("Change in confidence by course, on a scale of 0 to 10, with 95% intervals", bars, _scale(bars)))
    blocks += [
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


def impact(quarter: Quarter) -> tuple[Block, ...]:
    """Follow-ups three months after."""
    if not quarter.confidence.follow_ups:
        return not_collected("Follow-ups three months after a session")
    return (
        Grid(
            "Three months after: who replied, and whether they have used it since",
            ("Session", "Replied", "Used it since"),
            tuple(quarter.confidence.follow_ups),
            (),
        ),
        Text(f"Confidence kept, barriers and managers’ answers over the quarter: {NOT_COLLECTED}."),  # noqa: RUF001 - as printed
    )


def quality(quarter: Quarter) -> tuple[Block, ...]:
    """Trainers and what the desk did about what people said."""
    one = quarter.trained
    return (
        Grid(
            "Trainers",
            ("Measure", "Figure"),
            (
                ("People who trained this quarter", counted(one.trainers)),
                ("Sessions of which trainers are on record", counted(one.sessions)),
                ("Of these, trained by two or more", counted(one.together)),
                ("Observations of training", NOT_COLLECTED),
                ("Courses reviewed against the standards", NOT_COLLECTED),
            ),
            (1,),
        ),
        Text("You said, we did: nothing is written yet.", place="you-said"),
    )


def accreditation(quarter: Quarter) -> tuple[Block, ...]:
    """Who holds, is about to lose and has lost an accreditation."""
    return (
        Grid(
            "Accreditations at the end of the quarter",
            ("Course", "Active", "End within 90 days", "Lapsed"),
            tuple((one.course, counted(one.active), counted(one.ending), counted(one.lapsed)) for one in quarter.accredited),
            (1, 2, 3),
            empty="No accreditation is on record.",
        ),
        Text(f"Charges, costs for each place and hours given in kind: {NOT_COLLECTED}."),
    )


def plan(quarter: Quarter) -> tuple[Block, ...]:
    """Sessions planned against who waits, people falling due, risks and actions."""
    return (
        Grid(
            "Sessions of the next two quarters and who waits for them",
            ("Course", "Planned", "Called off", "Waiting"),
            tuple((one.title, counted(one.planned), counted(one.called_off), counted(one.waiting)) for one in quarter.planned),
            (1, 2, 3),
            empty="No session is planned for the next two quarters.",
        ),
        *_falling_due(quarter),
        Text("Risks: none is written yet.", place="risks"),
        Text("Actions, each with an owner and a date: none is written yet.", place="actions"),
    )


def _falling_due(quarter: Quarter) -> tuple[Block, ...]:
    if quarter.of:
        return of_the_whole("People falling due under refresher rules")
    return (
        Grid(
            "People falling due under refresher rules, by month",
            ("Month", "Fall due"),
            tuple((f"{date.fromisoformat(f'{month}-01'):%B %Y}", counted(n)) for month, n in quarter.coverage.due.items()),
            (1,),
        ),
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
    "Not held means that nobody recorded it; it is never nought. A dash stands where no session of the course has run.",
    "Averages of confidence are shown from 10 replies and where at least one in five replied; fewer than 5 replies show nothing.",
)


def definitions(quarter: Quarter) -> tuple[Block, ...]:
    """What each figure means."""
    return (
        Points(_DEFINITIONS),
        Text(f"Sessions that ran and of which no attendance is held: {counted(_without_figure(quarter))}. Figures as at {quarter.as_at}."),
    )


def _without_figure(quarter: Quarter) -> int:
    return sum(one.is_over and one.attended is None for one in quarter.sessions)


def technical(quarter: Quarter) -> tuple[Block, ...]:
    """The statistics behind page 7."""
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
