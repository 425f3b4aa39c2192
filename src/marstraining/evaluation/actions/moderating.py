"""Moderating what people wrote: shown, not shown, or left to the coordinator."""

from datetime import datetime

from marstraining.core.db import rows, transaction
from marstraining.core.errors import NotFound
from marstraining.core.viewer import Viewer
from marstraining.evaluation.rules.asking import CommentState
from marstraining.history.actions import record


async def moderate_comment(comment_id: int, state: CommentState, *, by: Viewer, now: datetime) -> None:
    """Say what becomes of a comment of a closed survey; NotFound for one of an open survey, which nobody may see yet."""
    async with transaction():
        found = await rows(
            "UPDATE evaluation_comment SET state = ? WHERE id = ? AND EXISTS (SELECT 1 FROM evaluation_survey v"
            " WHERE v.id = evaluation_comment.survey_id AND v.closed_at IS NOT NULL) RETURNING survey_id",
            state.value,
            comment_id,
        )
        if not found:
            raise NotFound
        # The survey and not the comment, so that history names nothing that somebody wrote.
        await record(
            "moderate_comment", by=by, now=now, subject_kind="survey", subject_id=found[0]["survey_id"], detail={"state": state.value}
        )
