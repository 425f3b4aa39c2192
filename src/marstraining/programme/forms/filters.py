"""What is typed into the programme's filters, as a filter or as sentences by field."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from marstraining.core.values import frozen
from marstraining.programme.rules import AUDIENCES, CourseKind, Delivery, ProgrammeFilter, When

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}
_DELIVERIES = {"in person": Delivery.IN_PERSON, "face to face": Delivery.IN_PERSON, "online": Delivery.ONLINE, "hybrid": Delivery.HYBRID}
_LONGEST_WORDS = 100
_YEARS = range(2000, 2101)
_LISTS = {
    "audience": "whom the training is for",
    "delivery": "how you take part",
    "kind": "the kind of event",
    "when": "the time of day",
}
FIELDS = ("q", "topic", "audience", "delivery", "kind", "when", "from", "to", "places")


@frozen
class ReadFilter:
    """A filter, what was typed for it, and a sentence for each field that could not be understood."""

    filter: ProgrammeFilter
    typed: Mapping[str, str]
    errors: Mapping[str, str]

    def query(self, **changes: str) -> str:
        """The filter as the query part of an address, with changes; empty values are left out."""
        values = {**self.typed, **changes}
        kept = {name: value for name, value in values.items() if value}
        return "?" + urlencode(kept) if kept else ""


def read_filter(params: Mapping[str, str]) -> ReadFilter:
    """The programme's filter from an address's parameters. Unknown words are reported and do not narrow; nothing is refused."""
    typed = {name: " ".join(params.get(name, "").split())[:_LONGEST_WORDS] for name in FIELDS}
    errors: dict[str, str] = {}
    date_from = _typed_date(typed["from"], "from", errors)
    date_to = _typed_date(typed["to"], "to", errors)
    if date_from and date_to and date_to < date_from:
        errors["to"] = "“Until” must be the same day as “From” or after it"
        date_to = None
    found = ProgrammeFilter(
        words=typed["q"],
        topic=typed["topic"],
        audience=_one_of(typed["audience"], AUDIENCES, "audience", errors),
        delivery=_delivery(typed["delivery"], errors),
        kind=_one_of(typed["kind"], tuple(CourseKind), "kind", errors),
        when=_one_of(typed["when"].replace("_", " ").replace("-", " "), tuple(When), "when", errors),
        date_from=date_from,
        date_to=date_to,
        has_places=typed["places"] not in {"", "0", "no"},
    )
    # A word that was understood is kept as the lists know it, so that the choice stays chosen.
    typed |= {name: str(word) for name, word in (("delivery", found.delivery), ("when", found.when)) if word}
    return ReadFilter(found, {name: value for name, value in typed.items() if value}, errors)


def _delivery(typed: str, errors: dict[str, str]) -> str:
    chosen = _one_of(typed.replace("_", " ").replace("-", " "), _DELIVERIES, "delivery", errors)
    return _DELIVERIES[chosen] if chosen else ""


def _one_of(typed: str, known: Mapping[str, object] | tuple[str, ...], field: str, errors: dict[str, str]) -> str:
    if typed and typed not in known:
        errors[field] = f"Choose {_LISTS[field]} from the list"
        return ""
    return typed


def _typed_date(typed: str, field: str, errors: dict[str, str]) -> date | None:
    if not typed:
        return None
    found = read_date(typed)
    if found is None:
        errors[field] = f"“{'From' if field == 'from' else 'Until'}” must be a real date, like 14/6/2027"
    return found


def read_date(typed: str) -> date | None:
    """A date typed as 2027-06-14, 14/6/2027, 14.6.27, 14 June 2027 or 14 jun 2027; None for anything else, and beyond 2000 to 2100."""
    parts = typed.casefold().replace("/", " ").replace(".", " ").replace("-", " ").replace(",", " ").split()
    if len(parts) != 3:
        return None
    if len(parts[0]) == 4 and parts[0].isdecimal():
        parts.reverse()
    day, month, year = parts
    month_number = _MONTHS.get(month) or (int(month) if month.isdecimal() else 0)
    if not (day.isdecimal() and year.isdecimal()):
        return None
    full_year = int(year[-9:]) + (2000 if len(year) == 2 else 0)
    if full_year not in _YEARS:
        return None
    try:
        return date(full_year, month_number, int(day[-9:]))
    except ValueError:
        return None
