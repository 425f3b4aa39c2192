"""How a resource's checks, reviews and files are said on pages, in the feed and in exports."""

from datetime import date

from marstraining.core.web.dates import day_plain
from marstraining.resources.queries import LinkFacts, QualityFacts, ResourceRow
from marstraining.resources.rules import OUTCOME_WORDS, LinkState, Outcome, Verdict

STATE_TAGS = {
    LinkState.OK: ("Works", "green"),
    LinkState.WAITING: ("Not checked yet", "grey"),
    LinkState.FAILING: ("Did not work last time", "yellow"),
    LinkState.BROKEN: ("Broken", "red"),
    LinkState.UNCHECKED: ("Could not be checked", "yellow"),
}
_LOOKED = {
    LinkState.FAILING: "Link did not work on {}",
    LinkState.BROKEN: "Link broken when checked on {}",
    LinkState.UNCHECKED: "Link could not be checked on {}",
}
_TYPES = {
    "application/pdf": "PDF",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel spreadsheet",
    "image/png": "PNG picture",
    "image/jpeg": "JPG picture",
}
_KILO = 1000


def type_words(content_type: str) -> str:
    """What sort of file it is."""
    return _TYPES.get(content_type, "file")


def size_words(size: int) -> str:
    """As in "820 KB", "2.4 MB"."""
    if size < _KILO**2:
        return f"{max(1, round(size / _KILO)):,} KB"
    return f"{size / _KILO**2:.1f} MB".replace(".0 MB", " MB")


def outcome_words(outcome: str) -> str:
    """What a look found, as a sentence without its full stop; "" before the first."""
    return OUTCOME_WORDS[Outcome(outcome)] if outcome in tuple(Outcome) else ""


def link_words(link: LinkFacts) -> str:
    """When a link was last looked at and what was found."""
    if link.checked_at is None or link.state == LinkState.WAITING:
        return "Not checked yet"
    said = f"Checked {day_plain(link.checked_at)}. {outcome_words(link.outcome)}."
    if link.state == LinkState.FAILING:
        return f"{said} We look again tomorrow."
    if link.state == LinkState.BROKEN and link.failing_since:
        return f"{said} It has not worked since {day_plain(link.failing_since)}."
    if link.state == LinkState.UNCHECKED:
        return f"{said} A person has to look."
    return said


def quality_words(check: QualityFacts | None) -> str:
    """When somebody last looked a resource over, and what they are."""
    if check is None:
        return "Not checked yet"
    found = "" if check.verdict == Verdict.GOOD else " They found something to change."
    return f"Checked {day_plain(check.checked_on)} ({check.role}).{found}"


def review_words(review_by: date | None, *, today: date) -> str:
    """By when a resource is reviewed next, and that it is late."""
    if review_by is None:
        return "No date set"
    return f"{day_plain(review_by)}{' (overdue)' if review_by < today else ''}"


def checks_line(row: ResourceRow) -> str:
    """The two dates of a resource on one line: its link's and its quality's."""
    parts = []
    if row.link is not None:
        checked_at = row.link_checked_at
        parts.append(
            "Link not checked yet" if checked_at is None else _LOOKED.get(row.link, "Link checked {}").format(day_plain(checked_at))
        )
    checked = row.quality_checked_on
    parts.append("Quality not checked yet" if checked is None else f"Quality checked {day_plain(checked)}")
    return " · ".join(parts)
