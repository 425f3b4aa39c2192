"""Charts as SVG without a script: drawn from the same blocks as the tables beside them."""

from html import escape

from markupsafe import Markup

from marstraining.reports.document import Forest

_WIDTH, _LABELS, _WORDS, _ROW, _TOP = 720, 260, 170, 34, 30
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
            f'<text x="0" y="{y + 5}" fill="{_INK}">{escape(_short(bar.label))}</text>',
            f'<line x1="{at(bar.low)}" x2="{at(bar.high)}" y1="{y}" y2="{y}" stroke="{_BAR}" stroke-width="3"/>',
            f'<circle cx="{at(bar.value)}" cy="{y}" r="6" fill="{_BAR}"/>',
            f'<text x="{_WIDTH}" y="{y + 5}" text-anchor="end" fill="{_INK}">{escape(bar.words)}</text>',
        ]
    return "".join([*parts, "</svg>"])


def forest_markup(chart: Forest) -> Markup:
    """The chart for a page."""
    return Markup(forest_svg(chart))  # noqa: S704 - every text in it was escaped above


def _short(label: str) -> str:
    return label if len(label) <= 34 else label[:33].rstrip() + "…"
