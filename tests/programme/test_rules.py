from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from marstraining.core.errors import Refused
from marstraining.programme.forms import read_date, read_filter
from marstraining.programme.rules import (
    CourseDraft,
    DayPlan,
    ProgrammeFilter,
    SessionDraft,
    Stage,
    audiences_of,
    check_course,
    check_days,
    check_link,
    check_session,
    stage_of,
)
from marstraining.programme.topics import topic_of

STARTS = datetime(2027, 1, 12, 9, 30, tzinfo=UTC)
ENDS = datetime(2027, 1, 12, 12, 30, tzinfo=UTC)
BEFORE = datetime(2027, 1, 1, 9, 0, tzinfo=UTC)


def _stage(now: datetime = BEFORE, **changes: Any) -> Stage:
    facts: dict[str, Any] = {
        "state": "published", "starts_at": STARTS, "ends_at": ENDS, "opens_at": None, "closes_at": None,
        "is_elsewhere": False, "is_headcount_only": False,
    }  # fmt: skip
    return stage_of(**{**facts, **changes}, now=now)


@pytest.mark.parametrize(
    ("now", "changes", "stage"),
    [
        (BEFORE, {}, Stage.OPEN),
        (STARTS, {}, Stage.UNDER_WAY),
        (ENDS, {}, Stage.PAST),
        (BEFORE, {"opens_at": datetime(2027, 1, 1, 9, 0, 1, tzinfo=UTC)}, Stage.NOT_OPEN_YET),
        (BEFORE, {"opens_at": BEFORE}, Stage.OPEN),
        (BEFORE, {"closes_at": BEFORE}, Stage.CLOSED),
        (BEFORE, {"is_elsewhere": True}, Stage.ELSEWHERE),
        (BEFORE, {"is_headcount_only": True}, Stage.NO_BOOKING),
        (ENDS, {"state": "called_off"}, Stage.CALLED_OFF),
        (ENDS, {"state": "postponed"}, Stage.POSTPONED),
    ],
)
def test_states_a_session_stands_at_one_stage(now: datetime, changes: dict[str, Any], stage: Stage) -> None:
    assert _stage(now, **changes) == stage


def test_a_training_day_is_at_half_past_nine_on_both_sides_of_the_clock_change() -> None:
    summer = DayPlan(date(2026, 7, 1), time(9, 30), time(12, 30)).instants()
    winter = DayPlan(date(2026, 12, 1), time(9, 30), time(12, 30)).instants()
    assert summer[0] == datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
    assert winter[0] == datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


def test_a_time_that_the_spring_clock_change_skips_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        DayPlan(date(2027, 3, 28), time(1, 30), time(12, 0)).instants()
    assert refused.value.message == "The time 01:30 on 28 March 2027 does not exist: the clocks go forward"


def test_a_time_that_october_repeats_is_the_first() -> None:
    starts_at, _ = DayPlan(date(2027, 10, 31), time(1, 30), time(12, 0)).instants()
    assert starts_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_training_days_come_in_order_and_must_not_overlap() -> None:
    later, earlier = DayPlan(date(2027, 1, 13), time(9), time(12)), DayPlan(date(2027, 1, 12), time(9), time(12))
    assert [plan for plan, _, _ in check_days([later, earlier])] == [earlier, later]
    with pytest.raises(Refused, match="overlap on 12 January 2027"):
        check_days([earlier, DayPlan(date(2027, 1, 12), time(11, 59), time(13))])


@pytest.mark.parametrize("plans", [[], [DayPlan(date(2027, 1, 1), time(9), time(10))] * 32])
def test_a_session_has_1_to_31_days(plans: list[DayPlan]) -> None:
    with pytest.raises(Refused):
        check_days(plans)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (SessionDraft("online", joining_link="teams.example/x"), "joining_link"),
        (SessionDraft("online", joining_link="https://teams.example/x\nDESCRIPTION:y"), "joining_link"),
        (SessionDraft("online", capacity=-1), "capacity"),
        (SessionDraft("in person", capacity_room=10), "capacity_room"),
        (SessionDraft("in person", capacity=5, minimum_numbers=6), "minimum_numbers"),
        (SessionDraft("in person", opens_at=STARTS), "opens_at"),
        (SessionDraft("in person", opens_at=BEFORE, closes_at=BEFORE), "closes_at"),
        (SessionDraft("in person", decide_by=date(2027, 1, 13)), "decide_by"),
    ],
)
def test_a_session_that_cannot_be_is_refused_beside_its_field(draft: SessionDraft, field: str) -> None:
    with pytest.raises(Refused) as refused:
        check_session(draft, starts_at=STARTS)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (CourseDraft("", "x"), "code"),
        (CourseDraft("a/b", "x"), "code"),
        (CourseDraft("A" * 31, "x"), "code"),
        (CourseDraft("A", ""), "title"),
        (CourseDraft("A", "x" * 201), "title"),
        (CourseDraft("A", "x", kind="party"), "kind"),
        (CourseDraft("A", "x", access="secret"), "access"),
        (CourseDraft("A", "x", audience_codes=("martians",)), "audience_codes"),
        (CourseDraft("A", "x", external_url="javascript:alert(1)"), "external_url"),
    ],
)
def test_a_course_that_cannot_be_is_refused_beside_its_field(draft: CourseDraft, field: str) -> None:
    with pytest.raises(Refused) as refused:
        check_course(draft)
    assert refused.value.field == field


