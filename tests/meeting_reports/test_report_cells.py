"""Dates, durations, names and encodings as reports write them."""

import codecs
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from marstraining.core.clock import LONDON
from marstraining.core.errors import Refused
from marstraining.meeting_reports.dates import Moment, Order, decide_order, instants, read_moment, span_between
from marstraining.meeting_reports.durations import read_duration, read_minutes
from marstraining.meeting_reports.model import Fault, TaughtDay
from marstraining.meeting_reports.names import name_key, plain_name, teams_name, zoom_name
from marstraining.meeting_reports.text import decode, delimiter_of, heading, tidy

# ---- dates ---------------------------------------------------------------------------------------------------------------

NINE = time(9, 29, 7)


@pytest.mark.parametrize(
    ("typed", "day_first", "month_first", "at"),
    [
        ("14/11/22, 09:29:07", date(2022, 11, 14), date(2022, 11, 14), NINE),
        ("11/14/22, 9:29:07 AM", date(2022, 11, 14), date(2022, 11, 14), NINE),
        ("9/10/2022 9:29:07", date(2022, 10, 9), date(2022, 9, 10), NINE),
        ("09/09/2026 19:02", date(2026, 9, 9), date(2026, 9, 9), time(19, 2)),
        ("22.09.2026, 14:48:05", date(2026, 9, 22), date(2026, 9, 22), time(14, 48, 5)),
        ("05.06.26 09:29:07", date(2026, 6, 5), date(2026, 6, 5), NINE),
        ("05-06-2026 09:29:07", date(2026, 6, 5), date(2026, 5, 6), NINE),
        ("2026-04-05 10:00:00", date(2026, 4, 5), date(2026, 4, 5), time(10)),
        ("2026/04/05 10:00", date(2026, 4, 5), date(2026, 4, 5), time(10)),
        ("2026. 04. 05. 10:00:00", date(2026, 4, 5), date(2026, 4, 5), time(10)),
        ("Mar 22, 2025 7:13 PM", date(2025, 3, 22), date(2025, 3, 22), time(19, 13)),
        ("22 March 2025, 19:13:27", date(2025, 3, 22), date(2025, 3, 22), time(19, 13, 27)),
        ("12/10/2021, 12:05:00 AM", date(2021, 10, 12), date(2021, 12, 10), time(0, 5)),
        ("12/10/2021, 12:05:00 p.m.", date(2021, 10, 12), date(2021, 12, 10), time(12, 5)),
    ],
)
def test_a_date_is_read_as_written_and_in_both_orders(typed: str, day_first: date, month_first: date, at: time) -> None:
    moment = read_moment(typed)
    assert moment is not None
    assert (moment.on(Order.DAY_FIRST), moment.on(Order.MONTH_FIRST), moment.at) == (day_first, month_first, at)


@pytest.mark.parametrize(
    "typed",
    ["", "14/11/22", "14/14/22 09:00", "32/01/22 09:00", "0/1/22 09:00", "14/11/22 25:00", "14/11/22 14:30 PM", "14/11-22 09:00",
     "1/1/1999 9:00", "soon", "9:5", "٠٩:٣٠"],
)  # fmt: skip
def test_what_is_no_date_with_a_time_is_not_read(typed: str) -> None:
    assert read_moment(typed) is None


def test_the_thirtieth_of_february_is_a_date_in_no_order() -> None:
    moment = read_moment("30/02/22 09:00")
    assert moment is not None
    assert (moment.on(Order.DAY_FIRST), moment.on(Order.MONTH_FIRST)) == (None, None)


def test_a_time_alone_has_no_date() -> None:
    assert (read_moment("18:14"), read_moment("6:14:05 PM")) == (Moment(time(18, 14)), Moment(time(18, 14, 5)))


@pytest.mark.parametrize(
    ("typed", "zone"),
    [("2026-06-05T08:29:07Z", UTC), ("2026-06-05T09:29:07+01:00", timezone(timedelta(hours=1))), ("2026-06-05 08:29:07 UTC", UTC)],
)
def test_a_zone_that_is_written_is_kept(typed: str, zone: timezone) -> None:
    moment = read_moment(typed)
    assert moment is not None
    assert instants(moment, Order.DAY_FIRST, LONDON) == (datetime(2026, 6, 5, 8, 29, 7, tzinfo=UTC),)
    assert moment.zone == zone


# ---- the order of day and month --------------------------------------------------------------------------------------------


def order_of(*typed: str, days: tuple[str, ...] = ()) -> Order:
    moments = [moment for text in typed if (moment := read_moment(text))]
    return decide_order(moments, moments[:1], [taught(day) for day in days], zone=LONDON)


def taught(day: str) -> TaughtDay:
    start = datetime.fromisoformat(f"{day}T09:30").replace(tzinfo=LONDON)
    return TaughtDay(start, start + timedelta(hours=3), 180)


