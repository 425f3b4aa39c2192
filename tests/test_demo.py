"""The demo: its figures are the published ones, its programme is lively, and it starts quickly the second time."""

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from marstraining.attendance.models import CourseFile, Mark, Register
from marstraining.attendance.queries import CourseFigures, attended_by_course, attended_by_session
from marstraining.bookings.actions import tell_changes
from marstraining.bookings.models import Allocation, Booking, LedgerEntry
from marstraining.bookings.queries import places
from marstraining.certificates.actions import grant_owed_accreditations, issue_owed_certificates
from marstraining.colleagues.queries import ledger, staff
from marstraining.core import config
from marstraining.core.db import connect, rows
from marstraining.core.errors import Refused
from marstraining.core.viewer import SYSTEM
from marstraining.core.working_time import WorkingCalendar
from marstraining.coverage.queries import people_asked
from marstraining.coverage.rules import State
from marstraining.demo.booked import plan_bookings
from marstraining.demo.filling import REFERENCE, fill
from marstraining.demo.folder import Demo
from marstraining.demo.invent import invent_people, invent_settings
from marstraining.demo.learnt import REFERENCE_YEAR, invent_history
from marstraining.demo.upcoming import upcoming_programme
from marstraining.digests.models import Digest
from marstraining.messages.envelope import previewed_subject
from marstraining.messages.models import BouncedAddress, Message
from marstraining.people.models import Agency, Person, Position, RoleGrant
from marstraining.people.queries import viewer_for
from marstraining.programme.models import Course, Session, SessionTrainer, TrainingDay
from marstraining.record.models import Accreditation, Completion, ExternalLearning
from marstraining.reports.queries import last_snapshot
from marstraining.reports.queries.meetings import meetings
from marstraining.reports.queries.quality import represented_at
from marstraining.reports.rules import Period
from tests.demos import BASE, column, make_demo, said, stored

pytestmark = pytest.mark.whole

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
YEAR = (date(2022, 4, 1), date(2023, 3, 31))
_OF_MEASURE = {
    "attendances": "attendances",
    "people who attended": "people",
    "sessions held": "sessions",
    "group places attended (headcount, no names)": "attendances",
    "organisations represented": "organisations",
}


def published_figures() -> dict[str, tuple[str, str, int]]:
    """Course, field of `CourseFigures` and value of each figure that is computed from attendance."""
    figures = json.loads((REFERENCE / "figures_2022_23.json").read_text(encoding="utf-8"))["figures"]
    return {one["key"]: (one["course"], _OF_MEASURE[one["measure"]], one["value"]) for one in figures if one.get("computed") is None}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make_demo(tmp_path_factory.mktemp("demo"), NOW)


@pytest_asyncio.fixture
async def filled(demo: Demo) -> AsyncIterator[Demo]:
    """The demo's SQLite database, open; read only, since every test here shares it."""
    config.use(demo.settings)
    async with connect(demo.settings):
        yield demo
    config.use(None)


@pytest.mark.usefixtures("db")
async def test_attendances_equal_the_published_figures() -> None:
    await fill(now=NOW, report=said)
    figures = await attended_by_course(*YEAR)
    expected = published_figures()
    assert {key: (course, field, getattr(figures[course], field)) for key, (course, field, _) in expected.items()} == expected
    assert len(expected) == 9


@pytest.mark.usefixtures("filled")
async def test_the_last_quarters_report_shows_what_is_known_three_months_later() -> None:
    held = await last_snapshot("quarterly", Period.holding(NOW.date()).step(-1))
    assert held is not None
    (page,) = [one for one in held.content["sections"] if one["number"] == "8"]
    assert re.fullmatch(r"Impact after three months: \d+ of \d+ \(\d+%\) replied", page["title"])
    assert "not collected yet" not in str(page)
    (quotes,) = [one["quotes"] for one in page["blocks"] if one["kind"] == "quotes"]
    assert (len(quotes), {whose for _, whose in quotes}) == (6, {"Somebody who came", "A manager"})
    (method,) = [one for one in held.content["sections"] if one["number"] == "7"]
    assert "shift of -" in str(method)