def test_plain_web_addresses_and_none_at_all_are_links() -> None:
    check_link("", field="x")
    check_link("https://teams.example/l/meetup?a=b&c=%20", field="x")


@pytest.mark.parametrize(
    ("post", "audiences"),
    [
        ({"sector": "Education, schools", "job_role": "dsl"}, {"all", "schools"}),
        ({"sector": "Early years", "job_role": "childminder"}, {"all", "early_years"}),
        ({"sector": "Police", "job_role": "multi_agency"}, {"all", "police"}),
        ({"sector": "Health", "job_role": "trainer_gcp2"}, {"all", "health", "trainers"}),
        ({"sector": "Something new", "job_role": "gp"}, {"all", "health"}),
        ({"sector": "Something new", "job_role": "multi_agency", "is_vcse": True}, {"all", "voluntary"}),
    ],
)
def test_a_post_belongs_to_audiences(post: dict[str, Any], audiences: set[str]) -> None:
    assert audiences_of(**post) == audiences


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2027-06-14", date(2027, 6, 14)), ("14/6/2027", date(2027, 6, 14)), ("14.6.27", date(2027, 6, 14)),
        ("14 June 2027", date(2027, 6, 14)), ("14 jun 2027", date(2027, 6, 14)), ("31/2/2027", None), ("tomorrow", None),
        ("14 June", None), ("0/0/0", None), ("1/13/2027", None), ("٣ 6 2027", date(2027, 6, 3)), ("1 2 3 4", None),
    ],
)  # fmt: skip
def test_dates_are_read_as_people_type_them(typed: str, day: date | None) -> None:
    assert read_date(typed) == day


def test_a_filter_is_read_from_an_address() -> None:
    read = read_filter(
        {"q": " neglect  tool ", "topic": "neglect", "audience": "schools", "delivery": "face_to_face", "from": "1/1/2027", "places": "1"}
    )
    assert read.errors == {}
    assert read.filter == ProgrammeFilter(
        words="neglect tool", topic="neglect", audience="schools", delivery="in person", date_from=date(2027, 1, 1), has_places=True
    )
    assert read.query(topic="") == "?q=neglect+tool&audience=schools&delivery=in+person&from=1%2F1%2F2027&places=1"


def test_what_was_not_understood_is_said_kept_and_does_not_narrow() -> None:
    read = read_filter({"from": "31/2/2027", "to": "x", "delivery": "by post", "kind": "party", "when": "never", "audience": "martians"})
    assert read.filter == ProgrammeFilter()
    assert read.errors == {
        "from": "“From” must be a real date, like 14/6/2027",
        "to": "“Until” must be a real date, like 14/6/2027",
        "delivery": "Choose how you take part from the list",
        "kind": "Choose the kind of event from the list",
        "when": "Choose the time of day from the list",
        "audience": "Choose whom the training is for from the list",
    }
    assert read.typed["from"] == "31/2/2027"


def test_an_end_before_the_beginning_is_said() -> None:
    read = read_filter({"from": "2/1/2027", "to": "1/1/2027"})
    assert read.errors == {"to": "“Until” must be the same day as “From” or after it"}
    assert read.filter == ProgrammeFilter(date_from=date(2027, 1, 2))


@pytest.mark.parametrize(
    ("label", "topic"),
    [
        ("county lines", ("cce", "Child criminal exploitation")),
        ("GCP2", ("gcp2", "Graded Care Profile 2")),
        ("Online abuse", ("online_abuse", "Online abuse and safety")),
        ("one  Family Approach", ("one_family_approach", "One Family Approach")),
        ("peer mentors & buddies", ("peer_mentors_buddies", "Peer mentors & buddies")),
    ],
)
def test_a_topic_goes_by_any_of_its_names(label: str, topic: tuple[str, str]) -> None:
    assert topic_of(label) == topic
