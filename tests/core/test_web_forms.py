"""Forms read what people type, and say what is wrong in the wording of the design system."""

from datetime import date, time

import pytest

from marstraining.core.errors import NotFound, Refused
from marstraining.core.web import Form

MODES = {"online": "Online", "in_person": "In person"}


def test_what_was_typed_well_comes_back_as_values() -> None:
    form = Form(
        {
            "title": "  Neglect:  seeing it early ", "email": "asha@Example.ORG", "places": "1,200", "mode": "online",
            "starts-day": "3", "starts-month": "march", "starts-year": "2026", "at": "9.30am", "agree": "yes", "session": "0123456789",
        }
    )  # fmt: skip
    assert form.text("title", "the course title") == "Neglect: seeing it early"
    assert form.email("email") == "asha@example.org"
    assert form.integer("places", "the number of places", min=1, max=5000) == 1200
    assert form.choice("mode", "how it is run", MODES) == "online"
    assert form.date("starts", "the start date") == date(2026, 3, 3)
    assert form.time("at", "the start time") == time(9, 30)
    assert form.checkbox("agree") is True
    assert form.ref("session") == "0123456789"
    assert form.errors == {}


def test_an_empty_form_names_every_required_field() -> None:
    form = Form()
    values = (
        form.text("title", "the course title"), form.email("email"), form.integer("places", "the number of places"),
        form.choice("mode", "how it is run", MODES), form.choices("topics", "a topic", MODES, required=True),
        form.date("starts", "the start date"), form.time("at", "the start time"),
        form.checkbox("agree", required="Confirm that your manager agrees"), form.file("report", "the attendance report"),
    )  # fmt: skip
    assert values == ("", "", 0, "", (), date.min, time.min, False, None)
    assert form.errors == {
        "title": "Enter the course title",
        "email": "Enter your email address",
        "places": "Enter the number of places",
        "mode": "Select how it is run",
        "topics": "Select a topic",
        "starts": "Enter the start date",
        "at": "Enter the start time",
        "agree": "Confirm that your manager agrees",
        "report": "Select the attendance report",
    }


def test_an_empty_form_of_voluntary_fields_is_right() -> None:
    form = Form()
    values = (
        form.text("a", "a", required=False), form.email("b", required=False), form.integer("c", "c", required=False),
        form.choice("d", "d", MODES, required=False), form.choices("e", "e", MODES), form.date("f", "f", required=False),
        form.time("g", "g", required=False), form.file("h", "h", required=False),
    )  # fmt: skip
    assert values == ("", "", None, "", (), None, None, None)
    assert form.errors == {}


@pytest.mark.parametrize(
    ("day", "month", "year", "sentence"),
    [
        ("", "3", "2026", "The start date must include a day"),
        ("31", "", "", "The start date must include a month and year"),
        ("31", "2", "2026", "The start date must be a real date"),
        ("one", "2", "2026", "The start date must be a real date"),
        ("3", "marz7", "2026", "The start date must be a real date"),
        ("3", "3", "26", "Year must include 4 numbers"),
        ("3", "3", "2025", "The start date must be 1 January 2026 or later"),
        ("3", "3", "2028", "The start date must be 31 December 2027 or earlier"),
    ],
)
def test_a_wrong_date_says_what_is_wrong_with_it(day: str, month: str, year: str, sentence: str) -> None:
    form = Form({"starts-day": day, "starts-month": month, "starts-year": year})
    form.date("starts", "the start date", earliest=date(2026, 1, 1), latest=date(2027, 12, 31))
    assert form.summary == [("starts-day", sentence)]


def test_a_date_may_come_in_one_field_as_scripts_write_it() -> None:
    assert Form({"starts": "2026-03-03"}).date("starts", "the start date") == date(2026, 3, 3)
    form = Form({"starts": "next Tuesday"})
    form.date("starts", "the start date")
    assert form.errors == {"starts": "The start date must be a real date"}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("9:30", time(9, 30)), ("09.30", time(9, 30)), ("0930", time(9, 30)), ("9am", time(9)), ("2.15 pm", time(14, 15)),
        ("12am", time(0)),
        ("12pm", time(12)), ("midday", time(12)), ("14:00", time(14)), ("12:15 p.m.", time(12, 15)),
    ],
)  # fmt: skip
def test_times_are_read_as_people_write_them(typed: str, read: time) -> None:
    form = Form({"at": typed})
    assert (form.time("at", "the start time"), form.errors) == (read, {})


