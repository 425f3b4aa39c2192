"""Answering: by the link of a letter, in the room, and on paper. Nothing here is written to history, and nothing has a time."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from marstraining.core import config
from marstraining.core.db import execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import hash_token
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.evaluation.actions.asking import draw, invite_in_the_room
from marstraining.evaluation.queries.invited import own_invitation
from marstraining.evaluation.queries.surveys import Invited, SurveyFacts, invited_by_token, survey_by_ref
from marstraining.evaluation.rules.answers import Comment, Given
from marstraining.evaluation.rules.asking import ROOM_ENTRIES, CommentState, Mode, pair_key
from marstraining.evaluation.rules.late import HELD_ABOVE
from marstraining.evaluation.rules.steps import given_of, read_code, steps_of
from marstraining.history.actions import record
from marstraining.people.actions.limits import check_and_count
from marstraining.safety.gate import gate
from marstraining.safety.rules import Kind, Level, found_details

CLOSED = "This survey has closed. Thank you all the same."


class Sent(StrEnum):
    """What became of a form: taken, or not for a second time."""

    TAKEN = "taken"
    ALREADY = "already"


@frozen
class Worry:
    """Fields of a form whose words may be about somebody at risk, and what kind of worry it is; the words are in none of it."""

    fields: tuple[str, ...]
    kinds: tuple[Kind, ...]


def worries_in(comments: Sequence[Comment]) -> Worry | None:
    """Whether anything written is so urgent that it must be told to a person and not to a form; it is then never stored."""
    found = [(one.question, verdict) for one in comments if (verdict := gate(one.text)).level is Level.URGENT]
    if not found:
        return None
    kinds = tuple(dict.fromkeys(kind for _, verdict in found for kind in verdict.kinds))
    return Worry(tuple(question for question, _ in found), kinds)


def state_of(text: str) -> CommentState:
    """What the desk does with a comment: look at it, or leave it to the coordinator where it may name a child or an allegation."""
    is_grave = gate(text).level is not Level.NONE or bool(found_details(text))
    return CommentState.SET_ASIDE if is_grave else CommentState.WAITING


async def answer_by_link(token: str, given: Given, submission_id: str, *, now: datetime) -> Sent:
    """Take the form of somebody who was invited, and mark the invitation as used, in one transaction that joins the two by nothing.

    The same submission sent twice counts once. NotFound for a link that never was; Refused once the survey has closed. Worries must
    have been looked for before (`worries_in`).
    """
    invited = await invited_by_token(token)
    if invited is None:
        raise NotFound
    if not invited.survey.is_open(now):
        raise Refused(CLOSED, code="closed")
    return await _take(invited, given, submission_id)


async def answer_by_buttons(ref: str, code: str, *, by: Viewer, now: datetime) -> Sent:
    """Take what somebody pressed in the chat, who was invited by letter: the same transaction as by their link.

    The code is all that there is of it (`rules.steps`). NotFound for a survey that they were not asked, or a code that it cannot have;
    Refused once it has closed, or where nothing was answered.
    """
    own = await own_invitation(ref, by.person_id) if by.person_id is not None else None
    if own is None:
        raise NotFound
    if own.invited.used:
        return Sent.ALREADY
    survey = own.invited.survey
    if not survey.is_open(now):
        raise Refused(CLOSED, code="closed")
    if read_code(steps_of(survey.sections), code) is None:
        raise NotFound
    given = given_of(survey.sections, code)
    if given.is_empty:
        raise Refused("Answer at least one question before you send it.", code="empty")
    return await _take(own.invited, given, secrets.token_hex(16))


async def _take(invited: Invited, given: Given, submission_id: str) -> Sent:
    key = await _pair_key(invited.survey, invited.person_id)
    async with transaction():
        if not await execute("UPDATE evaluation_invitation SET used = ? WHERE id = ? AND NOT used", True, invited.id):
            return Sent.ALREADY
        await write_form(invited.survey, given, _hashed(submission_id), key=key)
    return Sent.TAKEN


async def _pair_key(survey: SurveyFacts, person_id: int) -> str:
    if survey.mode is not Mode.CONFIDENTIAL:
        return ""
    found = await rows("SELECT secret FROM evaluation_secret WHERE session_id = ?", survey.session_id)
    return pair_key(found[0]["secret"], person_id) if found else ""


async def write_form(survey: SurveyFacts, given: Given, submission_id: str, *, key: str = "") -> bool:
    """One response and its comments, inside the caller's transaction; False, and nothing written, where the submission was taken before.

    Comments of a form that comes after the survey has closed are held until a step counts it (`rules.late`).
    """
    made = await rows(
        "INSERT INTO evaluation_response (id, survey_id, submission_id, answers, flags, pair_key) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING id",
        draw(),
        survey.id,
        submission_id,
        json.dumps(given.answers),
        json.dumps([one.value for one in given.flags]),
        key,
    )
    if not made:
        return False
    is_late = bool(given.comments) and bool(
        await rows("SELECT 1 AS one FROM evaluation_survey WHERE id = ? AND closed_at IS NOT NULL", survey.id)
    )
    for comment in given.comments:
        await execute(
            "INSERT INTO evaluation_comment (id, survey_id, question, text, may_quote, state) VALUES (?, ?, ?, ?, ?, ?)",
            draw() + (HELD_ABOVE if is_late else 0),
            survey.id,
            comment.question,
            comment.text,
            comment.may_quote,
            state_of(comment.text).value,
        )
    return True


def _hashed(submission_id: str) -> str:
    return hash_token(f"submission|{submission_id}")


# ---- in the room ----------------------------------------------------------------------------------------------------
# Whoever enters is marked as having answered and gets a pass. A pass that opens the form says nothing of whom it was made for: random
# digits and a proof of them. Whoever is not on the list gets one without a proof, which looks the same and leads to the same pages; what
# they send is left, and every page of the room says so to everybody. Counted, one phone could fill in as many forms as it liked, and
# whoever sent them would find the others' by subtraction.


def _proof(survey_ref: str, number: str) -> str:
    key = config.current().secret_key.encode()
    return hmac.new(key, f"evaluation-pass|{survey_ref}|{number}".encode(), hashlib.sha256).hexdigest()[:32]


def is_true_pass(survey_ref: str, given: str) -> bool:
    """Whether a pass was given to somebody on the list."""
    number, _, proof = given.partition("-")
    return hmac.compare_digest(_proof(survey_ref, number).encode(), proof.encode())


# A conference is one network, and each of 150 people may come in twice. Every entry counts alike, so that being let in tells nothing.
_WINDOW = timedelta(minutes=15)
_ENTRIES_BY_NETWORK, _ENTRIES_BY_SURVEY, _FORMS_BY_NETWORK = 300, 600, 600
_WAIT = "Very many people have opened this form in the last minutes. Wait a quarter of an hour, or use the link in our email."


async def _count(kind: str, key: str, *, most: int, now: datetime) -> None:
    """Count one entry or form. Its time is kept to the quarter of an hour alone, since nothing here may say when somebody answered."""
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    await check_and_count(kind, key, most=most, within=_WINDOW, sentence=_WAIT, now=quarter)


async def enter_the_room(ref: str, typed: str, *, network: str, now: datetime) -> str:
    """A pass to the blind form of a survey, alike whatever was typed: the booked e-mail address, the check-in code, or anything else.

    Whoever is booked on the session is marked as having answered; nothing joins that to the form. Refused once the survey has closed;
    TooFast over so many entries from a network or to a survey, whatever was typed.
    """
    survey = await survey_by_ref(ref)
    if survey is None or survey.session_id is None:
        raise NotFound
    if not survey.is_open(now):
        raise Refused(CLOSED, code="closed")
    await _count("room-entry", f"network:{network}", most=_ENTRIES_BY_NETWORK, now=now)
    await _count("room-entry", f"survey:{ref}", most=_ENTRIES_BY_SURVEY, now=now)
    number = secrets.token_hex(16)
    person_id = await _booked(survey.session_id, typed)
    is_let_in = person_id is not None and await _mark_used(survey.id, person_id)
    return f"{number}-{_proof(ref, number) if is_let_in else secrets.token_hex(16)}"


async def _booked(session_id: int, typed: str) -> int | None:
    plain = "".join(typed.split()).casefold()
    found = await rows(
        "SELECT b.learner_id FROM bookings_booking b JOIN people_person p ON p.id = b.learner_id WHERE b.session_id = ?"
        " AND b.state = 'confirmed' AND (p.email = ? OR p.second_email = ? OR b.check_in_code = ?) UNION SELECT m.person_id"
        " FROM attendance_mark m JOIN people_person q ON q.id = m.person_id WHERE m.session_id = ? AND m.superseded_at IS NULL"
        " AND m.mark IN ('attended', 'partial') AND m.taken_as IN ('learner', 'walk_in', 'substitute')"
        " AND (q.email = ? OR q.second_email = ?)",
        session_id, plain, plain, plain, session_id, plain, plain,
    )  # fmt: skip
    return int(found[0]["learner_id"]) if len(found) == 1 and plain else None


async def _mark_used(survey_id: int, person_id: int) -> bool:
    """Mark an invitation as used; False for somebody who answered by their letter, or came in as often as is forgiven."""
    async with transaction():
        await invite_in_the_room(survey_id, person_id)
        moved = await execute(
            "UPDATE evaluation_invitation SET used = ?, entries = entries + 1 WHERE survey_id = ? AND person_id = ?"
            " AND (NOT used OR (entries > 0 AND entries < ?))",
            True,
            survey_id,
            person_id,
            ROOM_ENTRIES,
        )
    return moved == 1


async def answer_in_the_room(ref: str, given_pass: str, given: Given, *, network: str, now: datetime) -> Sent:
    """Take a blind form; one pass is one form. A form without a true pass is thanked for like any other, and left.

    Refused once the survey has closed; TooFast over so many forms from a network.
    """
    survey = await survey_by_ref(ref)
    if survey is None:
        raise NotFound
    if not survey.is_open(now):
        raise Refused(CLOSED, code="closed")
    await _count("room-form", f"network:{network}", most=_FORMS_BY_NETWORK, now=now)
    if is_true_pass(ref, given_pass):
        async with transaction():
            await write_form(survey, given, _hashed(given_pass))
    return Sent.TAKEN


async def enter_from_paper(survey: SurveyFacts, given: Given, submission_id: str, *, by: Viewer, now: datetime) -> bool:
    """Take a form that came on paper, also after the survey has closed; False where it was entered already.

    History says that forms were entered, once a day for a survey, and never which.
    """
    async with transaction():
        is_new = await write_form(survey, given, _hashed(submission_id))
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        noted = await rows(
            "SELECT 1 AS one FROM history_entry WHERE action = 'enter_paper_forms' AND subject_id = ? AND at >= ? LIMIT 1",
            survey.id,
            midnight,
        )
        if is_new and not noted:
            await record("enter_paper_forms", by=by, now=midnight, subject_kind="survey", subject_id=survey.id)
    return is_new
