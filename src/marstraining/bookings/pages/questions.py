"""Answering the course's questions later: for who was booked by a letter's button, by the desk or from the waiting list."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.bookings import actions, forms
from marstraining.bookings.queries.asked import asked_of
from marstraining.bookings.queries.own import visible_booking
from marstraining.bookings.rules import LIVE_STATES
from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.web import SIGNED_IN, Form, page, read_form, render, see_other, viewer_of


async def questions(request: Request) -> Response:
    """The questions with the answers so far, of one's own live booking."""
    viewer = viewer_of(request)
    booking = await visible_booking(request.path_params["ref"], viewer=viewer)
    if booking is None or booking.learner_id != viewer.person_id or booking.state not in LIVE_STATES:
        raise NotFound
    asked = await asked_of(booking.id)
    if not asked.questions:
        raise NotFound
    form = Form({f"q-{one.key}": asked.answers.get(one.key, "") for one in asked.questions})
    if request.method == "POST":
        form = await read_form(request)
        answers = forms.read_answers(form, asked.questions)
        if not form.errors:
            await actions.answer_questions(booking.id, answers, by=viewer, now=clock.now())
            return see_other(f"/bookings/{booking.ref}?done=answers")
    return render(request, "bookings/questions.html", booking=booking, questions=asked.questions, form=form)


routes = [page("/bookings/{ref}/questions", questions, who=SIGNED_IN, methods=("GET", "POST"))]
