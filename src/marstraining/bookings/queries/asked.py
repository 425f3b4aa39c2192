"""The questions of the course that a booking is of, with the answers given."""

import json

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.programme.questions import Question, questions_of


@frozen
class Asked:
    """`answers` by the questions' keys; those of questions that are asked no more stay."""

    questions: tuple[Question, ...]
    answers: dict[str, str]

    @property
    def answered(self) -> list[tuple[str, str]]:
        """Each question as asked now, with its answer or "" where none was given."""
        return [(one.label, self.answers.get(one.key, "")) for one in self.questions]


async def asked_of(booking_id: int) -> Asked:
    """One statement; no questions for a booking that is not there."""
    found = await rows(
        "SELECT CAST(c.questions AS TEXT) AS questions, CAST(b.answers AS TEXT) AS answers FROM bookings_booking b"
        " JOIN programme_session s ON s.id = b.session_id JOIN programme_course c ON c.id = s.course_id WHERE b.id = ?",
        booking_id,
    )
    if not found:
        return Asked((), {})
    answers = {str(key): str(value) for key, value in json.loads(found[0]["answers"]).items()}
    return Asked(questions_of(json.loads(found[0]["questions"])), answers)
