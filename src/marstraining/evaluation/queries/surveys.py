"""Surveys as those who answer, ask and close them need them."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from marstraining.core.db import rows
from marstraining.core.tokens import hash_token
from marstraining.core.values import frozen
from marstraining.evaluation.rules.asking import Mode, SurveyKind
from marstraining.evaluation.rules.instruments import InstrumentKind
from marstraining.evaluation.rules.questions import Section, sections_of
from marstraining.people.queries.leads import leads_of_staff

PRESENT = (
    "SELECT DISTINCT m.person_id FROM attendance_mark m WHERE m.session_id = s.id AND m.superseded_at IS NULL"
    " AND m.mark IN ('attended', 'partial') AND m.taken_as IN ('learner', 'walk_in', 'substitute')"
)
# Whether a survey `v` was taken together with others, for good: its own figures stay as they are.
POOLED = (
    "(EXISTS (SELECT 1 FROM evaluation_pool_member m WHERE m.survey_id = v.id) OR EXISTS (SELECT 1 FROM evaluation_block_member m"
    " JOIN evaluation_block b ON b.id = m.block_id WHERE m.survey_id = v.id AND m.kind IN ('follow_up', 'manager') AND b.surveys > 1))"
)
# Whether an invitation `i` to a survey `v` of a session `s` still holds: beforehand for those who are to come, afterwards for those who
# came, as their booking and their mark stand today. Takes the present instant.
STILL_ASKED = (
    "CASE v.kind WHEN 'before' THEN s.state = 'published' AND s.starts_at > ? AND EXISTS (SELECT 1 FROM bookings_booking b"
    " WHERE b.session_id = s.id AND b.learner_id = i.person_id AND b.state = 'confirmed')"
    f" WHEN 'after' THEN i.person_id IN ({PRESENT}) WHEN 'follow_up' THEN i.person_id IN ({PRESENT}) ELSE 1 = 1 END"
)
_TITLE = "CASE WHEN s.title = '' THEN c.title ELSE s.title END"


@frozen
class SurveyFacts:
    """A survey with the session it asks about, where it asks about one."""

    id: int
    ref: str
    kind: SurveyKind
    mode: Mode
    title: str
    session_id: int | None
    session_ref: str
    starts_at: datetime | None
    course_code: str
    version_id: int
    sections: tuple[Section, ...]
    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    by_letter: bool
    asked: int | None
    paper_asked: int

    @property
    def last_day(self) -> datetime:
        """A moment of the last day on which it can be answered: it closes at midnight."""
        return self.closes_at - timedelta(minutes=1)

    def is_open(self, now: datetime) -> bool:
        """Whether it can be answered; what is asked beforehand only until the session begins, wherever that was moved to."""
        has_begun = self.kind is SurveyKind.BEFORE and self.starts_at is not None and now >= self.starts_at
        return self.closed_at is None and self.opened_at <= now < self.closes_at and not has_begun


_SURVEY = (
    "SELECT v.id, v.ref, v.kind, v.mode, v.title, v.session_id, coalesce(s.ref, '') AS session_ref, s.starts_at,"
    " coalesce(c.code, '') AS course_code, v.version_id, v.sections, v.opened_at, v.closes_at, v.closed_at, v.by_letter, v.asked,"
    " v.paper_asked FROM evaluation_survey v LEFT JOIN programme_session s ON s.id = v.session_id"
    " LEFT JOIN programme_course c ON c.id = s.course_id"
)
_INSTANTS = ("starts_at", "opened_at", "closes_at", "closed_at")


def _facts(row: dict[str, Any]) -> SurveyFacts:
    row |= {"kind": SurveyKind(row["kind"]), "mode": Mode(row["mode"]), "sections": sections_of(json.loads(row["sections"]))}
    return SurveyFacts(**row)


async def _one(condition: str, *params: object) -> SurveyFacts | None:
    found = await rows(f"{_SURVEY} WHERE {condition}", *params, instants=_INSTANTS, flags=("by_letter",))
    return _facts(found[0]) if found else None


async def survey_by_ref(ref: str) -> SurveyFacts | None:
    return await _one("v.ref = ?", ref)


async def survey_by_id(survey_id: int) -> SurveyFacts | None:
    return await _one("v.id = ?", survey_id)


async def survey_of_session(session_id: int, kind: SurveyKind = SurveyKind.AFTER) -> SurveyFacts | None:
    """The survey of that kind which a session has, open or closed."""
    return await _one("v.session_id = ? AND v.kind = ?", session_id, kind.value)


@frozen
class Invited:
    """An invitation that a link opens."""

    id: int
    person_id: int
    used: bool
    survey: SurveyFacts


async def invited_by_token(token: str) -> Invited | None:
    """The invitation of a link; None for a link that never was."""
    found = await rows(
        "SELECT id, person_id, used, survey_id FROM evaluation_invitation WHERE token_hash = ?", hash_token(token), flags=("used",)
    )
    if not found:
        return None
    survey = await survey_by_id(found[0]["survey_id"])
    return Invited(found[0]["id"], found[0]["person_id"], found[0]["used"], survey) if survey else None


async def is_pooled(survey_id: int) -> bool:
    """Whether a closed survey is counted together with others, so that late forms change none of its figures."""
    return bool(await rows(f"SELECT v.id FROM evaluation_survey v WHERE v.id = ? AND {POOLED}", survey_id))


async def responses_so_far(survey_id: int) -> int:
    """How many forms came back: the only thing that anybody sees before a survey closes."""
    return int((await rows("SELECT count(*) AS n FROM evaluation_response WHERE survey_id = ?", survey_id))[0]["n"])


@frozen
class Asking:
    """A session whose learners are to be asked."""

    session_id: int
    course_id: int
    course_kind: str
    title: str
    starts_at: datetime
    ends_at: datetime
    outcomes: tuple[str, ...]


_ASKING = (
    f"SELECT s.id AS session_id, s.course_id, c.kind AS course_kind, {_TITLE} AS title, s.starts_at, s.ends_at, c.outcomes"
    " FROM programme_session s JOIN programme_course c ON c.id = s.course_id"
)


def _asking(row: dict[str, Any]) -> Asking:
    return Asking(**row | {"outcomes": tuple(json.loads(row["outcomes"]))})


async def session_to_ask(session_id: int) -> Asking | None:
    found = await rows(f"{_ASKING} WHERE s.id = ? AND s.state = 'published'", session_id, instants=("starts_at", "ends_at"))
    return _asking(found[0]) if found else None


async def taken_registers(*, after: datetime, limit: int = 50) -> list[Asking]:
    """Sessions with a locked register whose learners have not been written to, the earliest first; none that ended before `after`."""
    found = await rows(
        f"{_ASKING} JOIN attendance_register g ON g.session_id = s.id WHERE g.locked_at IS NOT NULL AND s.state = 'published'"
        " AND c.kind <> 'external' AND s.ends_at > ? AND NOT EXISTS (SELECT 1 FROM evaluation_survey v WHERE v.session_id = s.id"
        " AND v.kind = 'after' AND v.is_asked_out) ORDER BY s.ends_at, s.id LIMIT ?",
        after,
        limit,
        instants=("starts_at", "ends_at"),
    )
    return [_asking(row) for row in found]


async def follow_ups_due(*, ended_before: datetime, ended_after: datetime, limit: int = 50) -> list[Asking]:
    """Sessions that were evaluated and are as long ago as the follow-up asks for, without one."""
    found = await rows(
        f"{_ASKING} WHERE s.state = 'published' AND s.ends_at <= ? AND s.ends_at > ? AND EXISTS (SELECT 1 FROM evaluation_survey v"
        " WHERE v.session_id = s.id AND v.kind = 'after') AND NOT EXISTS (SELECT 1 FROM evaluation_survey f WHERE f.session_id = s.id"
        " AND f.kind = 'follow_up') ORDER BY s.ends_at, s.id LIMIT ?",
        ended_before,
        ended_after,
        limit,
        instants=("starts_at", "ends_at"),
    )
    return [_asking(row) for row in found]


async def coming_to_sample(*, now: datetime) -> list[Asking]:
    """Sessions to come that somebody is booked on and was not asked about beforehand."""
    found = await rows(
        f"{_ASKING} WHERE s.state = 'published' AND s.starts_at > ? AND NOT s.is_headcount_only AND c.kind <> 'external'"
        " AND EXISTS (SELECT 1 FROM bookings_booking b WHERE b.session_id = s.id AND b.state = 'confirmed' AND NOT EXISTS (SELECT 1"
        " FROM evaluation_invitation i JOIN evaluation_survey v ON v.id = i.survey_id WHERE v.session_id = s.id AND v.kind = 'before'"
        " AND i.person_id = b.learner_id)) ORDER BY s.starts_at, s.id",
        now,
        instants=("starts_at", "ends_at"),
    )
    return [_asking(row) for row in found]


@frozen
class Reader:
    """Somebody a survey's letter goes to; `address` "" is nobody to write to.

    `last_seldom_at` is when they were last sent what nobody is sent twice within a week: the short form, to a manager the managers' one.
    """

    person_id: int
    name: str
    address: str
    last_seldom_at: datetime | None


def _reader(instrument: InstrumentKind) -> str:
    return (
        "SELECT p.id AS person_id, p.name, CASE WHEN p.state = 'active' THEN coalesce(p.email, '') ELSE '' END AS address,"
        " (SELECT max(i.sent_at) FROM evaluation_invitation i JOIN evaluation_survey v ON v.id = i.survey_id"
        " JOIN evaluation_version n ON n.id = v.version_id JOIN evaluation_instrument t ON t.id = n.instrument_id"
        f" WHERE i.person_id = p.id AND t.kind = '{instrument.value}') AS last_seldom_at FROM people_person p"
    )


_READER = _reader(InstrumentKind.SHORT)


async def present_at(session_id: int) -> list[Reader]:
    """Learners who came to the whole or a part of a session."""
    found = await rows(
        f"{_READER} JOIN programme_session s ON s.id = ? WHERE p.id IN ({PRESENT}) ORDER BY p.id", session_id, instants=("last_seldom_at",)
    )
    return [Reader(**row) for row in found]


@frozen
class Present:
    """Where somebody who came was from on that day; "" where nobody said."""

    agency: str
    job_role: str


async def groups_present_at(session_id: int) -> list[Present]:
    """The organisation and the job role of each who came, by their mark and their booking, in no order that tells who is who."""
    found = await rows(
        "SELECT coalesce((SELECT a.name FROM people_agency a WHERE a.id = x.agency_id), '') AS agency, coalesce((SELECT b.job_role FROM"
        " bookings_booking b WHERE b.session_id = x.session_id AND b.learner_id = x.person_id AND b.state = 'confirmed'),"
        " (SELECT min(o.job_role) FROM people_position o WHERE o.person_id = x.person_id AND o.agency_id = x.agency_id"
        " AND o.ends_on IS NULL), '') AS job_role FROM (SELECT m.session_id, m.person_id, min(m.agency_id) AS agency_id"
        " FROM attendance_mark m WHERE m.session_id = ? AND m.superseded_at IS NULL AND m.mark IN ('attended', 'partial')"
        " AND m.taken_as IN ('learner', 'walk_in', 'substitute') GROUP BY m.session_id, m.person_id) x ORDER BY agency, job_role",
        session_id,
    )
    return [Present(**row) for row in found]


async def booked_on(session_id: int) -> list[Reader]:
    found = await rows(
        f"{_READER} JOIN bookings_booking b ON b.learner_id = p.id AND b.state = 'confirmed' WHERE b.session_id = ? ORDER BY p.id",
        session_id,
        instants=("last_seldom_at",),
    )
    return [Reader(**row) for row in found]


async def staff_of(agencies: Sequence[str], sectors: Sequence[str], *, leads_only: bool) -> list[Reader]:
    """Who works at agencies of these codes or in these sectors today, or leads them."""
    marks = [", ".join("?" * len(part)) or "NULL" for part in (agencies, sectors)]
    of_agency = f"SELECT a.id FROM people_agency a WHERE a.state = 'listed' AND (a.code IN ({marks[0]}) OR a.sector IN ({marks[1]}))"
    works = f"SELECT o.person_id FROM people_position o WHERE o.ends_on IS NULL AND o.agency_id IN ({of_agency})"
    leads = (
        f"SELECT g.person_id FROM people_role_grant g WHERE g.role = 'agency_lead' AND g.ended_at IS NULL AND g.agency_id IN ({of_agency})"
    )
    values = (*agencies, *sectors)
    condition = f"p.id IN ({leads})" if leads_only else f"(p.id IN ({works}) OR p.id IN ({leads}))"
    found = await rows(
        f"{_READER} WHERE p.state = 'active' AND p.email IS NOT NULL AND {condition} ORDER BY p.id",
        *(values if leads_only else values * 2),
        instants=("last_seldom_at",),
    )
    return [Reader(**row) for row in found]


async def managers_of(session_id: int, *, on: date) -> list[Reader]:
    """Who leads somebody who came to a session, today, and can be written to; nobody is asked about themselves alone."""
    came = [one.person_id for one in await present_at(session_id)]
    leads = sorted({one.lead_id for one in await leads_of_staff(came, on=on)})
    if not leads:
        return []
    found = await rows(
        f"{_reader(InstrumentKind.MANAGER)} WHERE p.id IN ({', '.join('?' * len(leads))}) ORDER BY p.id",
        *leads,
        instants=("last_seldom_at",),
    )
    return [Reader(**row) for row in found if row["address"]]


async def managers_due(*, ended_before: datetime, ended_after: datetime) -> list[Asking]:
    """Sessions with a taken register as long ago as the follow-up asks for, of courses whose managers are asked, without such a survey.

    All of them: those of which nobody can be asked yet must not stand in the way of others.
    """
    found = await rows(
        f"{_ASKING} JOIN evaluation_manager_course k ON k.course_id = c.id JOIN attendance_register g ON g.session_id = s.id"
        " WHERE g.locked_at IS NOT NULL AND s.state = 'published' AND s.ends_at <= ? AND s.ends_at > ? AND NOT EXISTS (SELECT 1"
        " FROM evaluation_survey f WHERE f.session_id = s.id AND f.kind = 'manager') ORDER BY s.ends_at, s.id",
        ended_before,
        ended_after,
        instants=("starts_at", "ends_at"),
    )
    return [_asking(row) for row in found]


async def asks_managers(course_code: str) -> bool:
    """Whether the managers of those who come to a course are asked."""
    return bool(
        await rows(
            "SELECT 1 AS one FROM evaluation_manager_course k JOIN programme_course c ON c.id = k.course_id WHERE c.code = ?", course_code
        )
    )


@frozen
class ToRemind:
    """An invitation without an answer, in a survey that is open."""

    id: int
    survey_id: int
    nonce: str
    person_id: int
    name: str
    address: str
    title: str
    kind: SurveyKind
    instrument: InstrumentKind
    starts_at: datetime | None
    session_id: int | None
    closes_at: datetime
    mode: Mode
    sent_at: datetime
    reminded_at: datetime | None


async def unanswered(*, now: datetime, sent_before: datetime) -> list[ToRemind]:
    """Who was written to, has not answered and is still to answer, of open surveys."""
    found = await rows(
        "SELECT i.id, i.survey_id, i.nonce, p.id AS person_id, p.name, p.email AS address, v.title, v.kind, t.kind AS instrument,"
        " s.starts_at, v.session_id, v.closes_at, v.mode, i.sent_at, i.reminded_at FROM evaluation_invitation i"
        " JOIN evaluation_survey v ON v.id = i.survey_id JOIN evaluation_version n ON n.id = v.version_id"
        " JOIN evaluation_instrument t ON t.id = n.instrument_id JOIN people_person p ON p.id = i.person_id"
        " LEFT JOIN programme_session s ON s.id = v.session_id WHERE v.closed_at IS NULL AND v.closes_at > ? AND v.by_letter"
        " AND i.sent_at IS NOT NULL AND i.sent_at < ? AND NOT i.used AND p.state = 'active' AND p.email IS NOT NULL"
        f" AND {STILL_ASKED} ORDER BY i.id",
        now,
        sent_before,
        now,
        instants=("starts_at", "closes_at", "sent_at", "reminded_at"),
    )
    return [
        ToRemind(**row | {"kind": SurveyKind(row["kind"]), "instrument": InstrumentKind(row["instrument"]), "mode": Mode(row["mode"])})
        for row in found
    ]
