"""Letters about new dates: asked for, once a day, stopped by one press."""

from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta

from tortoise.context import TortoiseContext

from marstraining.bulletins.actions import PURPOSE, follow_course, tell_daily_news
from marstraining.bulletins.models import Subscription
from marstraining.core.clock import from_wall
from marstraining.core.config import Settings
from marstraining.core.db import rows
from marstraining.core.tokens import derive_token
from marstraining.people.models import Person
from marstraining.programme.models import Course, Session
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def _published(course: Course, clock: Clock, day: date = date(2026, 6, 9), **columns: object) -> Session:
    session = await makers.make_session(course=course, starts=from_wall(day, time(9, 30)), now=clock.now)
    await Session.filter(id=session.id).update(published_at=clock.now, **columns)
    return session


async def _letters() -> list[dict[str, object]]:
    return await rows("SELECT key, address, priority FROM messages_letter ORDER BY id")


async def _token(settings: Settings, person: Person) -> str:
    first = await Subscription.filter(person_id=person.id).order_by("id").first()
    assert first is not None
    return derive_token(settings.secret_key, PURPOSE, first.id, first.nonce)


async def test_a_follower_gets_one_letter_the_next_morning(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    neglect, cse = await makers.make_course("Neglect"), await makers.make_course("CSE")
    for course in (neglect, cse):
        assert await follow_course(course.id, by=makers.as_learner(asha), now=clock.now) is True
        assert await follow_course(course.id, by=makers.as_learner(asha), now=clock.now) is False
        clock.forward(hours=1)
        await _published(course, clock)
    assert await tell_daily_news(now=clock.now) == 0
    clock.travel_to(from_wall(date(2026, 3, 10), time(7, 59)))
    assert await tell_daily_news(now=clock.now) == 0
    clock.forward(minutes=1)
    assert await tell_daily_news(now=clock.now) == 1
    assert await tell_daily_news(now=clock.now) == 0
    assert await _letters() == [{"key": f"new-dates-{asha.id}-2026-03-10", "address": "asha@stlukes.example", "priority": 9}]


async def test_only_new_public_coming_dates_are_told(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    course = await makers.make_course("Neglect")
    await _published(course, clock)
    clock.forward(minutes=5)
    await follow_course(course.id, by=makers.as_learner(asha), now=clock.now)
    clock.forward(minutes=5)
    await _published(course, clock, state="draft")
    await _published(course, clock, access="invited")
    await _published(course, clock, day=date(2026, 3, 9))
    clock.forward(days=1)
    assert await tell_daily_news(now=clock.now) == 0


async def test_days_of_a_stopped_worker_are_made_up_for_in_one_letter(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    course = await makers.make_course("Neglect")
    await follow_course(course.id, by=makers.as_learner(asha), now=clock.now)
    for _ in range(3):
        clock.forward(days=1)
        await _published(course, clock)
    clock.forward(days=1)
    assert await tell_daily_news(now=clock.now) == 1


async def test_following_and_stopping_on_the_page(db: TortoiseContext, clock: Clock, asha: Person, sign_in_as: SignInAs) -> None:
    await makers.make_course("Neglect", code="NEG")
    visitor = await sign_in_as(asha)
    answer = await visitor.post("/courses/NEG/new-dates")
    assert (answer.status_code, answer.headers["location"]) == (303, "/courses/NEG/new-dates?done=following")
    assert "Stop telling me" in (await visitor.get("/courses/NEG/new-dates")).text
    await visitor.post("/courses/NEG/new-dates", {"stop": "yes"})
    assert await Subscription.filter(person_id=asha.id, ended_at=None).count() == 0


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    await makers.make_course("Neglect", code="NEG")
    answer = await client.get("/courses/NEG/new-dates")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fcourses%2FNEG%2Fnew-dates")


async def test_a_mail_program_stops_all_letters_by_one_press(
    clock: Clock, settings: Settings, asha: Person, ben: Person, client: Visitor
) -> None:
    for title in ("Neglect", "CSE"):
        course = await makers.make_course(title)
        await follow_course(course.id, by=makers.as_learner(asha), now=clock.now)
        await follow_course(course.id, by=makers.as_learner(ben), now=clock.now)
    path = f"/bulletins/stop/{await _token(settings, asha)}"
    assert (await client.get(path)).status_code == 200
    assert await Subscription.filter(ended_at=None).count() == 4
    answer = await client.http.post(path, data={"List-Unsubscribe": "One-Click"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.text) == (200, "You will get no more emails about new dates.\n")
    assert [one.person_id for one in await Subscription.filter(ended_at=None)] == [ben.id, ben.id]
    again = await client.http.post(path, data={"List-Unsubscribe": "One-Click"})
    assert again.status_code == 200


async def test_the_page_of_the_link_stops_one_course_or_all(
    db: TortoiseContext, clock: Clock, settings: Settings, asha: Person, client: Visitor
) -> None:
    courses = [await makers.make_course(title) for title in ("Neglect", "CSE")]
    for course in courses:
        await follow_course(course.id, by=makers.as_learner(asha), now=clock.now)
    path = f"/bulletins/stop/{await _token(settings, asha)}"
    await client.post(path, {"course": str(courses[0].id)})
    assert [one.course_id for one in await Subscription.filter(ended_at=None)] == [courses[1].id]
    await client.post(path)
    assert await Subscription.filter(ended_at=None).count() == 0
    assert "You get no emails about new dates" in (await client.get(path)).text


async def test_a_link_that_never_was_leads_nowhere(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    lost = await client.get("/bulletins/stop/" + "0" * 64)
    assert (lost.status_code, "Check that you copied the whole link" in lost.text, 'href="/me/news"' in lost.text) == (404, True, True)
    assert (await client.http.post("/bulletins/stop/" + "0" * 64, data={})).status_code == 404


async def test_following_again_after_stopping_works(db: TortoiseContext, clock: Clock, asha: Person) -> None:
    course = await makers.make_course("Neglect")
    await follow_course(course.id, by=makers.as_learner(asha), now=clock.now)
    await Subscription.all().update(ended_at=clock.now)
    assert await follow_course(course.id, by=makers.as_learner(asha), now=clock.now + timedelta(minutes=1)) is True
