from datetime import date

from marstraining.search.rules import Chosen, Intent, Slots, Understood, Wish
from marstraining.uk_dates.rules import DateRange, Precision


def test_slots_are_told_by_the_names_of_the_vocabulary_and_only_where_filled() -> None:
    march = DateRange(date(2026, 3, 9), date(2026, 3, 31), Precision.MONTH, "in March")
    slots = Slots(topics=("neglect", "cse"), types=("course",), dates=march, weekdays=("fri",), subscriptions=(Wish(topic="cse"),))
    assert slots.as_json() == {
        "topic": "neglect",
        "type": ["course"],
        "date_from": "2026-03-09",
        "date_to": "2026-03-31",
        "weekday": "fri",
        "subscriptions": [{"topic": "cse"}],
    }


def test_an_open_range_has_no_last_day() -> None:
    assert Slots(dates=DateRange(date(2026, 4, 21), None, Precision.RANGE, "after 20 April")).as_json() == {"date_from": "2026-04-21"}


def test_a_filter_is_taken_away_alone() -> None:
    asked = Understood(
        Intent.FIND_TRAINING,
        Slots(topics=("neglect",), mode="online"),
        filters=(Chosen("topic", "Neglect"), Chosen("mode", "Online")),
    )
    left = asked.without("mode")
    assert (left.slots, left.filters) == (Slots(topics=("neglect",)), (Chosen("topic", "Neglect"),))
    assert asked.without("no such filter") == asked
