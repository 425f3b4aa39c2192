"""What happens to bookings so that each letter is written, and a look at the letter as its reader gets it."""

from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta

from marstraining.bookings.actions import (
    Wish,
    ask_to_book,
    book_place,
    call_off_session,
    cancel_booking,
    join_list,
    move_session,
    postpone_session,
    run_online,
    send_reminders,
    settle_sessions,
    tell_changes,
    turn_down_offer,
)
from marstraining.bookings.models import Booking
from marstraining.bookings.rules import BookPlace
from marstraining.core import config
from marstraining.core.clock import from_wall
from marstraining.core.tokens import derive_token
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.messages.envelope import Rendered, rendered
from marstraining.messages.models import Message
from marstraining.messages.queries import StoredLetter, letter_of
from marstraining.people.models import Person
from marstraining.programme.actions import move_day
from marstraining.programme.models import Course, Session, TrainingDay
from marstraining.programme.rules import DayPlan
from tests import makers
from tests.conftest import SECRET_KEY, Clock

LINK = "https://meet.example/j/1"
JUNE_1 = DayPlan(date(2026, 6, 1), time(13), time(16))


class Scene:
    """Child Protection on Friday 8 May 2026 with one place; it is Monday 9 March. Asha has the place unless told otherwise."""

    def __init__(self, session: Session, course: Course, asha: Person, clock: Clock) -> None:
        self.session, self.course, self.asha, self.clock = session, course, asha, clock

    async def book(self, person: Person, session: Session | None = None, **more: object) -> int:
        order = BookPlace(session_id=(session or self.session).id, learner_id=person.id, **more)  # type: ignore[arg-type]  # what BookPlace takes
        return (await book_place(order, by=makers.as_learner(person), now=self.clock.now)).id

    async def join(self, person: Person) -> int:
        order = BookPlace(session_id=self.session.id, learner_id=person.id)
        return (await join_list(order, by=makers.as_learner(person), now=self.clock.now)).id

    async def fill(self) -> int:
        return await self.book(await makers.make_person("Holder"))

    async def cancel(self, booking_id: int, *, by: Viewer | None = None) -> None:
        by = by or Viewer(person_id=(await Booking.get(id=booking_id)).learner_id)
        await cancel_booking(booking_id, reason="cover", by=by, now=self.clock.now)

    async def offered(self) -> int:
        """Asha's booking, offered a place."""
        held = await self.fill()
        booking = await self.join(self.asha)
        await self.cancel(held)
        return booking

    async def letter(self, template: str) -> StoredLetter:
        """Asha's last letter of that template."""
        row = await Message.filter(template=template, address=self.asha.email).order_by("-id").first().values("ref")
        assert row is not None
        found = await letter_of(row["ref"])
        assert found is not None
        return found

    async def read(self, template: str) -> Rendered:
        return rendered(await self.letter(template), config.current())

    async def page(self) -> str:
        """Where the link of Asha's letters leads."""
        booking = await Booking.filter(learner_id=self.asha.id, session_id=self.session.id).order_by("-id").first()
        assert booking is not None
        return f"http://127.0.0.1:8000/b/{booking.ref}/{derive_token(SECRET_KEY, 'booking', booking.id, booking.nonce)}"


async def make_scene(clock: Clock, *, asha: str = "Asha Patel", title: str = "Child Protection", **columns: object) -> Scene:
    course = await makers.make_course(title, code="CP")
    columns = {"capacity": 1, "title": title, **columns}
    session = await makers.make_session(course=course, now=clock.now, **columns)  # type: ignore[arg-type]  # columns of a session
    return Scene(session, course, await makers.make_person(asha, email="asha@stlukes.example"), clock)


async def confirmed(scene: Scene) -> None:
    await scene.book(scene.asha)


async def joined_list(scene: Scene) -> None:
    await scene.fill()
    await scene.join(scene.asha)


async def left_list(scene: Scene) -> None:
    await scene.fill()
    await scene.cancel(await scene.join(scene.asha))


async def left_for_another_date(scene: Scene) -> None:
    await joined_list(scene)
    other = await makers.make_session(course=scene.course, now=scene.clock.now, starts=scene.session.starts_at + timedelta(days=7))
    await scene.book(scene.asha, other)


async def cancelled(scene: Scene) -> None:
    await scene.cancel(await scene.book(scene.asha))


async def place_offered(scene: Scene) -> None:
    await scene.offered()


async def offer_lapsed(scene: Scene) -> None:
    await scene.offered()
    await settle_sessions(now=scene.clock.forward(days=4))


async def turned_down(scene: Scene) -> None:
    await turn_down_offer(await scene.offered(), by=SYSTEM, now=scene.clock.now)


async def standby_asked(scene: Scene) -> None:
    held = await scene.fill()
    await scene.join(scene.asha)
    scene.clock.travel_to(from_wall(date(2026, 5, 7), time(9)))
    await scene.cancel(held)


async def called_off(scene: Scene) -> None:
    await scene.book(scene.asha)
    await call_off_session(scene.session.id, reason="The trainer is ill", by=SYSTEM, now=scene.clock.now)


async def postponed(scene: Scene) -> None:
    await scene.book(scene.asha)
    await postpone_session(scene.session.id, reason="The venue is flooded", by=SYSTEM, now=scene.clock.now)


async def moved(scene: Scene) -> None:
    await scene.book(scene.asha)
    await move_session(scene.session.id, [JUNE_1], by=SYSTEM, now=scene.clock.now)


async def moved_after_postponing(scene: Scene) -> None:
    await postponed(scene)
    await move_session(scene.session.id, [JUNE_1], by=SYSTEM, now=scene.clock.now)


async def online_instead(scene: Scene) -> None:
    await scene.book(scene.asha)
    await run_online(scene.session.id, joining_link=LINK, by=SYSTEM, now=scene.clock.now)


async def session_changed(scene: Scene) -> None:
    await scene.book(scene.asha)
    day = await TrainingDay.get(session_id=scene.session.id)
    await move_day(day.id, DayPlan(date(2026, 5, 8), time(10), time(13)), by=SYSTEM, now=scene.clock.now)
    await tell_changes(now=scene.clock.now)


async def finish_booking(scene: Scene) -> None:
    wish = Wish(session_id=scene.session.id, email="asha@stlukes.example", name="Asha Patel")
    await ask_to_book(wish, network="192.0.2.0/24", cookie_token=None, now=scene.clock.now)


def reminded_on(day: date, at: time = time(9, 30)) -> Callable[[Scene], Awaitable[None]]:
    async def make(scene: Scene) -> None:
        await scene.book(scene.asha)
        await send_reminders(now=scene.clock.travel_to(from_wall(day, at)))

    return make


async def happens(template: str, scene: Scene) -> None:
    """What happens to the session, whoever is booked."""
    session, now = scene.session.id, scene.clock.now
    if template == "called_off":
        await call_off_session(session, reason="", by=SYSTEM, now=now)
    elif template == "postponed":
        await postpone_session(session, reason="", by=SYSTEM, now=now)
    elif template == "moved":
        await move_session(session, [JUNE_1], by=SYSTEM, now=now)
    else:
        await run_online(session, joining_link=LINK, by=SYSTEM, now=now)


def body_of(parts: Rendered) -> list[str]:
    """The paragraphs of a letter's text without its footer."""
    return parts.text.split("\n\nChildren's MARS training\n")[0].split("\n\n")
