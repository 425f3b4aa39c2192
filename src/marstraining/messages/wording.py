"""Wording that the training team writes: a fixed set of placeholders, filled once, escaped for the part they stand in."""

import re
from collections.abc import Collection, Mapping
from typing import Literal

from markupsafe import escape

from marstraining.core.errors import Refused

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_STRAY = re.compile(r"\{\{|\}\}")
_SPACES = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


def check_wording(text: str, placeholders: Collection[str], *, field: str | None = None) -> None:
    """Refuse wording with a name that is none of the placeholders, or with braces that belong to none."""
    for found in _PLACEHOLDER.finditer(text):
        if found[1].strip() not in placeholders:
            known = ", ".join(f"{{{{{name}}}}}" for name in placeholders)
            raise Refused(
                f"There is no placeholder {found[0][:40]}. The placeholders are {known}.", code="unknown_placeholder", field=field
            )
    if _STRAY.search(_PLACEHOLDER.sub("", text)):
        raise Refused("A placeholder is a name between {{ and }}: one of these is missing.", code="stray_braces", field=field)


def filled(text: str, values: Mapping[str, str], *, part: Literal["text", "html", "subject"] = "text") -> str:
    """Wording that was checked, its placeholders filled in one pass, so that a value that looks like one stays text.

    `html` escapes the wording and the values; `subject` makes one line of both. `text` is for text parts and for templates
    that escape by themselves. A placeholder without a value is refused with KeyError.
    """

    def value_of(found: re.Match[str]) -> str:
        value = values[found[1].strip()]
        return str(escape(value)) if part == "html" else value

    # Braces mean nothing to HTML, so that placeholders outlive the escaping of the text around them.
    whole = _PLACEHOLDER.sub(value_of, str(escape(text)) if part == "html" else text)
    return _SPACES.sub(" ", whole).strip() if part == "subject" else whole