@pytest.mark.usefixtures("filled")
async def test_the_board_has_met_lately_on_signed_papers_and_trusts_are_among_no_schools() -> None:
    days = [one.meets_on for one in await meetings(viewer=SYSTEM) if one.is_signed]
    assert (len(days), NOW.date() - days[-1] < timedelta(days=100)) == (3, True)
    named = {name for sector in (await represented_at([0])).sectors for name in sector.missing or ()}
    trusts = {row["name"] for row in await rows("SELECT name FROM people_agency WHERE code LIKE 'TRUST%'")}
    assert (len(trusts) > 0, named & trusts) == (True, set())


@pytest.mark.usefixtures("filled")
async def test_every_named_session_has_as_many_marks_as_people_were_counted() -> None:
    sessions = await Session.filter(code__isnull=False, imported_headcount__isnull=False).values("id", "imported_headcount")
    counted = {row["id"]: row["imported_headcount"] for row in sessions}
    assert await attended_by_session(list(counted)) == counted


@pytest.mark.usefixtures("filled")
async def test_headcount_sessions_hold_no_names() -> None:
    assert await Mark.filter(session__counted_as="headcount").count() == 0


@pytest.mark.usefixtures("filled")
async def test_members_of_standing_series_come_more_than_once() -> None:
    figures: dict[str, CourseFigures] = await attended_by_course(*YEAR)
    fewer = {code: figures[code].people < figures[code].attendances for code in ("EHPP", "DSL-SCH", "DSL-EY", "EHF")}
    assert fewer == {"EHPP": True, "DSL-SCH": True, "DSL-EY": True, "EHF": True}
    marks = await column(Mark.filter(session__course__code="DSL-SCH", session__code__isnull=False), "person_id")
    assert max(Counter(marks).values()) == 4


@pytest.mark.usefixtures("filled")
async def test_a_session_without_a_published_figure_has_none() -> None:
    session = await Session.get(code="CONF-DSL-2022-07-12")
    assert await attended_by_session([session.id]) == {session.id: None}


@pytest.mark.usefixtures("filled")
async def test_the_settings_are_invented_one_by_one() -> None:
    codes = await column(Agency.all(), "code")
    kinds = Counter(code.partition("-")[0] for code in codes if code.partition("-")[2].isdigit())
    assert kinds == {"TRUST": 3, "SCH": 80, "EY": 67, "CM": 66, "NEW": 1}
    assert await Agency.filter(is_one_person=True).count() == 66
    assert await Agency.filter(state="suggested").count() == 1


@pytest.mark.usefixtures("filled")
async def test_nobody_has_an_address_that_could_be_real() -> None:
    addresses = await column(Person.filter(email__isnull=False), "email")
    assert [address for address in addresses if not str(address).endswith(".example")] == []
    assert await Person.filter(email__isnull=True).count() == 5


@pytest.mark.usefixtures("filled")
async def test_some_people_hold_two_positions() -> None:
    held = Counter(await column(Position.all(), "person_id"))
    asha = await Person.get(name="Asha Begum")
    assert held[asha.id] == 2
    assert sum(number == 2 for number in held.values()) > 10


@pytest.mark.usefixtures("filled")
async def test_at_least_60_sessions_of_every_kind_are_coming() -> None:
    coming = Session.filter(state="published", starts_at__gt=NOW)
    assert await coming.count() >= 60
    kinds = set(await column(coming, "course__kind"))
    assert kinds == set(await column(Course.all(), "kind"))
    assert len(kinds) == 7
    assert set(await column(coming, "delivery")) == {"in person", "online", "hybrid"}
    assert set(await column(Session.filter(starts_at__gt=NOW), "state")) == {"draft", "published", "postponed", "called_off"}
    # Calling a session off leaves its training days as they were, as its verb does.
    assert await TrainingDay.filter(session__state__in=("called_off", "postponed"), is_cancelled=True).count() == 0


