from dataclasses import replace
from datetime import date, timedelta

import pytest

from marstraining.core.errors import Refused
from marstraining.coverage.defaults import DEFAULT_RULES
from marstraining.coverage.rules import (
    ANNEX_C,
    Asked,
    Learning,
    Post,
    Rule,
    RuleChange,
    RuleKind,
    State,
    applied_on,
    asked_of,
    due_months,
    standings,
)

TODAY = date(2026, 3, 9)
RENEW = Rule("MA", "Multi-agency", RuleKind.RENEW, frozenset({"multi_agency"}), frozenset({"MA"}), date(2020, 1, 1), months=36)
HOURS = Rule("H", "Health", RuleKind.HOURS, frozenset({"health_3"}), frozenset(), date(2015, 1, 1), months=36, minutes=360)
IN_2020 = Post("multi_agency", date(2020, 6, 1))
NURSE = Post("health_3", date(2018, 1, 1))


def learnt(day: date, *codes: str, minutes: int | None = 180, together: bool = True) -> Learning:
    return Learning(day, minutes, together, frozenset(codes))


def one(rules: list[Rule], posts: list[Post], learning: list[Learning], on: date = TODAY) -> tuple[State, date | None]:
    [due] = standings(rules, posts, learning, on)
    return due.state, due.due_on


# ---- which rule applied ----------------------------------------------------------------------------------------------------


def test_what_applied_on_a_day_is_one_version_of_each_rule_that_was_on() -> None:
    first = replace(RENEW, applies_until=date(2024, 12, 31))
    second = replace(RENEW, months=24, applies_from=date(2025, 1, 1))
    off = replace(HOURS, is_on=False)
    assert applied_on([second, first, off], date(2019, 12, 31)) == []
    assert applied_on([second, first, off], date(2024, 12, 31)) == [first]
    assert applied_on([second, first, off], date(2025, 1, 1)) == [second]


def test_a_superseded_rule_that_was_never_closed_gives_way_to_the_later_version() -> None:
    later = replace(RENEW, months=24, applies_from=date(2025, 1, 1))
    assert applied_on([later, RENEW], TODAY) == [later]


def test_why_is_the_rule_the_role_and_since_when_the_two_have_met() -> None:
    later = replace(RENEW, months=24, applies_from=date(2025, 1, 1))
    assert asked_of([RENEW, later], [IN_2020], TODAY) == [
        Asked(later, "multi_agency", since=date(2025, 1, 1), first_asked=date(2020, 6, 1))
    ]  # fmt: skip
    assert asked_of([RENEW], [replace(IN_2020, until=date(2026, 3, 8))], TODAY) == []
    assert asked_of([RENEW], [Post("multi_agency", date(2026, 3, 10))], TODAY) == []


def test_two_roles_bring_their_rules_and_one_rule_by_two_roles_is_asked_once_since_the_first() -> None:
    both = replace(RENEW, job_roles=frozenset({"multi_agency", "vcse_staff"}))
    posts = [Post("vcse_staff", date(2023, 1, 9)), IN_2020, NURSE]
    assert [(one.rule.code, one.job_role, one.since) for one in asked_of([both, HOURS], posts, TODAY)] == [
        ("H", "health_3", date(2018, 1, 1)), ("MA", "multi_agency", date(2020, 6, 1)),
    ]  # fmt: skip


def test_only_the_highest_of_a_family_is_asked() -> None:
    found = asked_of(DEFAULT_RULES, [Post("health_2", date(2020, 1, 1)), Post("health_3", date(2021, 1, 1))], TODAY)
    assert [one.rule.code for one in found] == ["HLT-3C"]
    found = asked_of(DEFAULT_RULES, [Post("school_staff", date(2020, 1, 1)), Post("dsl", date(2021, 1, 1))], TODAY)
    assert [one.rule.code for one in found] == ["DSL-ANNUAL", "DSL-FULL", "DSL-PREVENT"]


# ---- renewing at an interval -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "standing"),
    [
        ([], (State.OVERDUE, date(2020, 6, 1))),
        ([date(2024, 1, 15)], (State.MET, date(2027, 1, 15))),
        ([date(2023, 5, 20)], (State.SOON, date(2026, 5, 20))),
        ([date(2023, 3, 9)], (State.SOON, date(2026, 3, 9))),
        ([date(2023, 3, 8)], (State.OVERDUE, date(2026, 3, 8))),
        ([date(2023, 3, 8), date(2026, 3, 1)], (State.MET, date(2029, 3, 1))),
    ],
)
def test_the_interval_runs_from_what_was_learnt_last_and_else_from_induction(days: list[date], standing: tuple[State, date]) -> None:
    assert one([RENEW], [IN_2020], [learnt(day, "MA") for day in days]) == standing


def test_grace_follows_the_due_date() -> None:
    lenient = replace(RENEW, grace_days=30)
    assert one([lenient], [IN_2020], [learnt(date(2023, 2, 10), "MA")]) == (State.GRACE, date(2026, 2, 10))
    assert one([lenient], [IN_2020], [learnt(date(2023, 2, 6), "MA")]) == (State.OVERDUE, date(2026, 2, 6))
    assert one([RENEW], [Post("multi_agency", TODAY)], []) == (State.GRACE, TODAY)


