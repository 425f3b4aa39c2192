"""Charts as inline SVG with their words in a title: change with its interval, directions, trend, shares of those who answered.

Presentation is by attributes, since no page may carry styles; every figure also stands in a table beside the chart.
"""

from collections.abc import Sequence
from textwrap import wrap

from markupsafe import Markup, escape

from marstraining.evaluation.queries.results import Shown

# Narrow, so that its words can be read on a phone too; wider pages show it larger.
_WIDTH = 400
_LEFT, _RIGHT = 16, 16
_LINE = 62
_APART = 30
# Letters of a label on one line, and how far below it a second one stands.
_LETTERS, _SECOND = 54, 16
# A cell as wide as this holds its number; that of a narrower one stands below it.
_WIDE_ENOUGH = 22
_NOW, _THEN, _RANGE = "#4b2e83", "#6f777b", "#8a7bb0"
_UP, _SAME, _DOWN = "#0f7a52", "#6f777b", "#b02c2c"
_SCALE_END = 10


def _frame(height: int, words: str, parts: Sequence[str], *, name: str) -> Markup:
    body = "".join(parts)
    return Markup(  # noqa: S704 - every text in the parts is escaped where it is put in
        f'<svg class="mars-chart" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="{name}-title" focusable="false">'
        f'<title id="{name}-title">{escape(words)}</title>{body}</svg>'
    )


def _at(value: float, low: float = 0, high: float = _SCALE_END) -> float:
    return round(_LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT), 1)


def _label_lines(text: str) -> list[str]:
    """A label on one line or two; what does not fit on two ends in an ellipsis, and stands whole in the table."""
    return wrap(text[:1].upper() + text[1:], _LETTERS, max_lines=2, placeholder="…")


def _labels(lines: Sequence[Shown]) -> int:
    """How much higher each line is drawn for labels of two lines."""
    return _SECOND if any(len(_label_lines(one.label)) > 1 for one in lines) else 0


def _label(y: float, text: str) -> list[str]:
    """A label whose last line stands at `y`."""
    found = _label_lines(text)
    return [_text(_LEFT, y - _SECOND * (len(found) - 1 - number), line) for number, line in enumerate(found)]


