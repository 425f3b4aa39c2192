"""A report as a Word file: a cover sheet, the paper, and the pages as its annex."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from marstraining.reports.document import Document, Forest, Grid, Points, Quotes, Section, Text, Tiles


def word_file(document: Document) -> bytes:
    """The bytes of the file, with real headings, table headings that repeat, a title and a language, so that it can be read aloud.

    Loading python-docx takes a moment: call it off the event loop.
    """
    import docx as python_docx  # noqa: PLC0415 - few requests need it

    file: Any = python_docx.Document()
    file.core_properties.title = f"{document.title}, {document.period}"
    file.core_properties.author = document.partnership
    file.core_properties.language = "en-GB"
    file.styles["Normal"].font.name = "Arial"
    _cover(file, document)
    for section in document.paper:
        _section(file, section, level=1)
    file.add_page_break()
    file.add_heading("Annex: the figures page by page", level=1)
    for section in document.sections:
        _section(file, section, level=2)
    written = BytesIO()
    file.save(written)
    return written.getvalue()


def _cover(file: Any, document: Document) -> None:  # noqa: ANN401 - python-docx ships no types
    file.add_heading(document.title, level=0)
    file.add_paragraph("\n".join(one for one in (document.partnership, document.period, document.meeting) if one))
    table = file.add_table(rows=0, cols=2)
    table.style = "Table Grid"
    lines = [
        ("Marking", document.marking), *document.facts.items(), ("Purpose", document.purpose), ("Recommendation", document.recommendation),
        ("Figures as at", f"{document.as_at}. {document.late}" if document.late else document.as_at),
        ("Signed off", document.signed or "Draft: not signed off yet"),
        ("Snapshot", f"{document.snapshot} ({document.content_hash[:12]})"),
    ]  # fmt: skip
    for label, value in lines:
        cells = table.add_row().cells
        cells[0].paragraphs[0].add_run(label).bold = True
        cells[1].text = value
    file.add_page_break()


def _section(file: Any, section: Section, *, level: int) -> None:  # noqa: ANN401
    file.add_heading(f"{section.number} {section.title}".strip(), level=level)
    for block in section.blocks:
        _WRITERS[type(block)](file, block)


def _text(file: Any, block: Text) -> None:  # noqa: ANN401
    file.add_paragraph(block.text)


def _points(file: Any, block: Points) -> None:  # noqa: ANN401
    for item in block.items:
        file.add_paragraph(item, style="List Bullet")


def _tiles(file: Any, block: Tiles) -> None:  # noqa: ANN401
    _table(file, ("Figure", "Value", "Beside it"), [(one.label, one.value, "; ".join(one.notes)) for one in block.tiles])


def _grid(file: Any, block: Grid) -> None:  # noqa: ANN401
    file.add_paragraph(block.caption, style="Caption")
    if block.rows:
        _table(file, block.heads, block.rows)
    else:
        file.add_paragraph(block.empty)


def _forest(file: Any, block: Forest) -> None:  # noqa: ANN401
    file.add_paragraph(block.caption, style="Caption")
    _table(file, ("Course", "Before, now, and change with its 95% interval"), [(one.label, one.words) for one in block.bars])


def _quotes(file: Any, block: Quotes) -> None:  # noqa: ANN401
    file.add_paragraph(block.caption, style="Caption")
    for text, whose in block.quotes:
        paragraph = file.add_paragraph(f"“{text}”", style="Quote")
        paragraph.add_run(f" {whose}").italic = False


def _table(file: Any, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:  # noqa: ANN401
    from docx.oxml import OxmlElement  # noqa: PLC0415 - as above

    table = file.add_table(rows=1, cols=len(heads))
    table.style = "Table Grid"
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        cell.paragraphs[0].add_run(head).bold = True
    # What Word repeats on each page, and reads aloud as headings.
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - python-docx has no name for it
    for row in rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = value


_WRITERS: dict[type, Callable[[Any, Any], None]] = {
    Text: _text,
    Points: _points,
    Tiles: _tiles,
    Grid: _grid,
    Forest: _forest,
    Quotes: _quotes,
}
