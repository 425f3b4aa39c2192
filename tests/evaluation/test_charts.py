"""Charts carry every number and say what their colours stand for."""

import re

from marstraining.evaluation.charts import change_chart, direction_chart
from marstraining.evaluation.gate import Directions, Figure, published
from marstraining.evaluation.queries.results import Shown

LONG = "Explain to a family and to other professionals how the local approach to neglect works and when it is used"


def _shown(label: str, up: int, same: int, down: int) -> Shown:
    answers = up + same + down
    gate = published(Figure(answers, answers, directions=Directions(up, same, down)))
    return Shown(label, gate, then=4.0, now=7.0, change=3.0, low=2.5, high=3.5) if gate.has_mean else Shown(label, gate)


def _texts(chart: object) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", str(chart))


def test_every_direction_has_its_number_and_the_colours_their_words() -> None:
    chart = direction_chart([_shown("Recognise abuse", 47, 1, 2)], name="d")
    assert _texts(chart) == ["more", "the same", "less", "Recognise abuse", "47", "1", "2"]


def test_merged_directions_are_told_as_such() -> None:
    chart = direction_chart([_shown("recognise abuse", 4, 2, 1)], name="d")
    assert _texts(chart) == ["more", "the same or less", "Recognise abuse", "4", "3"]


def test_a_long_label_takes_two_lines() -> None:
    for chart in (change_chart([_shown(LONG, 12, 0, 0)], name="c"), direction_chart([_shown(LONG, 12, 0, 0)], name="d")):
        lines = [text for text in _texts(chart) if text and text in LONG]
        assert len(" ".join(lines)) > 60
