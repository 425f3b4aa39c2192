"""Wording that the training team writes: a fixed set of placeholders, filled once, escaped for the part they stand in."""

import re
from collections.abc import Mapping
from typing import Literal

from markupsafe import escape

from marstraining.core.errors import Refused

PLACEHOLDERS: Mapping[str, str] = {
    "name": "the learner's name",
    "title": "the title of the session",
    "days": "its dates and times, one on a line",
    "where": "where it is",
    "booking_link": "the address of the learner's own booking page",
    "team": "the name of the training team",
    "reply_to": "the training team's email address",
}
LONGEST_SUBJECT = 150
LONGEST_TEXT = 5_000

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_STRAY = re.compile(r"\{\{|\}\}")
_SPACES = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


def check_wording(text: str, *, field: str | None = None) -> None:
    """Refuse wording with a name that is none of PLACEHOLDERS, or with braces that belong to none."""
    for found in _PLACEHOLDER.finditer(text):
        if found[1].strip() not in PLACEHOLDERS:
            known = ", ".join(f"{{{{{name}}}}}" for name in PLACEHOLDERS)
            raise Refused(
                f"There is no placeholder {found[0][:40]}. The placeholders are {known}.", code="unknown_placeholder", field=field
            )
    if _STRAY.search(_PLACEHOLDER.sub("", text)):
        raise Refused("A placeholder is a name between {{ and }}: one of these is missing.", code="stray_braces", field=field)


def fill(text: str, values: Mapping[str, str], *, part: Literal["text", "html", "subject"]) -> str:
    """The wording with its placeholders filled, in one pass, so that a value that looks like a placeholder stays text.

    `html` escapes the wording and the values; `subject` makes one line of both. A placeholder without a value is refused
    with KeyError.
    """

    def value_of(found: re.Match[str]) -> str:
        value = values[found[1].strip()]
        return str(escape(value)) if part == "html" else value

    # Braces mean nothing to HTML, so that placeholders outlive the escaping of the text around them.
    filled = _PLACEHOLDER.sub(value_of, str(escape(text)) if part == "html" else text)
    return _SPACES.sub(" ", filled).strip() if part == "subject" else filled


def note_context(subject: str, text: str, values: Mapping[str, str], *, title: str) -> dict[str, object]:
    """The context of a `desk_note` letter: wording of the desk's, checked before, to a learner of the session `title`."""
    filled = fill(text, values, part="text").replace("\r\n", "\n").strip()
    return {
        "subject_line": fill(subject, values, part="subject"),
        "text": filled,
        "paragraphs": [paragraph.strip("\n") for paragraph in re.split(r"\n[ \t]*\n", filled)],
        "title": title,
    }
