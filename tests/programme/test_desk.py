"""The training team's pages of the programme: what they save, what they refuse and keep, and who may open them."""

import re
from datetime import date, time

import pytest
from tortoise.context import TortoiseContext

from marstraining.core.clock import from_wall, local
from marstraining.core.viewer import Role
from marstraining.coverage.actions import seed_rules
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Person, RoleGrant
from marstraining.programme.models import Course, Prerequisite, Session, SessionTrainer, TrainingDay, Venue
from marstraining.record.models import Accreditation
from tests import makers
from tests.conftest import Clock, Visitor
from tests.programme.desk_pages import COURSE, SESSION, SignInAs, error_of
from tests.statements import statements


async def test_a_course_is_added_and_changed(dee: Person, sign_in_as: SignInAs) -> None:
    desk = await sign_in_as(dee)
    answer = await desk.post("/desk/courses/new", {**COURSE, "topics": "county lines\nneglect", "outcomes": "• Recognise\n• Act"})
    assert answer.headers["location"] == "/desk/courses/NEG/edit?done=saved"
    course = await Course.get(code="NEG")
    assert (course.title, course.outcomes, course.audience_codes) == ("Neglect", ["Recognise", "Act"], ["schools"])
    page = (await desk.get("/desk/courses/NEG/edit")).text
    assert "Child criminal exploitation\nNeglect</textarea>" in page
    assert "Neglect" in (await desk.get("/desk/courses")).text


async def test_a_course_that_cannot_be_is_shown_again_with_what_was_typed(dee: Person, sign_in_as: SignInAs) -> None:
    await makers.make_course(code="NEG")
    desk = await sign_in_as(dee)
    answer = await desk.post("/desk/courses/new", {**COURSE, "title": "My title"})
    assert answer.status_code == 422
    assert error_of(answer.text, "code") == "Another course has this code. Choose a different one."
    assert 'value="My title"' in answer.text


