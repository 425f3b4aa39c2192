"""The training team's forms of courses, sessions, training days, series and venues into the plain values that actions take."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Literal

from marstraining.core.clock import from_wall, local
from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import Form
from marstraining.programme.forms.filters import read_date
from marstraining.programme.questions import Question, as_lines, read_lines
from marstraining.programme.rules import (
    AUDIENCES,
    DELIVERY_LABELS,
    KIND_LABELS,
    LONGEST_SESSION_DAYS,
    Access,
    Arrangement,
    CourseDraft,
    DayPlan,
    SessionDraft,
    VenueDraft,
    check_days,
)
from marstraining.programme.series import SeriesRule

DAY_ROWS = 1
SERIES_ROWS = 6
_LONG = 10_000
_COURSE_DELIVERIES = ("either", *DELIVERY_LABELS)
_SESSION_MOMENTS = ("opens_at", "closes_at", "publish_at")


def read_course(form: Form, *, asked: Sequence[Question] = ()) -> CourseDraft:
    """A course; lists are typed one entry a line, what to complete first is ticked. `asked` are the questions it has, whose keys stay."""
    return CourseDraft(
        title=form.text("title", "the title"),
        code=form.text("code", "the code", max=30).upper(),
        kind=form.choice("kind", "what kind of event it is", KIND_LABELS),
        level=form.text("level", "the level", required=False, max=60),
        delivery=form.choice("delivery", "how people take part", _COURSE_DELIVERIES),
        summary=form.text("summary", "the summary", required=False, max=_LONG, multiline=True),
        audience=form.text("audience", "who it is for", required=False, max=300),
        audience_codes=form.choices("audience_codes", "who it is for", AUDIENCES) or ("all",),
        outcomes=_lines(form, "outcomes", "the outcomes"),
        content_note=form.text("content_note", "the content note", required=False, max=_LONG, multiline=True),
        joining_text=form.text("joining_text", "the joining instructions", required=False, max=_LONG, multiline=True),
        duration_minutes=form.integer("duration_minutes", "the length in minutes", required=False, min=1, max=10_000),
        capacity=form.integer("capacity", "the usual number of places", required=False, min=0, max=100_000),
        is_priority=form.checkbox("is_priority"),
        access=form.choice("access", "who may come", tuple(Access)),
        counts_as=form.text("counts_as", "the refresher training", required=False, max=30),
        meets_annex_c=form.checkbox("meets_annex_c"),
        grants_accreditation=form.checkbox("grants_accreditation"),
        accreditation_months=form.integer(
            "accreditation_months", "the months until the accreditation ends", required=False, min=1, max=600
        ),
        is_participatory=form.checkbox("is_participatory"),
        owner=form.text("owner", "who runs it", required=False),
        owner_agency_id=_row_number(form, "owner_agency"),
        needs_approval=form.checkbox("needs_approval"),
        needs_manager_agreement=form.checkbox("needs_manager_agreement"),
        external_url=form.text("external_url", "the web address", required=False, max=500),
        is_archived=form.checkbox("is_archived"),
        topics=_lines(form, "topics", "the topics"),
        needs=tuple(dict.fromkeys(form.all("needs"))),
        questions=_questions(form, asked),
    )


def _questions(form: Form, asked: Sequence[Question]) -> tuple[Question, ...]:
    try:
        return read_lines(form.text("questions", "the questions", required=False, max=_LONG, multiline=True), known=asked)
    except Refused as refusal:
        form.refuse(refusal)
        return ()


def course_form(draft: CourseDraft) -> Form:
    """A course's form, filled in."""
    values = {name: getattr(draft, name) for name in CourseDraft.__dataclass_fields__}
    lists = {name: "\n".join(values[name]) for name in ("outcomes", "topics")}
    return Form.of(**{**values, **lists, "owner_agency": draft.owner_agency_id, "questions": as_lines(draft.questions)})


