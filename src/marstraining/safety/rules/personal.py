"""Finding personal details that do not belong into a question about training: they are told of and never kept.

Numbers, dates of birth and postcodes are found by their form. Names cannot be found surely; only what plainly says that one
follows ("my name is", "called") is.
"""

import re
from enum import StrEnum

_NHS = re.compile(r"(?<!\d)(\d{3})[ -]?(\d{3})[ -]?(\d{4})(?!\d)")
_BORN = re.compile(
    r"(?:\bd\.?o\.?b\.?|\bdate of birth|\bborn(?: on)?)\W{0,3}"
    r"(?:\d{1,2}[ /.-]\d{1,2}[ /.-]\d{2,4}|\d{1,2}(?:st|nd|rd|th)? (?:of )?[a-z]{3,9},? \d{2,4}|\d{4}-\d{2}-\d{2})",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    r"\b(?:GIR ?0AA|[A-PR-UWYZ](?:\d[\dA-HJKPSTUW]?|[A-HK-Y]\d[\dABEHMNPRVWXY]?) ?\d[ABD-HJLNP-UW-Z]{2})\b", re.IGNORECASE
)
_PHONE = re.compile(r"(?<![\d-])(?:\+44[ ()0-9-]{9,14}\d|0\d(?:[ ()-]?\d){8,9})(?![\d-])")
_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[a-z]{2,}", re.IGNORECASE)
_STREET = re.compile(
    r"\b\d{1,4}[a-z]? (?:[A-Za-z'\u2019]+ ){1,3}(?:street|st|road|rd|avenue|ave|lane|close|drive|crescent|terrace|way|grove|gardens)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?:(?:his|her|their|(?:child|pupil)['\u2019]?s|the) (?:full )?name(?: is|['\u2019]s|:)|surname"
    r"|(?:child|boy|girl|pupil|lad|baby) (?:called|named))\W{1,2}[A-Za-z]{2,}",
    re.IGNORECASE,
)
_MODULUS = 11


class Detail(StrEnum):
    """What was found, in the words in which a reply names it."""

    NAME = "a name"
    NHS_NUMBER = "an NHS number"
    DATE_OF_BIRTH = "a date of birth"
    ADDRESS = "an address"
    PHONE = "a phone number"
    EMAIL = "an email address"


def found_details(text: str) -> tuple[Detail, ...]:
    """Which personal details a text seems to hold, in a fixed order; never the details themselves."""
    found = []
    if _NAME.search(text):
        found.append(Detail.NAME)
    if any(is_nhs_number("".join(match.groups())) for match in _NHS.finditer(text)):
        found.append(Detail.NHS_NUMBER)
    if _BORN.search(text):
        found.append(Detail.DATE_OF_BIRTH)
    if _POSTCODE.search(text) or _STREET.search(text):
        found.append(Detail.ADDRESS)
    if _PHONE.search(text):
        found.append(Detail.PHONE)
    if _EMAIL.search(text):
        found.append(Detail.EMAIL)
    return tuple(found)


def is_nhs_number(digits: str) -> bool:
    """Whether ten digits are an NHS number by their check digit: the first nine weighted 10 to 2, modulo 11."""
    if len(digits) != 10 or not digits.isascii() or not digits.isdecimal() or len(set(digits)) == 1:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    check = (_MODULUS - total % _MODULUS) % _MODULUS
    return check == int(digits[9])
