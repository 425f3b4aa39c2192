import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from marstraining.core import paths
from marstraining.core.config import Settings
from marstraining.core.tokens import derive_code, derive_token
from marstraining.messages.envelope import UNBUILDABLE, Rendered, envelope, rendered
from marstraining.messages.queries import StoredLetter
from marstraining.messages.rules import CalendarItem, LetterState
from tests.conftest import SECRET_KEY, make_settings
from tests.messages.letters import NOTE, an_entry

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
FOLDERS = sorted(path for path in (paths.TEMPLATES / "messages").iterdir() if path.is_dir())
HOSTILE_NAMES = [
    "<a href=//evil>x</a>", "Bob, evil@x.org", '"Bob" <evil@x.org>', "Bób, evil@x.org; more@x.org", "evil@x.org", "Bob\\",
    "(comment)",
    "Bob, evil@x.org " * 9, "é, evil@x.org " * 12, "=?utf-8?q?Bob?= <evil@x.org>", "{{ letter.address }}", "\u202egro.x@live",
    "", "  ", "🙂 , x@y",
]  # fmt: skip


@pytest.fixture
def plain_settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path, f"sqlite://{tmp_path}/none.sqlite3")


def a_row(
    *,
    name: str = "Asha Learner",
    template: str = "desk_note",
    context: Mapping[str, object] = NOTE,
    tokens: Mapping[str, tuple[str, int | str, str]] | None = None,
    calendar: tuple[CalendarItem, ...] = (),
    unsubscribe: tuple[str, int | str, str] | None = None,
) -> StoredLetter:
    return StoredLetter(
        id=1, ref="t0gtgs7pp4", key="k", template=template, priority=2, state=LetterState.SENDING, address="asha@school.example", name=name,
        context=context, tokens=tokens or {}, calendar=calendar, unsubscribe=unsubscribe, thread=None, sequence=0,
        message_id="<abc@mars.example>", created_at=NOW, not_before=None, expires_at=None, tries=0, first_try_at=None, next_try_at=NOW,
        last_error="", sent_at=None, erased_at=None,
    )  # fmt: skip


def read(message: EmailMessage) -> EmailMessage:
    """The message as a mail program reads it."""
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def test_letters_2_headers(plain_settings: Settings) -> None:
    message = read(envelope(a_row(), plain_settings, now=NOW))
    partnership = plain_settings.partnership
    assert {name: str(message[name]) for name in ("Subject", "To", "Message-ID", "Auto-Submitted", "Date")} == {
        "Subject": "Parking on Tuesday",
        "To": "Asha Learner <asha@school.example>",
        "Message-ID": "<abc@mars.example>",
        "Auto-Submitted": "auto-generated",
        "Date": "Wed, 01 Jul 2026 09:00:00 +0100",
    }
    assert [(box.display_name, box.addr_spec) for box in message["From"].addresses] == [(partnership.from_name, "training@mars.example")]
    assert message["Reply-To"].addresses[0].addr_spec == partnership.reply_to
    assert (message["List-Unsubscribe"], message["List-Unsubscribe-Post"]) == (None, None)


def test_letters_2_only_bulletins_carry_the_unsubscribe_pair(plain_settings: Settings) -> None:
    sent = envelope(a_row(unsubscribe=("bulletins", 7, "n")), plain_settings, now=NOW)
    message = read(sent)
    url = f"http://127.0.0.1:8000/bulletins/stop/{derive_token(SECRET_KEY, 'bulletins', 7, 'n')}"
    assert message["List-Unsubscribe"] == f"<{url}>"
    # As one plain word, since Python would encode a long one and no mail program would know it for an address then.
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in sent.as_bytes()
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in body(message, "plain")
    assert url in body(message, "html")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_letters_1_a_hostile_name_is_text_and_reaches_one_recipient(plain_settings: Settings, name: str) -> None:
    context = {**NOTE, "text": f"Dear {name},", "paragraphs": [f"Dear {name},"]}
    raw = envelope(a_row(name=name, context=context), plain_settings, now=NOW).as_bytes()
    for reader in (policy.default, policy.SMTP):
        message = message_from_bytes(raw, policy=reader)
        assert [box.addr_spec for box in message["To"].addresses] == ["asha@school.example"]
        assert [header for header in message.keys() if header.lower() in {"cc", "bcc"}] == []  # noqa: SIM118 - a message's own keys
    assert "<a href=//evil>" not in body(read(envelope(a_row(name=name, context=context), plain_settings, now=NOW)), "html")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


