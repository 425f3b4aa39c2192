"""Pages 7 and 9 to 11: confidence, quality, accreditation, the plan."""

from collections.abc import Sequence
from datetime import date

from marstraining.reports.document import Bar, Block, Forest, Grid, Points, Text
from marstraining.reports.quarterly.facts import Quarter
from marstraining.reports.quarterly.words import counted, not_collected, of_the_whole, three_wave_words
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
    note = Text(three_wave_words(quarter.three_wave))
    if not quarter.confidence.courses:
        return (*not_collected("Feedback on confidence for this quarter"), note)
    blocks: list[Block] = []
    if bars:
        blocks.append(Forest("Change in confidence by course, on a scale of 0 to 10, with 95% intervals", bars, _scale(bars)))
    blocks += [
        Grid(
            "Who replied, and how they moved",
            ("Course", "Replied", "More confident", "The same", "Less confident", "Note"),
            tuple((one.title, one.replied, one.up, one.same, one.down, _note(one)) for one in shown),
            (),
            empty="No average of this quarter may be shown.",
        ),
    ]
    if held_back:
        blocks += [Text("Not published, and why:"), Points(tuple(f"{one.title}: {one.why}" for one in held_back))]
    blocks += [Text("These are people’s own ratings of before and now, given after the session: a perceived change."), note]  # noqa: RUF001
    return tuple(blocks)


def _note(one: CourseConfidence) -> str:
    rated = [f"Rated from {one.rated_on}, rescaled"] if one.rated_on else []
    return "; ".join([*(["Few replied"] if one.few_replied else []), *rated])


def _scale(bars: Sequence[Bar]) -> tuple[float, float]:
    low, high = min((one.low for one in bars), default=0.0), max((one.high for one in bars), default=1.0)
    return float(min(-1, int(low) - 1)), float(max(1, int(high) + 1))


def quality(quarter: Quarter) -> tuple[Block, ...]:
    """Trainers and what the desk did about what people said."""
    one = quarter.trained
    return (
        Grid(
            "Trainers",
            ("Measure", "Figure"),
            (
                ("People who trained this quarter", counted(one.trainers if one.sessions else None)),
                ("Sessions of which trainers are on record", counted(one.sessions)),
                ("Of these, trained by two or more", counted(one.together if one.sessions else None)),
                ("Observations of training", NOT_COLLECTED),
                ("Courses reviewed against the standards", NOT_COLLECTED),
            ),
            (1,),
        ),
        Text(f"Themes of comments, and how many named each: {NOT_COLLECTED}."),
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
