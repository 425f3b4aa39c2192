"""Feedback taken away: the gate before the file, and whose rows."""

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.evaluation.actions import close_surveys
from marstraining.evaluation.queries.exports import COLUMNS, Wanted, evaluation_rows
from marstraining.people.models import Person
from marstraining.programme.models import SessionTrainer
from tests import makers
from tests.conftest import Clock
from tests.evaluation.asked import an_asked_session, answer

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
