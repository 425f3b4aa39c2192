import asyncio
from datetime import date, timedelta

import pytest

from marstraining.attendance.rules import Evidence, MarkWord
from marstraining.certificates import actions, queries
from marstraining.certificates.models import Certificate
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import SYSTEM
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Person
from marstraining.programme.models import SessionTrainer
from marstraining.record.models import Completion
from tests import makers
from tests.certificates.held import AFTER, a_school, certificates_of, held_session, lock, mark

pytestmark = pytest.mark.usefixtures("db")

ATTENDED, PARTIAL, ABSENT = MarkWord.ATTENDED, MarkWord.PARTIAL, MarkWord.ABSENT
CORRECTED = "The register was corrected."


async def settle() -> tuple[int, int]:
    """One round of the worker: how many were withdrawn, how many issued."""
    return await actions.withdraw_unfounded_certificates(now=AFTER), await actions.issue_owed_certificates(now=AFTER)


async def test_a_locked_register_owes_a_certificate_to_full_attendance_and_everything_on_it_is_frozen(asha: Person, ben: Person) -> None:
    tess = await makers.make_person("Tess Trainer")
    course = await makers.make_course("Child Protection", code="CP", level="Level 3", outcomes=["Recognise abuse"], meets_annex_c=True)
    session = await held_session(asha, ben, course=course, hours=6)
    await SessionTrainer.create(session=session, person=tess, state="accepted", asked_at=AFTER)
    await mark(session, asha, ATTENDED)
    await mark(session, ben, PARTIAL)
    assert await actions.issue_owed_certificates(now=AFTER) == 0
    await lock(session)
    assert await settle() == (0, 1)
    [made] = await Certificate.all()
    course.title, course.outcomes = "Renamed", ["Something else"]
    await course.save()
    assert (made.person_id, made.name, made.completed_on, made.is_partial, len(made.code)) == (
        asha.id, "Asha Patel", date(2026, 3, 10), False, 16,
    )  # fmt: skip
    assert made.facts == {
        "name": "Asha Patel", "course_code": "CP", "course_title": "Child Protection", "level": "Level 3", "mode": "In person",
        "minutes": 360, "outcomes": ["Recognise abuse"], "delivered_by": ["Tess Trainer"], "organisation": "St Luke's School",
        "meets_annex_c": True, "completed_on": "2026-03-10", "is_partial": False,
        "issued_by": "Children's Multi-Agency Resilience and Safeguarding board, North Lincolnshire",
    }  # fmt: skip


async def test_the_letter_leads_to_the_certificates_page_and_the_history_names_it(asha: Person) -> None:
    session = await held_session(asha, course=await makers.make_course("Child Protection"))
    await mark(session, asha, ATTENDED)
    await lock(session)
    await settle()
    [made] = await Certificate.all()
    letter = await Message.get(template="certificate")
    assert (letter.key, letter.address, letter.context["ref"], letter.context["hours"]) == (
        f"certificate-{made.id}", "asha@stlukes.example", made.ref, "3 hours",
    )  # fmt: skip
    entry = await Entry.get(action="issue_certificate")
    assert (entry.subject_kind, entry.subject_id, entry.actor_role, entry.detail) == (
        "person", asha.id, "system", {"certificate": made.id, "session": session.id, "partial": False},
    )  # fmt: skip


async def test_the_job_run_twice_and_by_many_workers_at_once_issues_each_certificate_once() -> None:
    people = [await makers.make_person(f"Learner {number}") for number in range(4)]
    session = await held_session(*people)
    for person in people:
        await mark(session, person, ATTENDED)
    await lock(session)
    issued = await asyncio.gather(*(actions.issue_owed_certificates(now=AFTER) for _ in range(4)))
    assert (sum(issued), await Certificate.all().count(), await Message.filter(template="certificate").count()) == (4, 4, 4)
    assert await actions.issue_owed_certificates(now=AFTER) == 0


async def test_a_correction_after_the_certificate_withdraws_it_and_a_second_one_issues_it_again(asha: Person, dee: Person) -> None:
    session, desk = await held_session(asha), makers.as_desk(dee)
    await mark(session, asha, ATTENDED)
    await lock(session)
    await settle()
    await mark(session, asha, ABSENT, by=desk, why="Was not there")
    assert await settle() == (1, 0)
    assert await certificates_of(asha) == [("Asha Patel", False, CORRECTED)]
    assert (await Message.get(template="certificate_withdrawn")).context["reason"] == CORRECTED
    await mark(session, asha, ATTENDED, by=desk, why="Was there after all")
    assert await settle() == (0, 1)
    first, second = await Certificate.all().order_by("id")
    assert (second.replaces_id, second.withdrawn_at is None, first.code == second.code) == (first.id, True, False)


async def test_a_day_that_was_made_up_leads_to_a_certificate_and_two_days_of_three_do_not(asha: Person, dee: Person) -> None:
    session = await held_session(asha, days=3)
    await mark(session, asha, ATTENDED, ATTENDED, ABSENT)
    await lock(session)
    assert await settle() == (0, 0)
    made_up = (ATTENDED, ATTENDED, ATTENDED)
    await mark(session, asha, *made_up, by=makers.as_desk(dee), why="Made up on 2 April", evidence=Evidence.WORD)
    assert await settle() == (0, 1)


