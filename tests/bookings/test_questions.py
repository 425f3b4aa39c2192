"""The course's own questions: asked when booking, answered later, read at the desk and in its file."""

import csv
import io
from collections.abc import Awaitable, Callable

import pytest

from marstraining.bookings.actions import book_place
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]
ASKED = [
    {"key": "phase", "label": "Which phase?", "kind": "choice", "choices": ["Primary", "Secondary"], "required": True},
    {"key": "who", "label": "Who is your manager?", "kind": "text"},
]


@pytest.fixture
async def session(asha: Person, clock: Clock) -> Session:
    return await makers.make_session(now=clock.now, course=await makers.make_course(questions=ASKED))


async def test_booking_4_a_question_that_needs_an_answer_gets_one_and_what_was_typed_is_kept(
    session: Session, asha: Person, sign_in_as: SignInAs
) -> None:
    visitor, path = await sign_in_as(asha), f"/sessions/{session.ref}/book"
    assert "Who is your manager? (optional)" in (await visitor.get(path)).text
    refused = await visitor.post(path, {"q-who": "Mo Hall"})
    assert (refused.status_code, "Select an answer to “Which phase?”" in refused.text, "Mo Hall" in refused.text) == (422, True, True)
    assert (await visitor.post(path, {"q-who": "Mo Hall", "q-phase": "None of these"})).status_code == 422
    await visitor.post(path, {"q-who": "Mo Hall", "q-phase": "Primary"})
    assert (await Booking.get()).answers == {"phase": "Primary", "who": "Mo Hall"}


async def test_booking_4_who_was_booked_by_the_desk_answers_later(
    session: Session, asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    booked = await book_place(BookPlace(session_id=session.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    visitor, path = await sign_in_as(asha), f"/bookings/{booked.ref}/questions"
    assert "Not answered" in (await visitor.get(f"/bookings/{booked.ref}")).text
    answer = await visitor.post(path, {"q-phase": "Secondary"})
    assert answer.headers["location"] == f"/bookings/{booked.ref}?done=answers"
    assert (await Booking.get()).answers == {"phase": "Secondary"}
    assert (await (await sign_in_as(ben)).get(path)).status_code == 404
    desk = await sign_in_as(dee)
    shown = (await desk.get(f"/desk/sessions/{session.ref}/bookings/{booked.ref}")).text
    assert '<dt>Which phase?</dt><dd class="mars-break">Secondary</dd>' in shown
    file = (await desk.get(f"/desk/sessions/{session.ref}?export=csv")).content.decode("utf-8-sig")
    assert [(row["Which phase?"], row["Who is your manager?"]) for row in csv.DictReader(io.StringIO(file))] == [("Secondary", "")]


async def test_a_course_without_questions_has_no_such_page(asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    plain = await makers.make_session(now=clock.now)
    booked = await book_place(BookPlace(session_id=plain.id, learner_id=asha.id), by=makers.as_learner(asha), now=clock.now)
    assert (await (await sign_in_as(asha)).get(f"/bookings/{booked.ref}/questions")).status_code == 404


async def test_the_desk_types_questions_one_a_line_and_a_fault_stands_beside_the_field(
    session: Session, dee: Person, sign_in_as: SignInAs
) -> None:
    course = await Course.get()
    visitor, path = await sign_in_as(dee), f"/desk/courses/{course.code}/edit"
    assert "Which phase? | Primary | Secondary *\nWho is your manager?" in (await visitor.get(path)).text
    typed = {"title": course.title, "code": course.code, "kind": "course", "delivery": "either", "access": "public"}
    refused = await visitor.post(path, {**typed, "questions": "Which phase? | Primary"})
    assert (refused.status_code, "has one choice only" in refused.text) == (422, True)
    await visitor.post(path, {**typed, "questions": "Which phase? | Primary | Secondary | Special *"})
    assert [(one["key"], one["choices"]) for one in (await Course.get()).questions] == [("phase", ["Primary", "Secondary", "Special"])]
