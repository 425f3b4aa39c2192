"""A report as plain blocks, from which every format is made: page, PDF, Word and JSON say the same because they have the same source."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from typing import Any

from marstraining.core.values import frozen


@frozen
class Text:
    """A paragraph. `place` names a drafted sentence that a person may have reworded; "" is not for rewording."""

    text: str
    place: str = ""


@frozen
class Points:
    """A list of short sentences."""

    items: tuple[str, ...]


@frozen
class Tile:
    """One figure large, with what it is of and how it stands beside others."""

    label: str
    value: str
    notes: tuple[str, ...] = ()


@frozen
class Tiles:
    """The figures that a summary opens with."""

    tiles: tuple[Tile, ...]


@frozen
class Grid:
    """A table: `numeric` are the columns set right; a first column names its row. Empty cells are never left to mean nought."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()
    empty: str = "Nothing to show for this period."


@frozen
class Bar:
    """A line of a chart: a value with its interval (equal to it where there is none), and what is printed beside it."""

    label: str
    value: float
    low: float
    high: float
    words: str


@frozen
class Forest:
    """Changes with their intervals on one scale, drawn beside the table that says the same; `scale` is its least and most."""

    caption: str
    bars: tuple[Bar, ...]
    scale: tuple[float, float]


@frozen
class Quotes:
    """What people wrote, each with whose words they are in general, as "Somebody who came"."""

    caption: str
    quotes: tuple[tuple[str, str], ...]


Block = Text | Points | Tiles | Grid | Forest | Quotes


@frozen
class Section:
    """A page of the report: its number or letter, its title, what stands on it."""

    number: str
    title: str
    blocks: tuple[Block, ...]


@frozen
class Document:
    """A whole report; `paper` is the two-page paper that goes before its pages in Word, `marking` who may see it.

    `meeting` says for which meeting of the board it is, `late` that its figures were taken after their cut-off; "" where neither is so.
    """

    title: str
    period: str
    partnership: str
    marking: str
    purpose: str
    recommendation: str
    as_at: str
    snapshot: str
    content_hash: str
    sections: tuple[Section, ...]
    paper: tuple[Section, ...] = ()
    signed: str = ""
    is_draft: bool = True
    meeting: str = ""
    late: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


_KINDS = {Text: "text", Points: "points", Tiles: "tiles", Grid: "grid", Forest: "forest", Quotes: "quotes"}


def plain_section(section: Section) -> dict[str, object]:
    """A section as JSON holds it; each block says of which kind it is."""
    return {"number": section.number, "title": section.title, "blocks": [_block(one) for one in section.blocks]}


def _block(block: Block) -> dict[str, object]:
    return {"kind": _KINDS[type(block)], **asdict(block)}


_CLASSES = {word: made for made, word in _KINDS.items()}


def read_section(plain: Mapping[str, Any]) -> Section:
    """A section as it was frozen."""
    return Section(plain["number"], plain["title"], tuple(_read_block(one) for one in plain["blocks"]))


def _read_block(plain: Mapping[str, Any]) -> Block:
    values = {name: _tuples(value) for name, value in plain.items() if name != "kind"}
    if plain["kind"] == "tiles":
        values = {"tiles": tuple(Tile(one["label"], one["value"], tuple(one["notes"])) for one in plain["tiles"])}
    if plain["kind"] == "forest":
        values["bars"] = tuple(Bar(**one) for one in plain["bars"])
    block: Block = _CLASSES[plain["kind"]](**values)
    return block


def _tuples(value: object) -> Any:  # noqa: ANN401 - lists of lists of text
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def reworded(sections: Sequence[Section], wordings: Mapping[str, str]) -> tuple[Section, ...]:
    """The sections with what people made of drafted sentences in their places; figures stand elsewhere and stay."""
    return tuple(
        Section(
            one.number,
            one.title,
            tuple(Text(wordings.get(block.place, block.text), block.place) if isinstance(block, Text) else block for block in one.blocks),
        )
        for one in sections
    )


def drafted(sections: Sequence[Section]) -> dict[str, str]:
    """The sentences that a person may reword, by place."""
    return {block.place: block.text for section in sections for block in section.blocks if isinstance(block, Text) and block.place}
