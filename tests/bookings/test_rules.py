"""The rules of booking with plain values (booking.md: States, Booking, Waiting list), each test named after its rule."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from marstraining.bookings.rules import (
    CANCEL_REASONS,
    LIVE_STATES,
    BookingState,
    Candidate,
    Capacity,
    Held,
    Limit,
    Mode,
    OfferHours,
    Period,
    Standby,
    check_can_cancel,
    choose_next,
    free_places,
    is_eligible_waiting,
    is_late,
    limits_of,
    may_come_alone,
    mode_after,
    offer_expires_at,
    period_of,
    rejoin_time,
)
from marstraining.core.clock import from_wall
from marstraining.core.errors import Refused
from marstraining.core.working_time import WorkingCalendar
from marstraining.programme.rules import SessionState

CALENDAR = WorkingCalendar()
HOURS = OfferHours()
SECOND = timedelta(seconds=1)
# Monday 22 June 2026, with no bank holiday in the three weeks before it.
STARTS = from_wall(date(2026, 6, 22), time(9, 30))
EASTER = ((date(2026, 3, 30), date(2026, 4, 10)),)


def at(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    return from_wall(date(2026, month, day), time(hour, minute))


# ---- States ---------------------------------------------------------------------------------------------------------


def test_states_five_are_live_and_the_others_are_not() -> None:
    assert sorted(LIVE_STATES) == ["confirmed", "invited", "offered", "requested", "waiting"]
    assert sorted(set(BookingState) - LIVE_STATES) == [
        "called_off", "cancelled", "declined", "lapsed", "substituted", "turned_down", "withdrawn",
    ]  # fmt: skip


def test_states_limits_are_those_of_the_session_and_of_each_mode_of_a_hybrid_one() -> None:
    assert limits_of(Capacity(20, room=5, online=9)) == {Limit.SESSION: 20}
    assert limits_of(Capacity(20, room=5, online=9, delivery="hybrid")) == {Limit.SESSION: 20, Limit.ROOM: 5, Limit.ONLINE: 9}
    assert limits_of(Capacity(None, room=5, delivery="hybrid")) == {Limit.ROOM: 5}
    assert limits_of(Capacity(None)) == {}


@pytest.mark.parametrize(
    ("capacity", "held", "waiting", "free"), [(20, 17, 0, 3), (20, 17, 2, 1), (20, 17, 4, 0), (20, 23, 0, 0), (None, 400, 9, None)]
)
def test_states_free_to_the_public_is_capacity_less_held_less_waiting_and_never_negative(
    capacity: int | None, held: int, waiting: int, free: int | None
) -> None:
    assert free_places(Capacity(capacity), Held(held, waiting=waiting), Mode.EITHER, behind_the_list=True) == free


def test_states_of_a_hybrid_session_the_tighter_limit_counts() -> None:
    capacity = Capacity(10, room=4, online=8, delivery="hybrid")
    held = Held(9, held_room=2, held_online=7)
    assert [free_places(capacity, held, mode, behind_the_list=True) for mode in (Mode.ROOM, Mode.ONLINE)] == [1, 1]


@pytest.mark.parametrize(
    ("held", "free"),
    [
        (Held(4, held_room=2, held_online=2, waiting=3, waiting_room=3), (0, 3)),
        (Held(3, held_room=1, held_online=2, waiting=3, waiting_room=3), (0, 3)),
        (Held(3, held_room=1, held_online=2, waiting=3, waiting_room=1, waiting_online=2), (0, 1)),
        (Held(7, held_room=2, held_online=5, waiting=4, waiting_room=2, waiting_online=2), (0, 0)),
        (Held(6, held_room=1, held_online=5, waiting=4, waiting_online=4), (1, 0)),
    ],
)
def test_waiting_list_6_who_waits_for_one_way_of_attending_takes_nothing_from_the_other(held: Held, free: tuple[int, int]) -> None:
    capacity = Capacity(7, room=2, online=5, delivery="hybrid")
    assert tuple(free_places(capacity, held, mode, behind_the_list=True) for mode in (Mode.ROOM, Mode.ONLINE)) == free


@pytest.mark.parametrize(
    ("before", "after", "mode"),
    [
        ("hybrid", "in person", ""),
        ("hybrid", "online", ""),
        ("in person", "hybrid", "room"),
        ("online", "hybrid", "online"),
        ("in person", "online", ""),
    ],
)
def test_who_had_no_choice_attends_as_before_and_who_has_none_any_more_as_everybody(before: str, after: str, mode: str) -> None:
    assert mode_after(before, after) == mode


@pytest.mark.parametrize(
    ("codes", "allowed"), [(("all",), True), (("schools", "parents"), True), (("schools", "police"), False), ((), True)]
)
def test_people_sessions_for_everybody_or_for_private_people_may_be_come_to_alone(codes: tuple[str, ...], allowed: bool) -> None:  # noqa: FBT001 - a table of cases
    assert may_come_alone(codes) is allowed


# ---- Booking 7 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "late"), [(at(18, 9, 30), False), (at(18, 9, 30) + SECOND, True), (at(20, 12), True)])
def test_booking_7_a_cancellation_is_late_from_the_second_after_two_working_days_before(now: datetime, late: bool) -> None:  # noqa: FBT001 - a table of cases
    assert is_late(starts_at=STARTS, now=now, calendar=CALENDAR, cut_off_working_days=2) is late


def test_booking_7_a_reason_is_one_of_the_fixed_list_and_never_free_text() -> None:
    assert sorted(CANCEL_REASONS) == ["bereavement", "court", "cover", "operational_emergency", "other", "sickness"]
    for reason, is_late_now in (("", True), ("my back hurts", True), ("my back hurts", False)):
        with pytest.raises(Refused) as refusal:
            check_can_cancel(state="confirmed", begins_at=STARTS, is_late_now=is_late_now, reason=reason, now=at(19, 9))
        assert (refusal.value.code, refusal.value.field) == ("reason", "reason")
    check_can_cancel(state="confirmed", begins_at=STARTS, is_late_now=True, reason="court", now=at(19, 9))


@pytest.mark.parametrize("state", sorted(LIVE_STATES))
def test_waiting_list_1_one_may_leave_from_any_state_until_the_start(state: str) -> None:
    check_can_cancel(state=state, begins_at=STARTS, is_late_now=False, reason="", now=STARTS - SECOND)
    with pytest.raises(Refused) as refusal:
        check_can_cancel(state=state, begins_at=STARTS, is_late_now=False, reason="", now=STARTS)
    assert refusal.value.code == "past"


# ---- Waiting list 1, 3, 4, 5, 6 -------------------------------------------------------------------------------------


def test_waiting_list_1_who_joins_at_the_same_instant_comes_after_whoever_the_clock_says() -> None:
    now = at(1, 9)
    joined = [now]
    for _ in range(3):
        joined.append(rejoin_time(joined[-1], now))
    assert all(earlier < later for earlier, later in pairwise(joined))
    assert rejoin_time(None, now) == now


def expiry(now: datetime, starts_at: datetime = STARTS, **more: object) -> datetime:
    return offer_expires_at(now=now, starts_at=starts_at, calendar=CALENDAR, hours=HOURS, **more)  # type: ignore[arg-type]  # what it takes


@pytest.mark.parametrize(
    ("now", "expires"),
    [
        pytest.param(at(1, 9, 30), at(4, 9, 30), id="15 working days before: 3 working days"),
        pytest.param(at(1, 9, 30) + SECOND, at(2, 9, 30) + SECOND, id="a second less: one"),
        pytest.param(at(15, 9, 30), at(16, 9, 30), id="5 working days before: one"),
        pytest.param(at(15, 9, 30) + SECOND, at(15, 13, 30) + SECOND, id="a second less: 4 working hours"),
    ],
)
def test_waiting_list_3_an_offer_lasts_three_working_days_one_or_four_hours_by_the_time_left(now: datetime, expires: datetime) -> None:
    assert expiry(now) == expires


def test_waiting_list_3_an_offer_of_friday_17_00_for_4_working_hours_lapses_on_monday_at_11_00() -> None:
    assert expiry(at(12, 17), at(18, 9, 30)) == at(15, 11)


def test_waiting_list_3_the_desk_may_set_another_time_and_no_offer_outlasts_the_start() -> None:
    assert expiry(at(1, 9, 30), hours_by_desk=2) == at(1, 11, 30)
    assert expiry(at(19, 17), hours_by_desk=40) == STARTS


@pytest.mark.parametrize(
    ("starts_at", "expires"),
    [
        pytest.param(at(1, 9, 30), at(14, 10, month=4), id="far off: the holidays do not count"),
        pytest.param(at(14, 9, 30, month=4), at(27, 10, month=3), id="within 15 working days: they do"),
    ],
)
def test_waiting_list_3_school_holidays_stop_the_clock_unless_the_session_is_within_15_working_days(
    starts_at: datetime, expires: datetime
) -> None:
    assert expiry(at(26, 10, month=3), starts_at, school_holidays=EASTER) == expires


def period(now: datetime, *, state: str = SessionState.PUBLISHED, is_on: bool = True, closes_at: datetime | None = None) -> Period:
    return period_of(state=state, is_promotion_on=is_on, starts_at=STARTS, closes_at=closes_at, now=now, calendar=CALENDAR)


def test_waiting_list_4_standby_begins_two_working_days_before_the_start() -> None:
    assert [period(at(18, 9, 30) - SECOND), period(at(18, 9, 30)), period(STARTS - SECOND)] == ["timed offers", "standby", "standby"]


def test_waiting_list_5_closed_called_off_postponed_past_or_switched_off_nothing_is_offered() -> None:
    early = at(1, 9)
    found = {
        "past": period(STARTS),
        "closed": period(early, closes_at=early),
        "switched off": period(early, is_on=False),
        **{state: period(early, state=state) for state in ("called_off", "postponed", "draft")},
    }
    assert found == dict.fromkeys(found, Period.NONE)
    assert period(early, closes_at=early + SECOND) == Period.TIMED_OFFERS


def waiting(number: int, *, mode: str = "", standby: str = Standby.ASK_ME, answered: bool = False, clash: bool = False) -> Candidate:
    now = datetime(2026, 6, 19, 9, tzinfo=UTC)
    return Candidate(number, mode, standby, standby_asked_at=now, standby_answered_at=now if answered else None, has_clash=clash)


@pytest.mark.parametrize(
    ("candidate", "before", "after"),
    [
        (waiting(1, standby="book"), True, True),
        (waiting(1, standby="book", clash=True), False, False),
        (waiting(1, standby="leave"), False, False),
        (waiting(1), True, False),
        (waiting(1, answered=True), True, True),
        (waiting(1, answered=True, clash=True), True, False),
    ],
)
def test_waiting_list_4_who_stands_before_a_stranger_until_and_after_the_time_to_answer(
    candidate: Candidate,
    before: bool,  # noqa: FBT001 - a table of cases
    after: bool,  # noqa: FBT001 - as above
) -> None:
    answer_by = at(19, 14)
    found = [is_eligible_waiting(candidate, period=Period.STANDBY, answer_by=answer_by, now=now) for now in (answer_by - SECOND, answer_by)]
    assert found == [before, after]
    assert is_eligible_waiting(candidate, period=Period.TIMED_OFFERS, answer_by=answer_by, now=answer_by) is True


def test_waiting_list_6_who_does_not_fit_is_skipped_for_the_next_that_does() -> None:
    queue = [waiting(1, mode="room"), waiting(2, mode="online"), waiting(3, mode="online")]
    capacity = Capacity(10, room=1, online=2, delivery="hybrid")
    chosen = choose_next(queue, capacity=capacity, held=Held(2, held_room=1, held_online=1))
    assert (chosen, choose_next(queue, capacity=capacity, held=Held(3, held_room=1, held_online=2))) == (queue[1], None)
