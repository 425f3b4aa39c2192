"""Times of presence as sets: joined together, cut to a window, measured."""

from collections.abc import Iterable, Sequence

from marstraining.meeting_reports.model import Span


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same presence without overlaps, in order: somebody on two devices was there once."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            if span.end > joined[-1].end:
                joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return tuple(joined)


def clipped(spans: Iterable[Span], windows: Sequence[Span]) -> tuple[Span, ...]:
    """What of a presence lies in any of the windows; all of it where there are none."""
    if not windows:
        return union(spans)
    cut = [Span(max(span.start, window.start), min(span.end, window.end)) for span in spans for window in windows if touches(span, window)]
    return union(cut)


def touches(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end


def without(spans: Iterable[Span], taken: Sequence[Span]) -> tuple[Span, ...]:
    """What of a presence lies outside of another."""
    left = list(union(spans))
    for gone in taken:
        left = [piece for span in left for piece in _pieces(span, gone)]
    return tuple(left)


def _pieces(span: Span, gone: Span) -> list[Span]:
    if not touches(span, gone):
        return [span]
    before, after = Span(span.start, max(span.start, gone.start)), Span(min(span.end, gone.end), span.end)
    return [piece for piece in (before, after) if piece.seconds > 0]


def seconds_of(spans: Iterable[Span]) -> float:
    return sum(span.seconds for span in spans)
