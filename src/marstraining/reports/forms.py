"""Forms of the board's calendar: a meeting, a year of meetings by a rule, an action of a report."""

from datetime import date

from marstraining.core.values import frozen
from marstraining.core.web import Form
from marstraining.reports.rules import LONGEST_NOTE, LONGEST_PLACE, MeetingDraft, MonthlyRule, Period

ORDINALS = {"1": "First", "2": "Second", "3": "Third", "4": "Fourth", "0": "Last"}
WEEKDAYS = {"0": "Monday", "1": "Tuesday", "2": "Wednesday", "3": "Thursday", "4": "Friday"}
HOW_OFTEN = {"3": "Every three months", "2": "Every two months", "1": "Every month", "6": "Every six months"}
LONGEST_ACTION, LONGEST_OWNER = 300, 120
_FURTHEST_YEARS = 5


def period_value(period: Period) -> str:
    """A period as a form names it."""
    return f"{period.year}" if period.quarter is None else f"{period.year}-{period.quarter}"


def period_choices(today: date) -> dict[str, str]:
    """The quarters that a meeting may report: five years back, since a calendar may be written up late, and two ahead."""
    present = Period.holding(today)
    quarters = [present.step(number) for number in range(8, -21, -1)]
    return {period_value(one): f"Quarter {one.quarter} of {one.year_words}" for one in quarters}


def meeting_form(draft: MeetingDraft) -> Form:
    """A meeting as it stands or is proposed, to be edited."""
    return Form.of(
        meets_on=draft.meets_on,
        starts=draft.starts,
        place=draft.place,
        paper_due_on=draft.paper_due_on,
        cut_off_on=draft.cut_off_on,
        period=period_value(draft.period),
        note=draft.note,
    )


def read_meeting(form: Form, *, today: date) -> MeetingDraft | None:
    """The meeting as it was typed; None with a sentence for each field that is not well formed."""
    latest = date(today.year + _FURTHEST_YEARS, 12, 31)
    meets_on = form.date("meets_on", "the date of the meeting", latest=latest)
    starts = form.time("starts", "the time of the meeting", required=False)
    place = form.text("place", "the place", required=False, max=LONGEST_PLACE)
    cut_off_on = form.date("cut_off_on", "the data cut-off")
    paper_due_on = form.date("paper_due_on", "the day the paper is due")
    period = form.choice("period", "the quarter that the paper reports", period_choices(today))
    note = form.text("note", "the note", required=False, max=LONGEST_NOTE, multiline=True)
    if form.errors:
        return None
    year, _, quarter = period.partition("-")
    return MeetingDraft(meets_on, paper_due_on, cut_off_on, Period(int(year), int(quarter)), starts, place, note)


def month_choices(today: date) -> dict[str, str]:
    """The months in which a year of meetings may begin: this one and the next seventeen."""
    months = [divmod(today.year * 12 + today.month - 1 + number, 12) for number in range(18)]
    return {f"{year}-{month + 1:02}": f"{date(year, month + 1, 1):%B %Y}" for year, month in months}


def usual_year(today: date, *, place: str) -> Form:
    """A year as most boards meet: every three months on a second Thursday, from the first that is to come."""
    month = next(value for value in month_choices(today) if _second_thursday(value) >= today)
    return Form.of(which="2", weekday="3", every="3", count="4", first=month, place=place)


def _second_thursday(month: str) -> date:
    first = date.fromisoformat(f"{month}-01")
    return date(first.year, first.month, 8 + (3 - first.weekday()) % 7)


@frozen
class YearForm:
    """A rule with what its meetings have in common."""

    rule: MonthlyRule
    place: str


def read_year_form(form: Form, *, today: date) -> YearForm | None:
    """The rule as it was chosen; None with a sentence for each fault."""
    ordinal = form.choice("which", "which week of the month", ORDINALS)
    weekday = form.choice("weekday", "the day of the week", WEEKDAYS)
    every = form.choice("every", "how often the board meets", HOW_OFTEN)
    first = form.choice("first", "the month of the first meeting", month_choices(today))
    count = form.integer("count", "the number of meetings", min=1, max=12)
    place = form.text("place", "the place", required=False, max=LONGEST_PLACE)
    if form.errors:
        return None
    year, _, month = first.partition("-")
    return YearForm(MonthlyRule(int(ordinal), int(weekday), int(year), int(month), int(every), count), place)


@frozen
class TypedAction:
    """Something that will be done, as typed."""

    what: str
    owner: str
    due_on: date


def read_action(form: Form, *, today: date) -> TypedAction | None:
    """The action as it was typed; None with a sentence for each fault."""
    what = form.text("what", "what will be done", max=LONGEST_ACTION)
    owner = form.text("owner", "who will do it", max=LONGEST_OWNER)
    due_on = form.date("due_on", "the day by which it is done", earliest=today)
    return None if form.errors else TypedAction(what, owner, due_on)
