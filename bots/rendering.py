"""Replies of the conversation as Telegram messages: HTML with everything escaped, and keyboards, within what Telegram takes."""

import html
from collections.abc import Iterator, Sequence

from marstraining.conversation.rules import Block, Button, Facts, Listing, Paragraph, Reply, Span, useful_buttons
from marstraining.core.values import frozen

LONGEST_MESSAGE = 4096
MOST_ENTITIES = 100
MOST_IN_ROW = 8
MOST_BUTTONS = 100
_LONGEST_LABEL = 64
# Up to so many entries each have a row of their own below the message; more share rows by their numbers.
_ENTRIES_IN_FULL = 5
_FILTERS_IN_ROW = 3


@frozen
class Outgoing:
    """One message: `html` in Telegram's subset, and rows of buttons with data, or with a link."""

    html: str
    rows: tuple[tuple[Button, ...], ...] = ()


@frozen
class _Line:
    """A line as HTML, with what Telegram counts of it: UTF-16 units as people read it, and entities."""

    html: str
    units: int
    entities: int = 0


_BLANK = _Line("", 0)


def outgoing(reply: Reply, *, base_url: str) -> list[Outgoing]:
    """The messages of a reply, mostly one; the buttons stand below the last."""
    lines = list(_lines(reply.blocks, base_url))
    rows, links = _keyboard(reply, base_url)
    lines += links
    if reply.filters:
        lines.insert(0, _line([Span("Understood: "), Span(", ".join(button.label for button in reply.filters))], base_url))
    parts = _parts(lines or [_Line("Choose:", 7)])
    return [*(Outgoing(part) for part in parts[:-1]), Outgoing(parts[-1], rows)]


def _lines(blocks: Sequence[Block], base_url: str) -> Iterator[_Line]:
    """The lines of all blocks; a list or a card stands apart from what is above and below it."""
    before: Block | None = None
    for block in blocks:
        if before is not None and not (isinstance(before, Paragraph) and isinstance(block, Paragraph)):
            yield _BLANK
        yield from _lines_of(block, base_url)
        before = block


def _lines_of(block: Block, base_url: str) -> Iterator[_Line]:
    match block:
        case Paragraph(spans, is_heading):
            yield _line([Span(span.text, span.href, span.is_strong or is_heading) for span in spans], base_url)
        case Listing(items, is_numbered, first):
            for number, item in enumerate(items, start=first):
                if number > first and any(one.lines for one in items):
                    yield _BLANK
                title = Span(item.title.text, item.title.href, is_strong=True)
                yield _line([Span(f"{number}. "), title] if is_numbered else [title], base_url)
                yield from (_line([Span(text)], base_url) for text in item.lines)
        case Facts(rows):
            yield from (_line([Span(f"{name}: ", is_strong=True), Span(value)], base_url) for name, value in rows)


def _line(spans: Sequence[Span], base_url: str) -> _Line:
    parts, entities, units = [], 0, 0
    for span in spans:
        address = _address(span.href, base_url)
        # A link with nothing to press would be no text at all to Telegram.
        said = span.text if span.text.strip() or not address else address
        text, units = html.escape(said), units + units_of(said)
        if address:
            text, entities = f'<a href="{html.escape(address)}">{text}</a>', entities + 1
        if span.is_strong and span.text.strip():
            text, entities = f"<b>{text}</b>", entities + 1
        parts.append(text)
    return _Line("".join(parts), units, entities)


def _address(href: str, base_url: str) -> str:
    """Where a link leads; "" for telephone numbers and mail, which Telegram makes tappable by itself and takes no link for."""
    if href.startswith("/"):
        return f"{base_url}{href}"
    return href if href.startswith(("https://", "http://")) else ""


def _parts(lines: Sequence[_Line]) -> list[str]:
    """The lines in as few messages as Telegram takes them in."""
    parts: list[list[str]] = [[]]
    units = entities = 0
    for line in (piece for whole in lines for piece in _pieces(whole)):
        if parts[-1] and (units + 1 + line.units > LONGEST_MESSAGE or entities + line.entities > MOST_ENTITIES):
            parts.append([])
            units = entities = 0
        parts[-1].append(line.html)
        units, entities = units + 1 + line.units, entities + line.entities
    texts = ["\n".join(part).strip() for part in parts]
    return [text for text in texts if text] or ["Choose:"]


def _pieces(line: _Line) -> Iterator[_Line]:
    """A line that is too long for one message without its form, cut where it must be."""
    if line.units <= LONGEST_MESSAGE and line.entities <= MOST_ENTITIES:
        yield line
        return
    plain = html.unescape(_without_tags(line.html))
    step = LONGEST_MESSAGE // 2
    for start in range(0, len(plain), step):
        piece = plain[start : start + step]
        yield _Line(html.escape(piece), units_of(piece))


def _without_tags(text: str) -> str:
    return "".join(part.partition(">")[2] if place else part for place, part in enumerate(text.split("<")))


def _keyboard(reply: Reply, base_url: str) -> tuple[tuple[tuple[Button, ...], ...], list[_Line]]:
    """The rows below a message, and lines for links that cannot be buttons: Telegram takes none to this machine alone."""
    rows = [row for block in reply.blocks if isinstance(block, Listing) for row in _entries(block)]
    rows += [tuple(reply.filters[start : start + _FILTERS_IN_ROW]) for start in range(0, len(reply.filters), _FILTERS_IN_ROW)]
    rows += [row[start : start + MOST_IN_ROW] for row in reply.buttons for start in range(0, len(row), MOST_IN_ROW)]
    if reply.asks_useful:
        rows.append(useful_buttons())
    links: list[_Line] = []
    shown: list[tuple[Button, ...]] = []
    left = MOST_BUTTONS
    for row in rows:
        kept = []
        for button in row[:left]:
            address = _address(button.href, base_url)
            if button.data or address.startswith("https://"):
                kept.append(Button(_label(button.label), button.data, address))
            elif address:
                links.append(_line([Span(f"{button.label}: "), Span(address)], base_url))
        left -= len(kept)
        if kept:
            shown.append(tuple(kept))
    return tuple(shown), links


def _entries(listing: Listing) -> Iterator[tuple[Button, ...]]:
    """A button for each entry, by its number where it has one."""
    chosen = [(number, item.button) for number, item in enumerate(listing.items, start=listing.first) if item.button]
    if len(chosen) <= _ENTRIES_IN_FULL or not listing.is_numbered:
        for number, button in chosen:
            yield (Button(f"{number}. {button.label}" if listing.is_numbered else button.label, button.data, button.href),)
        return
    for start in range(0, len(chosen), MOST_IN_ROW):
        yield tuple(Button(str(number), button.data, button.href) for number, button in chosen[start : start + MOST_IN_ROW])


def _label(text: str) -> str:
    line = " ".join(text.split()) or "…"
    return line if len(line) <= _LONGEST_LABEL else f"{line[: _LONGEST_LABEL - 1]}…"


def units_of(text: str) -> int:
    """How long Telegram takes a text to be: in UTF-16 units."""
    return len(text.encode("utf-16-le", errors="replace")) // 2