def _text(x: float, y: float, text: str, *, anchor: str = "start", kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{named}>{escape(text)}</text>'


def change_chart(lines: Sequence[Shown], *, name: str) -> Markup | None:
    """Before and now of each line on the scale from 0 to 10, joined by an arrow's shaft; None where no mean may be shown."""
    drawn = [one for one in lines if one.then is not None and one.now is not None]
    if not drawn:
        return None
    more = _labels(drawn)
    height = 40 + (_LINE + more) * len(drawn)
    parts = _axis(height, 0, _SCALE_END, range(0, _SCALE_END + 1, 2))
    for number, one in enumerate(drawn):
        y = 50 + more + number * (_LINE + more)
        then, now = one.then or 0.0, one.now or 0.0
        parts += _label(y - 16, one.label)
        if one.low is not None and one.high is not None:
            start, end = _at(max(0.0, then + one.low)), _at(min(float(_SCALE_END), then + one.high))
            parts.append(
                f'<rect x="{start}" y="{y - 7}" width="{max(1.0, end - start):.1f}" height="14" fill="{_RANGE}" fill-opacity="0.45"/>'
            )
        parts.append(f'<line x1="{_at(then)}" y1="{y}" x2="{_at(now)}" y2="{y}" stroke="{_NOW}" stroke-width="3"/>')
        parts.append(f'<circle cx="{_at(then)}" cy="{y}" r="6" fill="#fff" stroke="{_THEN}" stroke-width="3"/>')
        parts.append(f'<circle cx="{_at(now)}" cy="{y}" r="7" fill="{_NOW}"/>')
        # Two numbers side by side would run into each other: each then leans away from the other.
        away = ("middle", "middle") if abs(_at(now) - _at(then)) > _APART else ("end", "start") if now >= then else ("start", "end")
        parts.append(_text(_at(then), y + 22, f"{then:.1f}", anchor=away[0], kind="mars-chart__muted"))
        parts.append(_text(_at(now), y + 22, f"{now:.1f}", anchor=away[1]))
    words = "Mean before (ring) and now (dot), 0 to 10, with the 95% interval of the change. " + ". ".join(
        f"{one.label}: {one.words}" for one in drawn
    )
    return _frame(height, words, parts, name=name)


def _axis(height: int, low: float, high: float, ticks: Sequence[float]) -> list[str]:
    parts = []
    for tick in ticks:
        x = _at(tick, low, high)
        parts.append(f'<line x1="{x}" y1="20" x2="{x}" y2="{height - 10}" stroke="#d5d7dc" stroke-width="1"/>')
        parts.append(_text(x, 14, f"{tick:g}", anchor="middle", kind="mars-chart__muted"))
    return parts


def direction_chart(lines: Sequence[Shown], *, name: str) -> Markup | None:
    """How many went up, stayed and went down in each line, as one bar of the whole width; None where no count may be shown."""
    drawn = [one for one in lines if one.gate.up is not None]
    if not drawn:
        return None
    more = _labels(drawn)
    height = 46 + (_LINE + more) * len(drawn)
    parts = _key(drawn)
    whole = _WIDTH - _LEFT - _RIGHT
    for number, one in enumerate(drawn):
        y = 60 + more + number * (_LINE + more)
        parts += _label(y - 10, one.label)
        cells = _cells(one)
        total = sum(count for _, count, _ in cells) or 1
        x = float(_LEFT)
        for _, count, colour in cells:
            width = whole * count / total
            if not count:
                continue
            parts.append(f'<rect x="{x:.1f}" y="{y}" width="{max(0.0, width - 2):.1f}" height="26" fill="{colour}"/>')
            middle = round(x + width / 2 - 1, 1)
            if width > _WIDE_ENOUGH:
                parts.append(_text(middle, y + 18, str(count), anchor="middle", kind="mars-chart__white"))
            else:
                parts.append(_text(middle, y + 40, str(count), anchor="middle"))
            x += width
    words = "More, the same, less confident. " + ". ".join(
        f"{one.label}: " + ", ".join(f"{count} {word}" for word, count, _ in _cells(one)) for one in drawn
    )
    return _frame(height, words, parts, name=name)


def _key(lines: Sequence[Shown]) -> list[str]:
    """What the colours stand for, above the bars."""
    merged = [one.gate.not_up is not None for one in lines]
    same = "the same or less" if all(merged) else "the same (or less)" if any(merged) else "the same"
    parts: list[str] = []
    x = _LEFT
    for word, colour in (("more", _UP), (same, _SAME), *(() if all(merged) else (("less", _DOWN),))):
        parts.append(f'<rect x="{x}" y="10" width="14" height="14" fill="{colour}"/>')
        parts.append(_text(x + 20, 22, word))
        x += 44 + 7 * len(word)
    return parts


def _cells(one: Shown) -> list[tuple[str, int, str]]:
    gate = one.gate
    if gate.not_up is not None:
        return [("more confident", gate.up or 0, _UP), ("the same or less", gate.not_up, _SAME)]
    return [("more confident", gate.up or 0, _UP), ("the same", gate.same or 0, _SAME), ("less confident", gate.down or 0, _DOWN)]


def direction_words(one: Shown) -> str:
    """As in "20 more confident, 3 the same (1 already at the top), 1 less"; "" where it is held back."""
    gate = one.gate
    if gate.up is None:
        return ""
    if gate.not_up is not None:
        return f"{gate.up} more confident, {gate.not_up} the same or less"
    top = f" ({gate.at_top} already at the top)" if gate.at_top else ""
    return f"{gate.up} more confident, {gate.same} the same{top}, {gate.down} less"


def trend_chart(lines: Sequence[Shown], *, name: str) -> Markup | None:
    """The change of each quarter with its interval, in time from left to right; None under two quarters that may be shown."""
    drawn = [one for one in lines if one.change is not None]
    if len(drawn) < 2:
        return None
    height, top, bottom = 220, 34, 180
    bounds = [bound for one in drawn for bound in (one.low, one.high, one.change) if bound is not None]
    low, high = min(0.0, *bounds), max(1.0, *bounds)
    parts: list[str] = []

    def y_of(value: float) -> float:
        return round(bottom - (value - low) / (high - low) * (bottom - top), 1)

    parts.append(f'<line x1="{_LEFT}" y1="{y_of(0)}" x2="{_WIDTH - _RIGHT}" y2="{y_of(0)}" stroke="#0b0c0c" stroke-width="1"/>')
    parts.append(_text(_LEFT, y_of(0) - 4, "no change", kind="mars-chart__muted"))
    step = (_WIDTH - _LEFT - _RIGHT) / len(drawn)
    points = []
    for number, one in enumerate(drawn):
        x = round(_LEFT + step * (number + 0.5), 1)
        change = one.change or 0.0
        points.append(f"{x},{y_of(change)}")
        if one.low is not None and one.high is not None:
            parts.append(f'<line x1="{x}" y1="{y_of(one.low)}" x2="{x}" y2="{y_of(one.high)}" stroke="{_RANGE}" stroke-width="6"/>')
        parts.append(f'<circle cx="{x}" cy="{y_of(change)}" r="7" fill="{_NOW}"/>')
        parts.append(_text(x, height - 22, one.label, anchor="middle"))
        parts.append(_text(round(x + 10, 1), y_of(change) - 8, f"{change:+.1f}"))
    parts.insert(1, f'<polyline points="{" ".join(points)}" fill="none" stroke="{_NOW}" stroke-width="2" stroke-opacity="0.5"/>')
    words = "Change in confidence by quarter with its 95% interval. " + ". ".join(f"{one.label}: {one.words}" for one in drawn)
    return _frame(height, words, parts, name=name)


def share_bar(answers: int, asked: int) -> Markup:
    """How many of those asked have answered."""
    return Markup('<progress class="mars-limit__bar" max="{}" value="{}" aria-hidden="true"></progress>').format(
        max(asked, 1), min(answers, max(asked, 1))
    )
