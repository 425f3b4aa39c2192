"""What everyone may read: the same for all, drafts nowhere, and as many statements whatever is listed."""

import json
import re
from datetime import date, time, timedelta
from typing import Any

import icalendar
import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place
from marstraining.bookings.rules import BookPlace
from marstraining.core import config
from marstraining.core.clock import from_wall
from marstraining.people.models import Person
from marstraining.programme.models import Course, CourseTopic, Invited, Prerequisite, Session, SessionTrainer, Topic
from tests import makers
from tests.conftest import Clock, Visitor
from tests.portal.public_pages import SignInAs, session_of
from tests.statements import statements


def _headings(page: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", title).strip() for title in re.findall(r'<h3 class="mars-card__title">(.*?)</h3>', page)]


def _tags(page: str) -> list[str]:
    return re.findall(r'<strong class="govuk-tag[^"]*">([^<]*)</strong>', page)


async def _fill(session: Session, clock: Clock, number: int) -> None:
    for index in range(number):
        person = await makers.make_person(f"Learner {index}", agency=await makers.make_agency())
        await book_place(BookPlace(session_id=session.id, learner_id=person.id), by=makers.as_learner(person), now=clock.now)


async def test_the_programme_says_how_booking_stands(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    await session_of(clock, "Plenty", capacity=20)
    few = await session_of(clock, "Few", date(2026, 6, 10), capacity=2)
    full = await session_of(clock, "Full", date(2026, 6, 11), capacity=1)
    shut = await session_of(clock, "Shut list", date(2026, 6, 12), capacity=1, is_list_open=False)
    await session_of(clock, "No limit", date(2026, 6, 13), capacity=None)
    await session_of(clock, "Later", date(2026, 6, 14), opens_at=clock.now + timedelta(days=1))
    await session_of(clock, "Over", date(2026, 6, 15), closes_at=clock.now)
    await session_of(clock, "Elsewhere", date(2026, 6, 16), external_url="https://yhmast.example/1")
    await session_of(clock, "Off", date(2026, 7, 1), state="called_off")
    for session in (few, full, shut):
        await _fill(session, clock, 1)
    page = (await client.get("/programme")).text
    assert _headings(page) == ["Plenty", "Few", "Full", "Shut list", "No limit", "Later", "Over", "Elsewhere", "Off"]
    assert _tags(page) == [
        "20 places left", "1 place left", "Full: join the waiting list", "Full", "Places available", "Booking opens 10 March 2026",
        "Booking closed", "Book with the organiser", "Called off",
    ]  # fmt: skip
    assert re.findall(r'mars-list__month">([^<]*)<', page) == ["June 2026", "July 2026"]


async def test_places_left_narrows_the_list_and_its_feed_alike(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    full = await session_of(clock, "Full", capacity=1)
    await session_of(clock, "Free", date(2026, 6, 10))
    await _fill(full, clock, 1)
    assert _headings((await client.get("/programme?places=1")).text) == ["Free"]
    feed = icalendar.Calendar.from_ical((await client.get("/calendar/programme.ics?places=1")).content)
    assert [str(event["SUMMARY"]) for event in feed.walk("VEVENT")] == ["Free"]


@pytest.mark.parametrize("query", ["", "?places=1"])
async def test_the_programme_takes_as_many_statements_for_one_row_as_for_three(
    db: TortoiseContext, clock: Clock, client: Visitor, query: str
) -> None:
    counts = []
    for number in range(3):
        session = await session_of(clock, day=date(2026, 6, 9) + timedelta(days=number), days=2)
        await _fill(session, clock, 1)
        async with statements(db) as heard:
            page = await client.get(f"/programme{query}")
        assert len(_headings(page.text)) == number + 1
        counts.append(len(heard))
    assert counts == [3, 3, 3]


@pytest.mark.parametrize(
    ("path", "number"), [("/", 3), ("/programme/month?month=2026-06", 3), ("/courses", 1), ("/calendar/programme.ics", 1)]
)
async def test_other_lists_take_as_many_statements_whatever_their_length(
    db: TortoiseContext, clock: Clock, client: Visitor, path: str, number: int
) -> None:
    for _ in range(3):
        await session_of(clock)
        async with statements(db) as heard:
            assert (await client.get(path)).status_code == 200
        assert len(heard) == number


async def test_no_sessions_say_what_to_do(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    assert "No dates have been published yet" in (await client.get("/programme")).text
    await session_of(clock)
    page = (await client.get("/programme?q=nothing")).text
    assert "Take away one of the filters" in page
    assert 'value="nothing"' in page


@pytest.mark.parametrize("path", ["/programme", "/programme/month", "/me/programme"])
async def test_a_worry_typed_into_the_programmes_box_leads_to_whom_to_ring(
    db: TortoiseContext, clock: Clock, client: Visitor, asha: Person, sign_in_as: SignInAs, path: str
) -> None:
    visitor = await sign_in_as(asha) if path.startswith("/me") else client
    told = await visitor.get(f"{path}?q=a+child+told+me+her+dad+hits+her")
    assert (told.status_code, told.headers["location"]) == (303, "/search?help=child_at_risk")
    late = await visitor.get(f"{path}?q={'training+' * 20}+a+child+told+me+her+dad+hits+her")
    assert late.headers["location"].startswith("/search?")
    assert (await visitor.get(f"{path}?q=neglect")).status_code == 200


async def test_a_filter_that_is_not_understood_is_said_and_kept(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    await session_of(clock)
    page = await client.get("/programme?from=31/2/2027")
    assert page.status_code == 200
    assert "“From” must be a real date, like 14/6/2027" in page.text
    assert 'value="31/2/2027"' in page.text
    assert page.text.index("must be a real date") < page.text.index("Filter sessions")
    assert _headings(page.text) == ["Neglect"]


async def test_a_page_beyond_the_end_is_the_last(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    course = await makers.make_course("Neglect")
    for number in range(51):
        await session_of(clock, course=course, day=date(2026, 6, 1) + timedelta(days=number))
    assert len(_headings((await client.get("/programme")).text)) == 50
    assert len(_headings((await client.get("/programme?page=2")).text)) == 1
    assert len(_headings((await client.get("/programme?page=999")).text)) == 1


@pytest.mark.parametrize("columns", [{"state": "draft"}, {"access": "invited"}, {"access": "restricted", "audience_codes": ["police"]}])
async def test_states_a_draft_or_restricted_session_is_nowhere(
    db: TortoiseContext, clock: Clock, client: Visitor, columns: dict[str, Any]
) -> None:
    session = await session_of(clock, "Hidden thing", **columns)
    for path in (f"/sessions/{session.ref}", f"/sessions/{session.ref}.ics", "/sessions/0123456789"):
        assert (await client.get(path)).status_code == 404
    for path in ("/programme", "/programme?q=hidden", "/programme/month?month=2026-06", "/calendar/programme.ics", "/sitemap.xml", "/"):
        answer = await client.get(path)
        assert (answer.status_code, session.ref in answer.text) == (200, False)


async def test_restricted_sessions_are_shown_to_those_signed_in_whom_they_are_for(
    db: TortoiseContext, clock: Clock, asha: Person, ben: Person, sign_in_as: SignInAs
) -> None:
    session = await session_of(clock, "Schools only", access="restricted", audience_codes=["schools"])
    hers, his = await sign_in_as(asha), await sign_in_as(ben)
    assert _headings((await hers.get("/me/programme")).text) == ["Schools only"]
    assert (await hers.get(f"/me/sessions/{session.ref}")).status_code == 200
    assert _headings((await his.get("/me/programme")).text) == []
    assert (await his.get(f"/me/sessions/{session.ref}")).status_code == 404
    await Invited.create(session=session, person=ben)
    assert (await his.get(f"/me/sessions/{session.ref}")).status_code == 200


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"capacity": 20}, "Book a place"),
        ({"opens_at": from_wall(date(2026, 3, 10), time(9))}, "Booking opens Tuesday 10 March 2026, 9am"),
        ({"closes_at": from_wall(date(2026, 3, 9), time(9))}, "Booking has closed"),
        ({"external_url": "https://www.yhmast.example/1"}, "It opens www.yhmast.example"),
        ({"is_headcount_only": True}, "No booking by name"),
        ({"state": "called_off", "called_off_reason": "The trainer is unwell."}, "The trainer is unwell."),
        ({"state": "postponed"}, "This session has been postponed."),
        ({"state": "postponed"}, "See or cancel my booking"),
    ],
)
async def test_a_session_says_the_one_thing_to_do_next(
    db: TortoiseContext, clock: Clock, client: Visitor, columns: dict[str, Any], said: str
) -> None:
    session = await session_of(clock, **columns)
    page = await client.get(f"/sessions/{session.ref}")
    assert page.status_code == 200
    assert said in page.text


async def test_a_full_session_offers_its_list(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    session = await session_of(clock, capacity=1)
    await _fill(session, clock, 1)
    page = (await client.get(f"/sessions/{session.ref}")).text
    assert "Join the waiting list" in page
    assert "Nobody is on the waiting list yet" in page


async def test_a_course_that_is_approved_says_so_before_anybody_books(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    session = await session_of(clock, course=await makers.make_course("Neglect", needs_approval=True))
    assert "Your organisation is asked to approve your booking." in (await client.get(f"/sessions/{session.ref}")).text


async def test_the_joining_link_of_a_session_in_both_ways_is_promised_to_who_attends_online(
    db: TortoiseContext, clock: Clock, client: Visitor
) -> None:
    venue = await makers.make_venue("Hewson House", address="Station Road", postcode="DN20 8XJ")
    both = (await client.get(f"/sessions/{(await session_of(clock, delivery='hybrid', venue=venue)).ref}")).text
    assert "The joining link is sent to everyone who attends online." in both
    assert 'Hewson House<br>Station Road, <span class="mars-nowrap">DN20 8XJ</span><br>or online' in both


async def test_a_card_says_whom_a_course_is_for_where_its_codes_shut_nobody_out(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    await session_of(clock, course=await makers.make_course("GCP2", audience="Practitioners who assess neglect", audience_codes=["all"]))
    assert "Practitioners who assess neglect" in (await client.get("/programme")).text


async def test_states_a_called_off_session_names_the_next_date(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    course = await makers.make_course("Neglect")
    off = await session_of(clock, course=course, state="called_off")
    later = await session_of(clock, course=course, day=date(2026, 6, 30))
    page = (await client.get(f"/sessions/{off.ref}")).text
    assert f'<a class="govuk-link" href="/sessions/{later.ref}">Tuesday 30 June 2026, 9:30am</a>' in page


async def test_a_full_session_names_the_next_date_with_places_and_one_that_is_full_says_so(
    db: TortoiseContext, clock: Clock, client: Visitor
) -> None:
    course = await makers.make_course("Neglect")
    session = await session_of(clock, course=course, capacity=0)
    off = await session_of(clock, course=course, day=date(2026, 6, 16), state="called_off")
    said = " ".join(re.sub(r"<[^>]*>", "", (await client.get(f"/sessions/{off.ref}")).text).split())
    assert "The next date is Tuesday 9 June 2026, 9:30am. It is full, and you can join its waiting list." in said
    await session_of(clock, course=course, day=date(2026, 6, 30))
    said = " ".join(re.sub(r"<[^>]*>", "", (await client.get(f"/sessions/{session.ref}")).text).split())
    assert "The next date with places is Tuesday 30 June 2026, 9:30am." in said


async def test_a_session_shows_neither_its_link_nor_who_trains(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    agency = await makers.make_agency("North Lindsey College")
    tom = await makers.make_person("Tom Reed", agency=agency)
    session = await session_of(clock, delivery="online", joining_link="https://teams.example/secret")
    await SessionTrainer.create(session=session, person=tom, agency=agency, state="accepted", asked_at=clock.now)
    for path in (f"/sessions/{session.ref}", f"/sessions/{session.ref}.ics", "/calendar/programme.ics"):
        text = (await client.get(path)).text
        assert ("teams.example" in text, "Tom Reed" in text) == (False, False)
    assert "North Lindsey College" in (await client.get(f"/sessions/{session.ref}")).text


async def test_structured_data_says_what_when_and_where(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    venue = await makers.make_venue("Hewson </script> House", address="Station Road", postcode="DN20 8XJ")
    session = await session_of(clock, venue=venue, days=2)
    page = (await client.get(f"/sessions/{session.ref}")).text
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found is not None
    data = json.loads(found[1])
    assert {name: data[name] for name in ("@type", "name", "startDate", "endDate", "eventStatus", "eventAttendanceMode")} == {
        "@type": "EducationEvent",
        "name": "Neglect",
        "startDate": "2026-06-09T09:30:00+01:00",
        "endDate": "2026-06-10T12:30:00+01:00",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
    }
    assert data["location"][0]["name"] == "Hewson </script> House"
    assert len(data["subEvent"]) == 2


async def test_structured_data_leaves_out_what_is_not_known(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    async def data_of(**columns: Any) -> dict[str, Any]:
        session = await session_of(clock, **columns)
        found = re.search(r'<script type="application/ld\+json">(.*?)</script>', (await client.get(f"/sessions/{session.ref}")).text)
        assert found is not None
        data: dict[str, Any] = json.loads(found[1])
        return data

    own = await data_of(delivery="in person")
    assert ("location" in own, own["isAccessibleForFree"], own["offers"]["price"]) == (False, True, "0")
    elsewhere = await data_of(delivery="online", external_url="https://x.example/paid")
    assert "isAccessibleForFree" not in elsewhere
    assert elsewhere["offers"] == {"@type": "Offer", "url": "https://x.example/paid"}


async def test_a_course_has_its_outcomes_prerequisites_and_dates(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    course = await makers.make_course(
        "Neglect", code="NEG", outcomes=["Recognise <b>neglect</b>"], content_note="Hard to hear.", duration_minutes=90
    )
    await CourseTopic.create(course=course, topic=await Topic.create(slug="neglect", label="Neglect tools"))
    await session_of(clock, course=course)
    page = await client.get("/courses/neg")
    assert page.status_code == 200
    for said in ("Recognise &lt;b&gt;neglect&lt;/b&gt;", "Hard to hear.", "1 hour 30 minutes", "Neglect tools", "Tell me about new dates"):
        assert said in page.text
    assert len(_headings(page.text)) == 1
    assert (await client.get("/courses/none")).status_code == 404


async def test_the_same_bytes_go_to_everyone(
    db: TortoiseContext, clock: Clock, client: Visitor, asha: Person, sign_in_as: SignInAs
) -> None:
    session = await session_of(clock)
    hers = await sign_in_as(asha)
    for path in ("/", "/programme", f"/sessions/{session.ref}", f"/courses/{(await Course.get()).code}", "/help"):
        anonymous, signed_in = await client.get(path), await hers.get(path)
        assert anonymous.content == signed_in.content
        assert "set-cookie" not in signed_in.headers


@pytest.mark.parametrize("path", ["/help", "/accessibility", "/privacy", "/robots.txt", "/.well-known/security.txt", "/healthz", "/readyz"])
async def test_the_standing_pages_answer(db: TortoiseContext, clock: Clock, client: Visitor, path: str) -> None:
    assert (await client.get(path)).status_code == 200


async def test_security_txt_expires_within_a_year(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    assert "Expires: 2026-09-01T00:00:00Z" in (await client.get("/.well-known/security.txt")).text


@pytest.mark.parametrize(
    ("columns", "says", "says_not"),
    [
        ({"is_headcount_only": True, "delivery": "hybrid"}, "write to the training team</a>", "You choose when you book"),
        ({"state": "called_off", "delivery": "online"}, "No booking: called off", "joining link is sent"),
        ({"state": "postponed", "has_catering": True}, "No booking until the new date is set", "when you book"),
    ],
)
async def test_a_session_that_cannot_be_booked_says_nothing_of_booking_it(
    columns: dict[str, Any], says: str, says_not: str, db: TortoiseContext, clock: Clock, client: Visitor
) -> None:
    session = await session_of(clock, **columns)
    page = (await client.get(f"/sessions/{session.ref}")).text
    assert (says in page, says_not in page) == (True, False)


async def test_what_must_be_completed_first_stands_in_the_details(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    session = await session_of(clock)
    await Prerequisite.create(course=await Course.get(), needs=await makers.make_course("Child Protection", code="CP"))
    page = re.sub(r"\s+", " ", (await client.get(f"/sessions/{session.ref}")).text)
    assert 'Before you book</dt> <dd class="govuk-summary-list__value">You need to have completed <a' in page


@pytest.mark.parametrize("path", ["/programme", "/programme/month"])
async def test_a_date_beyond_every_programme_is_answered_by_a_sentence(
    path: str, db: TortoiseContext, clock: Clock, client: Visitor
) -> None:
    answer = await client.get(f"{path}?to=9999-12-31")
    assert (answer.status_code, "“Until” must be a real date, like 14/6/2027" in answer.text) == (200, True)


async def test_the_character_nul_is_no_part_of_an_address(db: TortoiseContext, clock: Clock, client: Visitor) -> None:
    answers = [
        await client.get(path)
        for path in ("/sessions/%00", "/courses/%00", "/b/%00/%00", "/programme?q=%00early", "/calendar/programme.ics?q=%00")
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 200, 200]
    assert 'value="early"' in answers[3].text


async def test_the_privacy_notice_names_the_data_protection_officer_of_the_partnership(client: Visitor) -> None:
    named = config.current().partnership.data_protection_officer
    page = (await client.get("/privacy")).text
    assert [part in page for part in named.split(", ")] == [True] * 3
