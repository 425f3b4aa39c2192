"""Meeting reports at the desk and for trainers: read, looked at, settled, and only then written as marks."""

from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from marstraining.attendance.actions import lock_register, mark_register
from marstraining.attendance.models import Mark, MeetingReport, ReportedPerson
from marstraining.attendance.queries import taught_days
from marstraining.attendance.rules import MarkWord, NewMark
from marstraining.core.viewer import SYSTEM, Role
from marstraining.history.models import Entry
from marstraining.people.models import Person
from tests import makers
from tests.conftest import Clock, Visitor
from tests.reported_marks.pages import entries, marks, root, settle, write
from tests.reported_marks.reported import AFTER, SignInAs, held, send, stamp_in, trained_by, words_in
from tests.statements import statements

pytestmark = pytest.mark.whole


async def test_a_report_is_read_and_shown_and_no_mark_is_written_before_somebody_says_so(
    desk: Visitor, patel: Person, cole: Person
) -> None:
    session = await held(patel, cole)
    answer = await send(desk, root(session), "t2_en_gb_utf16be.csv")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{root(session)}/reports?done=read")
    assert await marks() == []
    shown = words_in((await desk.get(f"{root(session)}/reports")).text)
    for words in (
        "t2_en_gb_utf16be.csv Teams report",
        "Asha Patel By email 178 (99%) Attended No mark yet",
        "Ben Cole By name 75 (42%) Too short: mark it in the register No mark yet",
        "1 mark will be written",
        "1 person was there too short to propose a mark",
        "Nobody was found for 1 entry by email address or whole name",
        "Row 7: The report says 151.1 minutes on average",
    ):
        assert words in shown
    assert (await write(desk, session)).headers["location"].endswith("done=written&n=1")
    assert await marks() == [(patel.id, "attended", 178, "teams", "learner")]


