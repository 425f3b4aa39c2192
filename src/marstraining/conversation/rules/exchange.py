"""What goes between a channel and the engine: an event in, replies out, both as plain values that know no channel."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from marstraining.core.values import frozen
from marstraining.core.viewer import ANYBODY, Viewer

# Telegram's limit for the data of a button, which holds for every channel so that any of them can show any reply.
LONGEST_DATA = 64
LONGEST_TEXT = 1000
CHOICES = 5  # below an answer; more would not be read


class Channel(StrEnum):
    WEB = "web"
    TELEGRAM = "telegram"
    COMMAND = "command"


class EventKind(StrEnum):
    """What happened: somebody wrote, pressed a button, sent what is never opened, or came by a link with a payload."""

    TEXT = "text"
    BUTTON = "button"
    FILE = "file"
    VOICE = "voice"
    START = "start"


@frozen
class Event:
    """One thing that happened in one conversation.

    `key` names the conversation within its channel (the chat's number, the browser's token); only its hash is stored. `text` is what was
    written, a caption of a file too; it is used and forgotten. `data` is a button's data or the payload of a START. `event_id` names
    the event within its channel (Telegram's update_id, a form's nonce): a repeat is answered with nothing; "" is never a repeat.
    `viewer` is who is signed in; a channel without a sign-in of its own leaves it, and the engine looks for a linked account.
    `message_id` is how the channel names the message, at most 20 letters and digits, so that a button can ask to remove it; "" where that
    cannot be done. `is_edited` says that the text replaces an earlier one: the gate looks at it, and nothing else is done.
    """

    channel: Channel
    key: str
    kind: EventKind
    text: str = ""
    data: str = ""
    event_id: str = ""
    viewer: Viewer = ANYBODY
    message_id: str = ""
    is_edited: bool = False


@frozen
class Span:
    """Some words of a line; `href` is a path of ours ("/sessions/…"), "https://…", "tel:…" or "mailto:…"."""

    text: str
    href: str = ""
    is_strong: bool = False


@frozen
class Button:
    """What somebody can press. `data` holds all that is needed to act, in at most 64 bytes; with `href` it is a link instead."""

    label: str
    data: str = ""
    href: str = ""

    def __post_init__(self) -> None:
        if bool(self.data) == bool(self.href) or len(self.data.encode()) > LONGEST_DATA:
            raise ValueError(f"a button needs data of at most {LONGEST_DATA} bytes, or a link: {self.label}")


@frozen
class Paragraph:
    """One line or sentence; `is_heading` where it names what follows."""

    spans: tuple[Span, ...]
    is_heading: bool = False


@frozen
class Item:
    """One entry of a list: its title, the lines below it, and the button that chooses it."""

    title: Span
    lines: tuple[str, ...] = ()
    button: Button | None = None


@frozen
class Listing:
    """Entries in their order; a numbered one can be answered by its number."""

    items: tuple[Item, ...]
    is_numbered: bool = True
    first: int = 1


@frozen
class Facts:
    """A card: what, when, where, who."""

    rows: tuple[tuple[str, str], ...]


Block = Paragraph | Listing | Facts


@frozen
class Reply:
    """One message to show.

    `filters` are what was understood, each button taking one away; `buttons` are rows below the message. `is_urgent` must not wait in a
    queue; `edits_previous` may replace the message whose button was pressed. `answer_type` is the kind of answer, as in the vocabulary.
    `removes_message` names the incoming message that the person asked to have removed. `asks_useful` invites the pair of buttons
    "Was this useful?" (`useful_buttons`).
    """

    blocks: tuple[Block, ...]
    answer_type: str
    filters: tuple[Button, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    is_urgent: bool = False
    edits_previous: bool = False
    removes_message: str = ""
    asks_useful: bool = False


def line(text: str, *, href: str = "") -> Paragraph:
    """A paragraph of one span."""
    return Paragraph((Span(text, href=href),))


def heading(text: str) -> Paragraph:
    return Paragraph((Span(text, is_strong=True),), is_heading=True)


def useful_buttons() -> tuple[Button, Button]:
    """The pair that each answer may carry."""
    return Button("Yes, useful", "u:y"), Button("No, not useful", "u:n")


def plain_lines(reply: Reply) -> Iterator[str]:
    """The reply's words without any form, line by line: for the command line, for tests, and for channels of plain text."""
    if reply.filters:
        yield "Understood: " + ", ".join(button.label for button in reply.filters)
    for block in reply.blocks:
        yield from _lines_of(block)


def _lines_of(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(spans):
            yield "".join(span.text for span in spans)
        case Listing(items, is_numbered, first):
            for number, item in enumerate(items, start=first):
                yield f"{number}. {item.title.text}" if is_numbered else item.title.text
                yield from (f"   {text}" for text in item.lines)
        case Facts(rows):
            yield from (f"{name}: {value}" for name, value in rows)


def all_buttons(replies: Sequence[Reply]) -> Iterator[Button]:
    """Every button of the replies, in the order in which they are shown."""
    for reply in replies:
        yield from reply.filters
        for block in reply.blocks:
            if isinstance(block, Listing):
                yield from (item.button for item in block.items if item.button)
        for row in reply.buttons:
            yield from row
