"""Who came to the sessions of the reference year: as many as were published, members of standing series again and again."""

import random
from collections.abc import Callable, Sequence
from datetime import date

from marstraining.core.imports import Row
from marstraining.core.values import frozen
from marstraining.demo.invent import Invented

_PROVENANCE = "generated from the published count"


@frozen
class PastSession:
    """A held session with its published number of people, whose names are to be invented."""

    course: str
    day: date
    attended: int
    minutes: int


def attendance_rows(rng: random.Random, sessions: Sequence[PastSession], people: Sequence[Invented]) -> list[Row]:
    """Rows for `import_attendance`: exactly `attended` people for each session."""
    rows: list[Row] = []
    came: dict[str, list[Invented]] = {}
    learners = [person for person in people if person.email and not person.trains]
    for session in sorted(sessions, key=lambda one: (one.day, one.course)):
        choose = _SERIES.get(session.course, _first_time)
        chosen = choose(rng, learners, came.setdefault(session.course, []), session.attended)
        came[session.course].extend(chosen)
        rows.extend(attended_row(rng, person, session, len(rows) + number) for number, person in enumerate(chosen, start=2))
    return rows


def attended_row(rng: random.Random, person: Invented, session: PastSession, number: int) -> Row:
    """A row of the import: somebody attended the whole of a session, but for a few minutes."""
    cells = {
        "email": person.email or "",
        "name": person.name,
        "agency": person.agency,
        "course": session.course,
        "date": session.day.isoformat(),
        "mark": "attended",
        "minutes": str(session.minutes - rng.choice((0, 0, 0, 2, 5, 8))),
        "provenance": _PROVENANCE,
    }
    return Row(number, cells)


def _first_time(rng: random.Random, learners: Sequence[Invented], came: Sequence[Invented], number: int) -> list[Invented]:
    """A course is taken once; now and then somebody takes it again."""
    again = rng.sample(list(came), min(2, len(came)))
    known = {person.ref for person in came}
    pool = [person for person in learners if person.ref not in known and person.job_role not in {"governor", "appointing_panel"}]
    return again + rng.sample(pool, number - len(again))


def _members(members: frozenset[str], guests: frozenset[str], share: float) -> Callable[..., list[Invented]]:
    """A standing series: of its members most come each time, guests fill up."""

    def choose(rng: random.Random, learners: Sequence[Invented], _came: Sequence[Invented], number: int) -> list[Invented]:
        regular = [person for person in learners if person.job_role in members]
        others = [person for person in learners if person.job_role in guests]
        from_members = min(len(regular), round(number * share))
        return rng.sample(regular, from_members) + rng.sample(others, number - from_members)

    return choose


def _forum(rng: random.Random, learners: Sequence[Invented], came: Sequence[Invented], number: int) -> list[Invented]:
    """Four in five of a forum have been there before."""
    before = list({person.ref: person for person in came}.values())
    again = rng.sample(before, min(len(before), number * 4 // 5))
    known = {person.ref for person in before}
    pool = [person for person in learners if person.ref not in known and person.job_role == "multi_agency"]
    return again + rng.sample(pool, number - len(again))


_SERIES: dict[str, Callable[..., list[Invented]]] = {
    "DSL-SCH": _members(frozenset({"dsl"}), frozenset({"deputy_dsl"}), 0.85),
    "DSL-EY": _members(frozenset({"early_years_dsl"}), frozenset({"childminder"}), 0.8),
    "EHF": _forum,
}
