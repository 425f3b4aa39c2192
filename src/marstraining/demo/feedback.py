"""Feedback on the sessions of the last weeks: most of those who came answered, as people do, and some wrote something."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from marstraining.core.db import execute, transaction
from marstraining.core.tokens import hash_token, new_nonce, new_token
from marstraining.core.values import frozen
from marstraining.evaluation.actions.answering import write_form
from marstraining.evaluation.actions.asking import draw, open_kind, open_survey
from marstraining.evaluation.queries.surveys import (
    Asking,
    Reader,
    SurveyFacts,
    managers_of,
    present_at,
    session_to_ask,
    survey_by_id,
    survey_of_session,
    taken_registers,
)
from marstraining.evaluation.rules.answers import Comment, Given
from marstraining.evaluation.rules.asking import FOLLOW_UP_AFTER, SurveyKind, closes_at, pair_key
from marstraining.evaluation.rules.questions import SCALE_HIGH, Measure, Question, QuestionKind, all_questions

# Sessions that ended later than this are still being asked about, by the worker's own letters.
_CLOSED_AFTER = timedelta(days=16)
_SHARE = 0.72
_SAMPLED_EVERY = 3
_SHARES = {SurveyKind.BEFORE: 0.75, SurveyKind.AFTER: 0.8, SurveyKind.FOLLOW_UP: 0.55, SurveyKind.MANAGER: 0.6}
_CHANGED = (
    "We wrote the early help plan with the family in their own words, and they signed it.",
    "I rang the school before the strategy discussion, so we all had the same chronology in front of us.",
    "I see families on their own ground first now; the assessment is theirs as much as ours.",
    "We used the threshold document in a referral, and it was taken first time.",
    "I recognised the pattern at home much sooner and brought in early help the same day.",
    "Our team now shares information on the day and writes down why.",
    "I challenged a decision in the meeting, kindly, and we agreed another plan.",
    "The plan has targets that the family can see for themselves, and they do.",
    "A father came to the review for the first time, because I asked him what time would suit.",
    "I closed with support in place and went back after a month, as we had practised.",
)
_SEEN = (
    "Referrals from the team name the threshold and the evidence, in plain words.",
    "In supervision we begin with the plan of the family now, not with the paperwork.",
    "They ring other agencies earlier, and write down what was shared.",
    "Two of the team led a strategy discussion and were well prepared.",
)
_USED_WEIGHTS, _SEEN_WEIGHTS = (9, 7, 4, 4, 1), (8, 3, 2)
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
            await _invite(survey, reader, sent_at=sent_at, is_in=answers)
            if answers:
                await write_form(survey, _filled(rng, survey), new_token())
                written += 1
    return written


async def _invite(survey: SurveyFacts, reader: Reader, *, sent_at: datetime, is_in: bool) -> None:
    await execute(
        "INSERT INTO evaluation_invitation (id, survey_id, person_id, token_hash, nonce, sent_at, used, entries)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
        draw(), survey.id, reader.person_id, hash_token(new_token()), new_nonce(), sent_at, is_in,
    )  # fmt: skip


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


# ---- before, after and three months later -----------------------------------------------------------------------------


@frozen
class _Person:
    """Where somebody stood before the session, how much they then thought they had stood lower, gained, and lost again."""

    before: int
    lower: int
    gain: int
    lost: int

    def rated(self, kind: SurveyKind) -> tuple[int, int]:
        """Before today and now, as they answer at that time."""
        then = self.before - self.lower
        now = then + self.gain - (self.lost if kind is SurveyKind.FOLLOW_UP else 0)
        return (self.before, self.before) if kind is SurveyKind.BEFORE else (then, now)


async def write_later_feedback(rng: random.Random, session_ids: Sequence[int], *, now: datetime) -> int:
    """Closed surveys of these sessions: before and after for every third, three months later for all, managers' where they are asked."""
    written = 0
    for place, number in enumerate(session_ids):
        session = await session_to_ask(number)
        if session is None:
            continue
        readers = await present_at(number)
        people = {
            one.person_id: _Person(
                rng.choice((4, 5, 5, 6, 7)), rng.choice((0, 0, 1, 1, 2)), rng.choice((1, 2, 3, 3, 4)), rng.choice((0, 0, 0, 1, 1))
            )
            for one in readers
        }
        secret = ""
        if place % _SAMPLED_EVERY == 0:
            secret = new_token()
            await execute("INSERT INTO evaluation_secret (session_id, secret, until) VALUES (?, ?, ?)", number, secret, now)
            written += await _asked_at(
                rng, session, SurveyKind.BEFORE, readers, people, secret, sent_at=session.starts_at - timedelta(days=10)
            )
        written += await _asked_at(rng, session, SurveyKind.AFTER, readers, people, secret, sent_at=session.ends_at + timedelta(hours=20))
        later = session.ends_at + FOLLOW_UP_AFTER
        written += await _asked_at(rng, session, SurveyKind.FOLLOW_UP, readers, people, secret, sent_at=later)
        if await execute("UPDATE evaluation_manager_course SET course_id = course_id WHERE course_id = ?", session.course_id):
            leads = await managers_of(number, on=later.date())
            written += await _asked_at(rng, session, SurveyKind.MANAGER, leads, {}, "", sent_at=later)
    # The training team has looked at most of it since, and left a few for whoever opens the demo.
    await execute(
        "UPDATE evaluation_comment SET state = 'shown' WHERE state = 'waiting' AND id % 9 <> 0 AND survey_id IN (SELECT v.id"
        f" FROM evaluation_survey v WHERE v.session_id IN ({', '.join('?' * len(session_ids))}))",
        *session_ids,
    )
    return written


