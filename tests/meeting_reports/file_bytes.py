"""Rows as the bytes of a file: the tabs, line ends and encodings that the real exports have."""

import codecs
from collections.abc import Sequence


def tabs(*rows: Sequence[str]) -> str:
    """Rows of cells, or lines as they are, as Teams writes them."""
    return "".join(f"{row if isinstance(row, str) else chr(9).join(row)}\r\n" for row in rows)


def little(text: str) -> bytes:
    return codecs.BOM_UTF16_LE + text.encode("utf-16-le")


def big(text: str) -> bytes:
    return codecs.BOM_UTF16_BE + text.encode("utf-16-be")


def lines(*rows: str, end: str = "\r\n") -> bytes:
    return "".join(row + end for row in rows).encode()
