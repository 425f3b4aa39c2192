"""Asking about a session at other times: beforehand, twelve weeks later, and then those too who lead the learners."""

import secrets
from datetime import datetime, timedelta

from marstraining.core import config
from marstraining.core.clock import today_of
from marstraining.core.db import execute, transaction
from marstraining.core.errors import NotFound
from marstraining.core.viewer import Viewer
from marstraining.evaluation.actions.asking import ask_readers, open_kind
from marstraining.evaluation.queries.instruments import course_id_of
from marstraining.evaluation.queries.surveys import (
    booked_on,
    coming_to_sample,
    follow_ups_due,
    managers_due,
    managers_of,
    present_at,
    survey_by_id,
    survey_of_session,
)
from marstraining.evaluation.rules import asking as rule
from marstraining.evaluation.rules.asking import SurveyKind
from marstraining.evaluation.rules.instruments import InstrumentKind
from marstraining.history.actions import record


async def ask_follow_ups(*, now: datetime) -> int:
    """Ask again twelve weeks after a course; how many letters."""
    written = 0
    before = now - rule.FOLLOW_UP_AFTER
    for session in await follow_ups_due(ended_before=before, ended_after=before - rule.NO_LONGER_AFTER):
        if not rule.has_follow_up(session.course_kind):
            continue
        made = await open_kind(session, SurveyKind.FOLLOW_UP, closes_at=rule.closes_at(now), now=now)
        survey = await survey_by_id(made) if made else None
        if survey is not None:
            readers = await present_at(session.session_id)
            written += await ask_readers(survey, readers, InstrumentKind.FOLLOW_UP, closes_at=survey.closes_at, now=now)
    return written


async def ask_managers(*, now: datetime) -> int:
    """Ask the leads of those who came, twelve weeks after a session of a course that the desk chose for it; how many letters.

    A lead gets one letter for a session, whoever of theirs came, and none within a week of the last. Where nobody can be asked today
    it is looked at again, until it is too late to ask.
    """
    written = 0
    before = now - rule.FOLLOW_UP_AFTER
    for session in await managers_due(ended_before=before, ended_after=before - rule.NO_LONGER_AFTER):
        if not rule.has_follow_up(session.course_kind):
            continue
        readers = [
            one
            for one in await managers_of(session.session_id, on=today_of(now))
            if one.last_seldom_at is None or not rule.is_asked_too_often(InstrumentKind.MANAGER, [one.last_seldom_at], now=now)
        ]
        made = await open_kind(session, SurveyKind.MANAGER, closes_at=rule.closes_at(now), now=now) if readers else None
        survey = await survey_by_id(made) if made else None
        if survey is not None:
            written += await ask_readers(survey, readers, InstrumentKind.MANAGER, closes_at=survey.closes_at, now=now)
    return written


async def switch_managers(course_code: str, *, is_on: bool, by: Viewer, now: datetime) -> bool:
    """Ask the managers of those who come to a course from now on, or no longer; False where it was so already. NotFound for no course."""
    course_id = await course_id_of(course_code)
    if course_id is None:
        raise NotFound
    async with transaction():
        if is_on:
            moved = await execute("INSERT INTO evaluation_manager_course (course_id) VALUES (?) ON CONFLICT DO NOTHING", course_id)
        else:
            moved = await execute("DELETE FROM evaluation_manager_course WHERE course_id = ?", course_id)
        if moved:
            await record("ask_managers", by=by, now=now, subject_kind="course", subject_id=course_id, detail={"is_on": is_on})
    return bool(moved)


async def ask_beforehand(*, now: datetime) -> int:
    """Ask those booked on a random fifth of sessions where they stand before they come; how many letters.

    A session's secret is made with its first survey and lives until its follow-up has closed.
    """
    written = 0
    for session in await coming_to_sample(now=now):
        if not (rule.is_sampled(config.current().secret_key, session.session_id) and rule.has_follow_up(session.course_kind)):
            continue
        until = session.ends_at + rule.FOLLOW_UP_AFTER + rule.NO_LONGER_AFTER + timedelta(days=rule.CLOSES_AFTER_DAYS + 1)
        await execute(
            "INSERT INTO evaluation_secret (session_id, secret, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            session.session_id,
            secrets.token_hex(32),
            until,
        )
        await open_kind(session, SurveyKind.BEFORE, closes_at=session.starts_at, now=now)
        survey = await survey_of_session(session.session_id, SurveyKind.BEFORE)
        if survey is not None and survey.is_open(now):
            readers = await booked_on(session.session_id)
            written += await ask_readers(survey, readers, InstrumentKind.BEFORE, closes_at=session.starts_at, now=now)
    return written