async def test_what_a_course_needs_and_counts_as_is_chosen_by_title(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await makers.make_course("Basic awareness", code="BASIC")
    await makers.make_course("“Old” course", code="OLD", is_archived=True)
    await seed_rules(now=clock.now)
    desk = await sign_in_as(dee)
    page = (await desk.get("/desk/courses/new")).text
    assert re.findall(r'name="needs" type="checkbox" value="(\w+)"', page) == ["BASIC"]
    assert '<option value="DSL-ANNUAL">' in page
    await desk.post("/desk/courses/new", {**COURSE, "needs": "BASIC", "counts_as": "DSL-ANNUAL"})
    assert [one.needs_id for one in await Prerequisite.all()] == [(await Course.get(code="BASIC")).id]
    assert (await Course.get(code="NEG")).counts_as == "DSL-ANNUAL"
    await Course.filter(code="BASIC").update(is_archived=True)
    await Course.filter(code="NEG").update(counts_as="GONE")
    page = (await desk.get("/desk/courses/NEG/edit")).text
    assert re.findall(r'name="needs" type="checkbox" value="(\w+)"( checked)?', page) == [("BASIC", " checked")]
    assert '<option value="GONE" selected>No rule takes this (GONE)</option>' in page


async def test_faults_of_a_course_stand_in_the_order_of_the_page(dee: Person, sign_in_as: SignInAs) -> None:
    page = (await (await sign_in_as(dee)).post("/desk/courses/new", {**COURSE, "title": "", "code": ""})).text
    assert re.findall(r'<li><a href="#(\w+)">', page) == ["title", "code"]


@pytest.mark.parametrize("address", ["/desk/sessions/new", "/desk/series"])
async def test_no_course_is_chosen_until_somebody_chooses_one(address: str, dee: Person, sign_in_as: SignInAs) -> None:
    for title in ("Zebra", "“Ey Up, Dad!”", "Apple"):
        await makers.make_course(title)
    desk = await sign_in_as(dee)
    page = (await desk.get(address)).text
    assert re.findall(r"<option[^>]*>([^(<]*)", page) == ["Choose a course", "Apple ", "“Ey Up, Dad!” ", "Zebra "]
    assert " selected" not in page.partition("<main")[2]
    assert error_of((await desk.get(f"{address}?course=")).text, "course") == "Choose a course"


async def test_a_session_is_saved_as_a_draft_and_published(dee: Person, sign_in_as: SignInAs, client: Visitor) -> None:
    await makers.make_course("Neglect", code="NEG", capacity=25)
    desk = await sign_in_as(dee)
    assert 'value="25"' in (await desk.get("/desk/sessions/new?course=NEG")).text
    answer = await desk.post("/desk/sessions/new?course=NEG", SESSION)
    session = await Session.get()
    assert (answer.headers["location"], session.state) == (f"/desk/sessions/{session.ref}/edit?done=created", "draft")
    assert (await client.get(f"/sessions/{session.ref}")).status_code == 404
    published = await desk.post(f"/desk/sessions/{session.ref}/edit", {**SESSION, "do": "publish"})
    assert published.headers["location"] == f"/desk/sessions/{session.ref}?done=published"
    assert (await client.get(f"/sessions/{session.ref}")).status_code == 200


async def test_another_day_is_added_without_losing_anything(dee: Person, sign_in_as: SignInAs) -> None:
    await makers.make_course("Neglect", code="NEG")
    desk = await sign_in_as(dee)
    typed = {**SESSION, "day1": "", "day1-day": "9", "day1-month": "6", "day1-year": "2026", "joining_note": "Bring a pen", "do": "add_day"}
    page = await desk.post("/desk/sessions/new?course=NEG", typed)
    assert page.status_code == 200
    assert ('name="day2-day"' in page.text, "Bring a pen" in page.text) == (True, True)
    assert re.findall(r'name="day1-\w+"[^>]* value="(\d+)"', page.text) == ["9", "6", "2026"]
    await desk.post("/desk/sessions/new?course=NEG", {**SESSION, "day2": "2026-06-10"})
    assert [(day.day, day.starts, day.ends) for day in await TrainingDay.all().order_by("starts_at")] == [
        (date(2026, 6, 9), "09:30", "12:30"),
        (date(2026, 6, 10), "09:30", "12:30"),
    ]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"day1": ""}, "day1", "Enter the date of the first training day"),
        ({"day1": "2027-03-28", "starts1": "01:30"}, "starts1", "The time 01:30 on 28 March 2027 does not exist: the clocks go forward"),
        ({"day1": "", "day1-day": "31", "day1-month": "6", "day1-year": "2026"}, "day1", "The date of day 1 must be a real date"),
        ({"day1": "", "starts1": ""}, "starts1", "Enter the start time of day 1"),
        ({"day2": "2026-06-09"}, "day1", "Two training days overlap on 9 June 2026"),
        ({"ends1": "09:00"}, "ends1", "The end time must be after the start time"),
        ({"joining_link": "teams"}, "joining_link", "Enter a web address that begins with https://"),
        ({"capacity": "many"}, "capacity", "The number of places must be a whole number, like 20"),
        ({"minimum_numbers": "21"}, "minimum_numbers", "The minimum number must not be higher than the number of places"),
    ],
)
async def test_every_fault_of_a_session_stands_beside_its_field(
    dee: Person, sign_in_as: SignInAs, changes: dict[str, str], field: str, sentence: str
) -> None:
    await makers.make_course("Neglect", code="NEG")
    desk = await sign_in_as(dee)
    page = await desk.post("/desk/sessions/new?course=NEG", {**SESSION, "notes": "Kept", **changes})
    assert (page.status_code, error_of(page.text, field), "Kept" in page.text) == (422, sentence, True)
    assert await Session.all().count() == 0


