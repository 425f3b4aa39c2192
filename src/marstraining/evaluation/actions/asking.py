"""Asking: opening surveys, writing to those who were there, reminding those who have not answered."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from marstraining.bookings.letters import date_words
from marstraining.core import config
from marstraining.core.db import execute, hold, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import derive_ref, derive_token, hash_token, new_nonce, new_ref
from marstraining.core.viewer import Viewer
from marstraining.evaluation.actions.instruments import version_for
from marstraining.evaluation.models import Survey
from marstraining.evaluation.queries.surveys import (
    Asking,
    Reader,
    SurveyFacts,
    ToRemind,
    groups_present_at,
    present_at,
    session_to_ask,
    staff_of,
    survey_by_id,
    survey_of_session,
    taken_registers,
    unanswered,
)
from marstraining.evaluation.rules import asking as rule
from marstraining.evaluation.rules.asking import PURPOSE, Mode, SurveyKind
from marstraining.evaluation.rules.groups import group_section, with_groups
from marstraining.evaluation.rules.instruments import InstrumentKind
from marstraining.evaluation.rules.late import HELD_ABOVE
from marstraining.evaluation.rules.later import statements_of
from marstraining.evaluation.rules.questions import for_course, sections_of
from marstraining.history.actions import record
from marstraining.messages.actions import queue_letters
from marstraining.messages.rules import Letter, Priority, Recipient

_INSERT = (
    "INSERT INTO evaluation_survey (ref, kind, mode, title, session_id, version_id, sections, chosen, opened_at, closes_at, is_asked_out,"
    " by_letter, paper_asked, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING RETURNING id"
)
_INSTRUMENT_OF = {
    SurveyKind.BEFORE: InstrumentKind.BEFORE,
    SurveyKind.FOLLOW_UP: InstrumentKind.FOLLOW_UP,
    SurveyKind.MANAGER: InstrumentKind.MANAGER,
    SurveyKind.PARTNERSHIP: InstrumentKind.PARTNERSHIP,
}


def draw() -> int:
    """A number drawn at random for a row whose place in its table must say nothing."""
    return secrets.randbelow(HELD_ABOVE) + 1


async def open_survey(session_id: int, *, now: datetime) -> SurveyFacts:
    """The survey of a session, opened now if nobody has: in the room, or once the register is taken. NotFound where none takes place."""
    found = await survey_of_session(session_id)
    if found is not None:
        return found
    session = await session_to_ask(session_id)
    if session is None:
        raise NotFound
    await open_kind(session, SurveyKind.AFTER, closes_at=rule.closes_at(max(now, session.ends_at)), now=now)
    made = await survey_of_session(session_id)
    if made is None:
        raise NotFound
    return made


async def open_kind(session: Asking, kind: SurveyKind, *, closes_at: datetime, now: datetime) -> int | None:
    """Open a survey of that kind for a session: its number, None where there is one already or nothing to ask.

    What is asked before and three months later are the lines of the survey after the session, so that answers can be held against
    each other. Managers answer without a name whatever their learners do.
    """
    version_id, stored = await version_for(_instrument(session, kind), course_id=session.course_id, now=now)
    sections = for_course(sections_of(json.loads(stored)), await _lines(session, kind, now=now))
    if not sections:
        return None
    has_secret = bool(await rows("SELECT 1 AS one FROM evaluation_secret WHERE session_id = ?", session.session_id))
    mode = Mode.CONFIDENTIAL if has_secret and kind is not SurveyKind.MANAGER else Mode.ANONYMOUS
    asked = json.dumps([one.as_json() for one in sections])
    made = await rows(
        _INSERT,
        new_ref(), kind.value, mode.value, session.title, session.session_id, version_id, asked, "{}", now, closes_at, False, True,
    )  # fmt: skip
    return int(made[0]["id"]) if made else None


def _instrument(session: Asking, kind: SurveyKind) -> InstrumentKind:
    return _INSTRUMENT_OF.get(kind) or rule.default_instrument(session.course_kind)


async def _lines(session: Asking, kind: SurveyKind, *, now: datetime) -> tuple[str, ...]:
    """What a survey's statements are: the course's outcomes after the session, and what is asked then at other times."""
    if kind is SurveyKind.AFTER:
        return session.outcomes
    held = await survey_of_session(session.session_id)
    if held is not None:
        found = statements_of(held.sections)
    else:
        _, stored = await version_for(_instrument(session, SurveyKind.AFTER), course_id=session.course_id, now=now)
        found = statements_of(for_course(sections_of(json.loads(stored)), session.outcomes))
    return found[: rule.BEFORE_STATEMENTS] if kind is SurveyKind.BEFORE else found


async def ask_after_sessions(*, now: datetime) -> int:
    """Write to those marked present once their register is locked; how many letters. Safe to run twice and in many workers."""
    written = 0
    for session in await taken_registers(after=now - rule.NO_LONGER_AFTER):
        survey = await open_survey(session.session_id, now=now)
        readers = await present_at(session.session_id)
        kind = rule.default_instrument(session.course_kind)
        if kind is not InstrumentKind.SHORT:
            await _offer_groups(survey, session.session_id)
        written += await ask_readers(survey, readers, kind, closes_at=rule.closes_at(now), now=now)
    return written


async def _offer_groups(survey: SurveyFacts, session_id: int) -> None:
    """Ask where people come from, where the register shows enough of each group; forms that are in by then name none."""
    present = await groups_present_at(session_id)
    section = group_section([one.agency for one in present], [one.job_role for one in present])
    sections = with_groups(survey.sections, section) if section else None
    if sections is not None:
        await execute(
            "UPDATE evaluation_survey SET sections = ? WHERE id = ? AND NOT is_asked_out",
            json.dumps([one.as_json() for one in sections]),
            survey.id,
        )


async def partners_reached(agencies: Sequence[str], sectors: Sequence[str], *, leads_only: bool) -> list[Reader]:
    """Whom a survey would go to: those of the sectors, and of the organisations besides. Refused where that is nobody."""
    if not agencies and not sectors:
        raise Refused("Choose at least one organisation or sector.", code="nobody", field="agencies")
    readers = await staff_of(agencies, sectors, leads_only=leads_only)
    if not readers:
        whom = "No lead of these organisations has an email address" if leads_only else "Nobody with an email address works there"
        raise Refused(f"{whom}, so nobody would get it.", code="nobody", field="agencies")
    return readers


async def ask_partners(
    title: str,
    instrument_ref: str,
    *,
    agencies: Sequence[str],
    sectors: Sequence[str],
    leads_only: bool,
    days: int,
    submission_id: str,
    by: Viewer,
    now: datetime,
) -> str:
    """Send a survey of its own to organisations and sectors, with all its letters or not at all; its reference.

    The same sent twice under one submission is one survey. Refused where it would reach nobody.
    """
    readers = await partners_reached(agencies, sectors, leads_only=leads_only)
    found = await rows(
        "SELECT n.id, n.sections FROM evaluation_instrument t JOIN evaluation_version n ON n.instrument_id = t.id WHERE t.ref = ?"
        " AND t.kind = 'partnership' ORDER BY n.number DESC LIMIT 1",
        instrument_ref,
    )
    if not found:
        raise NotFound
    chosen = json.dumps({"agencies": list(agencies), "sectors": list(sectors)})
    sent = json.dumps([submission_id, title, instrument_ref, chosen, leads_only, days])
    ref, closes_at = derive_ref(config.current().secret_key, "partnership-survey", sent), rule.closes_at(now, days=days)
    async with transaction():
        made = await rows(
            _INSERT,
            ref, SurveyKind.PARTNERSHIP.value, Mode.ANONYMOUS.value, title, None, found[0]["id"], found[0]["sections"], chosen, now,
            closes_at, False, True,
        )  # fmt: skip
        survey = await survey_by_id(made[0]["id"]) if made else None
        if survey is not None:
            written = await ask_readers(survey, readers, InstrumentKind.PARTNERSHIP, closes_at=closes_at, now=now)
            await record("ask_partners", by=by, now=now, subject_kind="survey", subject_id=survey.id, detail={"letters": written})
    return ref


async def ask_readers(survey: SurveyFacts, readers: Sequence[Reader], kind: InstrumentKind, *, closes_at: datetime, now: datetime) -> int:
    """Invite and write to everybody who has not been, in one transaction; whoever answered in the room gets no letter.

    Nobody is written to about a survey that has closed meanwhile, since nobody could answer it.
    """
    async with transaction():
        await hold(Survey, survey.id)
        state = await rows(
            "SELECT is_asked_out, by_letter, closed_at IS NOT NULL AS is_closed FROM evaluation_survey WHERE id = ?",
            survey.id,
            flags=("is_asked_out", "by_letter", "is_closed"),
        )
        if state[0]["is_asked_out"] and survey.kind is not SurveyKind.BEFORE:
            return 0
        if state[0]["is_closed"]:
            await execute("UPDATE evaluation_survey SET is_asked_out = ? WHERE id = ?", True, survey.id)
            return 0
        await execute("UPDATE evaluation_survey SET is_asked_out = ?, closes_at = ? WHERE id = ?", True, closes_at, survey.id)
        known = {
            row["person_id"]: row
            for row in await rows(
                "SELECT id, person_id, nonce, used, sent_at FROM evaluation_invitation WHERE survey_id = ?", survey.id, flags=("used",)
            )
        }
        letters: list[Letter] = []
        for reader in readers:
            row = known.get(reader.person_id)
            asks = bool(reader.address) and state[0]["by_letter"]
            if asks and reader.last_seldom_at is not None:
                asks = not rule.is_asked_too_often(kind, [reader.last_seldom_at], now=now)
            if row is None:
                invitation_id, nonce = draw(), new_nonce()
                await _invite(invitation_id, survey.id, reader.person_id, nonce, sent_at=now if asks else None)
            elif row["used"] or row["sent_at"]:
                continue
            else:
                invitation_id, nonce = row["id"], row["nonce"]
                if asks:
                    await execute("UPDATE evaluation_invitation SET sent_at = ? WHERE id = ?", now, invitation_id)
            if asks:
                letters.append(_letter(survey, reader, invitation_id, nonce, kind, closes_at=closes_at))
        if letters:
            await queue_letters(letters, now=now)
    return len(letters)


async def _invite(invitation_id: int, survey_id: int, person_id: int, nonce: str, *, sent_at: datetime | None) -> None:
    await execute(
        "INSERT INTO evaluation_invitation (id, survey_id, person_id, token_hash, nonce, sent_at, used, entries)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
        invitation_id,
        survey_id,
        person_id,
        hash_token(derive_token(config.current().secret_key, PURPOSE, invitation_id, nonce)),
        nonce,
        sent_at,
        False,
    )


async def invite_in_the_room(survey_id: int, person_id: int) -> None:
    """An invitation without a letter, for whoever answers before the register is taken; one that stands stays as it is."""
    await _invite(draw(), survey_id, person_id, new_nonce(), sent_at=None)


def _letter(survey: SurveyFacts, reader: Reader, invitation_id: int, nonce: str, kind: InstrumentKind, *, closes_at: datetime) -> Letter:
    return Letter(
        key=f"evaluation-{survey.id}-{reader.person_id}",
        template="evaluation_asked",
        to=Recipient(address=reader.address, name=reader.name, person_id=reader.person_id),
        priority=Priority.REMINDER,
        context=_context(
            survey.title,
            reader.name,
            kind=survey.kind,
            instrument=kind,
            starts_at=survey.starts_at,
            closes_at=closes_at,
            mode=survey.mode.value,
        ),
        tokens={"answer": (PURPOSE, invitation_id, nonce)},
        expires_at=closes_at,
        session_id=survey.session_id,
    )


def _context(
    title: str,
    name: str,
    *,
    kind: SurveyKind,
    instrument: InstrumentKind,
    starts_at: datetime | None,
    closes_at: datetime,
    mode: str,
) -> dict[str, object]:
    last = closes_at - timedelta(minutes=1)
    return {
        "name": name,
        "title": title,
        "kind": kind.value,
        "is_short": instrument is InstrumentKind.SHORT,
        "date": date_words(starts_at) if starts_at else "",
        "last_day": date_words(last),
        "mode": mode,
    }


async def remind_of_surveys(*, now: datetime) -> int:
    """Write on days 3 and 7 to those who have not answered, and to nobody else; how many letters."""
    written = 0
    for one in await unanswered(now=now, sent_before=now - timedelta(days=2)):
        days = rule.reminder_due(one.sent_at, [one.reminded_at] if one.reminded_at else [], now=now)
        if days is not None:
            written += await _remind(one, days, now=now)
    return written


async def _remind(one: ToRemind, days: int, *, now: datetime) -> int:
    async with transaction():
        # Whoever moves `reminded_at` writes the letter; somebody who answered meanwhile gets none.
        before = "reminded_at IS NULL" if one.reminded_at is None else "reminded_at = ?"
        moved = await execute(
            f"UPDATE evaluation_invitation SET reminded_at = ? WHERE id = ? AND NOT used AND {before}",
            now,
            one.id,
            *([] if one.reminded_at is None else [one.reminded_at]),
        )
        if not moved:
            return 0
        letter = Letter(
            key=f"evaluation-{one.survey_id}-{one.person_id}-{days}",
            template="evaluation_reminder",
            to=Recipient(address=one.address, name=one.name, person_id=one.person_id),
            priority=Priority.REMINDER,
            context=_context(
                one.title,
                one.name,
                kind=one.kind,
                instrument=one.instrument,
                starts_at=one.starts_at,
                closes_at=one.closes_at,
                mode=one.mode.value,
            ),
            tokens={"answer": (PURPOSE, one.id, one.nonce)},
            expires_at=one.closes_at,
            session_id=one.session_id,
        )
        await queue_letters([letter], now=now)
    return 1


async def give_on_paper(survey_id: int, *, handed_out: int, by: Viewer, now: datetime) -> None:
    """Say that a session's survey is given on paper: nobody is written to about it. Refused for a number that cannot be."""
    if not 0 <= handed_out <= 2000:
        raise Refused("Enter how many forms were handed out, up to 2,000.", code="number", field="handed_out")
    async with transaction():
        if not await hold(Survey, survey_id):
            raise NotFound
        await execute("UPDATE evaluation_survey SET by_letter = ?, paper_asked = ? WHERE id = ?", False, handed_out, survey_id)
        await record("give_survey_on_paper", by=by, now=now, subject_kind="survey", subject_id=survey_id)
