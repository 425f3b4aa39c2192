"""A session that took place, whose register is locked and whose learners are asked; and forms as people fill them in."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marstraining.attendance.models import Register
from marstraining.core import config
from marstraining.core.db import execute, rows
from marstraining.core.tokens import derive_token
from marstraining.evaluation.actions import answer_by_link, ask_after_sessions
from marstraining.evaluation.models import Survey
from marstraining.evaluation.queries.surveys import SurveyFacts, survey_of_session
from marstraining.evaluation.rules.answers import Comment, Given
from marstraining.evaluation.rules.asking import PURPOSE
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session
from tests import makers

OUTCOMES = ["Recognise the signs of neglect.", "Share information lawfully", "Use the threshold document"]


@dataclass
class Taught:
    """A session that is over, with its learners, all marked present on a locked register."""

    session: Session
    course: Course
    learners: list[Person]


async def a_taught_session(now: datetime, *, people: int, course: Course | None = None, ended: timedelta = timedelta(hours=2)) -> Taught:
    course = course or await makers.make_course("Child Protection", outcomes=OUTCOMES)
    starts = now - ended - timedelta(hours=3)
    session = await makers.make_session(course=course, starts=starts, now=now)
    agency = await makers.make_agency("Isle School")
    learners = [await makers.make_person(f"Learner {number}", agency=agency) for number in range(people)]
    for learner in learners:
        await makers.make_mark(session, learner)
    await Register.create(session=session, opened_at=starts, locked_at=now - timedelta(hours=1))
    return Taught(session, course, learners)


async def an_asked_session(now: datetime, *, people: int, **columns: Any) -> tuple[Taught, SurveyFacts]:
    taught = await a_taught_session(now, people=people, **columns)
    await ask_after_sessions(now=now)
    survey = await survey_of_session(taught.session.id)
    assert survey is not None
    return taught, survey


async def links_of(survey_id: int) -> dict[int, str]:
    """The token of each invited person's link."""
    found = await rows("SELECT id, person_id, nonce FROM evaluation_invitation WHERE survey_id = ?", survey_id)
    key = config.current().secret_key
    return {row["person_id"]: derive_token(key, PURPOSE, row["id"], row["nonce"]) for row in found}


def a_form(then: Sequence[int] = (4, 4, 4), now: Sequence[int] = (7, 7, 7), *, useful: str = "", **answers: Any) -> Given:
    grid = [list(pair) for pair in zip(then, now, strict=True)]
    comments = (Comment("useful", useful, may_quote=True),) if useful else ()
    return Given({"confidence": grid, "knowledge": [[3, 8]], **answers}, comments)


async def answer(survey: SurveyFacts, learners: Sequence[Person], *, now: datetime, forms: Sequence[Given] = ()) -> None:
    """Each of the learners answers, by their own link."""
    links = await links_of(survey.id)
    for number, learner in enumerate(learners):
        await answer_by_link(links[learner.id], forms[number] if forms else a_form(), f"s{survey.id}-{learner.id}", now=now)


async def with_a_number(survey: SurveyFacts) -> None:
    """Let a survey also ask for a number."""
    sections = json.loads((await rows("SELECT sections FROM evaluation_survey WHERE id = ?", survey.id))[0]["sections"])
    sections[1]["questions"].append({"key": "years", "kind": "number", "text": "How many years have you worked here?", "measure": "other"})
    await execute("UPDATE evaluation_survey SET sections = ? WHERE id = ?", json.dumps(sections), survey.id)


async def closes(survey: SurveyFacts) -> datetime:
    return (await Survey.get(id=survey.id)).closes_at