async def test_a_draft_moves_freely_and_a_published_session_does_not(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(state="draft", now=clock.now)
    desk = await sign_in_as(dee)
    await desk.post(f"/desk/sessions/{session.ref}/edit", SESSION)
    assert (await TrainingDay.get(session_id=session.id)).day == date(2026, 6, 9)
    await Session.filter(id=session.id).update(state="published")
    page = (await desk.get(f"/desk/sessions/{session.ref}/edit")).text
    assert ('name="day1-day"' in page, f"/desk/sessions/{session.ref}/move" in page) == (False, True)
    await desk.post(f"/desk/sessions/{session.ref}/edit", {**SESSION, "day1": "2026-06-30", "title": "New title"})
    assert ((await TrainingDay.get(session_id=session.id)).day, (await Session.get()).title) == (date(2026, 6, 9), "New title")


async def test_what_somebody_else_changed_meanwhile_is_not_written_over(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(state="draft", now=clock.now)
    desk = await sign_in_as(dee)
    seen = session.changed_at.isoformat()
    await Session.filter(id=session.id).update(changed_at=clock.now, title="Theirs")
    page = await desk.post(f"/desk/sessions/{session.ref}/edit", {**SESSION, "title": "Mine", "seen": seen})
    assert (page.status_code, "Somebody else changed this session" in page.text, (await Session.get()).title) == (422, True, "Theirs")


async def test_a_session_is_copied_and_a_draft_deleted(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(capacity=12, joining_link="https://teams.example/x", now=clock.now)
    desk = await sign_in_as(dee)
    answer = await desk.post(f"/desk/sessions/{session.ref}/copy", {"day1": "30/6/2026", "starts1": "9:30", "ends1": "12:30", "do": "save"})
    copy = await Session.get(state="draft")
    assert answer.headers["location"] == f"/desk/sessions/{copy.ref}/edit?done=copied"
    assert (copy.capacity, copy.joining_link, copy.starts_at) == (12, "", from_wall(date(2026, 6, 30), time(9, 30)))
    assert (await desk.post(f"/desk/sessions/{copy.ref}/delete")).headers["location"] == "/desk/sessions?done=deleted"
    assert [one.id for one in await Session.all()] == [session.id]
    kept = await desk.post(f"/desk/sessions/{session.ref}/delete")
    assert "Only a draft can be deleted" in kept.text


async def test_a_venue_is_added_and_changed(dee: Person, sign_in_as: SignInAs) -> None:
    desk = await sign_in_as(dee)
    await desk.post("/desk/venues/new", {"name": "Hewson House", "postcode": "dn20 8xj"})
    venue = await Venue.get()
    assert (venue.name, venue.postcode) == ("Hewson House", "DN20 8XJ")
    again = await desk.post("/desk/venues/new", {"name": "hewson house"})
    assert error_of(again.text, "name") == "There is a venue with this name already"
    await desk.post(f"/desk/venues/{venue.ref}/edit", {"name": "Hewson House", "parking": "At the back"})
    assert (await Venue.get()).parking == "At the back"


async def test_only_who_is_accredited_is_asked_to_train_a_course_that_grants_it_unless_the_desk_overrules(
    dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    course = await makers.make_course("Graded Care Profile 2", grants_accreditation=True)
    session = await makers.make_session(now=clock.now, course=course)
    tom = await makers.make_person("Tom Reed", roles=(Role.TRAINER,))
    una = await makers.make_person("Una Bell", roles=(Role.TRAINER,))
    speaker = await makers.make_person("Sam Speaker", roles=(Role.CONTRIBUTOR,))
    held = await Accreditation.create(person=tom, course=course, granted_on=date(2024, 3, 1), expires_on=date(2026, 4, 30))
    await Accreditation.create(person=una, course=course, granted_on=date(2020, 3, 1), ended_on=date(2026, 1, 6))
    desk, address = await sign_in_as(dee), f"/desk/sessions/{session.ref}/trainers"
    refused = await desk.post(address, {"person": str(una.id)})
    assert error_of(refused.text, "person") == (
        "Una Bell holds no accreditation of Graded Care Profile 2, and only accredited people train it."
    )
    assert 'name="overrule"' in refused.text
    runs_out = await desk.post(address, {"person": str(tom.id)})
    assert error_of(runs_out.text, "person") == (
        "The accreditation of Tom Reed for Graded Care Profile 2 ends on 30 April 2026, before this session is over."
    )
    await Accreditation.filter(id=held.id).update(expires_on=local(session.ends_at).date())
    for fields in ({"person": str(tom.id)}, {"person": str(una.id), "overrule": "yes"}, {"person": str(speaker.id)}):
        assert (await desk.post(address, fields)).headers["location"] == f"{address}?done=asked"
    entries = await Entry.filter(action="ask_trainer").order_by("id").values("detail")
    assert [row["detail"].get("overruled", False) for row in entries] == [False, True, False]


async def test_a_trainer_is_asked_and_taken_off(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    agency = await makers.make_agency("North Lindsey College")
    tom = await makers.make_person("Tom Reed", agency=agency, roles=(Role.TRAINER,))
    session = await makers.make_session(now=clock.now)
    desk = await sign_in_as(dee)
    await desk.post(f"/desk/sessions/{session.ref}/trainers", {"person": str(tom.id)})
    asked = await SessionTrainer.get()
    assert (asked.person_id, asked.agency_id, asked.state) == (tom.id, agency.id, "asked")
    page = (await desk.get(f"/desk/sessions/{session.ref}/trainers")).text
    assert f'href="/desk/sessions/{session.ref}/trainers/{tom.ref}/take-off"' in page
    address = f"/desk/sessions/{session.ref}/trainers/{tom.ref}/take-off"
    page = (await desk.get(address)).text
    assert ("They were asked to train." in page, "Take off and tell them" in page, await SessionTrainer.all().count()) == (True, True, 1)
    answer = await desk.post(address, {"reason": "A colleague trains"})
    assert answer.headers["location"] == f"/desk/sessions/{session.ref}/trainers?done=removed-told"
    assert await SessionTrainer.all().count() == 0
    letter = await Message.get(template="trainer_told")
    assert (letter.name, letter.context["is_taken_off"], letter.context["reason"]) == ("Tom Reed", True, "A colleague trains")
    assert (await desk.get(address)).status_code == 404


@pytest.mark.parametrize(("state", "session_state"), [("declined", "published"), ("accepted", "called_off")])
async def test_who_would_not_come_is_taken_off_without_an_email(
    state: str, session_state: str, dee: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    tom = await makers.make_person("Tom Reed", roles=(Role.TRAINER,))
    session = await makers.make_session(now=clock.now, state=session_state)
    await SessionTrainer.create(session=session, person=tom, state=state, asked_at=clock.now)
    desk, address = await sign_in_as(dee), f"/desk/sessions/{session.ref}/trainers/{tom.ref}/take-off"
    page = (await desk.get(address)).text
    assert ("they get no email" in page.lower(), "tell them</button>" in page) == (True, False)
    answer = await desk.post(address, {})
    assert answer.headers["location"] == f"/desk/sessions/{session.ref}/trainers?done=removed"
    assert (await SessionTrainer.all().count(), await Message.filter(template="trainer_told").count()) == (0, 0)


DESK_PATHS = (
    "/desk/courses", "/desk/courses/new", "/desk/courses/NEG/edit", "/desk/venues", "/desk/venues/new", "/desk/sessions/new",
    "/desk/sessions/new?course=NEG", "/desk/series", "/desk/series?course=NEG", "/desk/roll-forward", "/desk/sessions/{ref}/edit",
    "/desk/sessions/{ref}/copy", "/desk/sessions/{ref}/trainers", "/desk/sessions/{ref}/delete",
)  # fmt: skip


async def test_the_desk_opens_its_pages_and_a_learner_none_of_them(dee: Person, asha: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    session = await makers.make_session(course=await makers.make_course(code="NEG"), now=clock.now)
    desk, learner = await sign_in_as(dee), await sign_in_as(asha)
    paths = [path.format(ref=session.ref) for path in DESK_PATHS]
    assert [(await desk.get(path)).status_code for path in paths] == [200] * len(paths)
    assert [(await learner.get(path)).status_code for path in paths] == [404] * len(paths)


async def test_a_partner_organiser_runs_the_courses_of_their_agency_only(ben: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    agency = await makers.make_agency("Voluntary Action")
    await RoleGrant.create(person=ben, role=Role.PARTNER_ORGANISER, agency=agency, granted_at=clock.now)
    theirs = await makers.make_session(course=await makers.make_course("Theirs", code="VCSE", owner_agency=agency), now=clock.now)
    other = await makers.make_session(course=await makers.make_course("Other", code="NEG"), now=clock.now)
    partner = await sign_in_as(ben)
    listed = (await partner.get("/desk/courses")).text
    assert (">Theirs<" in listed, ">Other<" in listed) == (True, False)
    paths = (
        f"/desk/sessions/{theirs.ref}/edit",
        f"/desk/sessions/{other.ref}/edit",
        "/desk/courses/NEG/edit",
        "/desk/sessions/new?course=NEG",
    )
    assert [(await partner.get(path)).status_code for path in paths] == [200, 404, 404, 404]
    assert (await partner.post(f"/desk/sessions/{other.ref}/publish", seen="/desk/sessions/new")).status_code == 404


async def test_security_4_a_partner_organiser_sees_no_titles_of_courses_of_others_that_are_not_public(
    ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    agency = await makers.make_agency("Voluntary Action")
    await RoleGrant.create(person=ben, role=Role.PARTNER_ORGANISER, agency=agency, granted_at=clock.now)
    theirs = await makers.make_course("Theirs", code="VCSE", owner_agency=agency)
    await makers.make_course("Their closed one", code="CLOSED", owner_agency=agency, access="invited")
    await makers.make_course("For everybody", code="ALL")
    await makers.make_course("Hidden", code="HID", access="invited")
    needed = await makers.make_course("Needed already", code="OLD", access="invited")
    await Prerequisite.create(course=theirs, needs=needed)
    partner, here = await sign_in_as(ben), "/desk/courses/VCSE/edit"
    titles = ("Their closed one", "For everybody", "Hidden", "Needed already")
    page = (await partner.get(here)).text
    assert [f"{title} (" in page for title in titles] == [True, True, False, True]
    typed = {**COURSE, "code": "VCSE", "title": "Theirs", "owner_agency": str(agency.id)}
    refused = await partner.post(here, {**typed, "needs": "HID"})
    assert (refused.status_code, "no course with the code “HID”" in refused.text, "Hidden (" in refused.text) == (422, True, False)
    assert (await partner.post(here, {**typed, "needs": ["ALL", "OLD", "CLOSED"]})).status_code == 303
    assert await Prerequisite.filter(course=theirs).count() == 3


async def test_security_4_who_leads_one_agency_and_organises_for_another_runs_the_courses_of_the_other_alone(
    ben: Person, sign_in_as: SignInAs, clock: Clock
) -> None:
    led, organised = await makers.make_agency("Led Trust"), await makers.make_agency("Voluntary Action")
    branch = await makers.make_agency("Voluntary Action East", parent=organised)
    await RoleGrant.create(person=ben, role=Role.AGENCY_LEAD, agency=led, granted_at=clock.now)
    await RoleGrant.create(person=ben, role=Role.PARTNER_ORGANISER, agency=organised, granted_at=clock.now)
    sessions = {
        agency.name: await makers.make_session(
            course=await makers.make_course(f"Of {agency.name}", owner_agency=agency), state="draft", now=clock.now
        )
        for agency in (led, organised, branch)
    }
    partner = await sign_in_as(ben)
    listed = (await partner.get("/desk/courses")).text
    assert [f">Of {name}<" in listed for name in sessions] == [False, True, True]
    for path in ("/desk/sessions/{}", "/desk/sessions/{}/edit", "/desk/sessions/{}/call-off", "/sessions/{}"):
        codes = [(await partner.get(path.format(session.ref))).status_code for session in sessions.values()]
        assert (path, codes) == (path, [404, 200, 200] if path.startswith("/desk") else [404, 404, 404])
    course = await Course.get(owner_agency_id=led.id)
    assert (await partner.get(f"/desk/courses/{course.code}/edit")).status_code == 404


@pytest.mark.parametrize(("path", "number"), [("/desk/courses", 1), ("/desk/venues", 1)])
async def test_lists_take_as_many_statements_for_one_row_as_for_three(
    db: TortoiseContext, dee: Person, sign_in_as: SignInAs, path: str, number: int
) -> None:
    desk = await sign_in_as(dee)
    counts = []
    for _ in range(3):
        await makers.make_course()
        await makers.make_venue()
        async with statements(db) as heard:
            await desk.get(path)
        counts.append(len([statement for statement in heard if "people_" not in statement]))
    assert counts == [number] * 3


async def test_lists_are_taken_away_as_files(dee: Person, sign_in_as: SignInAs) -> None:
    await makers.make_course("=Neglect", code="NEG")
    desk = await sign_in_as(dee)
    answer = await desk.get("/desk/courses?export=csv")
    assert answer.text.splitlines()[1].startswith("'=Neglect,NEG,Course")
    assert (await desk.get("/desk/courses?export=xlsx")).content[:2] == b"PK"


async def test_a_draft_with_a_publishing_time_keeps_it_through_editing(dee: Person, sign_in_as: SignInAs, clock: Clock) -> None:
    await makers.make_course("Neglect", code="NEG")
    desk = await sign_in_as(dee)
    await desk.post("/desk/sessions/new?course=NEG", {**SESSION, "publish_at": "2026-04-01", "publish_at_time": "07:00"})
    session = await Session.get()
    assert session.publish_at == from_wall(date(2026, 4, 1), time(7))
    page = (await desk.get(f"/desk/sessions/{session.ref}/edit")).text
    shown = dict(re.findall(r'name="((?:publish_at|day1|starts1|ends1)[\w-]*)" type="text"[^>]* value="([^"]*)"', page))
    assert shown == {
        "publish_at-day": "1", "publish_at-month": "4", "publish_at-year": "2026", "publish_at_time": "7am",
        "day1-day": "9", "day1-month": "6", "day1-year": "2026", "starts1": "9:30am", "ends1": "12:30pm",
    }  # fmt: skip
    others = {name: value for name, value in SESSION.items() if name not in {"day1", "starts1", "ends1"}}
    await desk.post(f"/desk/sessions/{session.ref}/edit", {**others, **shown, "title": "With a title"})
    again = await Session.get()
    assert (again.title, again.publish_at, again.starts_at) == ("With a title", session.publish_at, session.starts_at)
