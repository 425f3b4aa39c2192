"""Bringing in attendance: marks, completions, people; all or nothing; figures with one definition."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from marstraining.attendance.actions import import_attendance, importing
from marstraining.attendance.models import Mark
from marstraining.attendance.queries import CourseFigures, attended_by_course, attended_by_session, organisations_represented
from marstraining.core.clock import from_wall, local
from marstraining.core.imports import Fault, ImportOutcome, Row
from marstraining.core.viewer import SYSTEM
from marstraining.history.models import Entry
from marstraining.messages.models import Message
from marstraining.people.models import Person, Position
from marstraining.programme.models import AgencyHeadcount, Session
from marstraining.record.models import Completion
from tests.makers import make_agency, make_course, make_mark, make_person, make_session

pytestmark = pytest.mark.usefixtures("db", "clock")

NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
DAY = date(2026, 2, 3)
STARTS = from_wall(DAY, datetime(2026, 2, 3, 9, 30, tzinfo=UTC).time())


def row(number: int = 2, **cells: str) -> Row:
    full = {
        "email": "asha@stlukes.example",
        "name": "Asha Begum",
        "agency": "STL",
        "course": "CP",
        "date": "2026-02-03",
        "mark": "attended",
    }
    return Row(number, full | cells)


async def bring_in(*rows: Row) -> ImportOutcome:
    return await import_attendance(rows, by=SYSTEM, now=NOW)


async def column(query: Any, name: str) -> list[Any]:
    return [found[name] for found in await query.order_by("id").values(name)]


async def a_held_session(**columns: Any) -> Session:
    await make_agency("St Luke's School", code="STL", contact_email="office@stlukes.example")
    return await make_session(course=await make_course(code="CP"), starts=STARTS, now=NOW, **columns)


async def test_an_attended_course_becomes_a_mark_and_a_completion() -> None:
    session = await a_held_session()
    asha = await make_person("Asha Begum", email="asha@stlukes.example")
    assert await bring_in(row(minutes="170")) == ImportOutcome(created=1)
    [mark] = await Mark.all().values("session_id", "training_day_id", "person_id", "mark", "minutes", "evidence")
    assert mark == {
        "session_id": session.id,
        "training_day_id": None,
        "person_id": asha.id,
        "mark": "attended",
        "minutes": 170,
        "evidence": "imported",
    }
    [completion] = await Completion.all().values("person_id", "session_id", "completed_on", "minutes", "source")
    assert completion == {"person_id": asha.id, "session_id": session.id, "completed_on": DAY, "minutes": 170, "source": "attendance"}


async def test_no_letter_is_sent_about_attendance_that_is_brought_in() -> None:
    await a_held_session()
    await bring_in(row())
    assert await Message.all().count() == 0


async def test_the_same_file_again_changes_nothing() -> None:
    await a_held_session()
    rows = [row(), row(3, email="ben@other.example", name="Ben Cole", agency="", mark="absent")]
    assert await bring_in(*rows) == ImportOutcome(created=2)
    assert await bring_in(*rows) == ImportOutcome(unchanged=2)
    assert (await Mark.all().count(), await Entry.filter(action="import_attendance").count()) == (2, 1)


async def test_a_corrected_row_supersedes_the_mark_and_takes_the_completion_back() -> None:
    await a_held_session()
    await bring_in(row())
    assert await bring_in(row(mark="did not attend")) == ImportOutcome(changed=1)
    assert await column(Mark.filter(superseded_at__isnull=True), "mark") == ["absent"]
    assert await column(Mark.filter(superseded_at=NOW), "mark") == ["attended"]
    assert await Completion.all().count() == 0


@pytest.mark.parametrize("mark", ["partial", "absent", "apologies"])
async def test_only_attending_completes_a_course(mark: str) -> None:
    await a_held_session()
    assert await bring_in(row(mark=mark)) == ImportOutcome(created=1)
    assert await Completion.all().count() == 0


async def test_a_session_of_two_days_is_completed_by_attending_both() -> None:
    await a_held_session(days=2)
    await bring_in(row())
    assert await Completion.all().count() == 0
    await bring_in(row(date="2026-02-04"))
    assert await column(Completion.all(), "completed_on") == [date(2026, 2, 4)]
    assert await Mark.filter(training_day_id__isnull=True).count() == 0


async def test_an_unknown_address_becomes_a_person_with_a_position() -> None:
    await a_held_session()
    await bring_in(row(email="New.Person@stlukes.example", name="New Person"))
    person = await Person.get(email="new.person@stlukes.example")
    [position] = await Position.filter(person_id=person.id).values("agency__code", "job_role", "starts_on")
    assert position == {"agency__code": "STL", "job_role": "multi_agency", "starts_on": DAY}


async def test_a_row_without_an_address_is_a_learner_whom_the_agency_manages() -> None:
    await a_held_session()
    assert await bring_in(row(email="", name="Kay Lowe")) == ImportOutcome(created=1)
    assert await bring_in(row(email="", name="kay lowe")) == ImportOutcome(unchanged=1)
    person = await Person.get(name="Kay Lowe")
    assert (person.email, person.managed_by_id) == (None, (await Position.get(person_id=person.id)).agency_id)


async def test_attendance_on_a_day_without_a_session_is_a_completion_learnt_elsewhere() -> None:
    await a_held_session()
    assert await bring_in(row(date="2024-05-01")) == ImportOutcome(created=1)
    assert await bring_in(row(date="2024-05-01")) == ImportOutcome(unchanged=1)
    [completion] = await Completion.all().values("session_id", "completed_on", "source")
    assert completion == {"session_id": None, "completed_on": date(2024, 5, 1), "source": "imported"}
    assert await Mark.all().count() == 0


async def test_every_fault_is_named_by_row_and_nothing_is_written() -> None:
    await a_held_session()
    outcome = await bring_in(
        row(),
        row(3, course="XX"),
        row(4, date="31/02/2026", mark="maybe", minutes="long"),
        row(5, agency="NOWHERE", email="b@x.example"),
        row(6, email="not an address"),
        row(7, name=""),
        row(8, email="", agency=""),
        row(9, date="2026-02-10", mark="absent"),
        row(10),
    )
    assert outcome == ImportOutcome(
        faults=(
            Fault(3, "course", "There is no course with the code XX"),
            Fault(4, "date", "“31/02/2026” is not a date: write it like 2026-11-24 or 24/11/2026"),
            Fault(4, "mark", "“maybe” is not a mark: use attended, partial, absent or excused"),
            Fault(4, "minutes", "“long” is not a number of minutes: write a whole number from 0 to 1440"),
            Fault(5, "agency", "There is no organisation NOWHERE: import the organisations first"),
            Fault(6, "email", "Enter an email address in the correct format, like name@example.com"),
            Fault(7, "name", "The name is missing"),
            Fault(8, "agency", "A learner without an email address needs the agency that manages them"),
            Fault(9, "date", "CP has no session on 2026-02-10 to mark “absent” on"),
            Fault(10, "email", "This repeats row 2: the same person, course and date"),
        )
    )
    assert (await Mark.all().count(), await Person.all().count()) == (0, 0)


async def test_a_shared_mailbox_of_somebody_new_undoes_the_whole_file() -> None:
    await a_held_session()
    outcome = await bring_in(row(), row(3, email="office@stlukes.example", name="The Office"))
    assert [fault.row for fault in outcome.faults] == [3]
    assert (await Mark.all().count(), await Person.all().count()) == (0, 0)


async def test_two_sessions_of_a_course_on_one_day_are_not_guessed_between() -> None:
    session = await a_held_session()
    await make_session(course=await session.course, starts=STARTS + timedelta(hours=5), now=NOW)
    assert (await bring_in(row())).faults == (Fault(2, "date", "CP ran more than once on 2026-02-03, so the row could mean either"),)


async def test_a_called_off_session_was_not_attended() -> None:
    await a_held_session(state="called_off")
    outcome = await bring_in(row(mark="absent"))
    assert outcome.faults == (Fault(2, "date", "CP has no session on 2026-02-03 to mark “absent” on"),)


async def test_a_merged_account_is_marked_as_the_one_that_stayed() -> None:
    await a_held_session()
    stayed = await make_person("Asha Begum", email="asha.begum@stlukes.example")
    await make_person("Asha B", email="asha@stlukes.example", state="merged", merged_into=stayed)
    await bring_in(row())
    assert await column(Mark.all(), "person_id") == [stayed.id]


async def test_more_rows_than_a_lot_are_one_import_whose_progress_is_told_and_whose_days_complete_across_lots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importing, "_AT_ONCE", 3)
    await a_held_session(days=2)
    people = [(f"p{number}@stlukes.example", f"Person {number}") for number in range(4)]
    rows = [row(email=email, name=name, date=day) for day in ("2026-02-03", "2026-02-04") for email, name in people]
    told: list[int] = []
    outcome = await import_attendance(rows, advance=told.append, by=SYSTEM, now=NOW)
    assert (outcome, told) == (ImportOutcome(created=8), [3, 3, 2])
    assert (await Completion.all().count(), await Person.all().count()) == (4, 4)
    assert await bring_in(*rows) == ImportOutcome(unchanged=8)
    [kept] = await Entry.filter(action="import_attendance").values("detail")
    assert kept["detail"] == {"marks": {"created": 8}, "people": 4, "provenance": []}


async def test_a_fault_in_a_later_lot_undoes_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_AT_ONCE", 1)
    await a_held_session()
    await make_agency("Closed School", code="SHUT", state="closed")
    outcome = await bring_in(row(), row(3, email="b@shut.example", agency="SHUT"))
    assert outcome.faults == (Fault(3, "agency", "Closed School is closed. Choose another organisation."),)
    assert (await Mark.all().count(), await Person.all().count()) == (0, 0)


# ---- figures ---------------------------------------------------------------------------------------------------------


async def test_a_figure_is_the_marks_or_else_the_headcount_and_never_both() -> None:
    course = await make_course(code="CP")
    marked = await make_session(course=course, starts=STARTS, now=NOW, imported_headcount=40)
    counted = await make_session(course=course, starts=STARTS, now=NOW, imported_headcount=40)
    unknown = await make_session(course=course, starts=STARTS, now=NOW)
    nobody = await make_session(course=course, starts=STARTS, now=NOW, imported_headcount=40)
    for name in ("Asha", "Ben"):
        await make_mark(marked, await make_person(name))
    await make_mark(marked, await make_person("Cat"), "absent")
    await make_mark(nobody, await make_person("Dan"), "excused")
    assert await attended_by_session([marked.id, counted.id, unknown.id, nobody.id]) == {
        marked.id: 2,
        counted.id: 40,
        unknown.id: None,
        nobody.id: 0,
    }


async def test_a_course_is_counted_over_the_sessions_that_began_in_the_span() -> None:
    course = await make_course(code="CP")
    st_lukes, other = await make_agency(), await make_agency("Other")
    asha, ben = await make_person("Asha"), await make_person("Ben")
    first = await make_session(course=course, starts=STARTS, now=NOW)
    second = await make_session(course=course, starts=STARTS + timedelta(days=7), days=2, now=NOW)
    await make_session(course=course, starts=STARTS + timedelta(days=8), now=NOW, imported_headcount=30, organisations_represented=4)
    await make_session(course=course, starts=STARTS + timedelta(days=9), now=NOW)
    await make_session(course=course, starts=STARTS, now=NOW, state="called_off", imported_headcount=99)
    await make_session(course=course, starts=STARTS - timedelta(days=30), now=NOW, imported_headcount=99)
    await make_mark(first, asha, agency=st_lukes)
    await make_mark(first, ben, agency=other)
    await make_mark(second, asha, agency=st_lukes)
    await make_mark(second, ben, "absent", agency=other)
    assert await attended_by_course(DAY, local(NOW).date()) == {
        "CP": CourseFigures(sessions=4, sessions_without_figure=1, attendances=33, people=2, organisations=6)
    }


async def test_organisations_are_those_of_who_came_or_of_the_headcounts_or_as_imported() -> None:
    st_lukes, other = await make_agency(), await make_agency("Other")
    named = await make_session(starts=STARTS, now=NOW, organisations_represented=9)
    counted = await make_session(starts=STARTS, now=NOW, organisations_represented=9)
    imported = await make_session(starts=STARTS, now=NOW, organisations_represented=9)
    await make_mark(named, await make_person("Asha"), agency=st_lukes)
    await make_mark(named, await make_person("Ben"), "absent", agency=other)
    for agency in (st_lukes, other):
        await AgencyHeadcount.create(session=counted, agency=agency, number=10)
    assert await organisations_represented([named.id, counted.id, imported.id]) == {named.id: 1, counted.id: 2, imported.id: 9}
