"""Settings: what is taken, what is refused and under which name."""

import json
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

from marstraining.core import config
from marstraining.core.config import ConfigError, Settings, load_settings
from marstraining.core.database_url import PostgresServer, SqliteFile
from marstraining.core.partnership import PACKAGED, PartnershipError, Term, load_partnership

KEY = "0f8a7c5e9b1d4263a4c8e0f2d6b79153"


def load(need_secret: bool = True, /, **variables: str) -> Settings:  # noqa: FBT001, FBT002 - the keywords are variables
    environ = {"MARS_DATA_DIR": "/srv/mars", "MARS_SECRET_KEY": KEY, **variables}
    return load_settings({name: value for name, value in environ.items() if value != "-"}, need_secret=need_secret)


def test_with_a_key_alone_everything_has_a_place_under_the_data_folder() -> None:
    settings = load()
    assert settings.database_url == "sqlite:///srv/mars/marstraining.sqlite3"
    assert settings.database == SqliteFile(Path("/srv/mars/marstraining.sqlite3"))
    assert settings.smtp_url == "file:///srv/mars/mail"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.mail_from == "training@127.0.0.1"
    assert (settings.host, settings.is_https) == ("127.0.0.1", False)
    assert (settings.metrics_token, settings.telegram_token, settings.trusted_proxies) == ("", "", ())


def test_a_scanner_is_at_a_port_or_a_socket_or_there_is_none() -> None:
    urls = ("", "clamd://127.0.0.1:3310", "clamd://clamav", "clamd:///run/clamav/clamd.ctl", "clamd://[::1]:3310")
    assert [load(MARS_SCAN_URL=url).scan_url for url in urls] == list(urls)


def test_the_data_folder_is_var_data_below_where_one_stands() -> None:
    assert load_settings({"MARS_SECRET_KEY": KEY}).data_dir == Path("var/data").absolute()


