"""Feedback taken away: the gate before the file, whose rows, and its place among the other files."""

import csv
import io
import json
from collections.abc import Awaitable, Callable

import pytest
from tortoise.context import TortoiseContext

from marstraining.attendance.actions.scheduling import schedule_export, send_due_exports
from marstraining.attendance.schedule import Every
from marstraining.core.db import execute
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.evaluation.actions import close_surveys
from marstraining.evaluation.queries.exports import COLUMNS, Wanted, evaluation_rows
from marstraining.evaluation.rules.answers import Comment, Given
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.models import SessionTrainer
from tests import makers
from tests.conftest import Clock, Visitor
from tests.evaluation.asked import a_form, an_asked_session, answer, with_a_number

pytest.importorskip("scipy")


async def test_a_file_says_what_may_be_shown_and_why_the_rest_is_not(db: TortoiseContext, clock: Clock) -> None:
    for answers in (3, 7, 12):
        taught, survey = await an_asked_session(clock.now, people=12)
        await answer(survey, taught.learners[:answers], now=clock.now)
    await close_surveys(now=clock.forward(days=16))
    found = await evaluation_rows(Wanted(), viewer=SYSTEM)
    assert all(set(row) == set(COLUMNS) for row in found)
    scores = [row for row in found if row["measure"] in {None, "course score"}]
    assert [(row["responses"], row["answers"], row["more"], row["change"], bool(row["held_back"])) for row in scores] == [
        ("fewer than 5 responses", None, None, None, True),
        (7, 7, 7, None, True),
        (12, 12, 12, 3.0, False),
    ]


async def test_a_file_has_what_was_chosen_and_the_means_of_numbers_as_far_as_they_may_be_shown(db: TortoiseContext, clock: Clock) -> None:
    for people in (3, 7, 12):
        taught, survey = await an_asked_session(clock.now, people=people)
        await with_a_number(survey)
        forms = [
            a_form(relevant="Agree" if number % 6 else "Neither", recommend="Yes", commitment=8, years=number) for number in range(people)
        ]
        await answer(survey, taught.learners, now=clock.now, forms=forms)
    await close_surveys(now=clock.forward(days=16))
    found = await evaluation_rows(Wanted(), viewer=SYSTEM)
    assert all(set(row) == set(COLUMNS) for row in found)
    few, seven, twelve = [[row for row in found if row["responses"] == responses] for responses in ("fewer than 5 responses", 7, 12)]
    assert len(few) == 1
    told = {(row["statement"], row["choice"]): (row["answers"], row["chosen"]) for row in twelve if row["chosen"]}
    assert told == {
        ("The training is relevant to my role", "Neither"): (12, 2),
        ("The training is relevant to my role", "Agree"): (12, 10),
        ("Would you recommend it to a colleague?", "Yes"): (12, 12),
        ("How sure are you that you will do it?", "8"): (12, 12),
    }
    assert [row["choice"] for row in twelve if row["measure"] == "commitment"] == [str(number) for number in range(11)]
    held = {
        row["statement"]: (row["answers"], row["held_back"])
        for row in seven
        if row["held_back"] and row["measure"] in {"reaction", "other"}
    }
    assert held == {
        "The training is relevant to my role": (None, "Too few answers to show how they are spread."),
        "How many years have you worked here?": (7, "An average is shown from 10 answers."),
    }
    assert [(row["answers"], row["mean"]) for row in twelve if row["statement"] == "How many years have you worked here?"] == [(12, 5.5)]


async def test_a_survey_of_words_alone_has_a_row_too(db: TortoiseContext, clock: Clock) -> None:
    taught, survey = await an_asked_session(clock.now, people=6)
    sections = [
        {"title": "Your words", "questions": [{"key": "useful", "kind": "long", "text": "What was most useful?", "measure": "useful"}]}
    ]
    await execute("UPDATE evaluation_survey SET sections = ? WHERE id = ?", json.dumps(sections), survey.id)
    await answer(survey, taught.learners, now=clock.now, forms=[Given({}, (Comment("useful", "All of it", may_quote=True),))] * 6)
    await close_surveys(now=clock.forward(days=16))
    found = await evaluation_rows(Wanted(), viewer=SYSTEM)
    assert [(row["responses"], row["measure"], row["held_back"]) for row in found] == [(6, None, None)]


