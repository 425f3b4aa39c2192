"""What a digest says: its sections with their lines, as plain values, and whether it is worth a letter."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby

from marstraining.bookings.letters import date_words, moment
from marstraining.bookings.rules import BookingState
from marstraining.core.values import frozen
from marstraining.digests.queries import Change, FallingDue, Missed, OpenBooking, SessionChange, UnusedTool
from marstraining.digests.rules import MOST_LINES

_Named = Callable[[str], str]
_S = BookingState
# What a change of state is to a lead who was not asked; whatever is missing here still waits, and is told as that.
_BOOKED: Mapping[tuple[str, str], str] = {
    ("", _S.CONFIRMED): "Booked",
    (_S.INVITED, _S.CONFIRMED): "Has confirmed the place kept for them",
    (_S.REQUESTED, _S.CONFIRMED): "Approved and booked",
    (_S.OFFERED, _S.CONFIRMED): "Has taken the place offered",
    (_S.WAITING, _S.CONFIRMED): "Booked from the waiting list",
}
_ENDED: Mapping[tuple[str, str], str] = {
    (_S.CONFIRMED, _S.CANCELLED): "Cancelled",
    (_S.INVITED, _S.CANCELLED): "Cancelled before they confirmed",
    (_S.REQUESTED, _S.CANCELLED): "Taken back before it was approved",
    (_S.OFFERED, _S.CANCELLED): "Has let the place offered go",
    (_S.INVITED, _S.TURNED_DOWN): "Has said no to the place kept for them",
    (_S.OFFERED, _S.TURNED_DOWN): "Has turned the place offered down",
    (_S.INVITED, _S.LAPSED): "Did not confirm in time",
    (_S.OFFERED, _S.LAPSED): "Did not answer the offer in time",
    (_S.REQUESTED, _S.LAPSED): "Nobody approved it in time",
    (_S.REQUESTED, _S.DECLINED): "Not approved",
    (_S.CONFIRMED, _S.SUBSTITUTED): "A colleague has taken the place",
    (_S.INVITED, _S.SUBSTITUTED): "A colleague has taken the place",
    (_S.WAITING, _S.WITHDRAWN): "Has left the waiting list",
}
# An invitation that is over is told at once to whoever made it.
_OVER = {(_S.INVITED, _S.TURNED_DOWN), (_S.INVITED, _S.LAPSED)}
_SWAPPED = "swapped"


@frozen
class Line:
    """Something told: who, or for a session which; what of; and what there is to say of it."""

    who: str
    path: str
    said: str
    below: str


@frozen
class Section:
    """Lines of one kind. `counted` says their number in the subject; without `is_news` they alone are worth no letter.

    `path` is where all of them stand.
    """

    heading: str
    lines: Sequence[Line]
    path: str
    counted: str = ""
    is_news: bool = True
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """As the letter's row keeps it."""
        shown = [{"who": one.who, "path": one.path, "said": one.said, "below": one.below} for one in self.lines[:MOST_LINES]]
        return {"heading": self.heading, "lines": shown, "more": len(self.lines) - len(shown), "path": self.path, "note": self.note}


@frozen
class Told:
    """All that there is for one lead; the last two only where what comes once a week is due."""

    open: Sequence[OpenBooking]
    changes: Sequence[Change]
    sessions: Sequence[SessionChange]
    missed: Sequence[Missed]
    due: FallingDue | None = None
    unused: Sequence[UnusedTool] = ()


def sections_of(told: Told, *, lead_id: int, has_branches: bool, is_weekly: bool) -> list[Section]:
    """The sections that have something, what waits for an answer in front.

    What the lead did is left out, and what they were told at once. Of each booking the last change counts.
    """
    last = {change.booking_id: change for change in told.changes}
    moved, rest = _moved(list(last.values()))
    news = [change for change in rest if change.by_id != lead_id and not _was_told(change, lead_id)]
    joined = {change.booking_id for change in news if change.to_state == _S.WAITING and change.from_state != _S.OFFERED}
    called_off = [change for change in rest if change.to_state == _S.CALLED_OFF]
    agency = _agency if has_branches else _no_agency
    waiting = [one for one in told.open if one.state == _S.WAITING]
    found = [
        Section("Waiting for your approval", _open_lines(told.open, _S.REQUESTED, "Please answer by", agency),
                "/agency/bookings?show=asked", "to approve"),
        Section("Invited and not confirmed yet", _open_lines(told.open, _S.INVITED, "To be confirmed by", agency),
                "/agency/bookings?show=invited", "not confirmed"),
        Section("A place is offered", _open_lines(told.open, _S.OFFERED, "They can take it until", agency), "/agency/bookings", "offered"),
        Section("Booked", _change_lines(news, _BOOKED, agency), "/agency/bookings", "booked"),
        Section("Moved to another date", [line for change in moved if change[1].by_id != lead_id for line in _moved_lines(*change, agency)],
                "/agency/bookings", "moved"),
        Section("Cancelled or not taken up", _change_lines(news, _ENDED, agency), "/agency/bookings?show=all", "cancelled"),
        Section("Sessions changed or called off", [*_called_off_lines(called_off), *_session_lines(told.sessions)],
                "/agency/bookings?show=all", "changed"),
        Section("Did not attend", [_missed_line(one, agency) for one in told.missed], "/agency/ledger", "did not attend"),
        Section("On waiting lists", [_waiting_line(one, is_new=one.booking_id in joined, agency=agency) for one in waiting],
                "/agency/bookings", "waiting", is_news=is_weekly or any(one.booking_id in joined for one in waiting)),
    ]  # fmt: skip
    if told.due is not None:
        found.append(_due(told.due))
    found.append(Section("No longer used?", [_unused_line(one) for one in told.unused], "/agency/due#accreditations", "without use"))
    return [section for section in found if section.lines or section.note]


