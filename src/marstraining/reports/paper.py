"""A frozen report with what people wrote, as one document, and that document in each of its formats."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from markupsafe import Markup

from marstraining.core import paths
from marstraining.core.clock import local
from marstraining.core.config import Settings
from marstraining.core.typesetting import typeset
from marstraining.core.web import render_text
from marstraining.core.web.dates import clock_time, day_plain
from marstraining.reports.document import Block, Document, Forest, Grid, Section, Text, plain_section, read_section, reworded
from marstraining.reports.drawing import forest_markup, forest_svg
from marstraining.reports.queries import Frozen, Report, Signature
from marstraining.reports.queries.meetings import BoardMeeting
from marstraining.reports.rules import Change, is_late
from marstraining.reports.word import word_file

FORMATS = ("pdf", "docx", "json")
MARKING = "Official: for members of the board and the training team"
MARKING_NAMES = "Official-Sensitive: for members of the board and the training team"
_RECOMMENDATION = "decisions"
_ACTIONS = "actions"
_ASKED_OF_PEOPLE = frozenset({"you-said", "risks", _ACTIONS})
_NO_ACTIONS = "No actions were agreed in this report."
_NO_RECOMMENDATION = "To note these figures."
_PURPOSES = {
    "quarterly": "To say what multi-agency training was delivered in the quarter, whom it reached, and what changed.",
    "annual": "To give the figures of the annual report’s section on training.",  # noqa: RUF001 - an apostrophe as printed
}


def document_of(report: Report, settings: Settings) -> Document:
    """The document: figures as they were frozen, sentences as they read now."""
    frozen = report.frozen
    content = frozen.content
    pages = [_with_actions(read_section(one), report) for one in content.get("sections", ())] or [_annual_section(frozen)]
    pages += [read_section(one) for one in content.get("notes", ())]
    texts = {block.place: block.text for page in pages for block in page.blocks if isinstance(block, Text)} | dict(report.wordings)
    changed = _changes_blocks(report)
    if changed:
        pages.append(Section("Annex C", "Changed since it was last reported", changed))
    words = frozen.period.words
    of = content.get("of", "")
    return Document(
        title="Multi-agency training: " + ("quarterly report" if frozen.kind == "quarterly" else "annual figures"),
        period=words[:1].upper() + words[1:] + (f", {of}" if of else ""),
        partnership=settings.partnership.name,
        marking=MARKING,
        purpose=_PURPOSES[frozen.kind],
        recommendation=texts.get(_RECOMMENDATION, _NO_RECOMMENDATION),
        as_at=_as_at(frozen),
        snapshot=frozen.ref,
        content_hash=frozen.content_hash,
        sections=_reworded(pages, report),
        paper=_reworded([_with_actions(read_section(one), report) for one in content.get("paper", ())], report),
        signed=_signed(report.signature),
        is_draft=frozen.kind == "quarterly" and report.signature is None,
        meeting=f"Paper for the meeting of {day_plain(report.meeting.meets_on)}" if report.meeting else "",
        late=_late(frozen),
        facts={"Meeting": _meeting_words(report.meeting)} if report.meeting else {},
    )


def _cut_off(frozen: Frozen) -> date | None:
    said = frozen.content.get("cut_off")
    return date.fromisoformat(said) if said else None


def _as_at(frozen: Frozen) -> str:
    cut_off, wall = _cut_off(frozen), local(frozen.as_at)
    if cut_off is None:
        return day_plain(wall.date())
    if is_late(cut_off, frozen.as_at):
        return f"{day_plain(wall.date())} at {clock_time(wall.time())}"
    return f"the end of {day_plain(cut_off)}, the data cut-off"


def _late(frozen: Frozen) -> str:
    cut_off = _cut_off(frozen)
    if cut_off is None or not is_late(cut_off, frozen.as_at):
        return ""
    return f"The data cut-off was {day_plain(cut_off)}: what was changed between then and the taking of these figures is in them."


def _meeting_words(meeting: BoardMeeting) -> str:
    parts = (day_plain(meeting.meets_on), clock_time(meeting.draft.starts) if meeting.draft.starts else "", meeting.draft.place)
    return ", ".join(part for part in parts if part)


def _with_actions(section: Section, report: Report) -> Section:
    """The section with what the report names to be done below the sentence on it, which goes where nobody wrote one."""
    if not report.actions or not any(isinstance(block, Text) and block.place == _ACTIONS for block in section.blocks):
        return section
    rows = tuple((one.what, one.owner, day_plain(one.due_on)) for one in report.actions)
    blocks: list[Block] = []
    for block in section.blocks:
        is_sentence = isinstance(block, Text) and block.place == _ACTIONS
        if not is_sentence or _ACTIONS in report.wordings:
            blocks.append(block)
        if is_sentence:
            blocks.append(Grid("Actions", ("What will be done", "Owner", "By"), rows))
    return replace(section, blocks=tuple(blocks))


def _reworded(pages: Sequence[Section], report: Report) -> tuple[Section, ...]:
    """The pages with what people wrote; once they are signed off, without the sentences that only ask somebody to write."""
    written = reworded(pages, report.wordings)
    if report.signature is None:
        return written
    unwritten = _ASKED_OF_PEOPLE - report.wordings.keys()
    none_named = Text(_NO_ACTIONS)
    return tuple(
        replace(
            one,
            blocks=tuple(
                none_named if isinstance(block, Text) and block.place == _ACTIONS and _ACTIONS in unwritten else block
                for block in one.blocks
                if not (isinstance(block, Text) and block.place in unwritten - {_ACTIONS})
            ),
        )
        for one in written
    )


def _signed(signature: Signature | None) -> str:
    if signature is None:
        return ""
    day = local(signature.at)
    return f"{signature.name or 'the training team'} on {day.day} {day:%B %Y}"


def _annual_section(frozen: Frozen) -> Section:
    rows = tuple((one.label, one.measure.capitalize(), one.print, one.standing.capitalize()) for one in frozen.figures)
    caption = f"Figures of training, 1 April {frozen.period.year} to 31 March {frozen.period.year + 1}"
    blocks = (
        Grid(caption, ("What", "What it counts", "Figure", "Where it comes from"), rows, (2,)),
        Text("People and attendances are never one number: a person who came twice is two attendances."),
        Text("Computed is counted from registers and imported numbers; as published is what an earlier annual report said."),
    )
    return Section("", "Figures", blocks)


def _changes_blocks(report: Report) -> tuple[Block, ...]:
    """What came out otherwise than reported: the same period earlier, and the quarter before on the same definitions."""
    blocks: list[Block] = []
    if report.changed:
        intro = "The same period was reported before on the same definitions. These figures have been corrected or completed since."
        blocks += [Text(intro), _changes_grid("Then and now", report.changed)]
    restated = [Change(**one) for one in report.frozen.content.get("restated", ())]
    if restated:
        words = report.frozen.period.step(-1).words
        intro = f"The last report said otherwise of {words}. On the same definitions these are its figures as they were reported and as"
        blocks += [Text(f"{intro} they are now."), _changes_grid(f"{words[:1].upper()}{words[1:]}, then and now", restated)]
    return tuple(blocks)


def _changes_grid(caption: str, changed: Sequence[Change]) -> Grid:
    rows = tuple((one.label, one.measure.capitalize(), one.was, one.now) for one in changed)
    return Grid(caption, ("What", "What it counts", "Then", "Now"), rows, (2, 3))


# ---- formats ----------------------------------------------------------------------------------------------------------


def page_of(document: Document) -> dict[str, Any]:
    """The document as templates show it: plain blocks, charts drawn."""
    return _plain(document) | {"sections": [_page_section(one) for one in document.sections]}


def _plain(document: Document) -> dict[str, Any]:
    sections = [plain_section(one) for one in document.sections]
    return asdict(replace(document, sections=(), paper=())) | {"sections": sections}


def _page_section(section: Section) -> dict[str, Any]:
    plain: dict[str, Any] = plain_section(section)
    for block, made in zip(section.blocks, plain["blocks"], strict=True):
        if isinstance(block, Forest):
            made["svg"] = forest_markup(block)
            made["lines"] = [(bar.label, bar.words) for bar in block.bars]
    return plain


def standalone_page(document: Document, settings: Settings) -> str:
    """A page in one file, to be opened without the service; its style is in it."""
    accent, rules = settings.partnership.branding.accent, (paths.STATIC / "report.css").read_text(encoding="utf-8")
    style = Markup(f"<style>:root {{ --accent: {accent}; }}\n{rules}</style>")  # noqa: S704 - our own file, and a colour that was checked
    return render_text("reports/standalone.html", report=page_of(document), style=style)


async def pdf_of(document: Document, settings: Settings) -> bytes:
    """A tagged PDF."""
    data = _plain(document) | {"accent": settings.partnership.branding.accent}
    for section, plain in zip(document.sections, data["sections"], strict=True):
        for block, made in zip(section.blocks, plain["blocks"], strict=True):
            if isinstance(block, Forest):
                made["svg"] = forest_svg(block)
    return await typeset("report", data)


async def docx_of(document: Document) -> bytes:
    """A Word file, off the event loop."""
    return await asyncio.to_thread(word_file, document)


def json_of(report: Report, document: Document) -> str:
    """The figures with where they come from, and the pages as they read."""
    frozen = report.frozen
    content = {
        "report": frozen.kind,
        "year": frozen.period.year_words,
        "quarter": frozen.period.quarter,
        "scope": frozen.scope,
        "starts": frozen.period.first.isoformat(),
        "ends": frozen.period.last.isoformat(),
        "snapshot": frozen.ref,
        "as_at": frozen.as_at.isoformat(timespec="seconds"),
        "content_hash": frozen.content_hash,
        "signed": document.signed,
        "figures": frozen.content["figures"],
        "changed_since_last": [asdict(one) for one in report.changed],
        "quarter_before_restated": frozen.content.get("restated", []),
        "meeting": _meeting_json(report.meeting),
        "actions": [{"what": one.what, "owner": one.owner, "due_on": one.due_on.isoformat()} for one in report.actions],
    }
    if frozen.kind == "quarterly":
        content["pages"] = [plain_section(one) for one in document.sections]
    elif "notes" in frozen.content:
        content["notes"] = frozen.content["notes"]
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _meeting_json(meeting: BoardMeeting | None) -> dict[str, str] | None:
    if meeting is None:
        return None
    draft = meeting.draft
    days = {"meets_on": draft.meets_on, "paper_due_on": draft.paper_due_on, "data_cut_off": draft.cut_off_on}
    return {**{name: day.isoformat() for name, day in days.items()}, "place": draft.place}
