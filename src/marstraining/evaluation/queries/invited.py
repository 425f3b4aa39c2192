"""The surveys that somebody has been asked to answer and has not."""

from datetime import datetime

from marstraining.core import config
from marstraining.core.db import rows
from marstraining.core.tokens import derive_token
from marstraining.core.values import frozen
from marstraining.evaluation.queries.surveys import STILL_ASKED, Invited, survey_by_id
from marstraining.evaluation.rules.asking import PURPOSE, Mode, SurveyKind

# A manager answers about somebody else: that has a page of its own.
_ABOUT_ONESELF = (SurveyKind.AFTER, SurveyKind.BEFORE, SurveyKind.FOLLOW_UP, SurveyKind.PARTNERSHIP)
_MARKS = ", ".join("?" * len(_ABOUT_ONESELF))


@frozen
class Waiting:
    """A survey that waits for somebody's answers."""

    ref: str
    kind: SurveyKind
    mode: Mode
    title: str
    starts_at: datetime | None
    closes_at: datetime


async def surveys_to_answer(person_id: int, *, now: datetime, limit: int = 5) -> list[Waiting]:
    """What somebody was asked by letter, has not answered and is still to answer, the first to close first."""
    found = await rows(
        "SELECT v.ref, v.kind, v.mode, v.title, s.starts_at, v.closes_at FROM evaluation_invitation i JOIN evaluation_survey v"
        " ON v.id = i.survey_id LEFT JOIN programme_session s ON s.id = v.session_id WHERE i.person_id = ? AND NOT i.used"
        f" AND i.sent_at IS NOT NULL AND v.closed_at IS NULL AND v.opened_at <= ? AND v.closes_at > ? AND v.kind IN ({_MARKS})"
        f" AND {STILL_ASKED} ORDER BY v.closes_at, v.id LIMIT ?",
        person_id,
        now,
        now,
        *(kind.value for kind in _ABOUT_ONESELF),
        now,
        limit,
        instants=("starts_at", "closes_at"),
    )
    return [Waiting(**row | {"kind": SurveyKind(row["kind"]), "mode": Mode(row["mode"])}) for row in found]


@frozen
class OwnInvitation:
    """Somebody's own invitation to a survey, and the token of its link."""

    invited: Invited
    token: str


async def own_invitation(ref: str, person_id: int) -> OwnInvitation | None:
    """The invitation of that person to the survey of that reference, used or not; None where they were never asked by letter."""
    found = await rows(
        "SELECT i.id, i.nonce, i.used, i.survey_id FROM evaluation_invitation i JOIN evaluation_survey v ON v.id = i.survey_id"
        f" WHERE v.ref = ? AND i.person_id = ? AND (i.sent_at IS NOT NULL OR i.used) AND v.kind IN ({_MARKS})",
        ref,
        person_id,
        *(kind.value for kind in _ABOUT_ONESELF),
        flags=("used",),
    )
    if not found:
        return None
    row = found[0]
    survey = await survey_by_id(row["survey_id"])
    token = derive_token(config.current().secret_key, PURPOSE, row["id"], row["nonce"])
    return OwnInvitation(Invited(row["id"], person_id, row["used"], survey), token) if survey else None
