"""The builder: surveys as the desk keeps them, their questions, a preview, which course has which, and areas of the year.

What is being changed travels in the form itself until it is saved as a new version, so that nothing half made is stored.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.evaluation.actions import assign_instrument, end_area, make_instrument, put_ready_surveys, save_version, set_area
from marstraining.evaluation.desk.questions import Line, as_lines, as_sections, fill, moved, read_line
from marstraining.evaluation.forms import SCALE
from marstraining.evaluation.queries.instruments import InstrumentFacts, areas, course_id_of, instrument_by_ref, instruments
from marstraining.evaluation.rules.instruments import INSTRUMENT_WORDS, InstrumentKind
from marstraining.evaluation.rules.questions import (
    CHOICE_KINDS,
    KIND_WORDS,
    MEASURE_WORDS,
    Section,
    all_questions,
    field_of,
    for_course,
    sections_of,
)
from marstraining.programme.queries.desk import course_choices

WHO = roles(Role.DESK)
DONE: dict[str, str | tuple[str, str]] = {
    "made": "The survey is made. Change its questions, then choose the courses that have it.",
    "saved": "The questions are saved as a new version. Surveys that are open keep the questions they were sent with.",
    "assigned": "The course has this survey from its next session on.",
    "area": "The course belongs to the area.",
    "ended": "The course does not belong to the area any more.",
}
_OUTCOMES = ("Recognise the signs of neglect", "Share information lawfully", "Use the threshold document")


async def listing(request: Request) -> Response:
    """All surveys, the ready-made ones first."""
    await put_ready_surveys(now=clock.now())
    form = Form()
    if request.method == "POST":
        form = await read_form(request)
        kind = form.choice("kind", "when it asks", [one.value for one in InstrumentKind])
        title = form.text("title", "a name for the survey")
        if not form.errors:
            ref = await make_instrument(InstrumentKind(kind), title, by=viewer_of(request), now=clock.now())
            return see_other(f"/desk/evaluation/surveys/{ref}?done=made")
    return render(
        request, "evaluation/desk/instruments.html", instruments=await instruments(), kinds=INSTRUMENT_WORDS, form=form, done=DONE
    )


@frozen
class _Draft:
    """An instrument with its questions as they are being changed."""

    instrument: InstrumentFacts
    title: str
    lines: tuple[Line, ...]
    form: Form
    is_changed: bool

    @property
    def sections(self) -> tuple[Section, ...]:
        return as_sections(self.lines)


async def edit(request: Request) -> Response:
    """The questions; each button sends the whole of what is being changed, and only one of them saves it."""
    instrument = await _instrument(request)
    if request.method != "POST":  # a look shows what is saved
        return await _list(request, _Draft(instrument, instrument.title, as_lines(instrument.sections), Form(), is_changed=False))
    form = await read_form(request)
    draft = _Draft(instrument, form.get("title") or instrument.title, _lines_of(form), form, is_changed=True)
    what, _, key = form.get("do").partition(":")
    if what == "save":
        return await _save(request, draft)
    if what in {"edit", "add"}:
        line = next((one for one in draft.lines if one.question.key == key), None)
        return _question(request, draft, fill(line), key=key if line else "")
    if what == "apply":
        return await _apply(request, draft, key)
    if what in {"up", "down"}:
        draft = replace(draft, lines=moved(draft.lines, key, -1 if what == "up" else 1))
    if what == "remove":
        draft = replace(draft, lines=tuple(one for one in draft.lines if one.question.key != key))
    return await _list(request, draft)


def _lines_of(form: Form) -> tuple[Line, ...]:
    try:
        return as_lines(sections_of(json.loads(form.get("draft") or "[]")))
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise NotFound from fault


async def _save(request: Request, draft: _Draft) -> Response:
    try:
        await save_version(draft.instrument.ref, draft.title, draft.sections, by=viewer_of(request), now=clock.now())
    except Refused as refusal:
        draft.form.refuse(refusal)
        return await _list(request, draft)
    return see_other(f"/desk/evaluation/surveys/{draft.instrument.ref}?done=saved")


async def _apply(request: Request, draft: _Draft, key: str) -> Response:
    """Put a question that was filled in into what is being changed, or show it again with what is wrong."""
    line = read_line(draft.form, draft.lines, key)
    if line is None:
        return _question(request, draft, draft.form, key=key)
    place = [one.question.key for one in draft.lines]
    lines = list(draft.lines)
    if key in place:
        lines[place.index(key)] = line
    else:
        last = max((number for number, one in enumerate(lines) if one.section == line.section), default=len(lines) - 1)
        lines.insert(last + 1, line)
    return await _list(request, replace(draft, lines=tuple(lines), form=Form()))


async def _list(request: Request, draft: _Draft) -> Response:
    form = draft.form
    form.put("title", draft.title)
    return render(
        request,
        "evaluation/desk/instrument.html",
        instrument=draft.instrument,
        sections=draft.sections,
        draft=_stored(draft.sections),
        is_changed=draft.is_changed,
        form=form,
        courses=await course_choices(viewer_of(request)),
        kinds=INSTRUMENT_WORDS,
        question_kinds=KIND_WORDS,
        measures=MEASURE_WORDS,
        done=DONE,
    )


def _stored(sections: Sequence[Section]) -> str:
    return json.dumps([one.as_json() for one in sections])


def _question(request: Request, draft: _Draft, form: Form, *, key: str) -> Response:
    before = []
    for one in all_questions(draft.sections):
        if one.key == key:
            break
        if one.kind in CHOICE_KINDS:
            before.append((one.key, one.text))
    return render(
        request,
        "evaluation/desk/question.html",
        instrument=draft.instrument,
        title=draft.title,
        draft=_stored(draft.sections),
        form=form,
        key=key,
        before=before,
        question_kinds={kind.value: words for kind, words in KIND_WORDS.items()},
        measures={measure.value: words for measure, words in MEASURE_WORDS.items()},
        sections=[section.title for section in draft.sections],
    )


async def preview(request: Request) -> Response:
    """The form as learners see it, with a course's outcomes made up where it takes them."""
    instrument = await _instrument(request)
    return render(
        request,
        "evaluation/desk/preview.html",
        instrument=instrument,
        sections=for_course(instrument.sections, _OUTCOMES),
        form=Form(),
        scale=SCALE,
        field_of=field_of,
    )


