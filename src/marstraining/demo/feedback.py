"""Feedback on the sessions of the last weeks: most of those who came answered, as people do, and some wrote something."""

import random
from datetime import datetime, timedelta

from marstraining.core.db import execute, transaction
from marstraining.core.tokens import hash_token, new_nonce, new_token
from marstraining.evaluation.actions.answering import write_form
from marstraining.evaluation.actions.asking import draw, open_survey
from marstraining.evaluation.queries.surveys import SurveyFacts, present_at, survey_by_id, taken_registers
from marstraining.evaluation.rules.answers import Comment, Given
from marstraining.evaluation.rules.asking import closes_at
from marstraining.evaluation.rules.questions import SCALE_HIGH, Question, QuestionKind, all_questions

# Sessions that ended later than this are still being asked about, by the worker's own letters.
_CLOSED_AFTER = timedelta(days=16)
_SHARE = 0.72
_WRITTEN = {
    "intention": (
        "Ask the child on their own, and write down their words.",
        "Ring the school before the meeting, not after it.",
        "Use the threshold document in supervision.",
    ),
    "useful": ("The case in small groups.", "Hearing how health and police see the same family.", "The trainer's examples from practice."),
    "improve": ("More time for questions.", "The room was cold.", "Send the slides beforehand."),
}


async def write_feedback(rng: random.Random, *, now: datetime) -> int:
    """Forms of sessions whose survey has run out; the worker closes them and adds them up. How many forms."""
    written = 0
    for session in await taken_registers(after=now - timedelta(days=100), limit=200):
        if session.ends_at > now - _CLOSED_AFTER:
            continue
        opened = await open_survey(session.session_id, now=session.ends_at)
        await execute(
            "UPDATE evaluation_survey SET is_asked_out = ?, closes_at = ? WHERE id = ?", True, closes_at(session.ends_at), opened.id
        )
        survey = await survey_by_id(opened.id)
        if survey is not None:
            written += await _forms_of(rng, survey, sent_at=session.ends_at + timedelta(hours=20))
    return written


async def _forms_of(rng: random.Random, survey: SurveyFacts, *, sent_at: datetime) -> int:
    written = 0
    async with transaction():
        for reader in await present_at(survey.session_id or 0):
            answers = rng.random() < _SHARE
            await execute(
                "INSERT INTO evaluation_invitation (id, survey_id, person_id, token_hash, nonce, sent_at, used, entries)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
                draw(), survey.id, reader.person_id, hash_token(new_token()), new_nonce(), sent_at, answers,
            )  # fmt: skip
            if answers:
                await write_form(survey, _filled(rng, survey), new_token())
                written += 1
    return written


def _filled(rng: random.Random, survey: SurveyFacts) -> Given:
    """Somebody who has learnt something, or was there already, and who leaves out what they do not care about."""
    answers: dict[str, object] = {}
    comments: list[Comment] = []
    before, gain = rng.choice((3, 4, 4, 5, 6, 8)), rng.choice((0, 1, 2, 2, 3, 3, 4))
    for one in all_questions(survey.sections):
        if one.is_text:
            if one.key in _WRITTEN and rng.random() < 0.3:
                comments.append(Comment(one.key, rng.choice(_WRITTEN[one.key]), may_quote=rng.random() < 0.6))
        elif rng.random() < 0.95:
            answers[one.key] = _chosen(rng, one, before, gain)
    return Given(answers, tuple(comments))


def _chosen(rng: random.Random, question: Question, before: int, gain: int) -> object:
    if question.kind is QuestionKind.GRID:
        lines = []
        for _ in question.statements:
            then = min(SCALE_HIGH, max(0, before + rng.choice((-1, 0, 0, 1))))
            lines.append([then, min(SCALE_HIGH, max(0, then + gain + rng.choice((-1, 0, 0, 1))))])
        return lines
    if question.kind is QuestionKind.SCALE:
        return rng.randint(5, SCALE_HIGH)
    if question.kind is QuestionKind.NUMBER:
        return rng.randint(0, 20)
    weights = [1, 2, 4, 10, 9] if len(question.options) == 5 else [9] + [1] * (len(question.options) - 1)
    chosen = rng.choices(question.options, weights)[0]
    return [chosen] if question.kind is QuestionKind.SEVERAL else chosen