async def test_nothing_is_kept_but_names_addresses_and_times(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    await send(desk, root(session), "t2_telephones.csv", "t2_no_email_but_upn.csv", "t2e_short_rows.csv")
    kept = str([dict(row) for row in await ReportedPerson.all().values()] + [dict(row) for row in await MeetingReport.all().values()])
    assert [word for word in ("7700", "441724", "onmicrosoft", "Applause", "Presenter") if word in kept] == []
    assert len(await MeetingReport.all()) == 3


async def test_the_same_file_again_adds_nothing_and_the_page_says_so(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    await send(desk, root(session), "z1_joins.csv")
    before = await entries()
    answer = await send(desk, root(session), "z1_joins.csv")
    assert answer.headers["location"].endswith("?done=known")
    assert "This report was read before, so it adds nothing." in (await desk.get(answer.headers["location"])).text
    assert (await entries(), await MeetingReport.all().count()) == (before, 1)


@pytest.mark.parametrize("at_once", ["at once", ""])
async def test_a_meeting_that_was_restarted_is_one_presence_sent_at_once_or_one_after_the_other(
    at_once: str, desk: Visitor, patel: Person
) -> None:
    session = await held(patel)
    names = ("t2_first_of_two.csv", "t2_second_of_two.csv")
    for batch in [names] if at_once else [names[:1], names[1:]]:
        await send(desk, root(session), *batch)
    assert await entries() == [("Asha Patel", "matched", patel.id, 171.3)]
    await write(desk, session)
    assert await marks() == [(patel.id, "attended", 171, "teams", "learner")]


async def test_a_second_report_makes_more_of_a_mark_that_the_first_one_made(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    await send(desk, root(session), "t2_first_of_two.csv")
    await write(desk, session)
    assert await marks() == [(patel.id, "partial", 91, "teams", "learner")]
    await send(desk, root(session), "t2_second_of_two.csv")
    await write(desk, session)
    assert await marks() == [(patel.id, "attended", 171, "teams", "learner")]


async def test_breaks_are_not_taught_and_a_course_has_its_own_shares(desk: Visitor, patel: Person, cole: Person) -> None:
    session = await held(patel, cole, course={"break_minutes": 60, "attended_share": 1.0, "partial_share": 0.6})
    await send(desk, root(session), "t2_en_gb_utf16be.csv")
    await write(desk, session)
    assert await marks() == [(patel.id, "attended", 178, "teams", "learner"), (cole.id, "partial", 75, "teams", "learner")]


async def test_a_mark_made_by_hand_stands_unless_somebody_says_otherwise(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    [day] = await taught_days(session.id)
    await mark_register(session.id, [NewMark(patel.id, day.id, MarkWord.ABSENT)], by=SYSTEM, now=AFTER)
    await send(desk, root(session), "t2_en_gb_utf16be.csv")
    assert "Did not attend (Register, stays)" in words_in((await desk.get(f"{root(session)}/reports")).text)
    await write(desk, session)
    assert await marks() == [(patel.id, "absent", None, "manual", "learner")]
    await write(desk, session, replaces="yes")
    assert await marks() == [(patel.id, "attended", 178, "teams", "learner")]


async def test_what_changed_in_another_tab_is_looked_at_again_before_it_is_written(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    path = f"{root(session)}/reports"
    await send(desk, root(session), "t2_first_of_two.csv")
    stamp = stamp_in((await desk.get(path)).text)
    await send(desk, root(session), "t2_second_of_two.csv")
    answer = await desk.post(f"{path}/write", {"stamp": stamp}, seen=path)
    assert answer.status_code == 422
    assert "Something here changed since you looked. Check the marks again, then write them." in answer.text
    assert await marks() == []


async def test_those_in_no_report_are_absent_only_once_everybody_in_it_is_known(desk: Visitor, patel: Person) -> None:
    eve = await makers.make_person("Eve Nobody")
    session = await held(patel, eve)
    await send(desk, root(session), "z1_joins.csv")
    answer = await write(desk, session, absent="yes")
    assert answer.status_code == 422
    assert "Say first who the people in the report are" in answer.text
    for entry in await ReportedPerson.filter(became="unmatched"):
        await settle(desk, session, entry.name, became="ignored")
    await write(desk, session, absent="yes")
    assert await marks() == [(patel.id, "attended", 178, "zoom", "learner"), (eve.id, "absent", None, "zoom", "learner")]


# ---- the tray ----------------------------------------------------------------------------------------------------------


async def test_everything_read_can_be_forgotten_and_marks_stand(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    await send(desk, root(session), "z1_joins.csv")
    await write(desk, session)
    path = f"{root(session)}/reports"
    await desk.post(f"{path}/forget", seen=path)
    assert (await entries(), await MeetingReport.all().count(), len(await marks())) == ([], 0, 1)
    told = [
        row["action"] for row in await Entry.filter(subject_kind="session", action__startswith="report.").order_by("id").values("action")
    ]
    assert told == ["report.read", "report.written", "report.forgotten"]


# ---- files that cannot be taken ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("fatal_picture.csv", "“fatal_picture.csv” is a PNG picture, not an attendance report."),
        ("fatal_unclosed_quote.csv", "is not closed where it should be, so the rows after it cannot be told apart."),
        ("fatal_no_participants.csv", "Download the report"),
        ("t2_wrong_session_date.csv", "Check that it is the right file and the right session."),
        ("t2_ambiguous_date.csv", "and the session is on 14 November 2022."),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_in_words_and_nothing_is_kept(
    name: str, sentence: str, desk: Visitor, patel: Person
) -> None:
    session = await held(patel)
    answer = await send(desk, root(session), name)
    assert answer.status_code == 422
    assert sentence in words_in(answer.text)
    assert (await entries(), await MeetingReport.all().count()) == ([], 0)


async def test_of_several_files_the_one_at_fault_is_named_and_none_is_kept(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    answer = await send(desk, root(session), "z1_joins.csv", "t2_wrong_session_date.csv")
    assert "“t2_wrong_session_date.csv”: This report is of a meeting on" in words_in(answer.text)
    assert "None of the files was kept." in answer.text
    assert await MeetingReport.all().count() == 0
    assert "Select one or more attendance reports" in (await send(desk, root(session))).text


async def test_a_report_without_dates_of_a_session_of_two_days_needs_its_day(desk: Visitor, patel: Person) -> None:
    session = await held(patel, days=2)
    first, second = await taught_days(session.id)
    assert "A report has no dates. Select the training day that it is of" in (await send(desk, root(session), "z2_misspelt.csv")).text
    await send(desk, root(session), "z2_misspelt.csv", day=str(second.id))
    await write(desk, session)
    [mark] = await Mark.filter(person_id=patel.id)
    assert (mark.training_day_id, mark.mark, mark.minutes) == (second.id, "attended", 179)
    await send(desk, root(session), "t2_en_gb_utf16be.csv")
    await write(desk, session)
    found = await Mark.filter(person_id=patel.id).order_by("id").values("training_day_id", "minutes")
    assert [(row["training_day_id"], row["minutes"]) for row in found] == [(second.id, 179), (first.id, 178)]


# ---- who may ------------------------------------------------------------------------------------------------------------


async def test_an_online_session_without_its_report_says_that_it_waits_and_how_to_get_it(desk: Visitor, patel: Person) -> None:
    session = await held(patel)
    shown = words_in((await desk.get(f"{root(session)}/reports")).text)
    assert "Waiting for the report Only whoever organised the online meeting can download its report." in shown
    assert "choose Attendance, then Download" in shown
    in_person = await held(delivery="in person")
    assert "Waiting for the report" not in (await desk.get(f"{root(in_person)}/reports")).text


async def test_a_trainer_who_accepted_reads_the_report_without_addresses_and_others_find_nothing(
    patel: Person, asha: Person, dee: Person, sign_in_as: SignInAs
) -> None:
    tess = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    other = await makers.make_person("Otto Other", roles=(Role.TRAINER,))
    speaker = await makers.make_person("Sam Speaker", roles=(Role.TRAINER, Role.CONTRIBUTOR))
    session = await held(patel)
    await trained_by(session, tess)
    await trained_by(session, other, state="asked")
    await trained_by(session, speaker, speaks=True)
    visitor, path = await sign_in_as(tess), f"/teaching/{session.ref}"
    assert (await send(visitor, path, "t2_en_gb_utf16be.csv")).status_code == 303
    shown = (await visitor.get(f"{path}/reports")).text
    assert "Dee Ward" in shown
    assert "dee@council.example" not in shown
    entry = await ReportedPerson.filter(became="unmatched").first()
    assert entry
    for person in (other, speaker, asha):
        stranger = await sign_in_as(person)
        for address in (
            f"{path}/reports",
            f"{path}/reports/{entry.ref}",
            f"{root(session)}/reports",
            f"{root(session)}/reports/{entry.ref}",
        ):
            assert (await stranger.get(address)).status_code == 404
    elsewhere = await held()
    assert (await (await sign_in_as(dee)).get(f"{root(elsewhere)}/reports/{entry.ref}")).status_code == 404


async def test_a_locked_register_is_corrected_by_the_desk_with_a_reason_alone(desk: Visitor, patel: Person, sign_in_as: SignInAs) -> None:
    session = await held(patel)
    await send(desk, root(session), "t2_first_of_two.csv")
    await write(desk, session)
    path = f"{root(session)}/reports"
    await lock_register(session.id, by=SYSTEM, now=AFTER)
    await send(desk, root(session), "t2_second_of_two.csv")
    assert "Say why the register is corrected." in (await write(desk, session)).text
    await write(desk, session, why="The meeting was restarted")
    assert await marks() == [(patel.id, "attended", 171, "teams", "learner")]
    assert "The register of this session is locked." in (await desk.get(path)).text


@pytest.mark.parametrize(("is_locked", "why"), [(True, "register of this session is locked"), (False, "A week has passed")])
async def test_a_trainer_is_not_asked_for_reports_that_could_not_be_written_any_more(
    is_locked: bool,  # noqa: FBT001
    why: str,
    patel: Person,
    clock: Clock,
    sign_in_as: SignInAs,
) -> None:
    tess = await makers.make_person("Tess Trainer", roles=(Role.TRAINER,))
    session = await held(patel)
    await trained_by(session, tess)
    path = f"/teaching/{session.ref}/reports"
    visitor = await sign_in_as(tess)
    assert "Read the reports" in (await visitor.get(path)).text
    if is_locked:
        await makers.make_mark(session, patel)
        await lock_register(session.id, by=SYSTEM, now=AFTER)
    else:
        clock.travel_to(AFTER + timedelta(days=8))
        visitor = await sign_in_as(tess)
    page = (await visitor.get(path)).text
    assert (why in page, "write to the training team" in page, "Read the reports" in page) == (True, True, False)


@pytest.mark.parametrize("people", [1, 3])
async def test_the_page_asks_the_same_statements_whoever_many_were_there(
    people: int, db: TortoiseContext, desk: Visitor, patel: Person
) -> None:
    session = await held(*[await makers.make_person(f"Learner {'ABC'[number]}") for number in range(people)])
    await send(desk, root(session), "t2_en_gb_utf16be.csv" if people == 1 else "t2_hall_of_twelve.csv")
    await desk.get(f"{root(session)}/reports")
    async with statements(db) as heard:
        await desk.get(f"{root(session)}/reports")
    assert len(heard) == 8
