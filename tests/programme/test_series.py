from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from marstraining.core.errors import Refused
from marstraining.programme.rules import DayPlan
from marstraining.programme.series import Planned, SchoolYear, SeriesRule, Span, Taken, Wish, judged

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
YEAR = SchoolYear(
    terms=[
        Span("autumn", date(2026, 9, 1), date(2026, 12, 18)),
        Span("spring", date(2027, 1, 4), date(2027, 3, 25)),
        Span("autumn", date(2027, 9, 6), date(2027, 12, 17)),
        Span("spring", date(2028, 1, 4), date(2028, 3, 31)),
    ],
    half_terms=[
        Span("october", date(2026, 10, 26), date(2026, 10, 30)),
        Span("february", date(2027, 2, 15), date(2027, 2, 19)),
        Span("october", date(2027, 10, 25), date(2027, 10, 29)),
    ],
    why_closed=lambda day: "a bank holiday" if day == date(2027, 1, 4) else "",
)
ANYTHING = Wish(venue_id=7, trainer_ids=frozenset({3}), audiences=frozenset({"schools"}), course_id=5)


def _days(rule: SeriesRule) -> list[date]:
    return [plan.day for plan in rule.plans()]


def _judged(day: date, *, taken: tuple[Taken, ...] = (), wish: Wish = ANYTHING) -> Planned:
    return judged([DayPlan(day, time(13, 30), time(15, 30))], wish, taken=taken, year=YEAR, now=NOW)


def _taken(**changes: Any) -> Taken:
    facts: dict[str, Any] = {"venue_id": None, "trainer_ids": frozenset(), "audiences": frozenset()}
    return Taken(
        title="Neglect",
        starts_at=datetime(2027, 1, 12, 15, 0, tzinfo=UTC),
        ends_at=datetime(2027, 1, 12, 17, 0, tzinfo=UTC),
        **{**facts, **changes},
    )


def test_every_six_weeks_keeps_the_weekday() -> None:
    rule = SeriesRule(date(2027, 1, 12), time(13, 30), time(15, 30), every=6, unit="weeks", count=3)
    assert _days(rule) == [date(2027, 1, 12), date(2027, 2, 23), date(2027, 4, 6)]


def test_every_three_months_keeps_the_second_tuesday() -> None:
    rule = SeriesRule(date(2027, 1, 12), time(13, 30), time(15, 30), every=3, unit="months", count=4)
    assert _days(rule) == [date(2027, 1, 12), date(2027, 4, 13), date(2027, 7, 13), date(2027, 10, 12)]


def test_a_fifth_friday_becomes_the_last_where_there_is_none() -> None:
    rule = SeriesRule(date(2027, 1, 29), time(9), time(10), every=1, unit="months", count=2)
    assert _days(rule) == [date(2027, 1, 29), date(2027, 2, 26)]


@pytest.mark.parametrize(("every", "count"), [(0, 3), (13, 3), (1, 0), (1, 61)])
def test_a_rule_that_makes_no_series_is_refused(every: int, count: int) -> None:
    with pytest.raises(Refused):
        SeriesRule(date(2027, 1, 12), time(9), time(10), every=every, unit="weeks", count=count).plans()


def test_a_series_keeps_its_wall_clock_across_the_clock_change() -> None:
    rule = SeriesRule(date(2027, 3, 23), time(9, 30), time(12), every=1, unit="weeks", count=2)
    assert [plan.instants()[0].hour for plan in rule.plans()] == [9, 8]


def test_a_free_day_of_term_has_nothing_against_it() -> None:
    assert _judged(date(2027, 1, 12)).reasons == ()


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 11, 20), "This date is in the past"),
        (date(2027, 1, 4), "This date is a bank holiday"),
        (date(2027, 2, 16), "This date is in half term"),
        (date(2027, 4, 6), "This date is outside term time"),
    ],
)
def test_a_day_that_will_not_do_is_skipped_with_its_reason(day: date, reason: str) -> None:
    assert _judged(day).reasons == (reason,)


def test_term_time_is_asked_only_where_it_matters() -> None:
    wish = Wish(venue_id=None, trainer_ids=frozenset(), audiences=frozenset({"health"}), is_in_terms=False)
    assert _judged(date(2027, 4, 6), wish=wish).reasons == ()


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (_taken(venue_id=7), "The venue has “Neglect” at the same time"),
        (_taken(trainer_ids=frozenset({3, 4})), "A trainer has “Neglect” at the same time"),
        (_taken(course_id=5), "This course has “Neglect” at the same time"),
    ],
)
def test_a_clash_is_skipped_with_its_reason(other: Taken, reason: str) -> None:
    planned = _judged(date(2027, 1, 12), taken=(other,))
    assert (planned.reasons, planned.will_do) == ((reason,), False)


def test_the_same_particular_audience_is_left_to_the_training_team() -> None:
    planned = _judged(date(2027, 1, 12), taken=(_taken(audiences=frozenset({"schools", "health"})),))
    assert planned == Planned(planned.days, (), shared=("“Neglect” is for the same audience at the same time",))
    assert not planned.will_do


@pytest.mark.parametrize(("ours", "theirs"), [("all", "all"), ("all", "schools"), ("schools", "all")])
def test_what_is_for_all_practitioners_is_worth_knowing_and_skips_nothing(ours: str, theirs: str) -> None:
    wish = Wish(venue_id=7, trainer_ids=frozenset(), audiences=frozenset({ours}))
    planned = _judged(date(2027, 1, 12), taken=(_taken(audiences=frozenset({theirs})),), wish=wish)
    assert planned == Planned(planned.days, (), besides=("“Neglect” is at the same time",))
    assert planned.will_do


def test_of_several_days_each_sentence_names_its_own() -> None:
    days = [DayPlan(date(2027, 1, day), time(13, 30), time(15, 30)) for day in (12, 13)]
    planned = judged(days, ANYTHING, taken=(_taken(venue_id=7),), year=YEAR, now=NOW)
    assert planned.reasons == ("The venue has “Neglect” at the same time on Tuesday 12 January 2027",)


def test_touching_ends_and_other_rooms_are_no_clash() -> None:
    touching = Taken(
        "Neglect", datetime(2027, 1, 12, 15, 30, tzinfo=UTC), datetime(2027, 1, 12, 17, 0, tzinfo=UTC), 7, frozenset(), frozenset()
    )
    assert _judged(date(2027, 1, 12), taken=(touching, _taken(venue_id=8, audiences=frozenset({"health"})))).reasons == ()


def test_a_skipped_hour_is_a_reason() -> None:
    planned = judged([DayPlan(date(2027, 3, 28), time(1, 30), time(3))], ANYTHING, taken=(), year=YEAR, now=NOW)
    assert planned.reasons == ("The time 01:30 on 28 March 2027 does not exist: the clocks go forward",)


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2026, 9, 15), date(2027, 9, 21)),  # Tuesday of the third week of the autumn term
        (date(2026, 11, 3), date(2027, 11, 9)),  # the week of half term is not counted
        (date(2027, 1, 12), date(2028, 1, 11)),
        (date(2026, 8, 11), date(2027, 8, 10)),  # outside terms: 52 weeks on
    ],
)
def test_a_year_on_is_the_same_weekday_of_the_same_week_of_term(day: date, later: date) -> None:
    assert YEAR.a_year_on(day) == later