def test_a_make_up_after_the_due_date_begins_the_interval_anew_from_its_own_day() -> None:
    late = [learnt(date(2022, 1, 10), "MA"), learnt(date(2025, 6, 2), "MA")]
    assert one([RENEW], [IN_2020], late) == (State.MET, date(2028, 6, 2))
    assert one([RENEW], [IN_2020], late, date(2025, 6, 1)) == (State.OVERDUE, date(2025, 1, 10))


def test_what_was_learnt_before_the_role_began_counts_and_nobody_is_late_for_a_time_before_it() -> None:
    new = Post("multi_agency", date(2025, 9, 1))
    assert one([RENEW], [new], [learnt(date(2024, 1, 15), "MA")]) == (State.MET, date(2027, 1, 15))
    assert one([RENEW], [new], [learnt(date(2019, 1, 15), "MA")]) == (State.OVERDUE, date(2025, 9, 1))


def test_a_shorter_interval_makes_nobody_late_before_it_began_and_saves_nobody_who_was_late() -> None:
    rules = [replace(RENEW, applies_until=date(2025, 12, 31)), replace(RENEW, months=12, applies_from=date(2026, 1, 1))]
    assert one(rules, [IN_2020], [learnt(date(2023, 6, 1), "MA")]) == (State.OVERDUE, date(2026, 1, 1))
    assert one(rules, [IN_2020], [learnt(date(2023, 6, 1), "MA")], date(2025, 12, 31)) == (State.MET, date(2026, 6, 1))
    assert one(rules, [IN_2020], [learnt(date(2021, 6, 1), "MA")]) == (State.OVERDUE, date(2024, 6, 1))


def test_equivalence_is_by_what_learning_counts_as_and_a_course_of_another_code_counts_for_nothing() -> None:
    either = replace(RENEW, counts_as=frozenset({"MA", "DSL-FULL"}))
    assert one([either], [IN_2020], [learnt(date(2025, 1, 15), "DSL-FULL")])[0] == State.MET
    assert one([either], [IN_2020], [learnt(date(2025, 1, 15), "VCSE-AWARE")])[0] == State.OVERDUE


def test_a_local_refresher_does_not_meet_annex_c() -> None:
    practitioner = [Post("early_years", date(2025, 9, 1))]
    assert one(list(DEFAULT_RULES), practitioner, [learnt(date(2025, 10, 1), "EY-REFRESH")])[0] == State.OVERDUE
    assert one(list(DEFAULT_RULES), practitioner, [learnt(date(2025, 10, 1), ANNEX_C)]) == (State.MET, date(2027, 10, 1))


def test_what_is_asked_once_is_met_for_good() -> None:
    once = Rule("P", "Prevent", RuleKind.ONCE, frozenset({"multi_agency"}), frozenset({"P"}), date(2016, 1, 1))
    assert one([once], [IN_2020], [learnt(date(2016, 1, 15), "P")]) == (State.MET, None)
    assert one([once], [IN_2020], []) == (State.OVERDUE, date(2020, 6, 1))


# ---- hours in a window -----------------------------------------------------------------------------------------------------


def test_hours_fall_due_on_the_day_on_which_too_few_are_left_in_the_window() -> None:
    hours = [learnt(date(2023, 9, 4), minutes=240), learnt(date(2025, 2, 3), minutes=120)]
    [due] = standings([HOURS], [NURSE], hours, TODAY)
    assert (due.state, due.due_on, due.counted_minutes, due.needed_minutes) == (State.MET, date(2026, 9, 4), 360, 360)
    [short] = standings([HOURS], [NURSE], hours, date(2026, 10, 1))
    assert (short.state, short.due_on, short.counted_minutes) == (State.OVERDUE, date(2026, 9, 4), 120)


def test_a_newcomer_has_a_whole_window_before_hours_are_missed() -> None:
    new = Post("health_3", date(2025, 1, 6))
    assert one([HOURS], [new], []) == (State.MET, date(2028, 1, 6))
    assert one([HOURS], [new], [], date(2028, 1, 7)) == (State.OVERDUE, date(2028, 1, 6))


def test_hours_alone_count_no_more_than_the_share_that_may_be_so() -> None:
    half = replace(HOURS, participatory_share=0.5)
    alone = [learnt(date(2025, 1, 6), minutes=400, together=False)]
    together = [learnt(date(2025, 1, 7), minutes=180)]
    [short] = standings([half], [NURSE], alone, TODAY)
    assert (short.state, short.counted_minutes) == (State.OVERDUE, 180)
    [enough] = standings([half], [NURSE], alone + together, TODAY)
    assert (enough.state, enough.counted_minutes, enough.due_on) == (State.MET, 360, date(2028, 1, 6))