@pytest.mark.parametrize(
    ("typed", "order"),
    [
        (("05/06/26 09:00", "13/06/26 09:00"), Order.DAY_FIRST),
        (("05/06/26 09:00", "06/13/26 09:00"), Order.MONTH_FIRST),
        (("05/05/26 09:00",), Order.DAY_FIRST),
        (("05.06.26 09:00",), Order.DAY_FIRST),
    ],
)
def test_a_number_above_twelve_anywhere_in_the_file_decides(typed: tuple[str, ...], order: Order) -> None:
    assert order_of(*typed) == order


@pytest.mark.parametrize(
    "typed",
    [("05/06/26 09:00", "2026-06-25 09:00"), ("05/06/26 09:00", "25.06.26 09:00"), ("05/06/26 09:00", "Jun 25, 2026 09:00")],
)
def test_a_date_that_is_clear_by_its_form_decides_nothing_for_the_others(typed: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        order_of(*typed)
    assert refused.value.code == Fault.AMBIGUOUS_DATE
    assert order_of(*typed, days=("2026-05-06",)) == Order.MONTH_FIRST


def test_rows_that_contradict_each_other_are_not_relied_on() -> None:
    with pytest.raises(Refused) as refused:
        order_of("13/06/26 09:00", "06/14/26 09:00", days=("2026-06-13",))
    assert refused.value.code == Fault.AMBIGUOUS_DATE
    assert refused.value.message == (
        "Some dates of this report have the day first and others the month, so none can be relied on. Opening a report in Excel can do"
        " that: download it again and send it as it is."
    )


def test_two_training_days_that_fit_both_readings_leave_it_open() -> None:
    with pytest.raises(Refused) as refused:
        order_of("05/06/26 09:00", days=("2026-06-05", "2026-05-06"))
    assert refused.value.code == Fault.AMBIGUOUS_DATE


# ---- the nights of the clock changes ---------------------------------------------------------------------------------------


def stay(joined: str, left: str, stated: float | None) -> tuple[str, str] | None:
    """A stay on the night of 25 October 2026, by London's clock, in UTC."""
    walls = [read_moment(f"25/10/2026 {at}") for at in (joined, left)]
    first, last = (instants(wall, Order.DAY_FIRST, LONDON) if wall else () for wall in walls)
    span = span_between(first, last, stated)
    return (f"{span.start:%H:%M}", f"{span.end:%H:%M}") if span else None


@pytest.mark.parametrize(
    ("joined", "left", "stated", "in_utc"),
    [
        ("00:30", "02:30", 3 * 3600, ("23:30", "02:30")),
        ("00:50", "01:20", 90 * 60, ("23:50", "01:20")),
        ("00:50", "01:20", 30 * 60, ("23:50", "00:20")),
        ("01:50", "01:10", 20 * 60, ("00:50", "01:10")),
        ("01:10", "01:50", None, ("00:10", "00:50")),
        ("03:00", "02:00", None, None),
    ],
)
def test_the_hour_that_comes_twice_is_told_apart_by_the_duration(
    joined: str, left: str, stated: float | None, in_utc: tuple[str, str] | None
) -> None:
    assert stay(joined, left, stated) == in_utc


def test_the_hour_that_the_spring_skips_is_one_instant() -> None:
    moment = read_moment("29/03/2026 01:30")
    assert moment is not None
    assert instants(moment, Order.DAY_FIRST, LONDON) == (datetime(2026, 3, 29, 1, 30, tzinfo=UTC),)


# ---- durations -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("3h 23m 20s", 12200), ("1h 7s", 3607), ("45m", 2700), ("8s", 8), ("1h2m3s", 3723), ("1 h 1 min 55 s", 3715), ("01:02:10", 3730),
        ("59 Min. 0 Sek.", 3540), ("1 Std. 2 Min.", 3720), ("1 godz. 2 min 3 sek.", 3723), ("2 hours 5 minutes", 7500), ("90m", 5400),
    ],
)  # fmt: skip
def test_durations_are_read_with_parts_left_out_and_in_several_languages(typed: str, seconds: float) -> None:
    assert read_duration(typed) == seconds


@pytest.mark.parametrize("typed", ["", "45", "1:30", "3h 20", "20s 3h", "3d", "h", "01:62:10", "-3h", "3h and a bit", "3 apples"])
def test_anything_else_is_no_duration(typed: str) -> None:
    assert read_duration(typed) is None


def test_minutes_of_zoom_are_whole_numbers() -> None:
    assert [read_minutes(typed) for typed in ("10", "0", "78.0", "", "--", "1h", "7.5", "-3")] == [
        600,
        0,
        4680,
        None,
        None,
        None,
        None,
        None,
    ]