def read_venue(form: Form) -> VenueDraft:
    """A venue."""
    return VenueDraft(
        name=form.text("name", "the name of the venue"),
        address=form.text("address", "the address", required=False, max=1000, multiline=True),
        postcode=form.text("postcode", "the postcode", required=False, max=10).upper(),
        directions=form.text("directions", "the directions", required=False, max=_LONG, multiline=True),
        parking=form.text("parking", "where to park", required=False, max=_LONG, multiline=True),
        access_notes=form.text("access_notes", "the access notes", required=False, max=_LONG, multiline=True),
        capacity=form.integer("capacity", "how many there is room for", required=False, min=0, max=100_000),
        contact=form.text("contact", "the contact", required=False, max=300),
        is_online=form.checkbox("is_online"),
        is_archived=form.checkbox("is_archived"),
    )


def read_session(form: Form) -> SessionDraft:
    """A session without its training days; moments are a date and a time of day in London."""
    number = {
        name: form.integer(name, label, required=False, min=0, max=100_000)
        for name, label in (
            ("capacity", "the number of places"),
            ("capacity_room", "the number of places in the room"),
            ("capacity_online", "the number of places online"),
            ("minimum_numbers", "the minimum number"),
            ("offer_hours", "the hours that an offer stands"),
        )
    }
    return SessionDraft(
        delivery=form.choice("delivery", "how people take part", DELIVERY_LABELS),
        title=form.text("title", "the title", required=False),
        access=form.choice("access", "who may come", tuple(Access), required=False),
        audience_codes=form.choices("audience_codes", "who it is for", AUDIENCES),
        venue_id=_row_number(form, "venue"),
        arrangement=form.choice("arrangement", "how far the venue is booked", tuple(Arrangement), required=False) or Arrangement.NONE,
        final_numbers_by=_date(form, "final_numbers_by", "the day for final numbers"),
        has_catering=form.checkbox("has_catering"),
        **number,
        decide_by=_date(form, "decide_by", "the day to decide by"),
        opens_at=_moment(form, "opens_at", "the day booking opens", time()),
        closes_at=_moment(form, "closes_at", "the day booking closes", time(17)),
        publish_at=_moment(form, "publish_at", "the day of publishing", time(9)),
        is_list_open=form.checkbox("is_list_open"),
        is_promotion_on=form.checkbox("is_promotion_on"),
        reserves_while_asked=form.checkbox("reserves_while_asked"),
        joining_link=form.text("joining_link", "the joining link", required=False, max=1000),
        joining_note=form.text("joining_note", "the joining note", required=False, max=_LONG, multiline=True),
        external_url=form.text("external_url", "the web address for booking", required=False, max=500),
        is_headcount_only=form.checkbox("is_headcount_only"),
        notes=form.text("notes", "the notes", required=False, max=_LONG, multiline=True),
    )


def session_form(draft: SessionDraft) -> Form:
    """A session's form, filled in."""
    form = Form.of(**{name: getattr(draft, name) for name in SessionDraft.__dataclass_fields__ if name not in _SESSION_MOMENTS})
    form.put("venue", draft.venue_id)
    for name in ("final_numbers_by", "decide_by"):
        form.put(name, getattr(draft, name))
    for name in _SESSION_MOMENTS:
        moment: datetime | None = getattr(draft, name)
        if moment:
            form.put(name, local(moment).date())
            form.put(f"{name}_time", local(moment).time())
    return form


def day_form(form: Form, plans: Iterable[DayPlan]) -> Form:
    """The form with its rows of training days filled in."""
    for row, plan in enumerate(plans, start=1):
        form.put(f"day{row}", plan.day)
        form.put(f"starts{row}", plan.starts)
        form.put(f"ends{row}", plan.ends)
    return form


def rows_shown(form: Form, least: int = DAY_ROWS) -> int:
    """How many rows of training days the form shows: those that were filled in, and one more where one was asked for."""
    filled = [row for row in range(1, LONGEST_SESSION_DAYS + 1) if _has_date(form, f"day{row}") or form.get(f"starts{row}")]
    wanted = max([least, *filled]) + (form.get("do") == "add_day")
    return min(wanted, LONGEST_SESSION_DAYS)


