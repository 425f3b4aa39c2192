"""The annexes: definitions, how sound the data is, thresholds, what people were asked, and the statistics behind page 7."""

from collections.abc import Sequence

from marstraining.evaluation.gate import thresholds
from marstraining.reports.document import Block, Grid, Points, Text
from marstraining.reports.quarterly.facts import Quarter
from marstraining.reports.quarterly.words import counted, of_the_whole
from marstraining.reports.queries.confidence import CourseConfidence

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
    (
        "Confidence is rated from 0 to 10. What was rated on another scale is kept as it was, and stands beside others only rescaled, by"
        " the per cent of the maximum possible (POMP); ratings of different scales are never added up as they are."
    ),
    "Not collected yet means that nothing of it is held so far, which is not the same as none.",
    (
        "Not held means that nobody recorded it; it is never nought. Totals are of what is held. A dash stands where no session of the"
        " course has run."
    ),
    (
        "Three months later: people are asked again twelve weeks after a course, managers where the training team chose so. Figures are"
        " sums of whole blocks of surveys, so some wait to be counted. Kept is the change of the same people from the end of the session"
        " to three months later."
    ),
    (
        "The three-wave check: on a fifth of sessions, drawn at random, people rate themselves before they come too. The shift is what"
        " they rate “before today” afterwards less what they said then, on average over the year, and stays as it was when its surveys"
        " closed."
    ),
)


def definitions(quarter: Quarter) -> tuple[Block, ...]:
    """What each figure means, how sound the registers are, what may be shown of answers, and what people were asked."""
    return (Points(_DEFINITIONS), _quality(quarter), _THRESHOLDS, *_asked(quarter), Text(f"Figures as at {quarter.as_at}."))


_THRESHOLDS = Grid("What is shown of answers, applied to every figure of this report", ("What", "Shown"), thresholds())


def _quality(quarter: Quarter) -> Grid:
    held = quarter.data_quality
    rows = [
        ("Attendances by name without an organisation", counted(held.without_agency)),
        ("Attendances by name of people without a post, and so a role, on the day", counted(held.without_post)),
    ]
    if not quarter.is_part:
        # Of some organisations' people alone, a session that none of them came to holds nothing either.
        rows += [
            ("Sessions that ran and of which no attendance is held", counted(_without_figure(quarter))),
            ("Entries in reports of online meetings", counted(held.reported)),
            ("Of these, matched with nobody yet", counted(held.unmatched)),
            ("Sessions with such entries", counted(held.unmatched_sessions)),
        ]
    return Grid("How sound the registers are", ("Measure", "Figure"), tuple(rows), (1,))


def _asked(quarter: Quarter) -> tuple[Block, ...]:
    if quarter.is_part:
        return of_the_whole("What people were asked")
    if not quarter.asked:
        return (Text("What people were asked: no survey of this quarter’s sessions has closed, nor one of three months later in it."),)  # noqa: RUF001 - as printed
    return (
        Text("What people were asked, in the versions that this report’s figures come from:"),  # noqa: RUF001 - as above
        *(
            Grid(
                f"{one.title}, version {one.version} of {one.made_on.day} {one.made_on:%B %Y}",
                ("Question", "How it is answered"),
                one.questions,
            )
            for one in quarter.asked
        ),
    )


def _without_figure(quarter: Quarter) -> int:
    return sum(one.is_over and one.attended is None for one in quarter.sessions)


_TECHNICAL = ("n", "then", "now", "sd", "interval", "r", "g", "p")
_FURTHER = ("up", "margin", "w", "g_z", "d_av")
_HOW = (
    (
        "p: Wilcoxon’s signed-rank test, two-sided, exact, adjusted by Holm over the courses of this report. r: its matched-pairs"  # noqa: RUF001
        " rank-biserial correlation, of the rank sums of those who went up and of those who went down."
    ),
    (
        "Sizes of effect: the mean change by the average of both standard deviations (d), corrected for few pairs (g), and by the standard"
        " deviation of the change, corrected (gz), which grows with the correlation and is never read alone."
    ),
    (
        "More confident: Wilson’s 95% interval of the share. Margin: of that share among all who came, 95%, smaller the more of them"  # noqa: RUF001
        " replied; it does not say whether those who did not reply think alike."
    ),
)


def technical(quarter: Quarter) -> tuple[Block, ...]:
    """The statistics behind page 7."""
    courses = [one for one in quarter.confidence.courses if one.technical]
    further = Grid(
        "Further statistics by course",
        ("Course", "More confident, 95% interval", "Margin", "Rank sums up and down", "gz", "d"),
        tuple(_row(one, _FURTHER) for one in courses),
        tuple(range(1, 6)),
    )
    return (
        Grid(
            "Change in confidence by course",
            ("Course", "n", "Before", "Now", "SD of change", "95% interval", "r", "g", "p (Holm)"),
            tuple(_row(one, _TECHNICAL) for one in courses),
            tuple(range(1, 9)),
            empty="No course has enough replies for a technical table this quarter.",
        ),
        *((further, Points(_HOW)) if courses else ()),
    )


def _row(one: CourseConfidence, names: Sequence[str]) -> tuple[str, ...]:
    # Where nothing can be computed, or nothing may be told.
    return (one.title, *(one.technical.get(name) or "–" for name in names))  # noqa: RUF001 - a dash as printed
