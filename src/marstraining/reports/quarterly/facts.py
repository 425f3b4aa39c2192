"""Everything a quarterly report is made of, and what a period comes to."""

from collections.abc import Sequence

from marstraining.core.values import frozen
from marstraining.reports.queries.annex import AskedSurvey, DataQuality
from marstraining.reports.queries.confidence import Confidence, Overall
from marstraining.reports.queries.delivery import CourseDelivery, HeldSession, summed, total
from marstraining.reports.queries.impact import Impact, ThreeWave
from marstraining.reports.queries.quality import Accredited, Coverage, Represented, Trained
from marstraining.reports.queries.reach import NewAgencies, Reach
from marstraining.reports.rules import Period


@frozen
class Sums:
    """What a period comes to in a few figures; None is not held. `whole` is all its sessions as one course.

    Not `is_on_record`: no session of that time or earlier is, so that its noughts say nothing.
    """

    sessions: int
    attendances: int | None
    people: int | None
    fill: float | None
    no_shows: float | None
    confidence: Overall
    whole: CourseDelivery
    is_on_record: bool = True


@frozen
class Quarter:
    """Everything a quarterly report is made of, as at one moment.

    `of` names what a narrower report is of ("" for the whole programme); `is_part` says that it is of some organisations' people
    alone, so that what is counted of rooms and of the whole area is left out.
    """

    period: Period
    as_at: str
    of: str
    is_part: bool
    sums: Sums
    before: Sums
    year_ago: Sums
    sessions: Sequence[HeldSession]
    courses: Sequence[CourseDelivery]
    reach: Sequence[Reach]
    silent: Sequence[str]
    new: NewAgencies
    briefings: Represented
    conferences: Represented
    coverage: Coverage
    confidence: Confidence
    three_wave: ThreeWave
    impact: Impact
    trained: Trained
    accredited: Sequence[Accredited]
    planned: Sequence[CourseDelivery]
    data_quality: DataQuality
    asked: Sequence[AskedSurvey]


def sums_of(sessions: Sequence[HeldSession], *, people: int, confidence: Overall, is_on_record: bool = True) -> Sums:
    """A period's sums: fill is attended of capacity, no-shows are absent of booked, each over the sessions that hold both."""
    over = [one for one in sessions if one.is_over]
    filled = [(one.attended, one.capacity) for one in over if one.attended is not None and one.capacity]
    missed = [(one.absent, one.booked) for one in over if one.absent is not None and one.booked]
    attendances = total([one.attended for one in over])
    return Sums(
        sessions=len(over),
        attendances=attendances if over else 0,
        # Headcounts have no names: that nobody is known by name does not mean that nobody came.
        people=people if people or not attendances else None,
        fill=_share(filled),
        no_shows=_share(missed),
        confidence=confidence,
        whole=summed("all", "All courses", sessions, people=people),
        is_on_record=is_on_record,
    )


def _share(pairs: Sequence[tuple[int, int]]) -> float | None:
    return sum(part for part, _ in pairs) / sum(whole for _, whole in pairs) if pairs else None