def test_letters_1_an_ordinary_name_with_a_comma_or_an_accent_is_shown(plain_settings: Settings) -> None:
    for name in ("Learner, Asha", "Zoë O'Brien-Núñez", "Dr. Asha (DSL)"):
        message = read(envelope(a_row(name=name), plain_settings, now=NOW))
        assert message["To"].addresses[0].display_name == name


@pytest.mark.parametrize("name", ["Asha\nBcc: x@evil.example", "Asha\r\nSubject: y", "Asha\u2028x"])
def test_letters_1_a_name_of_several_lines_is_refused(plain_settings: Settings, name: str) -> None:
    with pytest.raises(ValueError, match="several lines"):
        envelope(a_row(name=name), plain_settings, now=NOW)


def test_letters_1_a_subject_of_several_lines_is_refused(plain_settings: Settings) -> None:
    with pytest.raises(UNBUILDABLE):
        envelope(a_row(context={**NOTE, "subject_line": "Hello\nBcc: x@evil.example"}), plain_settings, now=NOW)


def test_letters_1_a_name_that_a_template_lacks_is_refused(plain_settings: Settings) -> None:
    with pytest.raises(UNBUILDABLE, match="subject_line"):
        rendered(a_row(context={}), plain_settings)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_letters_1_every_letter_has_its_parts_and_renders_in_full(plain_settings: Settings, folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} >= {"subject.txt", "body.txt", "body.html", "sample.json"}
    sample: dict[str, Any] = json.loads((folder / "sample.json").read_text())
    row = a_row(
        template=folder.name,
        context=sample["context"],
        tokens=dict.fromkeys(sample.get("tokens", []), ("test", 1, "nonce")),
        unsubscribe=("bulletins", 7, "n") if sample.get("unsubscribe") else None,
        calendar=(an_entry(),) if sample.get("calendar") else (),
    )
    parts = rendered(row, plain_settings)
    assert 5 <= len(parts.subject) <= 150
    assert plain_settings.partnership.reply_to in parts.text
    assert plain_settings.partnership.reply_to in parts.html
    assert "{{" not in parts.text + parts.html
    message = read(envelope(row, plain_settings, now=NOW))
    assert (body(message, "plain").strip(), body(message, "html").strip()) == (parts.text.strip(), parts.html.strip())


def test_tokens_and_codes_are_derived_when_the_letter_is_rendered(plain_settings: Settings) -> None:
    sample = json.loads((paths.TEMPLATES / "messages/sign_in/sample.json").read_text())
    row = a_row(template="sign_in", context=sample["context"], tokens={name: (name, "ref", "nonce") for name in sample["tokens"]})
    text = rendered(row, plain_settings).text
    assert any(derive_token(SECRET_KEY, name, "ref", "nonce") in text for name in sample["tokens"])
    assert any(derive_code(SECRET_KEY, name, "ref", "nonce") in text.replace(" ", "") for name in sample["tokens"])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_letters_6_a_preview_says_all_but_what_is_for_its_reader_alone(plain_settings: Settings, folder: Path) -> None:
    sample: dict[str, Any] = json.loads((folder / "sample.json").read_text())
    row = a_row(
        template=folder.name,
        context=sample["context"],
        tokens={name: (name, 1, "nonce") for name in sample.get("tokens", [])},
        unsubscribe=("bulletins", 1, "nonce") if sample.get("unsubscribe") else None,
    )
    sent, shown = rendered(row, plain_settings), rendered(row, plain_settings, is_preview=True)
    secrets = [make(SECRET_KEY, name, 1, "nonce") for name in (*row.tokens, "bulletins") for make in (derive_token, derive_code)]
    secrets += [code] if (code := sample["context"].get("check_in_code")) else []
    without = re.compile("|".join(secrets))
    assert shown == Rendered(
        subject=sent.subject, text=without.sub("hidden", sent.text), html=re.sub(' href="[^"]*"', "", without.sub("hidden", sent.html))
    )


