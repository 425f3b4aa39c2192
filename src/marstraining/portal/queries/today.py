"""What needs the training team today: one condition for each kind, for its count and for its list alike."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from marstraining.attendance.queries.due import NOT_TAKEN
from marstraining.bookings.queries import OVERSOLD, Places, places
from marstraining.certificates.queries.accreditations import IN_FORCE, LAST_USE
from marstraining.core import config
from marstraining.core.clock import from_wall, today_of
from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.programme.queries import Scope, run_by
from marstraining.reports.queries.meetings import OPEN_PAPER, open_papers
from marstraining.reports.rules import SHOWN_WITHIN, days_ahead, working_days_until
from marstraining.resources.queries.desk import NEEDS, need_values
from marstraining.resources.rules import Need
from marstraining.uploads.queries import INFECTED, WAITING_LONG
from marstraining.uploads.rules import WAITS_AT_MOST

DECIDE_WITHIN = timedelta(days=7)
NUMBERS_WITHIN = timedelta(days=7)
LINK_WITHIN = timedelta(days=10)
LOW_WITHIN = timedelta(days=14)
TRAINER_WITHIN = timedelta(days=28)
LOW_SHARE = 40
# A register is its trainers' first; the desk hears of it on the third day.
REGISTER_AFTER = timedelta(days=3)
LONG_LIST = 5

_SESSIONS = "programme_session s JOIN programme_course c ON c.id = s.course_id LEFT JOIN programme_venue v ON v.id = s.venue_id"
_BOOKINGS = (
    "bookings_booking b JOIN programme_session s ON s.id = b.session_id JOIN programme_course c ON c.id = s.course_id"
    " JOIN people_person p ON p.id = b.learner_id LEFT JOIN people_agency a ON a.id = b.agency_id"
)
_TITLE = "CASE WHEN s.title = '' THEN c.title ELSE s.title END AS title"
_SESSION_COLUMNS = (
    f"s.id, s.ref, {_TITLE}, s.starts_at, s.ends_at, s.delivery, coalesce(v.name, '') AS venue, s.decide_by, s.final_numbers_by"
)
_PERSON_COLUMNS = f"s.id, s.ref, {_TITLE}, s.starts_at, p.name AS person, p.ref AS person_ref, b.ref AS booking_ref"
_COMING = "s.state = 'published' AND s.starts_at > ?"
_BY_NAME = "NOT s.is_headcount_only AND s.external_url = '' AND c.external_url = '' AND c.kind <> 'external'"
_TAKEN = "(SELECT count(*) FROM bookings_booking t WHERE t.session_id = s.id AND t.state IN ('confirmed', 'invited', 'offered'))"
_WAITING = "(SELECT count(*) FROM bookings_booking w WHERE w.session_id = s.id AND w.state = 'waiting')"
_POST = (
    "(SELECT min(k.name) FROM people_position g JOIN people_agency k ON k.id = g.agency_id WHERE g.person_id = p.id AND g.ends_on IS NULL)"
)
_NO_TRAINER = (
    "NOT EXISTS (SELECT 1 FROM programme_trainer r JOIN people_person k ON k.id = r.person_id"
    " WHERE r.session_id = s.id AND r.state = 'accepted' AND NOT r.is_contributor AND k.state = 'active')"
)


@frozen
class Moment:
    """An instant with what follows from it in London."""

    now: datetime

    @property
    def today(self) -> date:
        return today_of(self.now)

    @property
    def papers_until(self) -> date:
        """By when a paper is due that the team should see by now."""
        return days_ahead(config.current().partnership.working_calendar, self.today, SHOWN_WITHIN)

    @property
    def midnight(self) -> datetime:
        """The end of today."""
        return from_wall(self.today + timedelta(days=1), time())


Values = Callable[[Moment], tuple[object, ...]]


@frozen
class Kind:
    """One thing that may need somebody.

    `has_sessions` says that partner organisers see it for the sessions they run, `is_for_desk` that it is nothing for an administrator
    who is not at the desk: its one action is the desk's alone. One without `columns` is
    counted here and listed on a page of its own.
    """

    source: str
    condition: str
    values: Values
    columns: str = ""
    order: str = ""
    has_sessions: bool = True
    is_for_desk: bool = False


def _sessions(condition: str, values: Values, *, order: str = "s.starts_at, s.id", more: str = "") -> Kind:
    return Kind(_SESSIONS, condition, values, _SESSION_COLUMNS + more, order)


def _whole(source: str, condition: str, columns: str = "", order: str = "") -> Kind:
    return Kind(source, condition, lambda _: (), columns, order, has_sessions=False)


def _resources(need: Need) -> Kind:
    condition = f"r.withdrawn_at IS NULL AND {NEEDS[need]}"
    return Kind("resources_resource r", condition, lambda at: need_values(need, on=at.today), has_sessions=False, is_for_desk=True)


KINDS: Mapping[str, Kind] = {
    "oversold": _sessions(
        f"s.state IN ('published', 'postponed') AND s.ends_at > ? AND {OVERSOLD}", lambda at: (at.now, at.now, at.now, at.now)
    ),
    "decisions": _sessions(
        f"{_COMING} AND s.decided_at IS NULL AND s.decide_by <= ?",
        lambda at: (at.now, at.today + DECIDE_WITHIN),
        order="s.decide_by, s.starts_at, s.id",
    ),
    "postponed": _sessions("s.state = 'postponed'", lambda _: ()),
    "trainers": _sessions(f"{_COMING} AND s.starts_at < ? AND {_BY_NAME} AND {_NO_TRAINER}", lambda at: (at.now, at.now + TRAINER_WITHIN)),
    "links": _sessions(
        f"{_COMING} AND s.starts_at < ? AND s.delivery IN ('online', 'hybrid') AND s.joining_link = '' AND {_BY_NAME}",
        lambda at: (at.now, at.now + LINK_WITHIN),
    ),
    "low": _sessions(
        f"{_COMING} AND s.starts_at < ? AND {_BY_NAME} AND (s.minimum_numbers > {_TAKEN} OR {_TAKEN} * 100 < s.capacity * {LOW_SHARE})",
        lambda at: (at.now, at.now + LOW_WITHIN),
    ),
    "numbers": _sessions(
        f"{_COMING} AND s.final_numbers_by <= ? AND s.arrangement <> 'confirmed'",
        lambda at: (at.now, at.today + NUMBERS_WITHIN),
        order="s.final_numbers_by, s.starts_at, s.id",
    ),
    "lists": _sessions(f"{_COMING} AND {_WAITING} >= {LONG_LIST}", lambda at: (at.now,), order=f"{_WAITING} DESC, s.starts_at, s.id"),
    "offers": Kind(
        _BOOKINGS,
        f"{_COMING} AND b.state = 'offered' AND b.offer_expires_at >= ? AND b.offer_expires_at < ?",
        lambda at: (at.now, at.now, at.midnight),
        f"{_PERSON_COLUMNS}, p.email, b.offer_expires_at",
        "b.offer_expires_at, b.id",
    ),
    "needs": _sessions(
        "s.state IN ('published', 'postponed') AND s.ends_at > ? AND EXISTS (SELECT 1 FROM bookings_needs n"
        " JOIN bookings_booking b ON b.id = n.booking_id WHERE b.session_id = s.id AND n.arrangement = 'to_arrange'"
        " AND b.state IN ('confirmed', 'invited', 'offered'))",
        lambda at: (at.now,),
        more=", (SELECT count(*) FROM bookings_needs n JOIN bookings_booking b ON b.id = n.booking_id WHERE b.session_id = s.id"
        " AND n.arrangement = 'to_arrange' AND b.state IN ('confirmed', 'invited', 'offered')) AS to_arrange",
    ),
    "registers": _sessions(NOT_TAKEN, lambda at: (from_wall(today_of(at.now - REGISTER_AFTER) + timedelta(days=1), time()),)),
    "leavers": Kind(
        _BOOKINGS,
        "p.state = 'left' AND (s.starts_at > ? OR s.state = 'postponed')"
        " AND b.state IN ('requested', 'invited', 'confirmed', 'waiting', 'offered')",
        lambda at: (at.now,),
        f"{_PERSON_COLUMNS}, coalesce(a.name, '') AS agency",
        "p.name, p.id, s.starts_at, b.id",
    ),
    "unused": Kind(
        "record_accreditation a JOIN people_person p ON p.id = a.person_id JOIN programme_course c ON c.id = a.course_id",
        f"a.flagged_on IS NOT NULL AND p.state = 'active' AND {IN_FORCE}",
        lambda at: (at.today,),
        f"p.name AS person, p.ref AS person_ref, {_POST} AS agency, c.title, a.answer, a.answered_on, {LAST_USE} AS last_use",
        "a.flagged_on, lower(p.name), a.id",
        has_sessions=False,
        is_for_desk=True,
    ),
    "learning": Kind(
        "record_external x JOIN people_person p ON p.id = x.person_id",
        "x.state = 'added' AND p.state = 'active'",
        lambda _: (),
        "x.title, x.provider, x.completed_on, x.stored_as, p.name AS person, p.ref AS person_ref",
        "x.at, x.id",
        has_sessions=False,
        is_for_desk=True,
    ),
    "papers": Kind(
        "reports_meeting m",
        f"{OPEN_PAPER} AND m.paper_due_on <= ? AND m.meets_on >= ?",
        lambda at: (at.papers_until, at.today),
        has_sessions=False,
        is_for_desk=True,
    ),
    "bounced": _whole("messages_bounced", "cleared_at IS NULL"),
    "organisations": _whole(
        "people_agency a LEFT JOIN people_person p ON p.id = a.suggested_by_id",
        "a.state = 'suggested'",
        "a.code, a.name, a.sector, p.name AS person, p.ref AS person_ref",
        "a.id",
    ),
    "links_broken": _resources(Need.BROKEN),
    "resources_review": _resources(Need.REVIEW),
    "resources_quality": _resources(Need.QUALITY),
    "infected": _whole("uploads_file u", INFECTED),
    "unscanned": Kind("uploads_file u", WAITING_LONG, lambda at: (at.now - WAITS_AT_MOST,), has_sessions=False),
    "held": _whole("messages_letter", "state = 'held'"),
    "letters": _whole("messages_letter", "state = 'failed'"),
}
_INSTANTS = ("starts_at", "ends_at", "offer_expires_at")
_DATES = ("decide_by", "final_numbers_by", "answered_on", "last_use", "completed_on")


def kinds_of(viewer: Viewer) -> list[str]:
    """The kinds that concern a viewer: sessions for who runs some, what the desk alone acts on for the desk, the rest for the whole team.

    The team are the desk and administrators.
    """
    runs, watches = viewer.is_desk or bool(viewer.organiser_agency_ids), viewer.is_desk or viewer.is_administrator
    return [name for name, kind in KINDS.items() if (runs if kind.has_sessions else viewer.is_desk if kind.is_for_desk else watches)]


async def counts(viewer: Viewer, *, now: datetime) -> dict[str, int]:
    """How many of each kind there are, in one statement."""
    names = kinds_of(viewer)
    if not names:
        return {}
    moment, scope = Moment(now), run_by(viewer)
    parts: list[str] = []
    values: list[object] = []
    for name in names:
        condition, params = _scoped(KINDS[name], scope, moment)
        parts.append(f"(SELECT count(*) FROM {KINDS[name].source} WHERE {condition}) AS {name}")
        values += params
    found = await rows(f"SELECT {', '.join(parts)}", *values)
    return {name: int(found[0][name]) for name in names}


async def listed(name: str, viewer: Viewer, *, now: datetime, limit: int, offset: int) -> Sequence[dict[str, Any]]:
    """The things of a kind that is listed here, the most pressing first; each of a session with its places."""
    kind = KINDS[name]
    condition, values = _scoped(kind, run_by(viewer), Moment(now))
    columns = {part.rpartition(" ")[2].rpartition(".")[2] for part in kind.columns.split(", ")}
    found = await rows(
        f"SELECT {kind.columns} FROM {kind.source} WHERE {condition} ORDER BY {kind.order} LIMIT ? OFFSET ?",
        *values,
        limit,
        offset,
        instants=[column for column in _INSTANTS if column in columns],
        dates=[column for column in _DATES if column in columns],
    )
    if kind.has_sessions:
        counted = await places({row["id"] for row in found}, now=now)
        for row in found:
            row["places"] = counted[row["id"]]
    return found


def _scoped(kind: Kind, scope: Scope, moment: Moment) -> tuple[str, tuple[object, ...]]:
    values = kind.values(moment)
    if not kind.has_sessions:
        return kind.condition, values
    return f"{kind.condition} AND ({scope.sql})", (*values, *scope.params)


async def days_to_next_paper(*, now: datetime) -> int | None:
    """Working days until the next board paper is due that is not signed off, below 0 once it was; None where there is none to show."""
    at = Moment(now)
    found = await open_papers(until=at.papers_until, today=at.today)
    return working_days_until(config.current().partnership.working_calendar, at.today, found[0].draft.paper_due_on) if found else None


@frozen
class NextSession:
    """A coming session with its places."""

    ref: str
    title: str
    starts_at: datetime
    ends_at: datetime
    delivery: str
    venue: str
    places: Places


async def next_sessions(viewer: Viewer, *, now: datetime, limit: int = 6) -> list[NextSession]:
    """The next sessions of those the viewer runs, in two statements."""
    scope = run_by(viewer)
    found = await rows(
        f"SELECT s.id, s.ref, {_TITLE}, s.starts_at, s.ends_at, s.delivery, coalesce(v.name, '') AS venue FROM {_SESSIONS}"
        f" WHERE s.state = 'published' AND s.ends_at > ? AND {_BY_NAME} AND ({scope.sql}) ORDER BY s.starts_at, s.id LIMIT ?",
        now,
        *scope.params,
        limit,
        instants=("starts_at", "ends_at"),
    )
    counted = await places([row["id"] for row in found], now=now)
    return [NextSession(**{name: value for name, value in row.items() if name != "id"}, places=counted[row["id"]]) for row in found]
