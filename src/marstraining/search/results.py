"""What the search page shows, every text made once so that the template only prints."""

from collections.abc import Sequence
from datetime import time
from itertools import groupby
from urllib.parse import urlencode

from marstraining.core.values import frozen
from marstraining.core.web.dates import clock_time, day, plural
from marstraining.programme.rules import FINDABLE_AUDIENCES
from marstraining.search import vocabulary
from marstraining.search.rules import Dated, Document, Family, Found, Hit, Intent, Mode, Understood
from marstraining.search.understanding.describing import date_words
from marstraining.uk_dates.rules import DateRange

SHOWN = 6
SHOWN_ALONE = 50
_DATES_SHOWN = 3
_SUMMARY = 180
HEADINGS = {Family.COURSE: "Training", Family.RESOURCE: "Resources", Family.WORKBOOK: "E-workbooks"}
GROUPS = {"training": Family.COURSE, "resources": Family.RESOURCE, "workbooks": Family.WORKBOOK}
# Where something that is no search is done, as the text and the address of a link.
ELSEWHERE = {
    Intent.MY_BOOKINGS: ("See your bookings and your training record", "/me"),
    Intent.CANCEL_BOOKING: ("Cancel or change a booking in My training", "/me"),
    Intent.TRANSFER_BOOKING: ("Cancel or change a booking in My training", "/me"),
    Intent.JOINING_DETAILS: ("Find your joining link in My training", "/me"),
    Intent.SUBSCRIBE: ("Choose a topic to be told about", "/topics"),
    Intent.DATA_RIGHTS: ("Read about your data and your rights", "/privacy"),
    Intent.HELP: ("Read how to find and book training", "/help"),
    Intent.HUMAN_HANDOFF: ("See how to reach the training team", "/help"),
}


@frozen
class DateLine:
    """A coming session of a course as one link."""

    ref: str
    href: str
    text: str
    place: str
    title: str


@frozen
class Result:
    """One line of the results; `more` says how many further dates fit."""

    href: str
    title: str
    kind: str
    audience: str
    summary: str
    dates: Sequence[DateLine]
    more: str
    is_restricted: bool


@frozen
class Group:
    """Results of one kind; `all_href` leads to all of them where not all are shown."""

    name: str
    heading: str
    total: int
    results: Sequence[Result]
    all_href: str


@frozen
class Address:
    """What the page was asked, as the parts of its address."""

    typed: str
    without: tuple[str, ...] = ()
    as_typed: bool = False
    show: str = ""

    def href(self, *, typed: str | None = None, also_without: str = "", as_typed: bool | None = None, show: str | None = None) -> str:
        """The address of the same search with something changed."""
        without = (*self.without, also_without) if also_without else self.without
        pairs = [("q", self.typed if typed is None else typed), *(("not", name) for name in without if typed is None)]
        if self.as_typed if as_typed is None else as_typed:
            pairs.append(("typed", "1"))
        shown = self.show if show is None else show
        return "/search?" + urlencode([*pairs, *([("show", shown)] if shown else [])])


def groups_of(found: Found, address: Address, *, leading: Family) -> list[Group]:
    """The results by what they are, the kind that was asked for first."""
    order = [leading, *(family for family in Family if family is not leading)]
    by_family = {
        family: list(hits) for family, hits in groupby(sorted(found.hits, key=lambda hit: order.index(hit.document.family)), _family)
    }
    names = {family: name for name, family in GROUPS.items()}
    groups = []
    for family in order:
        hits = by_family.get(family, [])
        if not hits or (address.show and GROUPS.get(address.show) is not family):
            continue
        most = SHOWN_ALONE if address.show else SHOWN
        name = names[family]
        all_href = address.href(show=name) if len(hits) > most and not address.show else ""
        groups.append(Group(name, HEADINGS[family], len(hits), [result_of(hit) for hit in hits[:most]], all_href))
    return groups


def leading_family(understood: Understood) -> Family:
    """The kind of thing that was asked for."""
    return Family.RESOURCE if understood.intent is Intent.FIND_RESOURCE else Family.COURSE


def result_of(hit: Hit) -> Result:
    """One line of the results."""
    document = hit.document
    left = len(hit.sessions) - _DATES_SHOWN
    return Result(
        href=hit.path,
        title=document.title,
        kind=document.kind or vocabulary.TYPE_LABELS.get(document.type, ""),
        audience=_audience(document),
        summary=_shortened(document.summary),
        dates=[date_line(one, document) for one in hit.sessions[:_DATES_SHOWN]],
        more=f"and {plural(left, 'more date')}" if left > 0 else "",
        is_restricted=not document.is_public,
    )


def date_line(one: Dated, document: Document) -> DateLine:
    first = one.days[0] if one.days else None
    at = f"{day(first[0])}, {_clock(first[1])} to {_clock(first[2])}" if first else day(one.starts_at)
    others = len(one.days) - 1
    days = f", and {plural(others, 'more day')}" if others > 0 else ""
    return DateLine(one.ref, one.path, at + days, _place(one), one.title if one.title != document.title else "")


def readings(understood: Understood, address: Address) -> list[tuple[str, str]]:
    """Both readings of a date that has two, each with the address of the search that means it; nothing where there is one."""
    dates = understood.slots.dates
    if dates is None or not dates.alternatives:
        return []
    return [(date_words(one), address.href(typed=_said_with(address.typed, dates.words, one))) for one in (dates, *dates.alternatives)]


def _said_with(typed: str, words: str, meant: DateRange) -> str:
    """The sentence with the date written out."""
    first = f"{meant.start.day} {meant.start:%B %Y}"
    if meant.end is None:
        written = f"from {first}"
    else:
        written = f"on {first}" if meant.end == meant.start else f"between {first} and {meant.end.day} {meant.end:%B %Y}"
    place = typed.casefold().find(words.casefold())
    if place < 0:
        return f"{typed} {written}"
    return f"{typed[:place].removesuffix('on ')}{written}{typed[place + len(words) :]}"


def _family(hit: Hit) -> Family:
    return hit.document.family


def _audience(document: Document) -> str:
    labels = [FINDABLE_AUDIENCES[code] for code in document.audiences if code in FINDABLE_AUDIENCES]
    return ", ".join(labels)


def _shortened(summary: str) -> str:
    """The first words of a summary, on one line and without the marks of Markdown."""
    plain = " ".join(summary.replace("*", "").replace("#", "").replace("_", " ").split())
    if len(plain) <= _SUMMARY:
        return plain
    return plain[:_SUMMARY].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def _place(one: Dated) -> str:
    if one.mode == Mode.ONLINE:
        return "online"
    if one.mode == Mode.HYBRID:
        return f"{one.venue}, or online" if one.venue else "in person or online"
    return one.venue or "venue to be confirmed"


def _clock(at: str) -> str:
    return clock_time(time.fromisoformat(at))
