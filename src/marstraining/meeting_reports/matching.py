"""Whose presence a report shows: its people against those booked on the session (attendance_reports.md 3.4)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from marstraining.core.values import frozen
from marstraining.meeting_reports.model import Attendee, Booked, Span, TaughtDay
from marstraining.meeting_reports.names import name_key
from marstraining.meeting_reports.people import fitting, share_of
from marstraining.meeting_reports.spans import clipped, seconds_of, union

# Two letters off, whatever the order of the words.
_NEAR = 2
_MOST_SUGGESTIONS = 5


class MatchedBy(StrEnum):
    """On what a match stands, the surest first."""

    EMAIL = "email"
    ALIAS_EMAIL = "alias_email"
    NAME = "name"


@frozen
class Match:
    """Whom a person of a report was found to be, or who they might be: the nearest first, for a person to choose from."""

    booked_id: int | None = None
    by: MatchedBy | None = None
    suggested_ids: tuple[int, ...] = ()


@frozen
class Presence:
    """What the report shows of one booked person; `sources` are places in the list of its people."""

    spans: tuple[Span, ...]
    seconds: float
    share: float | None
    is_stated: bool
    is_end_assumed: bool
    sources: tuple[int, ...]


def match_people(people: Sequence[Attendee], booked: Sequence[Booked]) -> list[Match]:
    """One match for each person of a report, in their order: by address, else by another known address, else by whole name.

    A name decides only where one booked person has it and one person of the report claims it by name; whoever has an address
    that is not theirs only claims it where nobody was found by theirs. All else, and names that are two letters off, are
    suggested and never taken. Several people of a report can be one booked person: signed in once and as a guest once.
    """
    if not booked:
        return [Match()] * len(people)
    addresses = _by_address(booked)
    names: dict[str, list[int]] = defaultdict(list)
    for one in booked:
        names[name_key(one.name)].append(one.id)
    found = {place: match for place, person in enumerate(people) if (match := addresses.get(person.email or ""))}
    by_address = {match.booked_id for match in found.values()}
    claims = {place: _claimed(person, names) for place, person in enumerate(people) if place not in found}
    claimants = Counter(claimed[0] for claimed in claims.values() if len(claimed) == 1)
    nearest = _Nearest(booked)
    matches = []
    for place, person in enumerate(people):
        claimed = claims.get(place, [])
        is_free = len(claimed) == 1 and claimants[claimed[0]] == 1 and not (person.email and claimed[0] in by_address)
        if place in found:
            matches.append(found[place])
        elif is_free and not person.is_name_shared:
            matches.append(Match(claimed[0], MatchedBy.NAME))
        else:
            matches.append(Match(suggested_ids=tuple(claimed) or nearest.to(person)))
    return matches


def presences(people: Sequence[Attendee], chosen: Iterable[tuple[int, int]], days: Sequence[TaughtDay]) -> dict[int, Presence]:
    """What the report shows of each booked person, by their id.

    `chosen` pairs a place in `people` with a booked person: several places can be of one, whose times are then joined without
    counting any twice, and a room in which several sat is paired with each of them.
    """
    places: dict[int, list[int]] = defaultdict(list)
    for place, booked_id in chosen:
        if place not in places[booked_id]:
            places[booked_id].append(place)
    return {booked_id: _presence(people, sorted(own), days) for booked_id, own in places.items()}


def _presence(people: Sequence[Attendee], places: Sequence[int], days: Sequence[TaughtDay]) -> Presence:
    own = [people[place] for place in places]
    windows = [day.span for day in days]
    present = clipped((span for person in own for span in person.spans), windows)
    stated = [person for person in own if person.is_stated]
    extra = sum(person.seconds - seconds_of(clipped(person.spans, windows)) for person in stated)
    seconds = seconds_of(present) + fitting(extra, [person.hull for person in stated], present, windows)
    return Presence(
        spans=union(span for person in own for span in person.spans),
        seconds=seconds,
        share=share_of(seconds, days),
        is_stated=bool(stated),
        is_end_assumed=any(person.is_end_assumed for person in own),
        sources=tuple(places),
    )


def _by_address(booked: Sequence[Booked]) -> Mapping[str, Match]:
    """Whose an address is; one that several have is nobody's."""
    found: dict[str, Match] = {}
    for by, addresses in ((MatchedBy.ALIAS_EMAIL, "alias_emails"), (MatchedBy.EMAIL, "emails")):
        owners: dict[str, set[int]] = defaultdict(set)
        for one in booked:
            for address in getattr(one, addresses):
                owners[address.casefold()].add(one.id)
        found |= {address: Match(next(iter(ids)), by) for address, ids in owners.items() if address and len(ids) == 1}
    return found


def _claimed(person: Attendee, names: Mapping[str, Sequence[int]]) -> list[int]:
    """Who is booked under a person's name, by the first form of it that anybody is booked under."""
    return list(next((ids for key in person.keys if (ids := names.get(key))), []))


class _Nearest:
    """Those booked by their words in the alphabet's order."""

    def __init__(self, booked: Sequence[Booked]) -> None:
        self._words = {one.id: _sorted(name_key(one.name)) for one in booked}

    def to(self, person: Attendee) -> tuple[int, ...]:
        """Whose names are within two letters of any form of a person's, the nearest first."""
        from rapidfuzz import process  # noqa: PLC0415 - every web process would hold it, and few are asked to read a report
        from rapidfuzz.distance import Levenshtein  # noqa: PLC0415 - as above

        near: dict[int, float] = {}
        for key in person.keys:
            for _, distance, booked_id in process.extract(
                _sorted(key), self._words, scorer=Levenshtein.distance, score_cutoff=_NEAR, limit=_MOST_SUGGESTIONS
            ):
                near[booked_id] = min(distance, near.get(booked_id, distance))
        return tuple(sorted(near, key=lambda booked_id: (near[booked_id], booked_id))[:_MOST_SUGGESTIONS])


def _sorted(key: str) -> str:
    return " ".join(sorted(key.split()))