def test_commands_that_serve_nobody_need_no_key() -> None:
    assert load(False, MARS_SECRET_KEY="-").secret_key == ""
    with pytest.raises(ConfigError, match=r"^MARS_SECRET_KEY is too short"):
        load(False, MARS_SECRET_KEY="short")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("MARS_SECRET_KEY", "-", "MARS_SECRET_KEY is not set: give it 32 random characters or more"),
        ("MARS_SECRET_KEY", "a1b2c3d4" * 3 + "a1b2c3d", "MARS_SECRET_KEY is too short: give it 32 random characters or more"),
        ("MARS_SECRET_KEY", "x" * 64, "MARS_SECRET_KEY is not random: make one with `openssl rand -hex 32`"),
        ("MARS_SECRET_KEY", f"change-me-{KEY}", "MARS_SECRET_KEY is not random: make one with `openssl rand -hex 32`"),
        ("MARS_BASE_URL", "training.example.org", "MARS_BASE_URL is not a web address, as https://training.example.org"),
        (
            "MARS_BASE_URL",
            "http://training.example.org",
            "MARS_BASE_URL must begin with https:// (http:// is for this machine alone: 127.0.0.1, ::1, localhost)",
        ),
        ("MARS_BASE_URL", "https://example.org/training", "MARS_BASE_URL must be a host alone, without a path"),
        ("MARS_SCAN_URL", "http://127.0.0.1:3310", "MARS_SCAN_URL must be clamd://host:port or clamd:///path/of/its.socket"),
        ("MARS_SCAN_URL", "clamd://", "MARS_SCAN_URL must be clamd://host:port or clamd:///path/of/its.socket"),
        ("MARS_SCAN_URL", "clamd://host:port", "MARS_SCAN_URL is not an address of a virus scanner"),
        ("MARS_SCAN_URL", "clamd://host/and/path", "MARS_SCAN_URL must be clamd://host:port or clamd:///path/of/its.socket"),
        ("MARS_DATABASE_URL", "mysql://root@db/mars", "MARS_DATABASE_URL must begin with sqlite:/// or postgres://"),
        (
            "MARS_DATABASE_URL",
            "sqlite://mars.sqlite3",
            "MARS_DATABASE_URL must name a file from the root, with three slashes: sqlite:///var/lib/marstraining/marstraining.sqlite3",
        ),
        ("MARS_DATABASE_URL", "postgres://u:p@db/mars?pool=9", "MARS_DATABASE_URL does not know the option pool"),
        ("MARS_SMTP_URL", "mail.example.org", "MARS_SMTP_URL must be smtp://user:password@host:port, smtps://… or file:///folder"),
        ("MARS_SMTP_URL", "file://letters", "MARS_SMTP_URL must name a folder from the root, as file:///var/mail"),
        ("MARS_MAIL_FROM", "MARS <a@b.example>", "MARS_MAIL_FROM must be one plain address, as training@example.org"),
        ("MARS_TELEGRAM_TOKEN", "hello", "MARS_TELEGRAM_TOKEN is not a bot's token"),
        ("MARS_TELEGRAM_API_URL", "http://api.example.org", "MARS_TELEGRAM_API_URL must begin with https://"),
        ("MARS_TELEGRAM_WEBHOOK_URL", "http://a.example/hook", "MARS_TELEGRAM_WEBHOOK_URL must begin with https://"),
        (
            "MARS_TELEGRAM_WEBHOOK_SECRET",
            "short",
            "MARS_TELEGRAM_WEBHOOK_SECRET must be 16 to 256 letters, digits, hyphens or underscores",
        ),
        (
            "MARS_TRUSTED_PROXIES",
            "caddy",
            "MARS_TRUSTED_PROXIES must be addresses or networks with commas between, as 10.0.0.2, 172.16.0.0/12",
        ),
        ("MARS_METRICS_TOKEN", "short", "MARS_METRICS_TOKEN is too short: give it 16 characters or more"),
        ("MARS_SIGN_IN_MINUTES", "9", "MARS_SIGN_IN_MINUTES must be a number of minutes from 10 to 60"),
        ("MARS_SIGN_IN_MINUTES", "61", "MARS_SIGN_IN_MINUTES must be a number of minutes from 10 to 60"),
        ("MARS_LOG_LEVEL", "LOUD", "MARS_LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("MARS_PARTNERSHIP_FILE", "/nowhere.toml", "MARS_PARTNERSHIP_FILE (/nowhere.toml): cannot be read: No such file or directory"),
    ],
)
def test_a_wrong_value_is_refused_under_its_own_name(name: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(**{name: value})
    assert (str(refused.value), refused.value.variable) == (sentence, name)


def test_a_public_address_needs_a_mail_server_before_it_serves() -> None:
    with pytest.raises(ConfigError, match=r"^MARS_SMTP_URL is not set"):
        load(MARS_BASE_URL="https://training.example.org")
    assert load(False, MARS_BASE_URL="https://training.example.org").smtp_url == "file:///srv/mars/mail"


def test_a_webhook_needs_a_token_and_a_secret() -> None:
    with pytest.raises(ConfigError, match=r"^MARS_TELEGRAM_TOKEN must be set"):
        load(MARS_TELEGRAM_WEBHOOK_URL="https://a.example/hook")
    with pytest.raises(ConfigError, match=r"^MARS_TELEGRAM_WEBHOOK_SECRET must be set"):
        load(MARS_TELEGRAM_WEBHOOK_URL="https://a.example/hook", MARS_TELEGRAM_TOKEN="1:abc")


@pytest.mark.parametrize("name", sorted(config.SECRETS))
def test_every_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    good = {
        "MARS_DATABASE_URL": "postgres://mars:pw@db/mars",
        "MARS_SECRET_KEY": KEY[::-1],
        "MARS_SMTP_URL": "smtp://u:p@mail.example:587",
        "MARS_TELEGRAM_TOKEN": "123:abc",
        "MARS_TELEGRAM_WEBHOOK_SECRET": "a" * 16,
        "MARS_METRICS_TOKEN": "b" * 16,
    }[name]
    path = tmp_path / "secret"
    path.write_text(f"{good}\n")
    settings = load(**{name: "-", f"{name}_FILE": str(path)})
    assert getattr(settings, name.removeprefix("MARS_").lower()) == good
    assert good not in repr(settings)
    with pytest.raises(ConfigError, match=f"^{name} and {name}_FILE are both set: keep one$"):
        load(**{name: good, f"{name}_FILE": str(path)})
    path.write_text("\n")
    with pytest.raises(ConfigError, match=f"^{name}_FILE names a file that is empty"):
        load(**{name: "-", f"{name}_FILE": str(path)})


def test_an_address_of_postgresql_is_taken_apart() -> None:
    settings = load(MARS_DATABASE_URL="postgres://mars:p%40ss@db.example:6432/training?sslmode=require")
    assert settings.database == PostgresServer("db.example", 6432, "mars", "p@ss", "training", "require")
    assert "p@ss" not in repr(settings.database)


def test_settings_are_handed_to_the_process_once() -> None:
    settings = load()
    config.use(settings)
    assert config.current() is settings
    config.use(None)
    with pytest.raises(RuntimeError):
        config.current()


def test_north_lincolnshire_is_packaged() -> None:
    mars = load_partnership()
    assert (mars.short_name, mars.booking.cut_off_working_days) == ("Children's MARS", 2)
    assert (mars.working_calendar.day_starts, mars.working_calendar.day_ends) == (time(8), time(18))
    assert mars.contact("single_point_of_contact").number == "01724 296500"
    assert mars.calendar.published_until == date(2028, 7, 31)
    assert mars.calendar.terms[-1] == Term("summer", date(2028, 4, 18), date(2028, 7, 21))
    assert (date(2026, 3, 28), date(2026, 4, 12)) in mars.calendar.school_holidays
    assert not mars.working_calendar.is_working_day(date(2026, 12, 30))


def test_a_partnership_may_leave_out_whom_its_privacy_notice_names(tmp_path: Path) -> None:
    text, path = PACKAGED.read_text(encoding="utf-8"), tmp_path / "partnership.toml"
    named = load_partnership().data_protection_officer
    line = f'data_protection_officer = "{named}"\n'
    assert (bool(named), line in text) == (True, True)
    path.write_text(text.replace(line, ""), encoding="utf-8")
    assert load_partnership(path).data_protection_officer == ""


def test_its_terms_are_those_that_the_chat_is_tried_with() -> None:
    given = Path(__file__).parents[1] / "search" / "data" / "utterances_given.json"
    said = json.loads(given.read_text(encoding="utf-8"))["calendar"]
    mars = load_partnership().calendar
    for key, terms in (("terms", mars.terms), ("half_terms", mars.half_terms)):
        held = {(term.name, term.starts.isoformat(), term.ends.isoformat()) for term in terms}
        assert {tuple(term) for term in said[key]} <= held


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('short_name = "Children\'s MARS"\n', "", "partnership.short_name is missing"),
        ('number = "01724 296500"', 'number = "01724 2965555"', "contacts[2].number is no number that can be dialled"),
        ("cut_off_working_days = 2", "cut_off_working_days = true", "booking.cut_off_working_days must be a number"),
        ("cut_off_working_days = 2", "cut_off_days = 2", "booking.cut_off_working_days is missing"),
        ("day_ends = 18:00:00", "day_ends = 07:00:00", "booking.day_ends must be later than booking.day_starts"),
        ('accent = "#4c2c92"', 'accent = "green"', "branding.accent is not valid: 'green'"),
        ('logo = ""', 'logo = ""\ncrest = "none"', "branding.crest is not known"),
        ("trainers_each = 2", "trainers_each = -1", "programme.trainers_each must not be negative"),
        ("largest_group = 25", "largest_groups = 25", "programme.largest_groups is not known"),
        ("starts = 2026-04-13", "starts = 2026-03-13", "calendar.terms[3].starts must be after the one before has ended"),
    ],
)
def test_a_fault_in_the_file_is_named(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "partnership.toml"
    text = PACKAGED.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PartnershipError) as refused:
        load_partnership(path)
    assert str(refused.value).startswith(sentence)


def test_settings_do_not_change_in_place() -> None:
    assert replace(load(), log_level="DEBUG").log_level == "DEBUG"
    with pytest.raises(AttributeError):
        load().log_level = "DEBUG"  # type: ignore[misc] # the point of the test


def test_the_foot_names_numbers_whatever_codes_a_partnership_gives_them() -> None:
    ours = load_partnership()
    others = tuple(replace(contact, code=f"line_{number}") for number, contact in enumerate(ours.contacts))
    assert list(ours.foot) == ["emergency", "single_point_of_contact", "freephone", "out_of_hours"]
    assert list(replace(ours, contacts=others).foot) == ["line_0", "line_1", "line_2"]
