"""Reads dates out of English sentences as they are written in the United Kingdom; knows no database and no clock."""

from collections.abc import Sequence
from datetime import date

from marstraining.core.partnership import SchoolCalendar
from marstraining.core.values import frozen
from marstraining.uk_dates.days import Days
from marstraining.uk_dates.phrases import Phrases
from marstraining.uk_dates.rules import DateRange
from marstraining.uk_dates.times import Times, read_times
from marstraining.uk_dates.tokens import cut

__all__ = ["ReadDates", "Times", "read_dates"]

_LEADING = {"in", "on", "at", "for", "during", "over", "throughout", "around", "about", "the", "any", "time", "from", "by"}
# Longer sentences are read as far as this; whoever means a date says so before.
_MOST = 1000


@frozen
class ReadDates:
    """What a sentence says of when, and `rest`: the sentence without the words that said it.

    `dates` is the range meant, None for none; `times` are times of day and weekdays.
    """

    dates: DateRange | None
    times: Times
    rest: str


def read_dates(text: str, *, today: date, calendar: SchoolCalendar) -> ReadDates:
    """The dates and times of day that a sentence names, as seen on `today` in London.

    Nothing is refused: what is no date stays in `rest`. Where a phrase leans on dates that are not published yet, the range says so.
    Of several ranges the narrower one within the wider counts, else the first.
    """
    shown = text[:_MOST]
    times, spans = read_times(shown)
    tokens = [token for token in cut(shown) if not any(start < token.end and token.start < end for start, end in spans)]
    reader = Phrases(tokens, Days(today, calendar))
    found: list[DateRange] = []
    place = 0 if reader.has_signs() else len(tokens)
    while place < len(tokens):
        read = reader.phrase(place)
        if read is None:
            place += 1
            continue
        meant, after = read
        first = place
        while first > 0 and tokens[first - 1].word in _LEADING and not _is_used(tokens[first - 1].start, spans):
            first -= 1
        spans.append((tokens[first].start, tokens[after - 1].end))
        found.append(
            DateRange(
                start=meant.start,
                end=meant.end,
                precision=meant.precision,
                words=" ".join(shown[tokens[place].start : tokens[after - 1].end].split()),
                alternatives=tuple(
                    DateRange(other.start, other.end, other.precision, words=shown[tokens[place].start : tokens[after - 1].end])
                    for other in meant.others
                ),
                is_unpublished=meant.is_unpublished,
            )
        )
        place = after
    return ReadDates(_meant(found), times, _without(text, spans))


def _is_used(start: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(first <= start < last for first, last in spans)


def _meant(found: Sequence[DateRange]) -> DateRange | None:
    """The first, or a later one that lies within it."""
    if not found:
        return None
    chosen = found[0]
    for other in found[1:]:
        if other.start >= chosen.start and other.end is not None and (chosen.end is None or other.end <= chosen.end):
            chosen = other
    return chosen


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    rest = text
    for start, end in sorted(spans, reverse=True):
        rest = f"{rest[:start]} {rest[end:]}"
    return " ".join(rest.split())
