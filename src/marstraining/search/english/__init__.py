"""Which words are English and which are names of people: packaged lists, read when they are first asked for.

The lists come from SCOWL (COPYRIGHT beside this file); tools/take_word_lists.py makes them.
"""

import zlib
from functools import lru_cache
from pathlib import Path
from string import ascii_lowercase

_HERE = Path(__file__).parent
_LENGTH = 4


def is_word(word: str) -> bool:
    """Whether an English dictionary of ordinary size has a word, in any of its forms; British and other spellings.

    Words of one or two letters, and whatever is not of plain letters alone, count as known: nobody can mend them.
    """
    folded = word.casefold()
    if not _is_plain(folded):
        return True
    return f"\n{folded}\n".encode() in _words(folded[0])


def is_name(word: str) -> bool:
    """Whether a word is the name of somebody, or of some place, and no English word."""
    folded = word.casefold()
    return _is_plain(folded) and f"\n{folded}\n".encode() in _block("names.z", folded[0])


def _is_plain(word: str) -> bool:
    return len(word) > 2 and word.isascii() and word.isalpha()


@lru_cache(maxsize=len(ascii_lowercase))
def _words(letter: str) -> bytes:
    """Half a megabyte in all, as bytes; a set of words would be ten times as much."""
    return _block("words.z", letter)


def _block(name: str, letter: str) -> bytes:
    data = (_HERE / name).read_bytes()
    place = ascii_lowercase.index(letter)
    lengths = [int.from_bytes(data[_LENGTH * step : _LENGTH * (step + 1)], "big") for step in range(len(ascii_lowercase))]
    start = _LENGTH * len(lengths) + sum(lengths[:place])
    return zlib.decompress(data[start : start + lengths[place]])
