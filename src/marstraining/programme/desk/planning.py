"""Many sessions at once: a series by rule or list of dates, and a year rolled forward; always a dry run first."""

from collections.abc import Sequence
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.programme.actions import Rolled, create_series, create_year, plan_series, plan_year, publish_series
from marstraining.programme.desk.courses import choose_course
from marstraining.programme.forms import add_days, read_series
from marstraining.programme.models import Course
from marstraining.programme.queries.desk import owned_course, trainer_choices, venue_choices
from marstraining.programme.rules import DELIVERY_LABELS, DayPlan, Delivery, SessionDraft
from marstraining.programme.series import MOST_DATES, Planned

WHO_RUNS = roles(Role.DESK, Role.PARTNER_ORGANISER)
UNITS = {"weeks": "weeks", "months": "months, on the same weekday"}


async def series(request: Request) -> Response:
    """A series: what and when, then the dates with what speaks against some of them, then the drafts."""
    viewer = viewer_of(request)
    code = request.query_params.get("course", "")
    if not code:
        return await choose_course(request, is_series=True)
    course = await owned_course(code, by=viewer)
    if request.method != "POST":
        delivery = course.delivery if course.delivery in tuple(Delivery) else Delivery.IN_PERSON
        form = Form.of(every=3, unit="months", count=4, how="rule", delivery=delivery, capacity=course.capacity, in_terms=True)
        return await _series_page(request, form, course, planned=None)
    form, now = await read_form(request), clock.now()
    draft, plans = _draft(form), _plans(form)
    if form.errors or form.get("do") == "change":
        return await _series_page(request, form, course, planned=None)
    try:
        trainers = frozenset(int(one) for one in form.choices("trainers", "trainers", [str(one["id"]) for one in await trainer_choices()]))
        planned = await plan_series(course.id, draft, plans, trainer_ids=trainers, is_in_terms=form.checkbox("in_terms"), now=now)
    except Refused as refusal:
        form.refuse(refusal)
        return await _series_page(request, form, course, planned=None)
    if form.get("do") == "create":
        try:
            name, _ = await create_series(course.id, draft, planned, chosen=form.all("take"), by=viewer, now=now)
        except Refused as refusal:
            form.refuse(refusal)
            if refusal.field != "take":
                return await _series_page(request, form, course, planned=None)
        else:
            return see_other(f"/desk/sessions?series={name}&done=series")
    return await _series_page(request, form, course, planned=planned)


def _draft(form: Form) -> SessionDraft:
    venue = form.get("venue")
    return SessionDraft(
        delivery=form.choice("delivery", "how people take part", DELIVERY_LABELS),
        venue_id=int(venue) if venue.isdigit() and len(venue) < 10 else None,
        capacity=form.integer("capacity", "the number of places", required=False, min=0, max=100_000),
    )


def _plans(form: Form) -> Sequence[DayPlan]:
    """The dates of the series; a rule that makes none is a fault of its field."""
    if form.get("how") == "list":
        return add_days(form, most=MOST_DATES)
    rule = read_series(form)
    if form.errors:
        return ()
    try:
        return rule.plans()
    except Refused as refusal:
        form.refuse(refusal)
        return ()


async def _series_page(request: Request, form: Form, course: Course, *, planned: list[Planned] | None) -> Response:
    return render(
        request,
        "programme/desk/series.html",
        form=form,
        course=course,
        planned=planned,
        good=[one for one in planned or () if one.will_do],
        can_make=any(not one.reasons for one in planned or ()),
        ticked=form.all("take") if form.get("do") == "create" else [one.key for one in planned or () if one.will_do],
        fields=_kept(form),
        deliveries=DELIVERY_LABELS,
        venues=await venue_choices(),
        trainers=[(one["id"], one["name"]) for one in await trainer_choices()],
        units=UNITS,
    )


def _kept(form: Form) -> list[tuple[str, str]]:
    """What was typed, to be sent again with the button that creates what the dry run showed."""
    return [(name, value) for name in form.values if name not in {"csrf_token", "do", "take"} for value in form.all(name)]


async def roll(request: Request) -> Response:
    """A year rolled forward: from when to when, then the dry run, then the drafts."""
    viewer = viewer_of(request)
    form = _this_year() if request.method != "POST" else await read_form(request)
    rolled: list[Rolled] | None = None
    if request.method == "POST":
        first, last = form.date("first", "the first day"), form.date("last", "the last day")
        is_sure, now = form.get("do") == "create", clock.now()
        if not form.errors and form.get("do") != "change":
            try:
                rolled = await plan_year(first, last, is_in_terms=form.checkbox("in_terms"), now=now)
                if is_sure:
                    made = await create_year(rolled, chosen=form.all("take"), by=viewer, now=now)
                    return see_other(f"/desk/sessions?series={made[0].series}&done=rolled")
            except Refused as refusal:
                form.refuse(refusal)
    good = [one for one in rolled or () if one.planned.will_do]
    return render(
        request,
        "programme/desk/roll.html",
        form=form,
        rolled=rolled,
        good=good,
        can_make=any(not one.planned.reasons for one in rolled or ()),
        ticked=set(form.all("take") if form.get("do") == "create" else [one.ref for one in good]),
        fields=_kept(form),
    )


def _this_year() -> Form:
    """The form with the business year that is running, from April to March."""
    today = clock.today()
    first = date(today.year - (today.month < 4), 4, 1)
    return Form.of(first=first, last=date(first.year + 1, 3, 31), in_terms=True)


async def publish(request: Request) -> Response:
    """Publish all drafts of a series at once."""
    form = await read_form(request)
    name = form.ref("series")
    number = await publish_series(name, by=viewer_of(request), now=clock.now())
    return see_other(f"/desk/sessions?series={name}&done={'all-published' if number else 'none-published'}")


routes = [
    page("/desk/series", series, who=WHO_RUNS, methods=("GET", "POST")),
    page("/desk/series/publish", publish, who=WHO_RUNS, methods=("POST",)),
    page("/desk/roll-forward", roll, who=roles(Role.DESK), methods=("GET", "POST")),
]
