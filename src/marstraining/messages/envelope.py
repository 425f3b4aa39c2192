"""A letter's row as an e-mail: parts from its templates, headers that nothing written into a name can bend, calendar entries."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email import message_from_string, policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from jinja2 import TemplateError

from marstraining.core.clock import local
from marstraining.core.config import Settings
from marstraining.core.icalendar_writer import Entry, invitation
from marstraining.core.tokens import derive_code, derive_token
from marstraining.core.values import frozen
from marstraining.core.web.render import environment
from marstraining.messages.queries import StoredLetter
from marstraining.messages.rules import STOPS_AT, CalendarItem

# What a letter that cannot be built raises, whatever is wrong with it: the next letter must go out all the same.
UNBUILDABLE = (ValueError, TypeError, LookupError, AttributeError, TemplateError, MessageError)

_LINE_BREAKS = re.compile(r"[\r\n\x0b\x0c\x85\u2028\u2029]")
# Controls, and marks that turn the writing direction: a name could otherwise be made to read as an address.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BLANK_LINES = re.compile(r"\n{3,}")
_LONGEST_NAME = 100
# What stands in a letter's context and still is for its reader alone.
_READERS_OWN = frozenset({"check_in_code"})
_HIDDEN = "hidden"
_HREF = re.compile(r' href="[^"]*"')
_LONGEST_LINE = 78
_ONE_WORD = frozenset({"List-Unsubscribe", "Message-ID"})
_DECLINING = "Declining this entry in your calendar cancels nothing here."


class _HousePolicy(EmailPolicy):
    """Headers that hold one long word are written as they are: Python 3.11 would encode the word to break it.

    A subject of plain letters begins on the line of its name. Python would put one of 70 letters on the next, and servers
    that read line by line take it for empty.
    """

    def fold(self, name: str, value: str) -> str:
        if name in _ONE_WORD:
            return f"{name}: {value}{self.linesep}"
        if name == "Subject" and str(value).isascii():
            return "".join(f"{line}{self.linesep}" for line in _lines(f"{name}: {value}"))
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        is_ours = name in _ONE_WORD or (name == "Subject" and str(value).isascii())
        return self.fold(name, value).encode("ascii") if is_ours else super().fold_binary(name, value)


def _lines(header: str) -> list[str]:
    """A header broken at single spaces, each line but the first beginning with one; a word of any length stays whole."""
    name, first, *words = header.split(" ")
    lines = [f"{name} {first}"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LONGEST_LINE:
            lines.append(f" {word}")
        else:
            lines[-1] += f" {word}"
    return lines


# 7-bit encodings alone, since a server on the way may not know 8BITMIME.
_POLICY = _HousePolicy(linesep="\r\n", cte_type="7bit")


@frozen
class Rendered:
    """The three parts of a letter as its reader sees them."""

    subject: str
    text: str
    html: str


class _Secrets(Mapping[str, str]):
    """Tokens or codes by name, each made when the template asks for it; none is ever stored."""

    def __init__(self, letter: StoredLetter, key: str, *, are_codes: bool) -> None:
        self._letter, self._key, self._are_codes = letter, key, are_codes

    def __getitem__(self, name: str) -> str:
        purpose, row_id, nonce = self._letter.tokens[name]
        return (derive_code if self._are_codes else derive_token)(self._key, purpose, row_id, nonce)

    def __iter__(self) -> Iterator[str]:
        return iter(self._letter.tokens)

    def __len__(self) -> int:
        return len(self._letter.tokens)


def rendered(letter: StoredLetter, settings: Settings, *, is_preview: bool = False) -> Rendered:
    """The parts of a letter. One of UNBUILDABLE is raised for a name that a template lacks, or a subject of several lines.

    A preview is for somebody else's eyes: in place of every token and code of the reader's stands "hidden", and no link leads
    anywhere.
    """
    values = _values(letter, settings, is_preview=is_preview)
    folder = f"messages/{letter.template}"
    subject = _subject(letter, values)
    text = environment().get_template(f"{folder}/body.txt").render(values, subject=subject)
    html = environment().get_template(f"{folder}/body.html").render(values, subject=subject)
    if is_preview:
        html = _HREF.sub("", html)
    return Rendered(subject=subject, text=_BLANK_LINES.sub("\n\n", text).strip() + "\n", html=html)


def previewed_subject(letter: StoredLetter, settings: Settings) -> str:
    """The subject alone, as in a preview; one of UNBUILDABLE as for the whole."""
    return _subject(letter, _values(letter, settings, is_preview=True))


def _subject(letter: StoredLetter, values: Mapping[str, object]) -> str:
    return header_text(environment().get_template(f"messages/{letter.template}/subject.txt").render(values).strip())


def _values(letter: StoredLetter, settings: Settings, *, is_preview: bool) -> Mapping[str, object]:
    hidden = dict.fromkeys(letter.tokens, _HIDDEN)
    values: dict[str, object] = {
        **letter.context,
        "letter": {"name": letter.name, "address": letter.address},
        "tokens": hidden if is_preview else _Secrets(letter, settings.secret_key, are_codes=False),
        "codes": hidden if is_preview else _Secrets(letter, settings.secret_key, are_codes=True),
        "base_url": settings.base_url,
        "partnership": settings.partnership,
        "unsubscribe_url": unsubscribe_url(letter, settings, is_preview=is_preview),
    }
    if is_preview:
        values |= {name: _HIDDEN for name in _READERS_OWN if letter.context.get(name)}
    return values


def envelope(letter: StoredLetter, settings: Settings, *, now: datetime) -> EmailMessage:
    """The whole message to its one recipient; one of UNBUILDABLE is raised where a header or part cannot be made."""
    parts = rendered(letter, settings)
    sender = _mailbox(settings.partnership.from_name, settings.mail_from)
    recipient = _mailbox(letter.name, letter.address)
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = parts.subject
    message["From"] = sender
    message["To"] = recipient
    message["Reply-To"] = _mailbox(settings.partnership.from_name, settings.partnership.reply_to)
    message["Date"] = format_datetime(local(now))
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    stop = unsubscribe_url(letter, settings)
    if stop:
        message["List-Unsubscribe"] = f"<{stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(parts.text)
    message.add_alternative(parts.html, subtype="html")
    _add_calendar(message, letter, settings)
    return message


def unsubscribe_url(letter: StoredLetter, settings: Settings, *, is_preview: bool = False) -> str | None:
    """Where one press ends the bulletins or digests that this letter is one of; None for any other letter."""
    if letter.unsubscribe is None:
        return None
    purpose, row_id, nonce = letter.unsubscribe
    token = _HIDDEN if is_preview else derive_token(settings.secret_key, purpose, row_id, nonce)
    return f"{settings.base_url}{STOPS_AT.get(purpose, '/bulletins/stop')}/{token}"


def header_text(text: str) -> str:
    """Text fit for one header; several lines are refused with ValueError, since that is how headers are smuggled in."""
    if _LINE_BREAKS.search(text):
        raise ValueError(f"a header cannot have several lines: {text[:80]!r}")
    return " ".join(_INVISIBLE.sub("", text).split())


def _mailbox(name: str, address: str) -> Address:
    """One name and address; a name that a mail program might read as more than that is left out."""
    if header_text(address) != address or not address.isascii():
        raise ValueError(f"no mail can be addressed to {address[:80]!r}")
    plain = Address(addr_spec=address)
    named = Address(display_name=header_text(name)[:_LONGEST_NAME].strip(), username=plain.username, domain=plain.domain)
    # Python 3.11 drops the quotes of a long name when it folds the line, and a comma in it then makes two recipients.
    header = EmailMessage(policy=_POLICY)
    header["To"] = named
    read_back = message_from_string(header.as_string(), policy=policy.default)["To"].addresses
    is_sound = [(found.display_name, found.addr_spec) for found in read_back] == [(named.display_name, plain.addr_spec)]
    return named if is_sound else plain


def _add_calendar(message: EmailMessage, letter: StoredLetter, settings: Settings) -> None:
    """One entry stands beside the text, as mail programs show it, and as a file; of several each is a file of its own.

    A REQUEST carries one UID only (RFC 5546 3.2.2).
    """
    files = [(item, _entry(item, letter, settings)) for item in letter.calendar]
    if len(files) == 1:
        item, data = files[0]
        message.add_alternative(data.decode(), subtype="calendar", cte="base64", params={"method": item.method})
    for number, (item, data) in enumerate(files, start=1):
        name = "training.ics" if len(files) == 1 else f"training-{number}.ics"
        message.add_attachment(data.decode(), subtype="calendar", cte="base64", params={"method": item.method}, filename=name)


def _entry(item: CalendarItem, letter: StoredLetter, settings: Settings) -> bytes:
    url = f"{settings.base_url}{item.url}" if item.url.startswith("/") else item.url
    return invitation(
        Entry(
            uid=item.uid,
            starts_at=datetime.fromisoformat(item.starts_at),
            ends_at=datetime.fromisoformat(item.ends_at),
            title=item.title,
            description=_description(item, url),
            location=item.location,
            url=url,
            sequence=item.sequence,
            changed_at=datetime.fromisoformat(item.changed_at),
            status=item.status,
        ),
        organiser_name=settings.partnership.from_name,
        organiser_address=settings.mail_from,
        attendee_name=letter.name,
        attendee_address=letter.address,
        method=item.method,
    )


def _description(item: CalendarItem, url: str) -> str:
    if item.method == "CANCEL":
        return item.description
    how = f"{_DECLINING} To see or cancel your booking: {url}" if url else _DECLINING
    return f"{item.description}\n\n{how}" if item.description else how