@pytest.mark.usefixtures("filled")
async def test_the_desk_has_something_of_each_kind_to_do() -> None:
    coming = Session.filter(state="published", starts_at__gt=NOW)
    today = NOW.date()
    assert await coming.filter(decide_by__lte=today + timedelta(days=3), decided_at__isnull=True).count() == 2
    assert await coming.filter(final_numbers_by__lte=today + timedelta(days=3)).count() == 2
    assert await coming.filter(delivery="online", joining_link="", external_url="", venue_id__isnull=False).count() == 2
    assert await Booking.filter(state="offered", offer_expires_at__lte=NOW + timedelta(hours=4)).count() == 1
    trained = await column(SessionTrainer.all(), "session_id")
    assert await coming.filter(course__kind="course", id__not_in=list(trained)).count() == 2


@pytest.mark.usefixtures("filled")
async def test_some_hold_a_tool_without_use_and_the_lead_has_a_digest_coming() -> None:
    flagged = await Accreditation.filter(flagged_on__isnull=False).values("granted_on", "asked_on")
    assert [(NOW.date() - row["granted_on"]).days for row in flagged] == [800] * 2
    assert await Accreditation.filter(flagged_on__isnull=True).count() > 100
    assert await column(Digest.all(), "person_id") == await column(Person.filter(name="Lena Osei"), "id")


async def test_the_desk_has_written_to_learners_and_one_address_has_bounced(filled: Demo) -> None:
    states = Counter(await column(Message.filter(template="desk_note"), "state"))
    assert (states["failed"], states["waiting"] > 3) == (1, True)
    failed = await Message.get(state="failed")
    assert await column(BouncedAddress.all(), "address") == [failed.address]
    assert previewed_subject(await stored(failed.ref), filled.settings).endswith(": where to park")


@pytest.mark.usefixtures("filled")
async def test_reminders_whose_use_is_over_left_in_their_time_and_none_is_missed() -> None:
    assert await Message.filter(state__in=["waiting", "held", "missed"], expires_at__lte=NOW).count() == 0
    sent = await Message.filter(template="reminder_two_weeks", state="sent").values("created_at", "sent_at", "expires_at")
    assert len(sent) > 50
    assert [one for one in sent if not one["created_at"] <= one["sent_at"] < one["expires_at"]] == []


@pytest.mark.usefixtures("filled")
async def test_full_sessions_have_waiting_lists_and_none_is_oversold() -> None:
    sessions = await Session.filter(state="published", starts_at__gt=NOW, capacity__isnull=False).values("id", "capacity")
    stand = await places([row["id"] for row in sessions], now=NOW)
    held = {row["id"]: (row["capacity"], stand[row["id"]].held) for row in sessions}
    assert [session for session, (capacity, taken) in held.items() if taken > capacity] == []
    full = {session for session, (capacity, taken) in held.items() if taken == capacity}
    waiting = set(await column(Booking.filter(state="waiting"), "session_id"))
    assert waiting == full
    assert len(full) == 7


@pytest.mark.usefixtures("filled")
async def test_nobody_is_in_two_places_on_one_day() -> None:
    live = await Booking.filter(state__in=["confirmed", "offered", "waiting"]).values("learner_id", "session_id")
    days: dict[int, list[date]] = {}
    for day in await TrainingDay.all().values("session_id", "day"):
        days.setdefault(day["session_id"], []).append(day["day"])
    diary = Counter((row["learner_id"], day) for row in live for day in days[row["session_id"]])
    assert [entry for entry, number in diary.items() if number > 1] == []


@pytest.mark.usefixtures("filled")
async def test_nothing_is_invented_within_the_year_whose_figures_are_published() -> None:
    first, last = REFERENCE_YEAR
    assert REFERENCE_YEAR == YEAR
    assert await Completion.filter(session_id__isnull=True, completed_on__gte=first, completed_on__lte=last).count() == 0


@pytest.mark.usefixtures("filled")
async def test_of_each_rule_some_are_up_to_date_some_soon_due_and_some_late() -> None:
    people = await people_asked(on=NOW.date())
    stands: dict[str, Counter[State]] = {}
    for dues in people.values():
        for due in dues:
            stands.setdefault(due.asked.rule.code, Counter())[due.state] += 1
    for code in ("MA-CORE", "DSL-FULL", "SCH-ALL", "EY-ALL", "EY-DSL", "VCSE-AWARE", "HLT-3C"):
        counted = stands[code]
        share = {state: counted[state] / counted.total() for state in (State.MET, State.SOON, State.OVERDUE)}
        assert (code, share[State.MET] > 0.3, share[State.SOON] > 0.05, 0.05 < share[State.OVERDUE] < 0.6) == (code, True, True, True)


