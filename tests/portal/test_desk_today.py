"""Today: each figure with its list, for whom it is, and what its one action does."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from marstraining.bookings.actions import book_place, tell_needs
from marstraining.bookings.models import Booking, Needs
from marstraining.bookings.rules import BookPlace
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.messages.models import BouncedAddress, DeliveryHealth, Message
from marstraining.people.models import Agency, Person, RoleGrant
from marstraining.portal.desk.today import WORDS
from marstraining.portal.queries.today import KINDS, counts, listed, next_sessions
from marstraining.programme.models import Session, SessionTrainer
from marstraining.record.models import Accreditation, ExternalLearning
from marstraining.reports.actions import add_meeting, sign_off, take_paper
from marstraining.resources.actions import check_quality
from marstraining.resources.models import ResourceLink
from marstraining.resources.rules import QualityNote, Verdict
from marstraining.uploads.models import UploadedFile
from tests import makers
from tests.conftest import Clock, Visitor
from tests.reports.quarters import a_meeting
from tests.resources.shelf import on_the_shelf
from tests.statements import statements

SignInAs = Callable[[Person], Awaitable[Visitor]]
A_WEEK = timedelta(days=7)


async def quiet_session(clock: Clock, **columns: Any) -> Session:
    """A session in a week that needs nobody: it has a trainer and enough bookings."""
    session = await makers.make_session(now=clock.now, starts=clock.now + A_WEEK, capacity=1, **columns)
    trainer = await makers.make_person("Tom Trainer")
    await SessionTrainer.create(session=session, person=trainer, state="accepted", asked_at=clock.now)
    learner = await makers.make_person("Lena Learner")
    await book(session, learner, clock)
    return session


async def book(session: Session, learner: Person, clock: Clock) -> Booking:
    await book_place(BookPlace(session_id=session.id, learner_id=learner.id), by=makers.as_learner(learner), now=clock.now)
    return await Booking.get(session=session, learner=learner)


async def failed_letter(clock: Clock, **columns: Any) -> Message:
    return await Message.create(
        key=new_ref(), template="confirmed", priority=2, address="gone@example.org", name="Gone Person", message_id=f"<{new_ref()}@x>",
        created_at=clock.now, next_try_at=clock.now, first_try_at=clock.now, last_error="550 no such user",
        **{"state": "failed", **columns},
    )  # fmt: skip


TODAY = date(2026, 3, 9)
MADE_WITH: dict[str, dict[str, Any]] = {
    "decisions": {"decide_by": TODAY + A_WEEK},
    "links": {"delivery": "online", "joining_link": ""},
    "numbers": {"final_numbers_by": TODAY, "arrangement": "held"},
}
BECOMES: dict[str, dict[str, Any]] = {"postponed": {"state": "postponed"}, "low": {"capacity": 3}, "oversold": {"capacity": 0}}


async def bounced_address(clock: Clock) -> object:
    return await BouncedAddress.create(address="gone@example.org", reason="550 no such user", flagged_at=clock.now)


async def board_paper(clock: Clock) -> object:
    return await add_meeting(a_meeting(), by=SYSTEM, now=clock.now)


async def suggested_agency(_clock: Clock) -> object:
    return await makers.make_agency("Isle Young Carers", state="suggested")


async def added_learning(clock: Clock) -> object:
    person = await makers.make_person("Lena Learner")
    return await ExternalLearning.create(
        ref=new_ref(), person=person, title="Neglect webinar", provider="NSPCC", completed_on=TODAY, state="added", at=clock.now
    )


async def held_letter(clock: Clock) -> object:
    return await failed_letter(clock, state="held")


async def checked_resource(clock: Clock, **columns: Any) -> object:
    """A resource whose quality was checked today, with something else to do about it."""
    await on_the_shelf(now=clock.now, **columns)
    return await check_quality("7MB-CSE", QualityNote(TODAY, "Nurse", Verdict.GOOD), by=SYSTEM, now=clock.now)


async def broken_link(clock: Clock) -> object:
    await checked_resource(clock)
    return await ResourceLink.all().update(state="broken")


async def late_review(clock: Clock) -> object:
    return await checked_resource(clock, review_by=TODAY - timedelta(days=1))


async def unchecked_resource(clock: Clock) -> object:
    return await on_the_shelf(now=clock.now)


async def unused_tool(_clock: Clock) -> object:
    course = await makers.make_course("Graded Care Profile 2", grants_accreditation=True)
    holder = await makers.make_person("Asha Patel")
    return await Accreditation.create(person=holder, course=course, granted_on=date(2024, 1, 9), flagged_on=TODAY)


async def sent_file(clock: Clock, **columns: Any) -> object:
    made = {"file_name": "a.pdf", "size": 1, "at": clock.now, "waiting_since": clock.now - timedelta(minutes=16), **columns}
    return await UploadedFile.create(ref=new_ref(), **made)


FOR_THE_WHOLE_TEAM: dict[str, Callable[[Clock], Awaitable[object]]] = {
    "unused": unused_tool,
    "bounced": bounced_address,
    "papers": board_paper,
    "learning": added_learning,
    "organisations": suggested_agency,
    "held": held_letter,
    "letters": failed_letter,
    "links_broken": broken_link,
    "resources_review": late_review,
    "resources_quality": unchecked_resource,
    "infected": lambda clock: sent_file(clock, state="infected", threat="Eicar"),
    "unscanned": lambda clock: sent_file(clock, state="waiting"),
}
# Kinds with a page of their own: where it is, and how a line of it begins.
ELSEWHERE = {
    "bounced": ("/desk/letters/bounced", '<li class="mars-card'),
    "papers": ("/board", "Next meeting"),
    "infected": ("/desk/uploads", '<li class="mars-card'),
    "unscanned": ("/desk/uploads", '<li class="mars-card'),
    "held": ("/desk/letters?state=held", '<tr class="govuk-table__row"><th scope="row"'),
    "letters": ("/desk/letters?state=failed", '<tr class="govuk-table__row"><th scope="row"'),
    "links_broken": ("/desk/resources?needs=broken", 'data-label="Resource"'),
    "resources_review": ("/desk/resources?needs=review", 'data-label="Resource"'),
    "resources_quality": ("/desk/resources?needs=quality", 'data-label="Resource"'),
}


async def make_one(kind: str, clock: Clock) -> None:
    """Put one thing of the kind on the table, and nothing of any other."""
    if kind in FOR_THE_WHOLE_TEAM:
        await FOR_THE_WHOLE_TEAM[kind](clock)
        return
    session = await quiet_session(clock, **MADE_WITH.get(kind, {}))
    if kind in BECOMES:
        await Session.all().update(**BECOMES[kind])
    elif kind == "trainers":
        await SessionTrainer.all().update(state="asked")
    elif kind == "lists":
        for number in range(5):
            await waiting(session, await makers.make_person(f"Wanda {number}"), clock)
    elif kind == "offers":
        await Booking.all().update(state="offered", offer_expires_at=clock.now + timedelta(hours=2), offered_at=clock.now)
    elif kind == "needs":
        booking = await Booking.get(session=session)
        await tell_needs(booking.id, access="A hearing loop", dietary="", by=Viewer(person_id=booking.learner_id), now=clock.now)
    elif kind == "registers":
        await Session.all().update(starts_at=clock.now - timedelta(days=4), ends_at=clock.now - timedelta(days=3))
    elif kind == "leavers":
        await Person.filter(name="Lena Learner").update(state="left")


async def waiting(session: Session, learner: Person, clock: Clock) -> Booking:
    return await Booking.create(
        ref=new_ref(), session=session, learner=learner, state="waiting", joined_at=clock.now, nonce="n", check_in_code="1",
        created_at=clock.now, changed_at=clock.now,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_is_counted_once_and_listed(kind: str, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await make_one(kind, clock)
    found = await counts(makers.as_desk(dee), now=clock.now)
    assert {name: number for name, number in found.items() if number} == {kind: 1}
    visitor = await sign_in_as(dee)
    page = await visitor.get("/desk")
    assert WORDS[kind].one in page.text
    path, line = ELSEWHERE.get(kind, (f"/desk/today/{kind}", '<li class="mars-card">'))
    assert f'href="{path}"' in page.text
    shown = await visitor.get(path)
    assert (shown.status_code, shown.text.count(line)) == (200, 1)


@pytest.mark.parametrize("kind", ELSEWHERE)
async def test_a_kind_with_a_page_of_its_own_has_no_second_list(kind: str, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await make_one(kind, clock)
    assert (await (await sign_in_as(dee)).get(f"/desk/today/{kind}")).status_code == 404


async def test_a_quiet_day_says_so_and_what_comes_next(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await quiet_session(clock)
    page = await (await sign_in_as(dee)).get("/desk")
    assert "Nothing needs you today" in page.text
    assert f'href="/desk/sessions/{session.ref}"' in page.text


@pytest.mark.parametrize("state", ["left", "closed"])
async def test_a_trainer_whose_account_is_no_longer_active_trains_nothing(state: str, dee: Person, clock: Clock) -> None:
    await quiet_session(clock)
    await Person.filter(name="Tom Trainer").update(state=state)
    assert (await counts(makers.as_desk(dee), now=clock.now))["trainers"] == 1


async def test_an_empty_list_says_that_it_is_done(dee: Person, sign_in_as: SignInAs) -> None:
    shown = await (await sign_in_as(dee)).get("/desk/today/low")
    assert "Nothing to do here" in shown.text


@pytest.mark.parametrize("path", ["/desk", "/desk/today/decisions", "/desk/today/letters", "/desk/today/nothing-of-that-kind"])
async def test_a_learner_and_a_trainer_have_no_today(path: str, asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    trainer = await makers.make_person("Tom Trainer", roles=(Role.TRAINER,))
    assert (await (await sign_in_as(asha)).get(path)).status_code == 404
    assert (await (await sign_in_as(trainer)).get(path)).status_code == 404


async def test_a_partner_organiser_sees_their_own_sessions_and_nothing_of_the_whole_team(clock: Clock, db: TortoiseContext) -> None:
    agency = await makers.make_agency("Domestic Abuse Partnership")
    own = await makers.make_course(owner_agency=agency)
    await quiet_session(clock, course=own, decide_by=date(2026, 3, 10))
    await quiet_session(clock, decide_by=date(2026, 3, 10))
    await failed_letter(clock)
    organiser = Viewer(person_id=1, roles=frozenset({Role.PARTNER_ORGANISER}), organiser_agency_ids=frozenset({agency.id}))
    found = await counts(organiser, now=clock.now)
    assert (found["decisions"], "letters" in found, "bounced" in found) == (1, False, False)
    assert len(await listed("decisions", organiser, now=clock.now, limit=50, offset=0)) == 1
    nobody = Viewer(person_id=1, roles=frozenset({Role.PARTNER_ORGANISER}))
    assert await counts(nobody, now=clock.now) == {}


async def test_an_administrator_who_is_not_at_the_desk_sees_letters_but_no_sessions(sign_in_as: SignInAs, clock: Clock) -> None:
    await quiet_session(clock)
    await added_learning(clock)
    await failed_letter(clock)
    admin = await makers.make_person("Ada Admin", roles=(Role.ADMINISTRATOR,))
    visitor = await sign_in_as(admin)
    page = await visitor.get("/desk")
    assert ("letter that could not be sent" in page.text, "Coming next" in page.text) == (True, False)
    assert "learning elsewhere" not in page.text
    for kind in ("decisions", "learning"):
        assert (await visitor.get(f"/desk/today/{kind}")).status_code == 404


async def test_a_tool_without_use_leads_the_desk_to_where_it_is_decided_and_an_administrator_nowhere(
    dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    await unused_tool(clock)
    holder = await Person.get(name="Asha Patel")
    desk = await sign_in_as(dee)
    shown = (await desk.get("/desk/today/unused")).text
    assert ("No use on record since 9 January 2024; no answer yet" in shown, shown.count(">Decide<")) == (True, 1)
    record = f"/desk/people/{holder.ref}/record"
    assert f'href="{record}#accreditations"' in shown
    assert 'id="accreditations"' in (await desk.get(record)).text
    await Accreditation.create(person=holder, course_id=(await Accreditation.get()).course_id, granted_on=TODAY)
    assert "Nothing to do here" in (await desk.get("/desk/today/unused")).text
    admin = await sign_in_as(await makers.make_person("Ada Admin", roles=(Role.ADMINISTRATOR,)))
    assert (await admin.get("/desk/today/unused")).status_code == 404


async def test_the_banner_tells_that_mail_fails_or_waits(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    visitor = await sign_in_as(dee)
    letter = await failed_letter(clock)
    await Message.filter(id=letter.id).update(state="waiting", next_try_at=clock.now - timedelta(minutes=16))
    assert "Letters have been waiting to go out" in (await visitor.get("/desk")).text
    await DeliveryHealth.create(channel="email", failing_since=clock.now)
    assert "Emails are not going out" in (await visitor.get("/desk")).text


async def test_what_a_leaver_holds_is_released_without_a_letter_and_passed_on(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await quiet_session(clock)
    next_in_line = await waiting(session, await makers.make_person("Wanda Next"), clock)
    leaver = await Person.get(name="Lena Learner")
    await Person.filter(id=leaver.id).update(state="left")
    visitor = await sign_in_as(dee)
    answer = await visitor.post("/desk/today/leavers/release", {"person": leaver.ref}, seen="/desk/today/leavers")
    assert answer.headers["location"] == "/desk/today/leavers?done=released"
    assert (await Booking.get(learner=leaver)).state == "cancelled"
    assert (await Booking.get(id=next_in_line.id)).state == "offered"
    assert await Message.filter(template="cancelled").count() == 0


async def test_nobody_else_is_released_as_a_leaver(asha: Person, dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await make_one("leavers", clock)
    session = await makers.make_session(now=clock.now)
    await book(session, asha, clock)
    answer = await (await sign_in_as(dee)).post("/desk/today/leavers/release", {"person": asha.ref}, seen="/desk/today/leavers")
    assert answer.status_code == 422
    assert "not marked as having left" in answer.text
    assert (await Booking.get(learner=asha)).state == "confirmed"


async def test_the_venue_is_told_the_numbers_once(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await make_one("numbers", clock)
    session = await Session.get()
    visitor = await sign_in_as(dee)
    answer = await visitor.post(f"/desk/sessions/{session.ref}/numbers", {"from": "today"}, seen="/desk/today/numbers")
    assert answer.headers["location"] == "/desk/today/numbers?done=numbers"
    assert (await Session.get()).arrangement == "confirmed"
    assert (await counts(makers.as_desk(dee), now=clock.now))["numbers"] == 0


@pytest.mark.parametrize("kind", ["decisions", "offers", "needs", "organisations", "learning"])
async def test_a_list_asks_the_same_number_of_statements_for_one_and_for_three(
    kind: str, db: TortoiseContext, dee: Person, clock: Clock
) -> None:
    viewer = makers.as_desk(dee)
    asked = []
    for _ in range(3):
        await make_more(kind, clock)
        async with statements(db) as heard:
            await listed(kind, viewer, now=clock.now, limit=50, offset=0)
            await counts(viewer, now=clock.now)
            await next_sessions(viewer, now=clock.now)
        asked.append(len(heard))
    assert asked == [4 if kind in {"organisations", "learning"} else 5] * 3


async def make_more(kind: str, clock: Clock) -> None:
    """One more of a kind."""
    session = await quiet_session(clock, decide_by=clock.now.date() if kind == "decisions" else None)
    if kind == "offers":
        await Booking.filter(session=session).update(state="offered", offer_expires_at=clock.now + timedelta(hours=2))
    elif kind == "needs":
        booking = await Booking.get(session=session)
        await Needs.create(booking=booking, access="A hearing loop", arrangement="to_arrange", answered_at=clock.now)
    elif kind == "organisations":
        await suggested_agency(clock)
    elif kind == "learning":
        await added_learning(clock)


async def test_an_offer_that_runs_out_shows_an_address_and_not_the_mobile(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await make_one("offers", clock)
    await Booking.all().update(mobile="07700 900 982")
    page = (await (await sign_in_as(dee)).get("/desk/today/offers")).text
    assert ("07700" in page, 'href="mailto:' in page, ">Open the booking<" in page) == (False, True, True)


async def test_a_missing_link_says_whether_the_joining_instructions_have_gone(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await make_one("links", clock)
    for days, sentence in ((9, "Joining instructions go out on "), (2, "Joining instructions went out without a link on ")):
        await Session.all().update(starts_at=clock.now + timedelta(days=days), ends_at=clock.now + timedelta(days=days, hours=3))
        assert sentence in (await (await sign_in_as(dee)).get("/desk/today/links")).text


def test_every_kind_has_words() -> None:
    assert set(WORDS) == set(KINDS)


async def test_an_agency_lead_is_no_partner_organiser(asha: Person, sign_in_as: SignInAs) -> None:
    await RoleGrant.create(person=asha, role=Role.AGENCY_LEAD, agency=await Agency.get(code="STLUKES"), granted_at=makers.LONG_AGO)
    assert (await (await sign_in_as(asha)).get("/desk")).status_code == 404


async def test_a_board_paper_says_in_how_many_working_days_it_is_due_and_goes_when_it_is_signed_off(
    dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    ref = await add_meeting(a_meeting(), by=SYSTEM, now=clock.now)
    visitor = await sign_in_as(dee)
    assert "board paper due in 7 working days" in (await visitor.get("/desk")).text
    clock.travel_to(clock.now + timedelta(days=3))
    report = await take_paper(ref, by=SYSTEM, now=clock.now)
    visitor = await sign_in_as(dee)
    assert "board paper due in 4 working days" in (await visitor.get("/desk")).text
    clock.travel_to(clock.now + timedelta(days=7))
    visitor = await sign_in_as(dee)
    assert "board paper due 1 working day ago" in (await visitor.get("/desk")).text
    await sign_off(report, by=SYSTEM, now=clock.now)
    assert "board paper" not in (await visitor.get("/desk")).text


async def test_a_paper_that_is_far_off_needs_nobody_yet(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await add_meeting(replace(a_meeting(), paper_due_on=date(2026, 3, 24), meets_on=date(2026, 3, 31)), by=SYSTEM, now=clock.now)
    assert "board paper" not in (await (await sign_in_as(dee)).get("/desk")).text
    clock.forward(days=1)
    assert "board paper due in 10 working days" in (await (await sign_in_as(dee)).get("/desk")).text