def test_minutes_that_are_not_known_count_as_none_and_external_learning_counts_like_any_other() -> None:
    outside = [learnt(date(2025, 1, 6), "WEBINAR", minutes=360, together=False), learnt(date(2025, 2, 6), minutes=None)]
    [due] = standings([HOURS], [NURSE], outside, TODAY)
    assert (due.state, due.counted_minutes, due.last_day) == (State.MET, 360, date(2025, 2, 6))


def test_hours_in_a_window_over_a_rule_change_are_asked_by_the_share_of_it_in_which_each_version_applied() -> None:
    changed = [replace(HOURS, applies_until=date(2025, 8, 31)), replace(HOURS, minutes=720, applies_from=date(2025, 9, 1))]
    six_hours = [learnt(date(2024, 9, 2), minutes=360)]
    [before] = standings(changed, [NURSE], six_hours, date(2025, 8, 31))
    [on_the_day] = standings(changed, [NURSE], six_hours, date(2025, 9, 1))
    assert [(due.state, due.needed_minutes) for due in (before, on_the_day)] == [(State.MET, 360), (State.SOON, 360)]
    [half_way] = standings(changed, [NURSE], six_hours, date(2027, 3, 2))
    assert (half_way.state, half_way.needed_minutes) == (State.OVERDUE, 540)
    [after] = standings(changed, [NURSE], six_hours, date(2028, 9, 1))
    assert (after.needed_minutes, after.asked.since, after.asked.first_asked) == (720, date(2025, 9, 1), date(2018, 1, 1))
    twelve = [*six_hours, learnt(date(2026, 1, 12), minutes=360)]
    [kept_up] = standings(changed, [NURSE], twelve, TODAY)
    assert (kept_up.state, kept_up.due_on) == (State.MET, date(2027, 9, 2))


def test_the_due_date_of_hours_is_the_first_short_day_of_all_days() -> None:
    rules = [replace(HOURS, applies_until=date(2024, 8, 31)), replace(HOURS, minutes=500, applies_from=date(2024, 9, 1))]
    hours = [learnt(date(2023, 8, 31), minutes=300), learnt(date(2024, 1, 30), minutes=100), learnt(date(2025, 5, 31), minutes=150)]
    [due] = standings(rules, [NURSE], hours, TODAY)
    assert due.due_on is not None

    def is_short(day: date) -> bool:
        [then] = standings(rules, [NURSE], hours, day)
        return (then.counted_minutes or 0) < (then.needed_minutes or 0)

    days = [TODAY + timedelta(days=number) for number in range((due.due_on - TODAY).days + 2)]
    assert next(day for day in days if is_short(day)) == due.due_on


# ---- the defaults, forecasts and changes -----------------------------------------------------------------------------------


def test_every_default_has_a_source_and_one_code_each() -> None:
    codes = [rule.code for rule in DEFAULT_RULES]
    assert (len(codes), len(set(codes))) == (21, 21)
    assert [rule.code for rule in DEFAULT_RULES if not rule.source] == []
    assert {rule.code for rule in applied_on(DEFAULT_RULES, TODAY)} == set(codes) - {"GCP2-REFRESH"}
    assert {rule.code for rule in applied_on(DEFAULT_RULES, date(2025, 8, 31))} == set(codes) - {"GCP2-REFRESH", "EY-ALL", "EY-DSL"}


def test_a_forecast_counts_each_person_once_in_a_rule_and_once_in_all() -> None:
    both = replace(HOURS, job_roles=frozenset({"multi_agency"}))
    people = {
        1: standings([RENEW, both], [IN_2020], [learnt(date(2023, 5, 20), "MA", minutes=360)], TODAY),
        2: standings([RENEW, both], [IN_2020], [], TODAY),
        3: standings([RENEW], [IN_2020], [learnt(date(2025, 5, 20), "MA")], TODAY),
    }
    assert due_months(people, TODAY) == {
        "MA": {"2026-05": {1}, "overdue": {2}, "later": {3}},
        "H": {"2026-05": {1}, "overdue": {2}},
        "": {"2026-05": {1}, "overdue": {2}, "later": {3}},
    }


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("months", {"months": None}),
        ("hours", {"kind": RuleKind.HOURS, "minutes": None}),
        ("counts_as", {"counts_as": ()}),
        ("share", {"participatory_share": 1.01}),
    ],
)
def test_what_cannot_be_a_rule_is_refused_by_its_field(field: str, changes: dict[str, object]) -> None:
    values: dict[str, object] = {
        "title": "A rule", "kind": RuleKind.RENEW, "job_roles": ("dsl",), "counts_as": ("X",), "applies_from": TODAY, "months": 12,
        "minutes": None, "participatory_share": 0.0, "grace_days": 0, "family": "", "rank": 0, "source": "", "confidence": "local",
    }  # fmt: skip
    RuleChange(**values)  # type: ignore[arg-type]  # one value of many kinds
    with pytest.raises(Refused) as refusal:
        RuleChange(**values | changes)  # type: ignore[arg-type]  # as above
    assert refusal.value.field == field