@pytest.mark.usefixtures("filled")
async def test_the_leads_staff_stand_each_their_own_way_and_her_pages_are_not_empty() -> None:
    lead = await viewer_for((await Person.get(name="Lena Osei")).id)
    assert lead is not None
    people, _ = await staff(lead, on=NOW.date(), now=NOW)
    asked = await people_asked(*{one.person_id for one in people}, on=NOW.date())
    states = Counter(due.state for dues in asked.values() for due in dues)
    assert {State.MET, State.SOON, State.OVERDUE} <= set(states)
    ledger_lines, _ = await ledger(lead, on=NOW.date())
    assert "late_cancellation" in {line["kind"] for line in ledger_lines}
    held = set(await column(Booking.filter(agency__code="STLUKES"), "state"))
    assert {"confirmed", "substituted", "invited", "requested", "cancelled"} <= held


@pytest.mark.usefixtures("filled")
async def test_the_trainers_registers_are_one_open_from_yesterday_and_one_for_today() -> None:
    tom = await Person.get(name="Tom Hargreave")
    taught = {
        row["session__starts_at"].date(): row["session_id"]
        for row in await SessionTrainer.filter(person_id=tom.id, state="accepted").values("session_id", "session__starts_at")
    }
    yesterday, today = taught[NOW.date() - timedelta(days=1)], taught[NOW.date()]
    assert (await Register.get(session_id=yesterday)).locked_at is None
    evidence = Counter(await column(Mark.filter(session_id=yesterday), "evidence"))
    assert (evidence["qr"] > 0, evidence.total(), await Booking.filter(session_id=yesterday, state="confirmed").count()) == (True, 8, 19)
    running = await Session.get(id=today)
    assert running.starts_at <= NOW < running.ends_at
    assert await Register.filter(locked_at__isnull=False).count() >= 6


@pytest.mark.parametrize("name", ["Asha Begum", "Tom Hargreave", "Lena Osei", "Marcus Holroyd"])
@pytest.mark.usefixtures("filled")
async def test_whoever_has_a_link_is_booked_or_trains(name: str) -> None:
    person = await Person.get(name=name)
    coming = Booking.filter(learner_id=person.id, state="confirmed", session__starts_at__gt=NOW)
    assert await coming.count() + await SessionTrainer.filter(person_id=person.id, session__starts_at__gt=NOW).count() > 0


@pytest.mark.usefixtures("filled")
async def test_places_are_kept_an_entry_is_waived_and_files_are_handed_out() -> None:
    assert sorted(await column(Allocation.all(), "floor")) == [1, 2]
    assert await LedgerEntry.filter(waived_at__isnull=False).count() == 1
    assert set(await column(CourseFile.all(), "kind")) == {"pre_reading", "running_order", "handout"}
    assert await ExternalLearning.filter(state="added", person__name="Asha Begum").count() == 1


async def test_certificates_and_an_accreditation_that_ends_soon_follow_from_it(copied: Path) -> None:
    made = make_demo(copied, NOW)
    config.use(made.settings)
    async with connect(made.settings):
        assert await issue_owed_certificates(now=NOW) > 100
        granted = await grant_owed_accreditations(now=NOW)
        while granted == 500:
            granted = await grant_owed_accreditations(now=NOW)
        ends = await Accreditation.get(person__name="Tom Hargreave", course__code="GCP2-TTT")
        assert ends.expires_on is not None
        assert timedelta(0) < ends.expires_on - NOW.date() < timedelta(days=60)
    config.use(None)


async def test_nobody_is_written_to_of_changes_that_nobody_made(copied: Path) -> None:
    made = make_demo(copied, NOW)
    config.use(made.settings)
    async with connect(made.settings):
        assert await tell_changes(now=NOW) == 0
    config.use(None)


