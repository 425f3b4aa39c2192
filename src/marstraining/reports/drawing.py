"""Charts as SVG without a script: drawn from the same blocks as the tables beside them."""

from html import escape
from textwrap import wrap

from markupsafe import Markup

from marstraining.reports.document import Bar, Forest

_WIDTH, _LABELS, _WORDS, _ROW, _TOP = 760, 262, 150, 42, 30
_LABEL_LENGTH = 34
_QUIETLY = 'aria-hidden="true" focusable="false" font-family="GDS Transport, Arial, sans-serif" font-size="14"'
_INK, _QUIET, _LINE, _BAR = "#1d1d29", "#505a5f", "#b1b4b6", "#1d5b8f"


def forest_svg(chart: Forest) -> str:
    """A dot and a line for each change on one scale with a rule at nought. Decorative to a screen reader: the table says the same."""
    low, high = chart.scale
    span = _WIDTH - _LABELS - _WORDS

    def at(value: float) -> float:
        return round(_LABELS + (min(max(value, low), high) - low) / (high - low) * span, 1)

    height = _TOP + _ROW * len(chart.bars) + 14
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" {_QUIETLY}>']
    for tick in range(int(low), int(high) + 1):
        colour = _QUIET if tick == 0 else _LINE
        parts += [
            f'<line x1="{at(tick)}" x2="{at(tick)}" y1="{_TOP - 6}" y2="{height - 10}" stroke="{colour}" stroke-width="1"/>',
            f'<text x="{at(tick)}" y="{_TOP - 12}" text-anchor="middle" fill="{_QUIET}">{tick:+d}</text>'.replace("+0", "0"),
        ]
    for number, bar in enumerate(chart.bars):
        y = _TOP + _ROW * number + _ROW // 2
        parts += [
            *_label(bar.label, y),
            f'<line x1="{at(bar.low)}" x2="{at(bar.high)}" y1="{y}" y2="{y}" stroke="{_BAR}" stroke-width="3"/>',
            f'<circle cx="{at(bar.value)}" cy="{y}" r="6" fill="{_BAR}"/>',
            f'<text x="{_WIDTH}" y="{y + 5}" text-anchor="end" fill="{_INK}">{_words(bar)}</text>',
        ]
    return "".join([*parts, "</svg>"])


def forest_markup(chart: Forest) -> Markup:
    """The chart for a page."""
    return Markup(forest_svg(chart))  # noqa: S704 - every text in it was escaped above


def _label(label: str, y: int) -> list[str]:
    """The label in a line or two, since many courses begin alike."""
    lines = wrap(label, _LABEL_LENGTH, max_lines=2, placeholder="…")
    top = y + 5 - 8 * (len(lines) - 1)
    return [f'<text x="0" y="{top + 16 * number}" fill="{_INK}">{escape(line)}</text>' for number, line in enumerate(lines)]


def _words(bar: Bar) -> str:
    value, low, high = (f"{round(one, 1) + 0.0:+.1f}".replace("+0.0", "0.0") for one in (bar.value, bar.low, bar.high))
    return f"{value} ({low} to {high})"
