"""Booking for somebody, moving, cancelling, needs and letters, as Dee does it and as Asha finds it afterwards."""

import re
from collections.abc import Awaitable, Callable
from datetime import date, time

import pytest

from marstraining.bookings.actions import book_place, join_list
from marstraining.bookings.models import Booking, LedgerEntry, Needs
from marstraining.bookings.rules import BookPlace
from marstraining.core.clock import from_wall
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Agency, Person, Position
from marstraining.programme.models import Session
from tests import makers
from tests.conftest import Clock, Visitor

SignInAs = Callable[[Person], Awaitable[Visitor]]


async def book(session: Session, learner: Person, clock: Clock, *, waits: bool = False, access: str = "") -> Booking:
    verb = join_list if waits else book_place
    order = BookPlace(session_id=session.id, learner_id=learner.id, access_needs=access)
    booked = await verb(order, by=makers.as_learner(learner), now=clock.now)
    return await Booking.get(id=booked.id)


# ---- booking for somebody -------------------------------------------------------------------------------------------


async def test_somebody_is_found_by_name_and_booked_with_their_needs(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    visitor = await sign_in_as(dee)
    root = f"/desk/sessions/{session.ref}"
    found = await visitor.get(f"{root}/book?q=pat+asha")
    assert f'href="{root}/book/{asha.ref}"' in found.text
    answer = await visitor.post(f"{root}/book/{asha.ref}", {"access": "Step-free access", "what": "place"})
    assert answer.headers["location"] == f"{root}?done=booked"
    booking = await Booking.get(learner=asha)
    assert (booking.state, booking.made_by_id) == ("confirmed", dee.id)
    assert (await Needs.get(booking=booking)).arrangement == "to_arrange"
    assert (await Message.get(template="confirmed")).address == "asha@stlukes.example"
    again = await visitor.post(f"{root}/book/{asha.ref}", {"what": "place"})
    assert again.headers["location"] == f"{root}?done=already"
    assert await Message.all().count() == 1


async def test_a_full_session_is_refused_and_the_list_offered(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    await book(session, ben, clock)
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/book/{asha.ref}"
    refused = await visitor.post(path, {"what": "place", "access": "A hearing loop"})
    assert refused.status_code == 422
    assert "No place is free. Put them on the waiting list, or raise the number of places first." in refused.text
    assert "A hearing loop" in refused.text
    answer = await visitor.post(path, {"what": "list"})
    assert answer.headers["location"] == f"/desk/sessions/{session.ref}?done=waiting"
    assert (await Booking.get(learner=asha)).state == "waiting"


async def test_the_desk_books_outside_the_window_but_not_against_a_clash(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, closes_at=clock.now)
    other = await makers.make_session(now=clock.now)
    await book(other, asha, clock)
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/book/{asha.ref}"
    assert "at the same time" in (await visitor.get(path)).text
    refused = await visitor.post(path, {"what": "place"})
    assert refused.status_code == 422
    assert "They are already booked on “Child Protection” at the same time." in refused.text
    await Booking.filter(session=other).update(state="cancelled")
    assert (await visitor.post(path, {"what": "place"})).status_code == 303


async def test_with_two_posts_the_desk_says_which(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    second = await makers.make_agency("Governors' Association")
    await Position.create(person=asha, agency=second, job_role="governor", starts_on=date(2026, 1, 1))
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/book/{asha.ref}"
    refused = await visitor.post(path, {"what": "place"})
    assert "Select the organisation they come from" in refused.text
    assert (await visitor.post(path, {"what": "place", "agency": str(second.id)})).status_code == 303
    booking = await Booking.get(learner=asha)
    assert (booking.agency_id, booking.job_role) == (second.id, "governor")


async def test_somebody_new_is_entered_and_booked_in_one_step(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    agency = await makers.make_agency("Pine Bank Nursery")
    typed = {"name": "Nina New", "email": "Nina@Pine.example", "agency": str(agency.id), "job_role": "early_years", "what": "place"}
    answer = await (await sign_in_as(dee)).post(f"/desk/sessions/{session.ref}/book/new", typed)
    assert answer.headers["location"] == f"/desk/sessions/{session.ref}?done=booked"
    person = await Person.get(email="nina@pine.example")
    booking = await Booking.get(learner=person)
    assert (person.name, booking.agency_id, booking.job_role) == ("Nina New", agency.id, "early_years")


async def test_refused_for_want_of_places_nobody_new_is_entered(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    await book(session, asha, clock)
    before = await Person.all().count()
    typed = {"name": "Nina New", "email": "nina@pine.example", "what": "place"}
    refused = await (await sign_in_as(dee)).post(f"/desk/sessions/{session.ref}/book/new", typed)
    assert refused.status_code == 422
    assert 'value="nina@pine.example"' in refused.text
    assert await Person.all().count() == before


async def test_an_address_that_is_known_books_its_owner_under_their_own_name(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    typed = {"name": "Somebody Else", "email": "asha@stlukes.example", "what": "place"}
    assert (await (await sign_in_as(dee)).post(f"/desk/sessions/{session.ref}/book/new", typed)).status_code == 303
    assert (await Booking.get()).learner_id == asha.id
    assert (await Person.get(id=asha.id)).name == "Asha Patel"


async def test_somebody_without_email_is_booked_where_their_setting_has_a_contact(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    agency = await makers.make_agency("Pine Bank Nursery")
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/book/new"
    typed = {"name": "Nora Nomail", "agency": str(agency.id), "job_role": "early_years", "what": "place"}
    assert "has no contact email address" in (await visitor.post(path, typed)).text
    await Agency.filter(id=agency.id).update(contact_email="head@pine.example")
    assert (await visitor.post(path, typed)).status_code == 303
    assert (await Message.get()).address == "head@pine.example"


async def test_booking_5_a_shared_mailbox_is_refused_until_the_desk_overrules(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/book/new"
    typed = {"name": "Olive Office", "email": "office@pine.example", "what": "place"}
    refused = await visitor.post(path, typed)
    assert (refused.status_code, 'name="shared"' in refused.text) == (422, True)
    assert (await visitor.post(path, {**typed, "shared": "yes"})).status_code == 303


# ---- one booking ----------------------------------------------------------------------------------------------------


async def test_moving_takes_the_old_place_back_and_carries_what_was_answered(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    course = await makers.make_course()
    session = await makers.make_session(now=clock.now, course=course, capacity=1)
    later = await makers.make_session(now=clock.now, course=course, starts=session.starts_at.replace(month=6))
    booking = await book(session, asha, clock, access="A hearing loop")
    await book(session, ben, clock, waits=True)
    clock.travel_to(session.starts_at)
    clock.forward(hours=-5)
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/bookings/{booking.ref}"
    answer = await visitor.post(f"{path}/move", {"session": later.ref}, seen=path)
    assert answer.headers["location"] == f"/desk/sessions/{later.ref}?done=moved-booking"
    moved = await Booking.get(learner=asha, session=later)
    assert (moved.state, (await Booking.get(id=booking.id)).state) == ("confirmed", "cancelled")
    assert (await Needs.get(booking=moved)).access == "A hearing loop"
    assert await LedgerEntry.all().count() == 0
    again = await visitor.post(f"{path}/move", {"session": later.ref}, seen=f"/desk/sessions/{later.ref}/places")
    assert again.status_code == 303
    assert await Booking.filter(learner=asha, session=later).count() == 1


async def test_a_move_to_a_full_date_or_another_course_changes_nothing(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    course = await makers.make_course()
    session = await makers.make_session(now=clock.now, course=course)
    full = await makers.make_session(now=clock.now, course=course, capacity=1, starts=session.starts_at.replace(month=6))
    foreign = await makers.make_session(now=clock.now, starts=session.starts_at.replace(month=7))
    booking = await book(session, asha, clock)
    await book(full, ben, clock)
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/bookings/{booking.ref}"
    refused = await visitor.post(f"{path}/move", {"session": full.ref}, seen=path)
    assert (refused.status_code, "No place is free." in refused.text) == (422, True)
    elsewhere = await visitor.post(f"{path}/move", {"session": foreign.ref}, seen=path)
    assert (elsewhere.status_code, "Select the date to move to" in elsewhere.text) == (422, True)
    assert [row.id for row in await Booking.filter(learner=asha)] == [booking.id]
    assert (await Booking.get(id=booking.id)).state == "confirmed"


async def test_priority_puts_somebody_first_in_line(asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now, capacity=0)
    first, second = await book(session, asha, clock, waits=True), await book(session, ben, clock, waits=True)
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/bookings/{second.ref}"
    assert (await visitor.post(f"{path}/priority", {"priority": "9"}, seen=path)).status_code == 303
    shown = (await visitor.get(f"/desk/sessions/{session.ref}")).text
    assert re.findall(r"bookings/(\w+)\">(?:Ben|Asha)", shown) == [second.ref, first.ref]


async def test_what_has_ended_can_no_longer_be_cancelled(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    booking = await book(session, asha, clock)
    clock.travel_to(session.starts_at)
    visitor = await sign_in_as(dee)
    refused = await visitor.post(f"/desk/sessions/{session.ref}/bookings/{booking.ref}/cancel")
    assert (refused.status_code, "already started" in refused.text) == (422, True)


# ---- needs ----------------------------------------------------------------------------------------------------------


async def test_booking_4_needs_are_shown_only_for_a_reason_and_each_reading_is_kept(
    asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    booking = await book(session, asha, clock, access="A hearing loop")
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/needs"
    for page in (f"/desk/sessions/{session.ref}", path, f"/desk/sessions/{session.ref}/bookings/{booking.ref}"):
        assert "A hearing loop" not in (await visitor.get(page)).text
    refused = await visitor.post(path)
    assert (refused.status_code, "Select why you need to see this" in refused.text) == (422, True)
    assert await Entry.filter(action="booking.needs_read").count() == 0
    shown = await visitor.post(path, {"reason": "arrange"})
    assert (shown.status_code, "A hearing loop" in shown.text) == (200, True)
    entry = await Entry.get(action="booking.needs_read")
    assert (entry.actor_id, entry.subject_id, entry.detail) == (dee.id, booking.id, {"session": session.id, "reason": "arrange"})


async def test_booking_4_what_is_arranged_is_noted_and_only_for_this_session(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session, other = await makers.make_session(now=clock.now), await makers.make_session(now=clock.now)
    booking = await book(session, asha, clock, access="A hearing loop")
    foreign = await book(other, ben, clock, access="Large print")
    fields = {f"need-{booking.ref}": "arranged", f"need-{foreign.ref}": "arranged"}
    path = f"/desk/sessions/{session.ref}/needs"
    assert (await (await sign_in_as(dee)).post(f"{path}/arrange", fields, seen=path)).status_code == 303
    assert [needs.arrangement for needs in await Needs.all().order_by("id")] == ["arranged", "to_arrange"]


async def test_a_postponed_session_is_no_date_to_move_to(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    course = await makers.make_course()
    session = await makers.make_session(now=clock.now, course=course)
    postponed = await makers.make_session(now=clock.now, course=course, state="postponed")
    booking = await book(session, asha, clock)
    visitor, path = await sign_in_as(dee), f"/desk/sessions/{session.ref}/bookings/{booking.ref}"
    assert "There is no other coming date of this course." in (await visitor.get(path)).text
    assert (await visitor.post(f"{path}/move", {"session": postponed.ref}, seen=path)).status_code == 422


# ---- letters to the learners of a session ---------------------------------------------------------------------------


async def note_fields(visitor: Visitor, session: Session) -> dict[str, str]:
    page = await visitor.get(f"/desk/sessions/{session.ref}/write")
    key = re.search(r'name="key" value="(\w+)"', page.text)
    assert key
    return {"key": key[1], "to": "confirmed", "subject": "Parking at {{title}}", "text": "Dear {{name}},\n\nThe car park is closed."}


async def test_a_letter_is_seen_as_it_reads_and_then_sent_once(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    await book(session, asha, clock)
    await book(session, ben, clock, waits=True)
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/write"
    fields = await note_fields(visitor, session)
    preview = await visitor.post(path, {**fields, "step": "preview"})
    assert ("Parking at Child Protection" in preview.text, "Dear Asha Patel," in preview.text) == (True, True)
    assert await Message.filter(template="desk_note").count() == 0
    for _ in range(2):
        answer = await visitor.post(path, {**fields, "step": "send"})
        assert answer.headers["location"] == f"/desk/sessions/{session.ref}?done=sent"
    letter = await Message.get(template="desk_note")
    assert (letter.address, letter.context["subject_line"]) == ("asha@stlukes.example", "Parking at Child Protection")
    entry = await Entry.get(action="write_to_learners")
    assert entry.detail == {"to": "confirmed", "letters": 1}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"text": "Dear {{nmae}}"}, "There is no placeholder {{nmae}}."),
        ({"text": ""}, "Enter the email"),
        ({"subject": ""}, "Enter the subject"),
        ({"to": "waiting"}, "Nobody is in this list"),
        ({"key": "short"}, "This page is too old"),
    ],
)
async def test_a_letter_that_cannot_be_is_refused_with_every_word_kept(
    changed: dict[str, str], sentence: str, asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now)
    await book(session, asha, clock)
    visitor = await sign_in_as(dee)
    fields = await note_fields(visitor, session)
    refused = await visitor.post(f"/desk/sessions/{session.ref}/write", {**fields, "step": "preview", **changed})
    assert (refused.status_code, sentence in refused.text) == (422, True)
    kept = {**fields, **changed}
    assert kept["text"] in refused.text
    assert await Message.filter(template="desk_note").count() == 0


async def test_only_groups_with_somebody_in_them_are_offered(
    asha: Person, ben: Person, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    session = await makers.make_session(now=clock.now, capacity=1)
    visitor, path = await sign_in_as(dee), f"/desk/sessions/{session.ref}/write"
    await book(session, asha, clock)
    groups = r'name="to" type="radio" value="(\w+)"( checked)?'
    assert re.findall(groups, (await visitor.get(path)).text) == [("confirmed", " checked")]
    await book(session, ben, clock, waits=True)
    assert re.findall(groups, (await visitor.get(path)).text) == [("confirmed", " checked"), ("waiting", ""), ("all", "")]
    await Booking.filter(learner=asha).update(state="cancelled")
    assert re.findall(groups, (await visitor.get(path)).text) == [("waiting", " checked")]


async def test_going_back_from_the_preview_keeps_the_letter(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    await book(session, asha, clock)
    visitor = await sign_in_as(dee)
    fields = await note_fields(visitor, session)
    back = await visitor.post(f"/desk/sessions/{session.ref}/write", {**fields, "step": "edit"})
    assert (back.status_code, "The car park is closed." in back.text) == (200, True)


# ---- moving a whole session -----------------------------------------------------------------------------------------


async def test_another_training_day_is_added_without_losing_what_was_typed(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    visitor = await sign_in_as(dee)
    path = f"/desk/sessions/{session.ref}/move"
    more = await visitor.post(path, {"rows": "1", "starts1": "10am", "step": "more", "seen": session.changed_at.isoformat()})
    assert (more.status_code, 'name="starts2"' in more.text, 'value="10am"' in more.text) == (200, True, True)


async def test_the_dry_run_of_a_move_says_what_moves_along(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(
        now=clock.now, starts=from_wall(date(2026, 5, 8), time(9, 30)), closes_at=from_wall(date(2026, 5, 6), time(17)),
        decide_by=date(2026, 4, 30), final_numbers_by=None, opens_at=from_wall(date(2026, 4, 1), time(9)),
    )  # fmt: skip
    visitor, path = await sign_in_as(dee), f"/desk/sessions/{session.ref}/move"
    dry = (await visitor.get(path)).text
    assert re.findall(r"<li>((?:Booking|Decide|Final)[^<]*)</li>", dry) == [
        "Booking closes Wednesday 6 May 2026, 5pm",
        "Decide whether it runs by Thursday 30 April 2026",
    ]
    fields = {"rows": "1", "starts1": "13:00", "ends1": "16:00", "seen": session.changed_at.isoformat(), "step": "look"}
    later = (await visitor.post(path, {**fields, "day1": "2026-05-27"})).text
    assert re.findall(r"<li>((?:Booking|Decide|Final)[^<]*)<", later) == [
        "Booking closes Friday 22 May 2026, 5pm instead of Wednesday 6 May 2026, 5pm.",
        "Decide whether it runs by Tuesday 19 May 2026 instead of Thursday 30 April 2026.",
    ]
    assert "That has passed already." not in later
    sooner = (await visitor.post(path, {**fields, "day1": "2026-03-11"})).text
    assert (sooner.count("That has passed already."), "Booking opens Thursday 5 February 2026, 9am" in sooner) == (2, True)
    refused = await visitor.post(path, {**fields, "day1": "2026-02-11"})
    assert (refused.status_code, "Show their new dates" in refused.text) == (422, True)
    assert (await Session.get(id=session.id)).starts_at == session.starts_at
    moved = await visitor.post(path, {**fields, "day1": "2026-05-27", "step": "move"})
    assert moved.headers["location"] == f"/desk/sessions/{session.ref}?done=moved"
    after = await Session.get(id=session.id)
    assert (after.closes_at, after.decide_by) == (from_wall(date(2026, 5, 22), time(17)), date(2026, 5, 19))


async def test_each_day_that_cannot_be_is_named_beside_its_field(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(now=clock.now)
    fields = {
        "rows": "2", "seen": session.changed_at.isoformat(), "day1": "2026-06-01", "starts1": "9:30", "ends1": "12:30",
        "day2-day": "28", "day2-month": "3", "day2-year": "2027", "starts2": "1:30", "ends2": "12:30",
    }  # fmt: skip
    refused = await (await sign_in_as(dee)).post(f"/desk/sessions/{session.ref}/move", fields)
    assert refused.status_code == 422
    assert 'id="starts2-error"' in refused.text
    assert "does not exist" in refused.text