async def assign(request: Request) -> Response:
    """Let a course have this survey."""
    instrument = await _instrument(request)
    form = await read_form(request)
    course_id = await course_id_of(form.get("course"))
    if course_id is None:
        form.fail("course", "Choose a course")
        return await _list(request, _Draft(instrument, instrument.title, as_lines(instrument.sections), form, is_changed=False))
    await assign_instrument(course_id, instrument.ref, by=viewer_of(request), now=clock.now())
    return see_other(f"/desk/evaluation/surveys/{instrument.ref}?done=assigned")


async def year_areas(request: Request) -> Response:
    """Courses in the areas that the partnership shines a light on, from a day to a day."""
    form = Form()
    viewer = viewer_of(request)
    courses = await course_choices(viewer)
    if request.method == "POST":
        form = await read_form(request)
        if form.get("end").isascii() and form.get("end").isdigit():
            await end_area(int(form.get("end")), by=viewer, now=clock.now())
            return see_other("/desk/evaluation/areas?done=ended")
        code = form.choice("course", "the course", [one for one, _ in courses])
        area = form.text("area", "the area", max=120)
        starts_on = form.date("starts_on", "the first day")
        ends_on = form.date("ends_on", "the last day", required=False)
        course_id = await course_id_of(code) if not form.errors else None
        if course_id is not None:
            try:
                await set_area(course_id, area, starts_on, ends_on, by=viewer, now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other("/desk/evaluation/areas?done=area")
    return render(request, "evaluation/desk/areas.html", areas=await areas(), courses=courses, form=form, done=DONE)


async def _instrument(request: Request) -> InstrumentFacts:
    found = await instrument_by_ref(request.path_params["ref"])
    if found is None:
        raise NotFound
    return found


routes = [
    page("/desk/evaluation/surveys", listing, who=WHO, methods=("GET", "POST")),
    page("/desk/evaluation/areas", year_areas, who=WHO, methods=("GET", "POST")),
    page("/desk/evaluation/surveys/{ref}", edit, who=WHO, methods=("GET", "POST")),
    page("/desk/evaluation/surveys/{ref}/preview", preview, who=WHO),
    page("/desk/evaluation/surveys/{ref}/courses", assign, who=WHO, methods=("POST",)),
]