def read_days(form: Form, *, most: int = LONGEST_SESSION_DAYS) -> list[DayPlan]:
    """The training days of the rows that are not empty; a row without times has those of the row above."""
    plans: list[DayPlan] = []
    for row in range(1, most + 1):
        if not _has_date(form, f"day{row}"):
            continue
        day = _date(form, f"day{row}", f"the date of day {row}")
        above = plans[-1] if plans else None
        starts = _time_or(form, f"starts{row}", f"the start time of day {row}", above.starts if above else None)
        ends = _time_or(form, f"ends{row}", f"the end time of day {row}", above.ends if above else None)
        plans.append(DayPlan(day or date.min, starts, ends))
        if not form.errors:
            _check(form, plans[-1:], row=row)
    if not plans:
        form.fail("day1", "Enter the date of the first training day")
        # Times that are missing too are said at once, not with the next press.
        form.time("starts1", "the start time of day 1")
        form.time("ends1", "the end time of day 1")
    if not form.errors:
        _check(form, plans, row=1)
    return plans


def _check(form: Form, plans: Sequence[DayPlan], *, row: int) -> None:
    """Put what speaks against these days beside the fields of their row."""
    try:
        check_days(plans)
    except Refused as refusal:
        form.fail(f"{refusal.field}{row}", refusal.message)


def add_days(form: Form, *, most: int) -> list[DayPlan]:
    """The dates of a series typed one a line, all at the times of the form's fields; one that is typed twice counts once."""
    starts, ends = form.time("starts", "the start time"), form.time("ends", "the end time")
    plans = []
    for line in form.get("dates").splitlines()[: most + 1]:
        if not line.strip():
            continue
        day = read_date(line)
        if day is None:
            form.fail("dates", f"“{line.strip()[:40]}” is not a date like 14/6/2027")
        plans.append(DayPlan(day or date.min, starts, ends))
    return list(dict.fromkeys(plans))


def read_series(form: Form) -> SeriesRule:
    """A series by rule."""
    unit: Literal["weeks", "months"] = "months" if form.choice("unit", "weeks or months", ("weeks", "months")) == "months" else "weeks"
    return SeriesRule(
        first=_date(form, "first", "the first date") or form.date("first", "the first date"),
        starts=form.time("starts", "the start time"),
        ends=form.time("ends", "the end time"),
        every=form.integer("every", "how often", min=1, max=12),
        unit=unit,
        count=form.integer("count", "how many dates", min=1, max=60),
    )


def _time_or(form: Form, name: str, label: str, above: time | None) -> time:
    if above is None or form.get(name):
        return form.time(name, label)
    return above


def _has_date(form: Form, name: str) -> bool:
    return any(form.get(field) for field in (name, f"{name}-day", f"{name}-month", f"{name}-year"))


def _date(form: Form, name: str, label: str) -> date | None:
    """A date of three fields; one that was sent in a single field is put into the three that the page shows."""
    day = read_date(form.get(name))
    if day is None:
        return form.date(name, label, required=False)
    form.put(name, day)
    return day


def _moment(form: Form, name: str, label: str, usual: time) -> datetime | None:
    day = _date(form, name, label)
    at = form.time(f"{name}_time", "the time", required=False)
    if day is None:
        if at is not None:
            form.fail(name, f"Enter {label}")
        return None
    try:
        return from_wall(day, at or usual)
    except ValueError as fault:
        form.fail(f"{name}_time", f"The time {fault}")
        return None


def _lines(form: Form, name: str, label: str) -> tuple[str, ...]:
    text = form.text(name, label, required=False, max=_LONG, multiline=True)
    return tuple(dict.fromkeys(line.strip(" •-*\t") for line in text.splitlines() if line.strip(" •-*\t")))


def _row_number(form: Form, name: str) -> int | None:
    value = form.get(name)
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise NotFound
    return int(value)
