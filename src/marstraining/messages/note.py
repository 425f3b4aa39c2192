"""A letter's row as a note in a chat: a heading, dates and links, and nothing else (front_door.md 7.14)."""

import html
import re
from collections.abc import Mapping

from marstraining.core.config import Settings
from marstraining.core.values import frozen
from marstraining.core.web.render import environment
from marstraining.messages.queries import StoredLetter

# What a press on "Stop these" sends back: the conversation's word for stopping all news.
STOP_DATA = "ua"
LONGEST_NOTE = 4096
# What a note's template may name besides numbers and yes or no: it cannot say more than this, whatever it tries.
_SAYABLE = frozenset(
    {
        "answer_by", "at", "booking_ref", "course_code", "courses", "date", "days", "last_day", "next_date", "next_ref", "old_days", "ref",
        "session_ref", "title", "topics", "when",
    }
)  # fmt: skip
_BLANK_LINES = re.compile(r"\n{3,}")
_MORE = "… and more: {}"


@frozen
class Note:
    """`html` is in Telegram's subset, `buttons` are labels with the data that a press sends back."""

    html: str
    buttons: tuple[tuple[str, str], ...] = ()


def note(letter: StoredLetter, settings: Settings) -> Note:
    """The note of a letter; one of `envelope.UNBUILDABLE` is raised where its template names what a note may not say."""
    heading, rest = note_text(letter, settings)
    buttons = (("Stop these", STOP_DATA),) if letter.unsubscribe is not None else ()
    return Note(f"<b>{html.escape(heading)}</b>\n{html.escape(rest)}".strip(), buttons)


def note_text(letter: StoredLetter, settings: Settings) -> tuple[str, str]:
    """The same as plain text: its heading and what stands below it."""
    text = environment().get_template(f"messages/{letter.template}/telegram.txt").render(_values(letter, settings))
    heading, _, rest = _BLANK_LINES.sub("\n\n", text).strip().partition("\n")
    return heading, _cut(rest.strip("\n"), most=LONGEST_NOTE - _units(heading) - 1, more=_MORE.format(f"{settings.base_url}/me/news"))


def _values(letter: StoredLetter, settings: Settings) -> Mapping[str, object]:
    said = {name: value for name, value in letter.context.items() if name in _SAYABLE or isinstance(value, bool | int)}
    return {**said, "base_url": settings.base_url, "contacts": settings.partnership.contacts}


def _cut(text: str, *, most: int, more: str) -> str:
    """Whole lines of a text, with a last one in place of those that do not fit; Telegram counts in UTF-16 units."""
    if _units(text) <= most:
        return text
    kept, left = [], most - _units(more) - 1
    for line in text.split("\n"):
        left -= _units(line) + 1
        if left < 0:
            break
        kept.append(line)
    return "\n".join([*kept, more])


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