async def test_partial_attendance_has_none_but_from_the_desk_with_a_reason(asha: Person, ben: Person, dee: Person) -> None:
    session, desk = await held_session(asha, ben), makers.as_desk(dee)
    await mark(session, asha, PARTIAL, minutes=120)
    await mark(session, ben, ABSENT)
    await lock(session)
    assert await settle() == (0, 0)
    assert [one.facts.name for one in await queries.attended_in_part(session.id)] == ["Asha Patel"]
    with pytest.raises(Refused, match="Say why"):
        await actions.issue_for_part(session.id, asha.ref, reason=" ", by=desk, now=AFTER)
    with pytest.raises(NotFound):
        await actions.issue_for_part(session.id, ben.ref, reason="Kindness", by=desk, now=AFTER)
    await actions.issue_for_part(session.id, asha.ref, reason="Missed a fire drill only", by=desk, now=AFTER)
    with pytest.raises(Refused, match="already"):
        await actions.issue_for_part(session.id, asha.ref, reason="Again", by=desk, now=AFTER)
    [made] = await Certificate.all()
    assert (made.is_partial, made.partial_reason, made.issued_by_id, made.facts["minutes"]) == (
        True,
        "Missed a fire drill only",
        dee.id,
        120,
    )
    assert await settle() == (0, 0)


async def test_a_certificate_for_part_gives_way_to_one_for_the_whole_and_falls_with_its_mark(
    asha: Person, ben: Person, dee: Person
) -> None:
    session, desk = await held_session(asha, ben), makers.as_desk(dee)
    for person in (asha, ben):
        await mark(session, person, PARTIAL)
    await lock(session)
    for person in (asha, ben):
        await actions.issue_for_part(session.id, person.ref, reason="Agreed", by=desk, now=AFTER)
    await mark(session, asha, ATTENDED, by=desk, why="Stayed to the end")
    await mark(session, ben, ABSENT, by=desk, why="Was somebody else")
    assert await settle() == (1, 1)
    assert await certificates_of(asha) == [
        ("Asha Patel", False, "Attended the whole after all."), ("Asha Patel", True, ""),
    ]  # fmt: skip
    assert await certificates_of(ben) == [("Ben Cole", False, CORRECTED)]


async def test_what_the_desk_withdraws_stays_withdrawn_until_the_desk_issues_it_again(asha: Person, dee: Person) -> None:
    session, desk = await held_session(asha), makers.as_desk(dee)
    await mark(session, asha, ATTENDED)
    await lock(session)
    await settle()
    [made] = await Certificate.all()
    with pytest.raises(Refused, match="Say why"):
        await actions.withdraw_certificate(made.id, reason="", by=desk, now=AFTER)
    assert await actions.withdraw_certificate(made.id, reason="Issued in error", by=desk, now=AFTER)
    assert not await actions.withdraw_certificate(made.id, reason="Issued in error", by=desk, now=AFTER)
    assert await settle() == (0, 0)
    await actions.reissue_certificate(made.id, by=desk, now=AFTER)
    assert await certificates_of(asha) == [("Asha Patel", False, "Issued in error"), ("Asha Patel", True, "")]
    with pytest.raises(Refused, match="later certificate"):
        await actions.reissue_certificate(made.id, by=desk, now=AFTER)


async def test_a_corrected_name_is_issued_again_in_place_of_the_old_one(asha: Person, dee: Person) -> None:
    session, desk = await held_session(asha), makers.as_desk(dee)
    await mark(session, asha, ATTENDED)
    await lock(session)
    await settle()
    [made] = await Certificate.all()
    with pytest.raises(Refused, match="right already"):
        await actions.reissue_certificate(made.id, by=desk, now=AFTER)
    await Person.filter(id=asha.id).update(name="Asha Patel-Reid")
    await actions.reissue_certificate(made.id, by=desk, now=AFTER)
    assert await certificates_of(asha) == [
        ("Asha Patel", False, "Issued again with the corrected name."), ("Asha Patel-Reid", True, ""),
    ]  # fmt: skip
    assert await settle() == (0, 0)
    await Completion.all().delete()
    again = await Certificate.get(withdrawn_at__isnull=True)
    await Person.filter(id=asha.id).update(name="Asha Reid")
    with pytest.raises(Refused, match="register says no more"):
        await actions.reissue_certificate(again.id, by=desk, now=AFTER)
    assert (await Certificate.get(id=again.id)).withdrawn_at is None


async def test_walk_ins_get_one_trainers_and_counted_sessions_and_imported_history_get_none(asha: Person, ben: Person) -> None:
    tess = await makers.make_person("Tess Trainer", agency=await a_school())
    session = await held_session(asha)
    await makers.make_mark(session, ben, taken_as="walk_in")
    await makers.make_mark(session, tess, taken_as="trainer")
    await mark(session, asha, ABSENT)
    await lock(session)
    counted = await held_session(is_headcount_only=True)
    for held in (counted, await held_session(starts=AFTER - timedelta(days=40))):
        await Completion.create(
            person=asha, course_id=held.course_id, session=held, completed_on=held.starts_at.date(), source="imported", recorded_at=AFTER
        )
    await makers.complete(asha, await makers.make_course(), on=date(2020, 1, 6))
    assert await settle() == (0, 1)
    assert await certificates_of(ben) == [("Ben Cole", True, "")]


async def test_who_has_left_or_has_no_address_gets_the_certificate_without_a_letter(asha: Person) -> None:
    session = await held_session(asha)
    await mark(session, asha, ATTENDED)
    await lock(session)
    await Person.filter(id=asha.id).update(state="left")
    assert await settle() == (0, 1)
    assert await Message.filter(template="certificate").count() == 0
    assert (await certificates_of(asha))[0][1]
    with pytest.raises(NotFound):
        await actions.reissue_certificate(999, by=SYSTEM, now=AFTER)
