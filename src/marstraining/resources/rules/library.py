"""Kinds of resources, what one must hold, when a quality check is due, which openings count."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from marstraining.core.errors import Refused
from marstraining.core.values import frozen
from marstraining.programme.rules import AUDIENCES
from marstraining.resources.addresses import check_address


class ResourceKind(StrEnum):
    """As the chat and its utterances name them, with two more."""

    BRIEFING7 = "briefing7"
    BRIEFING2 = "briefing2"
    SPOTLIGHT = "spotlight"
    TOOLKIT = "toolkit"
    INFOSHEET = "infosheet"
    STRATEGY = "strategy"
    THRESHOLD = "threshold"
    FORM = "form"
    PRESENTATION = "presentation"
    NEWS = "news"
    LINK = "link"
    DOCUMENT = "document"


KIND_LABELS = {
    ResourceKind.BRIEFING7: "7-minute briefing",
    ResourceKind.BRIEFING2: "2-minute briefing",
    ResourceKind.SPOTLIGHT: "Spotlight",
    ResourceKind.TOOLKIT: "Toolkit",
    ResourceKind.INFOSHEET: "Info-sheet",
    ResourceKind.STRATEGY: "Strategy or policy",
    ResourceKind.THRESHOLD: "Threshold document",
    ResourceKind.FORM: "Form",
    ResourceKind.PRESENTATION: "CPD presentation",
    ResourceKind.NEWS: "News update",
    ResourceKind.LINK: "External link",
    ResourceKind.DOCUMENT: "Document",
}
_BEGINNINGS: Mapping[str, str] = {
    ResourceKind.BRIEFING7: "7MB",
    ResourceKind.BRIEFING2: "2MB",
    ResourceKind.SPOTLIGHT: "SPOT",
    ResourceKind.TOOLKIT: "KIT",
    ResourceKind.INFOSHEET: "INFO",
    ResourceKind.STRATEGY: "STRAT",
    ResourceKind.FORM: "FORM",
    ResourceKind.PRESENTATION: "CPD",
    ResourceKind.NEWS: "NEWS",
    ResourceKind.LINK: "LINK",
}
# What a file of resources may also say.
_ALSO = {
    "7 minute briefing": ResourceKind.BRIEFING7,
    "seven minute briefing": ResourceKind.BRIEFING7,
    "2 minute briefing": ResourceKind.BRIEFING2,
    "two minute briefing": ResourceKind.BRIEFING2,
    "in the spotlight": ResourceKind.SPOTLIGHT,
    "info sheet": ResourceKind.INFOSHEET,
    "information sheet": ResourceKind.INFOSHEET,
    "strategy": ResourceKind.STRATEGY,
    "policy": ResourceKind.STRATEGY,
    "presentation": ResourceKind.PRESENTATION,
    "news": ResourceKind.NEWS,
    "link": ResourceKind.LINK,
    "file": ResourceKind.DOCUMENT,
}


class Verdict(StrEnum):
    """What a person who looked a resource over found."""

    GOOD = "good"
    CHANGES = "changes"


VERDICT_LABELS = {Verdict.GOOD: "Good to use", Verdict.CHANGES: "Needs changes"}

# A person looks at each resource once a year; whoever reviews the content says the day themselves.
QUALITY_LASTS = timedelta(days=365)


class Need(StrEnum):
    """What the training team may have to do about a resource; a filter of its list."""

    BROKEN = "broken"
    UNCHECKED = "unchecked"
    REVIEW = "review"
    QUALITY = "quality"


NEED_LABELS = {
    Need.BROKEN: "Link broken",
    Need.UNCHECKED: "Link could not be checked",
    Need.REVIEW: "Review overdue",
    Need.QUALITY: "Quality check overdue",
}


@frozen
class ResourceFilter:
    """What the library is narrowed by; an empty field does not narrow. `audience` also finds what is for everyone."""

    words: str = ""
    kind: str = ""
    topic: str = ""
    audience: str = ""

    @property
    def is_empty(self) -> bool:
        return self == ResourceFilter()


@frozen
class ResourceDraft:
    """A resource as the desk or an import writes it; `topics` are labels, `requires` is the code of a course that grants leave."""

    code: str
    title: str
    kind: str
    summary: str = ""
    audience: str = ""
    audience_codes: tuple[str, ...] = ("all",)
    url: str = ""
    source: str = ""
    owner: str = ""
    requires: str = ""
    review_by: date | None = None
    topics: tuple[str, ...] = ()


@frozen
class QualityNote:
    """What somebody says who looked a resource over: the day, what they are ("Training team"), and what they found.

    `is_reviewed` says that its content was reviewed for being right and current as well, until `review_by`.
    """

    checked_on: date
    role: str
    verdict: Verdict
    note: str = ""
    is_reviewed: bool = False
    review_by: date | None = None


# Words that stand in an address where else a code would.
_TAKEN = frozenset({"NEW"})
_CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9]|-(?!-)){1,28}[A-Z0-9]")


def check_resource(draft: ResourceDraft) -> None:
    """Refuse what cannot be kept, the first fault first, each with its field."""
    if not _CODE.fullmatch(draft.code) or draft.code in _TAKEN:
        raise Refused("The code must be 3 to 30 capital letters, numbers and single hyphens, like 7MB-CSE", code="code", field="code")
    if not draft.title or len(draft.title) > 200:
        raise Refused("The title must have 1 to 200 characters", code="title", field="title")
    if draft.kind not in tuple(ResourceKind):
        raise Refused("Select what kind of resource it is", code="kind", field="kind")
    unknown = [code for code in draft.audience_codes if code not in AUDIENCES]
    if unknown or not draft.audience_codes:
        raise Refused("Select who it is for", code="audience", field="audience_codes")
    if draft.url:
        check_address(draft.url, field="url")


def check_quality_note(note: QualityNote, *, on: date) -> None:
    """Refuse a check of a day to come, one by nobody, changes that are not named, and a review that is over already."""
    if note.checked_on > on:
        raise Refused("The date must be today or in the past", code="future", field="checked_on")
    if not note.role:
        raise Refused("Enter what you are, like Training team", code="role", field="role")
    if note.verdict == Verdict.CHANGES and not note.note:
        raise Refused("Say what needs to change", code="note", field="note")
    if note.is_reviewed and (note.review_by is None or note.review_by <= note.checked_on):
        raise Refused("The next review must be after the day of the check", code="review_by", field="review_by")


def code_from(kind: str, title: str) -> str:
    """A code for a resource that nobody gave one: the kind's beginning and the words of its title."""
    words = re.findall(r"[A-Z0-9]+", unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().upper())
    return "-".join([_BEGINNINGS.get(kind, "DOC"), *words])[:30].rstrip("-")