def is_worth_a_letter(sections: Iterable[Section]) -> bool:
    """Whether anything happened, waits for an answer, or is told this once a week."""
    return any(section.is_news and section.lines for section in sections)


def summary(sections: Iterable[Section]) -> str:
    """How much of what, as in "2 to approve, 3 booked": for the subject, the most pressing three."""
    counts = [f"{len(section.lines)} {section.counted}" for section in sections if section.lines]
    return ", ".join(counts[:3]) + (" and more" if len(counts) > 3 else "")


def _was_told(change: Change, lead_id: int) -> bool:
    return (change.from_state, change.to_state) in _OVER and change.made_by_id == lead_id


def _moved(last: Sequence[Change]) -> tuple[list[tuple[Change, Change]], list[Change]]:
    """Pairs of a booking given up and the one taken for it in the same moment, and everything else."""
    given_up = {(one.learner_id, one.course_id, one.at): one for one in last if one.reason == _SWAPPED}
    pairs = []
    for change in last:
        old = given_up.get((change.learner_id, change.course_id, change.at))
        if old is not None and change.booking_id != old.booking_id and (change.from_state, change.to_state) in _BOOKED:
            pairs.append((old, change))
    paired = {one.booking_id for pair in pairs for one in pair}
    return pairs, [change for change in last if change.booking_id not in paired]


def _agency(name: str) -> str:
    return f"{name}. "


def _no_agency(_name: str) -> str:
    return ""


def _of(title: str, starts_at: datetime | None) -> str:
    return f"{title}, {date_words(starts_at)}" if starts_at else f"{title}, postponed"


def _booking(ref: str) -> str:
    return f"/agency/bookings/{ref}"


def _open_lines(found: Sequence[OpenBooking], state: str, words: str, agency: _Named) -> list[Line]:
    return [
        Line(
            one.learner,
            _booking(one.ref),
            _of(one.title, one.starts_at),
            agency(one.agency) + (f"{words} {moment(one.until)}" if one.until else ""),
        )
        for one in found
        if one.state == state
    ]


def _change_lines(news: Sequence[Change], words: Mapping[tuple[str, str], str], agency: _Named) -> list[Line]:
    lines = []
    for change in news:
        said = words.get((change.from_state, change.to_state))
        if said is not None:
            lines.append(Line(change.learner, _booking(change.ref), _of(change.title, change.starts_at), agency(change.agency) + said))
    return lines


def _moved_lines(old: Change, new: Change, agency: _Named) -> list[Line]:
    before = f"Instead of {date_words(old.starts_at)}" if old.starts_at else "Instead of the date that was postponed"
    return [Line(new.learner, _booking(new.ref), _of(new.title, new.starts_at), agency(new.agency) + before)]


def _called_off_lines(found: Sequence[Change]) -> list[Line]:
    lines = []
    for _, group in groupby(sorted(found, key=lambda one: (one.session_id, one.learner.casefold())), key=lambda one: one.session_id):
        people = list(group)
        said = ", ".join(one.learner for one in people)
        lines.append(Line(_of(people[0].title, people[0].starts_at), "/agency/bookings?show=all", said, "Called off"))
    return lines


def _session_lines(found: Sequence[SessionChange]) -> list[Line]:
    """One line for each session, with the last that befell it."""
    lines = []
    for _, group in groupby(sorted(found, key=lambda one: one.session_id), key=lambda one: one.session_id):
        people = list(group)
        said = ", ".join(sorted({one.learner for one in people}, key=str.casefold))
        lines.append(Line(people[0].title, "/agency/bookings", said, _befell(people[-1])))
    return lines


def _befell(change: SessionChange) -> str:
    if change.action == "postpone_session":
        return "Postponed: the new date follows"
    now_on = date_words(change.starts_at)
    return f"Runs online instead, on {now_on}" if change.action == "make_online" else f"New date: {now_on}"


def _missed_line(one: Missed, agency: _Named) -> Line:
    said = "Did not attend, excused" if one.is_excused else "Did not attend"
    return Line(one.learner, _booking(one.ref), _of(one.title, one.starts_at), agency(one.agency) + said)


def _waiting_line(one: OpenBooking, *, is_new: bool, agency: _Named) -> Line:
    place = f"{'New: number' if is_new else 'Number'} {one.place} in line"
    return Line(one.learner, _booking(one.ref), _of(one.title, one.starts_at), agency(one.agency) + place)


def _due(due: FallingDue) -> Section:
    lines = [
        Line(colleague.name, f"/agency/staff/{colleague.ref}", one.asked.rule.title, f"Due on {_day(one.due_on)}" if one.due_on else "")
        for colleague, one in due.lines
    ]
    note = ""
    if due.overdue:
        note = f"{due.overdue} {'person has' if due.overdue == 1 else 'people have'} something overdue already."
    heading = "Falls due in the next 30 days" if lines else "Overdue"
    return Section(heading, lines, "/agency/due", "due soon", note=note)


def _unused_line(one: UnusedTool) -> Line:
    return Line(one.learner, f"/agency/staff/{one.ref}", one.title, f"No use on record since {_day(one.last_use)}")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
