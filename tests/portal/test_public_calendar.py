"""The public calendar: the feed, a session's file, the month."""

from datetime import date

import icalendar
from tortoise.context import TortoiseContext

from marstraining.programme.models import Session
from tests import makers
from tests.conftest import Clock, Visitor
from tests.portal.public_pages import session_of


async def test_a_month_shows_each_training_day(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    await session_of(clock, "Two days", date(2026, 6, 30), days=2)
    june, july = [(await client.get(f"/programme/month?month={month}")).text for month in ("2026-06", "2026-07")]
    assert (june.count(">Two days<"), july.count(">Two days<")) == (1, 1)
    assert "Training in March 2026" in (await client.get("/programme/month?month=x")).text
    assert "There are no sessions in March 2026" in (await client.get("/programme/month")).text


async def test_ical_1_the_feed_has_a_stable_uid_for_each_day_and_keeps_what_is_cancelled(
    db: TortoiseContext, clock: Clock, client: Visitor
) -> None:
    session = await session_of(clock, "Neglect, tools; and more", days=2)
    answer = await client.get("/calendar/programme.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["x-robots-tag"] == "noindex"
    first = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    await Session.filter(id=session.id).update(state="called_off")
    second = icalendar.Calendar.from_ical((await client.get("/calendar/programme.ics")).content).walk("VEVENT")
    assert [event["UID"] for event in first] == [event["UID"] for event in second]
    assert [str(event["SUMMARY"]) for event in second] == ["CANCELLED: Neglect, tools; and more"] * 2
    assert [event["STATUS"] for event in second] == ["CANCELLED"] * 2
    assert "DTSTART;TZID=Europe/London:20260609T093000" in answer.text


async def test_ical_5_an_unchanged_feed_answers_304(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    await session_of(clock)
    first = await client.get("/calendar/programme.ics")
    assert (await client.get("/calendar/programme.ics", headers={"If-None-Match": first.headers["etag"]})).status_code == 304


async def test_ical_5_a_session_that_leaves_the_feed_leaves_it_also_for_who_asks_by_date_alone(
    db: TortoiseContext, clock: Clock, client: Visitor
) -> None:
    session, _ = await session_of(clock, "Neglect"), await session_of(clock, "Early help")
    first = await client.get("/calendar/programme.ics")
    await Session.filter(id=session.id).update(access="restricted", changed_at=clock.forward(hours=1))
    answer = await client.get("/calendar/programme.ics", headers={"If-Modified-Since": first.headers["last-modified"]})
    assert (answer.status_code, "Neglect" in answer.text, "Early help" in answer.text) == (200, False, True)


async def test_a_session_is_downloaded_as_a_file(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    session = await session_of(clock, course=await makers.make_course("Neglect", code="NEG"))
    answer = await client.get(f"/sessions/{session.ref}.ics")
    assert answer.headers["content-disposition"] == f'attachment; filename="neg-{session.ref}.ics"'
    assert [str(event["SUMMARY"]) for event in icalendar.Calendar.from_ical(answer.content).walk("VEVENT")] == ["Neglect"]


async def test_the_calendar_page_carries_the_filters_over(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    page = (await client.get("/calendar?delivery=online")).text
    assert 'href="webcal://127.0.0.1:8000/calendar/programme.ics?delivery=online"' in page