async def _asked_at(  # noqa: PLR0917 - one caller, every value a different thing
    rng: random.Random, session: Asking, kind: SurveyKind, readers: Sequence[Reader], people: Mapping[int, _Person], secret: str,
    *, sent_at: datetime,
) -> int:  # fmt: skip
    """A survey that was asked out then and has run out since, with the forms that came back."""
    ends = session.starts_at if kind is SurveyKind.BEFORE else closes_at(sent_at)
    await open_kind(session, kind, closes_at=ends, now=sent_at)
    survey = await survey_of_session(session.session_id, kind)
    if survey is None:
        return 0
    await execute("UPDATE evaluation_survey SET is_asked_out = ? WHERE id = ?", True, survey.id)
    written = 0
    async with transaction():
        for reader in readers:
            is_in = rng.random() < _SHARES[kind]
            await _invite(survey, reader, sent_at=sent_at, is_in=is_in)
            if is_in:
                form = _later_form(rng, survey, people.get(reader.person_id))
                await write_form(survey, form, new_token(), key=pair_key(secret, reader.person_id) if secret else "")
                written += 1
    return written


def _later_form(rng: random.Random, survey: SurveyFacts, person: _Person | None) -> Given:
    answers: dict[str, object] = {}
    comments: list[Comment] = []
    then, now = person.rated(survey.kind) if person else (0, 0)
    for one in all_questions(survey.sections):
        if one.is_text:
            texts = (_SEEN if survey.kind is SurveyKind.MANAGER else _CHANGED) if one.key == "changed" else _WRITTEN.get(one.key, ())[1:]
            if texts and rng.random() < 0.35 and (one.condition is None or one.condition.is_met(answers.get(one.condition.question))):
                comments.append(Comment(one.key, rng.choice(texts), may_quote=rng.random() < 0.7))
        elif one.measure in {Measure.CONFIDENCE, Measure.KNOWLEDGE} and person:
            answers[one.key] = _rated(rng, one, then, now)
        elif one.key == "used":
            weights = _USED_WEIGHTS if len(one.options) == len(_USED_WEIGHTS) else _SEEN_WEIGHTS
            answers[one.key] = rng.choices(one.options, weights)[0]
        elif one.kind is QuestionKind.SEVERAL:
            answers[one.key] = rng.sample(one.options[1:], rng.choice((1, 1, 2))) if rng.random() < 0.75 else [one.options[0]]
        else:
            answers[one.key] = _chosen(rng, one, then, now - then)
    return Given(answers, tuple(comments))


def _rated(rng: random.Random, question: Question, then: int, now: int) -> object:
    def near(value: int) -> int:
        return min(SCALE_HIGH, max(0, value + rng.choice((-1, 0, 0, 0, 1))))

    return [[near(then), near(now)] for _ in question.statements] if question.kind is QuestionKind.GRID else near(now)