async def test_there_is_a_sign_in_link_for_each_role(filled: Demo) -> None:
    roles = ["learner", "trainer", "agency_lead", "desk", "administrator", "board_reader"]
    written = json.loads((filled.settings.data_dir / "demo.json").read_text(encoding="utf-8"))
    assert written == {"base_url": BASE, "sign_in": dict(filled.sign_in)}
    assert list(filled.sign_in) == roles
    granted = set(await column(RoleGrant.filter(person__name__in=["Tom Hargreave", "Lena Osei", "Marcus Holroyd"]), "role"))
    assert granted == {"trainer", "agency_lead", "board_reader"}
    assert await RoleGrant.filter(role="administrator").count() == 2


def test_the_same_seed_gives_the_same_demo_and_another_gives_another() -> None:
    def invented(seed: int) -> object:
        rng = random.Random(seed)
        settings = invent_settings(rng)
        named = "NLC-CF NLC-OTHER YJP POL ICB NLAG RDASH PROB HFRS JLC NLCOL STLUKES AP VANL BLUEDOOR NIOC FVR"
        people = invent_people(rng, settings, dict.fromkeys(named.split(), "partner.example"))
        planned = upcoming_programme(rng, NOW.date(), people)
        learnt = invent_history(rng, people, until=NOW.date())
        return settings, people, planned, learnt, plan_bookings(rng, planned, people, learnt, now=NOW)

    assert invented(1) == invented(1)
    assert invented(1) != invented(2)


def test_the_plan_works_from_any_day_of_the_year_and_at_any_time_of_the_day() -> None:
    rng = random.Random(3)
    for today in (date(2026, 12, 18) + timedelta(days=11 * step) for step in range(34)):
        at = time(today.toordinal() % 24, 59)
        planned = upcoming_programme(rng, today, [], at=at)
        assert [one.course for one in planned if one.ends_at <= one.starts_at] == []
        assert sum(one.days[0] > today for one in planned) >= 60
        held_today = [one for one in planned if one.days[0] == today and "now" in one.flags]
        assert len(held_today) == (WorkingCalendar().is_working_day(today) and (today.month, today.day) != (12, 29))
        assert all(one.starts <= at < one.ends for one in held_today if 8 <= at.hour < 19)
        yesterday = next(one for one in planned if one.flags.get("marked") == "8")
        assert (yesterday.days[0] < today, WorkingCalendar().is_working_day(yesterday.days[0])) == (True, True)


@pytest.fixture
def copied(demo: Demo, tmp_path: Path) -> Path:
    """A folder with a demo in it, to be done with as one likes."""
    shutil.copytree(demo.settings.data_dir, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_second_start_changes_nothing(copied: Path) -> None:
    before = (copied / "made.json").read_text(encoding="utf-8"), (copied / "secret.key").read_text(encoding="ascii")
    report: list[str] = []
    second = make_demo(copied, NOW + timedelta(days=6), report=report)
    after = (copied / "made.json").read_text(encoding="utf-8"), second.environment["MARS_SECRET_KEY"]
    assert (report, after) == ([], before)


def test_after_a_week_the_programme_is_made_again(copied: Path) -> None:
    report: list[str] = []
    make_demo(copied, NOW + timedelta(days=8), report=report)
    assert report[:2] == [
        "This demo's programme was made more than 7 days ago: making it again, counted from today",
        "Importing the reference case",
    ]
    assert json.loads((copied / "made.json").read_text(encoding="utf-8")) == {"made_at": "2026-12-02T09:00:00+00:00"}


def test_an_interrupted_demo_is_made_from_the_start(copied: Path) -> None:
    (copied / "made.json").unlink()
    report: list[str] = []
    make_demo(copied, NOW, report=report)
    assert report[0] == "Importing the reference case"


def test_a_folder_with_a_real_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "marstraining.sqlite3").write_bytes(b"somebody's")
    with pytest.raises(Refused, match="holds a database that is not a demo's"):
        make_demo(tmp_path, NOW, is_fresh=True)
    assert (tmp_path / "marstraining.sqlite3").read_bytes() == b"somebody's"
