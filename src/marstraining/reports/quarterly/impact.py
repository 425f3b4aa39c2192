"""Page 8: what people used three months later, what they kept, what stood in the way, what they and their managers say."""

from collections.abc import Sequence

from marstraining.evaluation.queries.later import Later, Quote, Total
from marstraining.evaluation.rules.later import is_used
from marstraining.evaluation.rules.questions import Measure
from marstraining.reports.document import Block, Grid, Quotes, Text
from marstraining.reports.quarterly.facts import Quarter
from marstraining.reports.quarterly.words import not_collected, percent, several
from marstraining.reports.queries.impact import BySession, Impact

_TITLE = "Impact after three months"


def title(quarter: Quarter) -> str:
    """The page's title, with the response rate where it may be told."""
    gate = quarter.impact.learners.gate
    return _TITLE if quarter.is_part or gate is None or gate.answers is None else f"{_TITLE}: {gate.words} replied"


def impact(quarter: Quarter) -> tuple[Block, ...]:
    """Learners first, then what the same people kept, their managers, and quotations; a narrower report has its surveys alone."""
    found = quarter.impact
    if quarter.of:
        return _by_session(found.by_session)
    return (
        *_learners(found.learners),
        *_kept(found),
        *_managers(found.managers),
        *_quotes(found.quotes, is_held=found.learners.is_held or found.managers.is_held),
    )


def _by_session(lines: Sequence[BySession]) -> tuple[Block, ...]:
    if not lines:
        return not_collected("Follow-ups three months after a session")
    return (
        Grid(
            "Three months after: who replied, and whether they have used it since",
            ("Session", "Replied", "Used since"),
            tuple((one.what, one.replied, one.used) for one in lines),
        ),
        Text("What was kept, what stood in the way, and what people say: only in the report of the whole programme."),
    )


def _learners(found: Later) -> tuple[Block, ...]:
    if not found.is_held:
        return not_collected("Follow-ups three months after a session")
    if found.gate is None or not found.gate.has_mean:
        return (Text(_held_back("Follow-ups", found)),)
    blocks: list[Block] = []
    if found.gate.few_replied:
        blocks.append(Text("Few replied: fewer than two in five of those asked. Read these figures with care."))
    for one in found.questions:
        if one.measure == Measure.USED:
            blocks += [Text(_used_words(one)), _table(one, "Whether people have used it since")]
        elif one.measure == Measure.BARRIERS:
            blocks.append(_table(one, "What stood in the way; people could name several", is_sorted=True))
    if found.now is not None:
        blocks.append(_spread(found.now, found.end))
    return tuple(blocks)


def _held_back(what: str, found: Later) -> str:
    if found.gate is None:
        return f"{what}: {several(found.closed, 'survey')} closed in this quarter, with too few answers that can be counted together yet."
    return f"{what}: {found.gate.words} replied. {found.gate.why}"


def _used_words(one: Total) -> str:
    used = sum(number for choice, number in one.counts.items() if is_used(choice))
    rest = [f"“{choice}” {number:,}" for choice, number in one.counts.items() if not is_used(choice) and number]
    others = f" The others said {', '.join(rest)}." if rest else ""
    return f"{used:,} of {one.answers:,} ({percent(used / one.answers)}) have used it since.{others}"


def _table(one: Total, caption: str, *, is_sorted: bool = False) -> Grid:
    counts = sorted(one.counts.items(), key=lambda pair: -pair[1]) if is_sorted else one.counts.items()
    rows = tuple((choice, f"{number:,}", percent(number / one.answers)) for choice, number in counts)
    return Grid(f"{caption} ({several(one.answers, 'answer')})", ("Answer", "People", "Share"), rows, (1, 2))


def _spread(now: Total, end: Total | None) -> Grid:
    """How confidence is spread, of different people; the change of the same people stands apart."""
    heads = ["Confidence, 0 to 10", *([f"{end.text} ({end.answers:,} people)"] if end else []), f"{now.text} ({now.answers:,} people)"]
    rows = tuple((band, *([_of(end, band)] if end else []), _of(now, band)) for band in now.counts)
    return Grid(
        "How confident people are: different people, so no change can be read from it", tuple(heads), rows, tuple(range(1, len(heads)))
    )


def _of(total: Total, band: str) -> str:
    number = total.counts.get(band, 0)
    return f"{number:,} ({percent(number / total.answers)})"


def _kept(found: Impact) -> tuple[Block, ...]:
    wave = found.kept
    if wave is None and not found.is_kept_asked:
        return not_collected("Confidence kept by the same people")
    if wave is None or not wave.shown.gate.has_mean:
        why = "" if wave is None else f" {wave.shown.gate.why}"
        return (Text(f"Confidence kept: too few people have answered both after the session and three months later to be shown.{why}"),)
    one = wave.shown
    few = ["Few replied"] if one.gate.few_replied else []
    row = (
        f"{one.gate.words}, {several(wave.sessions, 'session')}",
        one.words,
        *(str(number) for number in (one.gate.up, one.gate.same, one.gate.down)),
        "; ".join([one.verdict.value.capitalize(), *few]),
    )
    return (
        Grid(
            "Confidence kept: the same people at the end of the session and three months later, in the year so far",
            ("Answered both times", "From then to now", "Higher", "The same", "Lower", "Since the session"),
            (row,),
            (2, 3, 4),
        ),
    )


def _managers(found: Later) -> tuple[Block, ...]:
    if not found.is_held:
        return not_collected("Managers’ answers three months after a session")  # noqa: RUF001 - as printed
    if found.gate is None or not found.gate.has_mean:
        return (Text(_held_back("Managers", found)),)
    few = " Few replied." if found.gate.few_replied else ""
    intro = Text(f"Managers of those who came were asked what they see at work: {found.gate.words} replied.{few}")
    return (intro, *(_table(one, one.text) for one in found.questions))


def _quotes(quotes: Sequence[Quote], *, is_held: bool) -> tuple[Block, ...]:
    if not quotes:
        return (Text("Quotations: none was allowed and released for this quarter."),) if is_held else ()
    said = tuple((one.text, "A manager" if one.is_managers else "Somebody who came") for one in quotes)
    return (Quotes("In their own words, with leave to quote", said),)
