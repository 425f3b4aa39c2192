"""A session that is being held, with people booked on it and somebody who trains it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marstraining.attendance.queries import taught_days
from marstraining.bookings.actions import book_place
from marstraining.bookings.rules import BookPlace
from marstraining.core.viewer import Role
from marstraining.people.models import Person
from marstraining.programme.models import Session, SessionTrainer
from tests import makers


@dataclass
class Held:
    """A session with its learners and its trainer; `days` are training days' ids, `keys` what stands for them in addresses."""

    session: Session
    learners: list[Person]
    trainer: Person
    days: list[int]
    keys: list[str]

    @property
    def teaching(self) -> str:
        return f"/teaching/{self.session.ref}/register"

    @property
    def desk(self) -> str:
        return f"/desk/sessions/{self.session.ref}/register"


async def a_held_session(now: datetime, *, people: int = 1, days: int = 1, starts: datetime | None = None, **columns: Any) -> Held:
    """By default it began twenty minutes ago, and its people were booked long before."""
    starts = starts or now - timedelta(minutes=20)
    before = starts - timedelta(days=40)
    session = await makers.make_session(now=before, starts=starts, days=days, **columns)
    agency = await makers.make_agency("Isle School")
    learners = [await makers.make_person(f"Learner {number}", agency=agency) for number in range(people)]
    for learner in learners:
        await book_place(BookPlace(session_id=session.id, learner_id=learner.id), by=makers.as_learner(learner), now=before)
    trainer = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    await SessionTrainer.create(session=session, person=trainer, state="accepted", asked_at=before)
    taught = await taught_days(session.id)
    return Held(session, learners, trainer, [day.id for day in taught], [day.key for day in taught])