def test_ical_7_one_day_stands_beside_the_text_and_as_a_file_and_says_that_declining_cancels_nothing(plain_settings: Settings) -> None:
    message = read(envelope(a_row(calendar=(an_entry(sequence=3),)), plain_settings, now=NOW))
    assert message.get_content_type() == "multipart/mixed"
    alternative, file = message.iter_parts()
    assert [part.get_content_type() for part in alternative.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    inline = list(alternative.iter_parts())[2]
    assert (inline.get_param("method"), inline.get_content_charset()) == ("REQUEST", "utf-8")
    assert (file.get_content_disposition(), file.get_filename()) == ("attachment", "training.ics")
    assert file.get_content() == inline.get_content()
    event: Any = Calendar.from_ical(file.get_content()).events[0]
    assert (str(event["UID"]), event["SEQUENCE"]) == ("day-1", 3)
    assert str(event["ATTENDEE"]) == "mailto:asha@school.example"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert str(event["ORGANIZER"]) == "mailto:training@mars.example"
    assert str(event["URL"]) == "http://127.0.0.1:8000/bookings/abc"
    assert "cancels nothing here" in str(event["DESCRIPTION"])
    assert event["DTSTART"].dt.utcoffset() == timedelta(hours=1)


def test_ical_7_several_days_are_a_file_each_and_nothing_inline(plain_settings: Settings) -> None:
    entries = (an_entry("a", sequence=1), an_entry("b", sequence=2, method="CANCEL"))
    message = read(envelope(a_row(calendar=entries), plain_settings, now=NOW))
    first, *files = message.iter_parts()
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]
    calendars: list[Any] = [Calendar.from_ical(file.get_content()) for file in files]
    assert [str(calendar["METHOD"]) for calendar in calendars] == ["REQUEST", "CANCEL"]
    assert [[str(event["UID"]) for event in calendar.events] for calendar in calendars] == [["a"], ["b"]]
    assert str(calendars[1].events[0]["STATUS"]) == "CANCELLED"
    assert [file.get_filename() for file in files] == ["training-1.ics", "training-2.ics"]


@pytest.mark.parametrize("words", ["Short", "A place for you until 12:15pm on Thursday 26 November: Child Protection, day 1", "word " * 60])
def test_a_subject_begins_on_the_line_of_its_name_and_reads_as_written(words: str, plain_settings: Settings) -> None:
    message = envelope(a_row(context={**NOTE, "subject_line": words}), plain_settings, now=NOW)
    lines = message.as_bytes().split(b"\r\n")
    first = next(line for line in lines if line.startswith(b"Subject:"))
    assert first.split()[1] == words.split(maxsplit=1)[0].encode()
    assert read(message)["Subject"] == words.strip()
    assert max(len(line) for line in lines) <= 78


def test_the_address_of_their_booking_is_a_link_and_a_name_that_looks_like_one_is_not(plain_settings: Settings) -> None:
    link, evil = "http://127.0.0.1:8000/bookings/1mx4n2t1cf", "https://evil.example/"
    row = a_row(context={**NOTE, "link": link, "paragraphs": [f"Dear {evil},", f"See <b>{link}</b>."]})
    html = body(envelope(row, plain_settings, now=NOW), "html")
    assert (html.count(f'<a href="{link}"'), f'href="{evil}' in html, "&lt;b&gt;" in html) == (1, False, True)