# ---- names -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "shown", "company"),
    [
        ("Patel, Asha (External)", "Asha Patel", ""),
        ("Patel, Asha Devi (External) (Unverified)", "Asha Devi Patel", ""),
        ("[Humberside Police] Ben Cole (Unverified)", "Ben Cole", "Humberside Police"),
        ("Pat Kim (Council) (External)", "Pat Kim", "Council"),
        ('"Sky ""Ace""\tTab"', 'Sky ""Ace"" Tab', ""),
        ("Wong,  Lee", "Lee Wong", ""),
        ("O\u2019Neill-Mu\u0308ller, Zoe\u0308", "Zoë O\u2019Neill-Müller", ""),
        ("Town Hall, Room 2", "Town Hall, Room 2", ""),
        ("Asha Patel (she/her)", "Asha Patel", ""),
        ("张 三\uff08示例\uff09", "张 三", "示例"),
        ("Carla Diaz (07700 900456)", "Carla Diaz", ""),
        ("Carla Diaz +44 7700 900456", "Carla Diaz", ""),
        ("(External)", "(External)", ""),
        ("Asha (Patel", "Asha (Patel", ""),
    ],
)
def test_names_of_teams_lose_what_stands_around_them(typed: str, shown: str, company: str) -> None:
    name = teams_name(typed)
    assert (name.shown, name.company, name.telephone) == (shown, company, "")


@pytest.mark.parametrize(
    ("typed", "shown", "keys"),
    [
        ("015_Loki (Loki Laufeyson)", "Loki Laufeyson", ("laufeyson loki", "015 loki")),
        ("Ash (Asha (Ash) Patel)", "Asha (Ash) Patel", ("ash patel asha", "ash")),
        ("Asha Patel (she/her)", "Asha Patel", ("asha patel",)),
        ("AP (she/her) (Asha Patel)", "Asha Patel", ("asha patel", "ap")),
        ("Asha Patel (07700 900123)", "Asha Patel", ("asha patel",)),
        ("447700900123 (Asha Patel)", "Asha Patel", ("asha patel",)),
        ("Asha Patel (Police)", "Police", ("police", "asha patel")),
        ("Asha Patel (Guest)", "Asha Patel", ("asha patel",)),
    ],
)
def test_names_of_zoom_have_the_original_in_their_last_bracket(typed: str, shown: str, keys: tuple[str, ...]) -> None:
    name = zoom_name(typed)
    assert (name.shown, name.keys) == (shown, keys)


@pytest.mark.parametrize(
    "typed",
    ["+44 7700 900123", "441724000123", '" 15550100123 (Unverified)"', "+44 *** *** 1234", "4477****123", "(01724) 000-123"],
)
def test_a_telephone_in_place_of_a_name_is_no_name(typed: str) -> None:
    for name in (teams_name(typed), zoom_name(typed)):
        assert (name.shown, name.keys) == ("", ())
        assert name.telephone.strip("0123456789*") == ""
        assert len(name.telephone) >= 10


@pytest.mark.parametrize(
    "names",
    [
        ("Asha Patel", "Patel, Asha", "PATEL Asha", "patel  asha"),
        ("Jan van der Berg", "van der Berg, Jan", "Berg Jan van der"),
        ("Zoë O'Neill-Müller", "zoe oneill muller", "O\u2019Neill-Mu\u0308ller, Zoe\u0308"),
        ("Dr Ewa Łukasik", "Ewa Lukasik", "Lukasik, Ewa"),
        ("Søren Østergård", "Ostergard Soren"),
    ],
)
def test_a_name_is_the_same_in_both_orders_and_without_accents(names: tuple[str, ...]) -> None:
    assert len({name_key(name) for name in names}) == 1


def test_names_with_other_words_differ() -> None:
    assert len({name_key(name) for name in ("Asha Patel", "Asha Devi Patel", "Ash Patel", "Devi Asha Patel", "")}) == 5
    assert plain_name("Asha ", " Patel").shown == "Asha Patel"


# ---- text ------------------------------------------------------------------------------------------------------------------

TEXT = "Zoë\r\nPatel"


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le") + b"x",
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode(),
        TEXT.encode("cp1252"),
        codecs.BOM_UTF8 + codecs.BOM_UTF8 + TEXT.encode(),
    ],
)
def test_every_encoding_gives_the_same_text(data: bytes) -> None:
    assert decode(data) == "Zoë\nPatel"


@pytest.mark.parametrize(
    ("line", "delimiter"), [("Name\tEmail, Role", "\t"), ("Name;Email;Role", ";"), ("Name,Email;x,Role", ","), ("Name", ",")]
)
def test_the_delimiter_is_the_heading_lines(line: str, delimiter: str) -> None:
    assert delimiter_of(line) == delimiter


def test_headings_are_compared_without_case_width_and_spaces() -> None:
    assert [heading(cell) for cell in (" First  Join", '"First join"', "\ufeffFIRST JOIN", "\uff26irst\u00a0join")] == ["first join"] * 4
    assert tidy("9:29:07\u202fAM") == "9:29:07 AM"
