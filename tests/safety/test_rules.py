"""Which numbers answer now, and which personal details are found in a text."""

from datetime import UTC, datetime

import pytest

from marstraining.core.partnership import Contact, load_partnership
from marstraining.safety.rules import Detail, answering_first, emergency, found_details, office, signpost_contacts, standing
from marstraining.safety.rules.personal import is_nhs_number

CONTACTS = load_partnership().contacts
SPOC = next(one for one in CONTACTS if one.code == "single_point_of_contact")
OUT = next(one for one in CONTACTS if one.code == "out_of_hours")


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        ("2026-03-09T09:00:00+00:00", True),  # Monday, the first minute
        ("2026-03-09T08:59:59+00:00", False),
        ("2026-03-09T16:59:59+00:00", True),
        ("2026-03-09T17:00:00+00:00", False),
        ("2026-03-13T16:29:00+00:00", True),  # Friday shuts half an hour before
        ("2026-03-13T16:30:00+00:00", False),
        ("2026-03-14T12:00:00+00:00", False),  # Saturday
        ("2026-04-03T12:00:00+00:00", False),  # Good Friday
        ("2026-07-06T08:30:00+00:00", True),  # half past nine in London's summer
        ("2026-12-29T12:00:00+00:00", True),  # the training team is away, the Single Point of Contact is not
        ("2026-12-28T12:00:00+00:00", False),  # Boxing Day, as it is kept
    ],
)
def test_the_office_is_open_by_its_written_hours_and_the_answerphone_whenever_it_is_not(instant: str, is_open: bool) -> None:  # noqa: FBT001
    now = datetime.fromisoformat(instant)
    assert standing(SPOC, CONTACTS, now=now).is_open is is_open
    assert standing(OUT, CONTACTS, now=now).is_open is not is_open


@pytest.mark.parametrize(
    ("hours", "is_open"),
    [
        ("At any time", True),
        ("24 hours a day", True),
        ("Monday to Friday, 8:30am to 5pm", True),
        ("Mondays 9am to 11am", True),
        ("Monday from 9 to 5pm", True),
        ("Tuesday to Thursday 9am to 5pm", False),
        ("Saturday to Monday 9am to 5pm", True),
        ("Ask the office", None),
        ("Monday 25am to 99pm", None),
        ("Monday 5pm to 9am", None),
        ("", None),
    ],
)
def test_hours_that_cannot_be_read_leave_open_or_shut_open(hours: str, is_open: bool | None) -> None:  # noqa: FBT001
    contact = Contact(code="x", label="X", number="01724 296500", hours=hours)
    assert standing(contact, CONTACTS, now=datetime(2026, 3, 9, 10, tzinfo=UTC)).is_open is is_open


def test_the_signposts_numbers_are_those_there_are_in_the_order_asked_for() -> None:
    now = datetime(2026, 3, 9, 10, tzinfo=UTC)
    found = signpost_contacts(CONTACTS, ("police", "nowhere", "emergency"), now=now)
    assert [(one.contact.number, one.tel) for one in found] == [("101", "tel:101"), ("999", "tel:999")]


def _said(code: str, instant: str) -> str:
    contact = next(one for one in CONTACTS if one.code == code)
    return standing(contact, CONTACTS, now=datetime.fromisoformat(instant)).said


def test_what_is_said_of_a_shut_number_cannot_be_read_as_the_days_it_is_shut_and_an_answerphone_is_never_open() -> None:
    day, evening = "2026-03-09T10:00:00+00:00", "2026-03-09T20:00:00+00:00"
    assert _said("single_point_of_contact", day) == "open now"
    assert _said("single_point_of_contact", evening) == "closed at the moment; open Monday to Thursday 9am to 5pm, Friday 9am to 4:30pm"
    assert {_said("out_of_hours", when) for when in (day, evening)} == {"evenings, weekends and bank holidays"}
    staffed = Contact(code="x", label="Night team", number="01724 296500", hours="Evenings and weekends")
    assert standing(staffed, CONTACTS, now=datetime.fromisoformat(evening)).said == "open now"
    assert standing(staffed, CONTACTS, now=datetime.fromisoformat(day)).said == "closed at the moment; open evenings and weekends"


@pytest.mark.parametrize(
    ("instant", "codes"),
    [
        ("2026-03-09T10:00:00+00:00", ["single_point_of_contact", "freephone", "police", "out_of_hours"]),
        ("2026-03-09T20:00:00+00:00", ["out_of_hours", "police", "single_point_of_contact", "freephone"]),
    ],
)
def test_who_answers_now_stands_first(instant: str, codes: list[str]) -> None:
    wanted = ("single_point_of_contact", "freephone", "out_of_hours", "police")
    found = answering_first(signpost_contacts(CONTACTS, wanted, now=datetime.fromisoformat(instant)))
    assert [one.contact.code for one in found] == codes


def test_nobody_is_asked_to_ring_a_national_line_to_try_it() -> None:
    national = {one.code for one in CONTACTS if standing(one, CONTACTS, now=datetime(2026, 3, 9, tzinfo=UTC)).is_national}
    assert national == {"emergency", "police", "childline", "samaritans", "health"}


def test_999_is_there_whatever_a_partnerships_file_leaves_out() -> None:
    assert emergency(()).number == "999"
    assert emergency(CONTACTS).number == "999"


def test_a_worry_without_danger_goes_to_the_office_whatever_the_order_of_the_numbers() -> None:
    named = office(tuple(reversed(CONTACTS)))
    assert named is not None
    assert named.code == "single_point_of_contact"
    assert office(()) is None
    police = tuple(one for one in CONTACTS if one.code in {"emergency", "police"})
    assert [one.code for one in (office(police),) if one] == ["police"]


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("when is the next course", ()),
        ("book me on 12/06 at DN16 1AB", (Detail.ADDRESS,)),
        ("his NHS number is 943 476 5919", (Detail.NHS_NUMBER,)),
        ("nhs 9434765919", (Detail.NHS_NUMBER,)),
        ("943 476 5918", ()),
        ("she was born 3/4/2015", (Detail.DATE_OF_BIRTH,)),
        ("DOB: 03.04.15", (Detail.DATE_OF_BIRTH,)),
        ("dob 3rd of April 2015", (Detail.DATE_OF_BIRTH,)),
        ("the session on 3/4/2026", ()),
        ("ring me on 07700 900123", (Detail.PHONE,)),
        ("+44 7700 900 123", (Detail.PHONE,)),
        ("they live at 12 High Street", (Detail.ADDRESS,)),
        ("level 3 training in room 12", ()),
        ("a child called Mia", (Detail.NAME,)),
        ("her name is Mia Brown", (Detail.NAME,)),
        ("what is the name of the course", ()),
        ("mia@example.org", (Detail.EMAIL,)),
        ("child named Mia, dob 1/2/2016, 12 High Street", (Detail.NAME, Detail.DATE_OF_BIRTH, Detail.ADDRESS)),
    ],
)
def test_personal_details_are_found_by_their_form(text: str, details: tuple[Detail, ...]) -> None:
    assert found_details(text) == details


@pytest.mark.parametrize("digits", ["9434765919", "4010232137"])
def test_an_nhs_number_has_its_check_digit(digits: str) -> None:
    assert is_nhs_number(digits)
    assert not is_nhs_number(digits[:-1] + str((int(digits[-1]) + 1) % 10))
    assert not is_nhs_number("0000000000")
    assert not is_nhs_number("\u0661" * 9 + "\u0662")
