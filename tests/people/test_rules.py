"""Words and decisions about people, on plain values."""

from datetime import UTC, datetime, timedelta

import pytest

from marstraining.core.errors import NotAllowed, Refused
from marstraining.core.viewer import SYSTEM, Role, Viewer
from marstraining.people import rules

NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
DESK = Viewer(person_id=1, roles=frozenset({Role.LEARNER, Role.DESK}))
ADMINISTRATOR = Viewer(person_id=2, roles=frozenset({Role.LEARNER, Role.ADMINISTRATOR}))


@pytest.mark.parametrize(
    ("typed", "stored"),
    [(" Asha@School.EXAMPLE ", "asha@school.example"), ("o'neill+cpd@a.b.example", "o'neill+cpd@a.b.example")],
)
def test_an_address_is_kept_in_lower_case_without_spaces(typed: str, stored: str) -> None:
    assert rules.normal_address(typed) == stored


@pytest.mark.parametrize(
    "typed", ["asha", "asha@", "@x.example", "a b@x.example", "a@x", "a..b@x.example", ".a@x.example", "a@x.example, b@y.example"]
)
def test_what_cannot_be_an_address_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refusal:
        rules.normal_address(typed)
    assert refusal.value.message == "Enter an email address in the correct format, like name@example.com"


def test_no_address_at_all_is_asked_for() -> None:
    with pytest.raises(Refused, match="Enter your email address") as refusal:
        rules.normal_address("  ")
    assert refusal.value.field == "email"


@pytest.mark.parametrize("address", ["office@x.example", "Admin@x.example", "info2@x.example", "school.office@x.example"])
def test_booking_5_a_shared_mailbox_is_refused_with_the_three_ways_out(address: str) -> None:
    with pytest.raises(Refused) as refusal:
        rules.check_own_mailbox(address)
    assert refusal.value.code == "shared_mailbox"
    for way in ("personal email address", "learner without email", "one-person setting"):
        assert way in refusal.value.message


@pytest.mark.parametrize("address", ["asha@x.example", "info.patel@x.example", "headley@x.example"])
def test_a_personal_mailbox_is_welcome(address: str) -> None:
    rules.check_own_mailbox(address)


def test_an_address_is_masked_before_signing_in() -> None:
    assert rules.masked("asha.patel@agency.gov.uk") == "a…@agency.gov.uk"


@pytest.mark.parametrize(
    ("roles", "is_shared", "idle", "lasts"),
    [
        ((Role.LEARNER,), False, 720, timedelta(days=7)),
        ((Role.TRAINER, Role.AGENCY_LEAD), False, 720, timedelta(days=7)),
        ((Role.DESK,), False, 60, timedelta(hours=12)),
        ((Role.LEARNER, Role.ADMINISTRATOR), False, 60, timedelta(hours=12)),
        ((Role.BOARD_READER,), False, 60, timedelta(hours=12)),
        ((Role.LEARNER,), True, 20, timedelta(hours=12)),
        ((Role.DESK,), True, 20, timedelta(hours=12)),
    ],
)
def test_security_3_how_long_a_sign_in_lives_follows_from_the_roles(
    roles: tuple[Role, ...], *, is_shared: bool, idle: int, lasts: timedelta
) -> None:
    assert rules.lifetime(roles, is_shared=is_shared) == rules.Lifetime(idle, lasts)


@pytest.mark.parametrize(
    ("minutes_ago", "wait"),
    [
        ([], 0),
        ([1, 2], 0),
        ([1, 2, 14], 60),
        ([1, 2, 15], 0),
        ([0, 16, 17, 18, 19, 20, 21, 22, 23, 59], 60),
        ([1, 2, 3, 20, 21, 22, 23, 24, 25, 30], 1800),
    ],
)
def test_security_5_three_in_15_minutes_and_ten_an_hour(minutes_ago: list[int], wait: int) -> None:
    earlier = [NOW - timedelta(minutes=minutes) for minutes in minutes_ago]
    assert rules.wait_for(earlier, rules.ADDRESS_LIMITS, now=NOW) == wait


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("nonsense", "unknown"),
    ],
)
def test_a_network_is_one_address_of_version_4_or_64_bits_of_version_6(address: str, network: str) -> None:
    assert rules.network_of(address) == network


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("/me", "/me"),
        ("/sessions/abc/book?mode=online", "/sessions/abc/book?mode=online"),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("https://evil.example", ""),
        ("/a\nb", ""),
        ("me", ""),
        ("", ""),
        ("/sign-in?next=/me", ""),
        ("/" + "a" * 300, ""),
    ],
)
def test_after_signing_in_one_goes_on_to_our_own_pages_only(typed: str, path: str) -> None:
    assert rules.own_path(typed) == path


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("curl/8", "A browser on an unknown device"),
    ],
)
def test_a_browser_is_named_as_its_owner_would(user_agent: str, name: str) -> None:
    assert rules.device_name(user_agent) == name


def test_a_code_may_be_typed_with_spaces() -> None:
    assert rules.code_digits(" 1234 5678 ") == "12345678"


@pytest.mark.parametrize("typed", ["", "   ", "x" * 201, "a\x07b"])
def test_a_name_that_cannot_be_kept_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        rules.check_name(typed)


def test_a_name_of_any_script_is_kept_on_one_line() -> None:
    assert rules.check_name("  Siân   O'Brien-王 ") == "Siân O'Brien-王"


def test_security_4_only_an_administrator_changes_roles() -> None:
    rules.check_may_change_roles(9, by=ADMINISTRATOR)
    rules.check_may_change_roles(9, by=SYSTEM)
    with pytest.raises(NotAllowed):
        rules.check_may_change_roles(9, by=DESK)


def test_security_4_no_administrator_can_raise_themselves() -> None:
    with pytest.raises(NotAllowed):
        rules.check_may_change_roles(2, by=ADMINISTRATOR)


def test_the_desk_takes_over_no_stronger_account() -> None:
    rules.check_may_take_over(9, {Role.TRAINER}, by=DESK)
    rules.check_may_take_over(9, {Role.ADMINISTRATOR}, by=ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        rules.check_may_take_over(9, {Role.ADMINISTRATOR}, by=DESK)


@pytest.mark.parametrize("number", [0, 1])
def test_security_4_two_administrators_are_the_least(number: int) -> None:
    with pytest.raises(Refused):
        rules.check_administrators_left(number)
    rules.check_administrators_left(2)


def test_a_role_over_an_agency_names_one_and_no_other_does() -> None:
    rules.check_role_grant(Role.AGENCY_LEAD, 1)
    rules.check_role_grant(Role.DESK, None)
    for role, agency_id in ((Role.AGENCY_LEAD, None), (Role.DESK, 1), (Role.LEARNER, None)):
        with pytest.raises(Refused):
            rules.check_role_grant(role, agency_id)


@pytest.mark.parametrize("parent_id", [1, 3])
def test_an_agency_belongs_neither_to_itself_nor_to_its_branch(parent_id: int) -> None:
    with pytest.raises(Refused):
        rules.check_parent(1, parent_id, below={3, 4})
    rules.check_parent(1, 2, below={3, 4})


def test_people_job_roles_are_those_of_the_field() -> None:
    assert " ".join(rules.JOB_ROLES) == (
        "dsl deputy_dsl school_staff governor appointing_panel early_years early_years_dsl childminder health_1 health_2 health_3"
        " health_3_specialist health_4 health_5 gp vcse_staff vcse_volunteer multi_agency trainer_gcp2"
    )