def kind_of(typed: str) -> ResourceKind | None:
    """The kind that a word of a file stands for; None for none."""
    word = " ".join(typed.replace("-", " ").split()).casefold()
    labels: Mapping[str, ResourceKind] = {label.replace("-", " ").casefold(): kind for kind, label in KIND_LABELS.items()}
    return next((kind for kind in ResourceKind if kind.value == word), None) or labels.get(word) or _ALSO.get(word)


_AUDIENCE_WORDS = {
    "school": "schools",
    "early years": "early_years",
    "nurser": "early_years",
    "childminder": "early_years",
    "college": "further_education",
    "health": "health",
    "police": "police",
    "social work": "social_care",
    "social care": "social_care",
    "probation": "probation",
    "voluntary": "voluntary",
    "foster": "foster_carers",
    "parent": "parents",
    "manager": "managers",
    "pupil": "pupils",
    "trainer": "trainers",
    "practitioner": "all",
}


def audiences_of_words(words: str) -> tuple[str, ...]:
    """The audiences that a text such as "Parents and practitioners" names, all practitioners where it names none."""
    text = words.casefold()
    named = {code for word, code in _AUDIENCE_WORDS.items() if word in text}
    return tuple(code for code in AUDIENCES if code in named) or ("all",)


# What crawlers, previews of links in chats and mail, scanners and scripts call themselves.
_NOBODY = re.compile(
    r"bot|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|embed|scan|check|monitor|fetch|curl|wget|python|java/|go-http|okhttp"
    r"|httpclient|headless|phantom|lighthouse|validator|safelinks|proofpoint|mimecast|barracuda",
    re.IGNORECASE,
)


def is_somebody(agent: str, *, purpose: str = "") -> bool:
    """Whether an opening is a person's, by what the browser calls itself and what it says it asks for; openings ahead do not count."""
    return agent.startswith("Mozilla/") and not _NOBODY.search(agent) and "prefetch" not in purpose.lower()


def is_quality_overdue(last: date | None, *, on: date) -> bool:
    """Whether a person has not looked a resource over within a year, or never."""
    return last is None or last < quality_limit(on)


def quality_limit(on: date) -> date:
    """The first day whose quality check still counts on a day: what lists compare with."""
    return on - QUALITY_LASTS