@pytest.mark.parametrize("typed", ["9", "25:00", "13pm", "9:75", "half past nine", "0am"])
def test_other_times_are_asked_for_again(typed: str) -> None:
    form = Form({"at": typed})
    form.time("at", "the start time")
    assert form.errors == {"at": "The start time must be a time, like 9:30am or 14:00"}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("many", "The number of places must be a whole number, like 20"),
        ("2.5", "The number of places must be a whole number, like 20"),
        ("9" * 10, "The number of places must be a whole number, like 20"),
        ("\u0663", "The number of places must be a whole number, like 20"),
        ("0", "The number of places must be between 1 and 500"),
        ("501", "The number of places must be between 1 and 500"),
    ],
)
def test_numbers_stay_within_their_bounds(typed: str, sentence: str) -> None:
    form = Form({"places": typed})
    form.integer("places", "the number of places", min=1, max=500)
    assert form.errors == {"places": sentence}


@pytest.mark.parametrize(
    "typed", ["asha", "asha@", "@example.org", "asha@example", "a b@example.org", "a..b@example.org", "a@b.org,c@d.org", "<a@b.org>"]
)
def test_what_is_no_address_is_asked_for_again(typed: str) -> None:
    form = Form({"email": typed})
    form.email("email")
    assert form.errors == {"email": "Enter an email address in the correct format, like name@example.com"}


def test_too_long_a_text_is_not_cut_but_sent_back() -> None:
    form = Form({"title": "x" * 41})
    assert form.text("title", "the course title", max=40) == ""
    assert form.errors == {"title": "The course title must be 40 characters or fewer"}
    assert form.get("title") == "x" * 41


def test_control_characters_and_directions_fall_away() -> None:
    form = Form({"name": "A\0sha\u202e \x07Rahman\ud800", "notes": "one\r\ntwo\rthree"})
    assert form.text("name", "your name") == "Asha Rahman"
    assert form.text("notes", "your notes", multiline=True) == "one\ntwo\nthree"


def test_choices_that_were_never_offered_are_not_taken() -> None:
    form = Form([("mode", "by post"), ("topics", "online"), ("topics", "<script>"), ("topics", "online")])
    assert form.choice("mode", "how it is run", MODES, required=False) == ""
    assert form.choices("topics", "topics", MODES) == ("online",)
    assert form.errors == {"mode": "Select how it is run", "topics": "Select topics"}


@pytest.mark.parametrize("typed", ["", "012345678", "01234567890", "012345678i", "0123456789'"])
def test_a_reference_that_is_none_leads_nowhere(typed: str) -> None:
    with pytest.raises(NotFound):
        Form({"session": typed}).ref("session")


def test_a_refusal_stands_beside_its_field_or_at_the_top() -> None:
    form = Form({"starts-day": "1"})
    form.refuse(Refused("This session is full.", code="full"))
    form.refuse(Refused("The start date must be in term.", field="starts"))
    form.refuse(Refused("Said too late.", field="starts"))
    assert form.summary == [("", "This session is full."), ("starts-day", "The start date must be in term.")]
    assert form.refusal is not None
    assert form.refusal.message == "Said too late."


def test_a_form_for_editing_shows_values_as_typed() -> None:
    form = Form.of(
        title="Neglect",
        starts=date(2026, 3, 3),
        at=time(9, 30),
        noon=time(12),
        places=12,
        agree=True,
        no=False,
        topics=["a", "b"],
        none=None,
    )
    assert form.values == {
        "title": "Neglect", "starts-day": "3", "starts-month": "3", "starts-year": "2026", "at": "9:30am", "noon": "12:00", "places": "12",
        "agree": "yes", "no": "", "topics": "a", "none": "",
    }  # fmt: skip
    assert form.all("topics") == ["a", "b"]
    assert form.time("noon", "noon") == time(12)