async def test_a_trainer_takes_own_sessions_and_an_organiser_own_courses(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    agency = await makers.make_agency("Isle College")
    course = await makers.make_course("Neglect", owner_agency=agency)
    taught, survey = await an_asked_session(clock.now, people=5, course=course)
    await answer(survey, taught.learners, now=clock.now)
    await close_surveys(now=clock.forward(days=16))
    trainer = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    await SessionTrainer.create(session=taught.session, person=trainer, state="accepted", asked_at=clock.now)
    viewers = {
        "trainer": Viewer(person_id=trainer.id, roles=frozenset({Role.TRAINER})),
        "organiser": Viewer(person_id=asha.id, roles=frozenset({Role.PARTNER_ORGANISER}), organiser_agency_ids=frozenset({agency.id})),
        "another organiser": Viewer(person_id=asha.id, roles=frozenset({Role.PARTNER_ORGANISER}), organiser_agency_ids=frozenset({0})),
        "another trainer": Viewer(person_id=asha.id, roles=frozenset({Role.TRAINER})),
        "a learner": makers.as_learner(asha),
    }
    assert {name: bool(await evaluation_rows(Wanted(), viewer=viewer)) for name, viewer in viewers.items()} == {
        "trainer": True,
        "organiser": True,
        "another organiser": False,
        "another trainer": False,
        "a learner": False,
    }


async def test_feedback_stands_among_the_exports_and_is_narrowed_like_them(
    clock: Clock, dee: Person, sign_in_as: Callable[[Person], Awaitable[Visitor]]
) -> None:
    sessions = []
    for code in ("NEG", "CP"):
        taught, survey = await an_asked_session(clock.now, people=12, course=await makers.make_course(code, code=code))
        await answer(survey, taught.learners, now=clock.now)
        sessions.append(taught.session)
    await close_surveys(now=clock.forward(days=16))
    desk = await sign_in_as(dee)
    page = (await desk.get("/desk/exports")).text
    assert "Feedback: confidence before and now of each closed survey, as far as it may be shown" in page
    day = clock.now.date()
    for fields, courses in (
        ({}, {"NEG", "CP"}),
        ({"course": "NEG"}, {"NEG"}),
        ({"session": f"http://127.0.0.1:8000/desk/sessions/{sessions[1].ref}"}, {"CP"}),
        ({"from-day": str(day.day), "from-month": str(day.month), "from-year": str(day.year)}, set()),
    ):
        sent = {"kind": "evaluation", "format": "csv", **fields}
        passed_on = await desk.post("/desk/exports", sent)
        assert (passed_on.status_code, passed_on.headers["location"]) == (307, "/desk/evaluation/export")
        file = await desk.post(passed_on.headers["location"], sent, seen="/desk/exports")
        rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert {row["course"] for row in rows} == courses
    refused = await desk.post("/desk/exports", {"kind": "evaluation", "format": "csv", "agency": "SCH"})
    assert (refused.status_code, "Feedback is not told apart by organisation" in refused.text) == (422, True)
    # What is counted and noted is the file, once.
    assert await Entry.filter(action="export").count() == 4


async def test_feedback_comes_round_like_other_exports_and_never_of_one_organisation(
    db: TortoiseContext, clock: Clock, dee: Person
) -> None:
    by = makers.as_desk(dee)
    with pytest.raises(Refused, match="not told apart by organisation"):
        await schedule_export("evaluation", Every.QUARTER, Role.DESK, {"agency": "SCH"}, by=by, now=clock.now)
    await schedule_export("evaluation", Every.QUARTER, Role.DESK, {"course": "CP"}, by=by, now=clock.now)
    assert await send_due_exports(now=clock.forward(days=100)) == 1
    letter = await Message.get(template="scheduled_export")
    assert letter.context["label"] == "Feedback"
    assert str(letter.context["path"]).startswith("/desk/exports?kind=evaluation&course=CP&from=2026-")
