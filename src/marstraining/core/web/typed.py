"""What people type, read as values: text, whole numbers, dates and times of day."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, time

_MONTHS = {
    name[:3]: number
    for number, name in enumerate(
        ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"), 1
    )
}
_TIME = re.compile(r"(\d{1,2})(?:[:.\s]?(\d{2}))?\s*(am|pm|a\.m\.|p\.m\.|noon)?", re.IGNORECASE)
_KEPT_CONTROLS = {"\n", "\t"}
# Local part and domain as mail servers in use accept them; whether the address exists is found out by writing to it.
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63})")
_MAX_EMAIL = 254


def clean(text: str) -> str:
    """The text with one kind of line end, in composed form, without control and direction-changing characters, trimmed."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(character for character in text if character in _KEPT_CONTROLS or not _is_invisible(character)).strip()


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"


def whole_number(text: str) -> int:
    """A whole number of at most nine digits, with or without thousands commas; ValueError otherwise."""
    digits = text.replace(",", "").replace(" ", "")
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", digits):
        raise ValueError(text)
    return int(digits)


def email_address(text: str) -> str:
    """An e-mail address with its domain in lower case; ValueError otherwise."""
    match = _EMAIL.fullmatch(text)
    if match is None or len(text) > _MAX_EMAIL or ".." in text or text.startswith("."):
        raise ValueError(text)
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def date_parts(values: Mapping[str, str], name: str) -> tuple[str, str, str]:
    """Day, month and year as typed in three fields, or in one field as an ISO date (what a script or a link sends)."""
    whole = values.get(name, "").strip()
    match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", whole)
    if match:
        return match[3], match[2], match[1]
    day, month, year = (values.get(f"{name}-{part}", "").strip() for part in ("day", "month", "year"))
    return (whole, "", "") if whole and not (day or month or year) else (day, month, year)


def calendar_date(day: str, month: str, year: str) -> date:
    """A date; months may be named. ValueError when there is no such day or the year is not of four digits."""
    number = _MONTHS.get(month.lower()[:3]) if month.isalpha() else whole_number(month)
    if number is None or not re.fullmatch(r"[0-9]{4}", year):
        raise ValueError(month)
    return date(int(year), number, whole_number(day))


def time_of_day(text: str) -> time:
    """A time such as 9:30, 09.30, 0930, 9am, 2.15 pm, midday; ValueError otherwise."""
    words = {"midday": time(12), "noon": time(12), "midnight": time(0)}
    if text.lower() in words:
        return words[text.lower()]
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower().replace(".", "")
    if not half and match[2] is None:
        raise ValueError(text)  # "9" alone may be a slip for a date or a number
    if half in {"am", "pm"}:
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute)
