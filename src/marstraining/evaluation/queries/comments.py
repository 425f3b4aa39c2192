"""Comments that the desk has to look at."""

import json

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.evaluation.gate import FEWEST
from marstraining.evaluation.queries.scope import runs
from marstraining.evaluation.rules.asking import CommentState
from marstraining.evaluation.rules.late import HELD_ABOVE

_READABLE = f"(m.state = 'set_aside' OR (t.answers >= {FEWEST} AND m.id <= {HELD_ABOVE}))"


@frozen
class QueuedComment:
    """A comment of a closed survey, with what was asked; never who wrote it, since nobody knows."""

    id: int
    title: str
    question: str
    text: str
    may_quote: bool
    state: CommentState


async def queued_comments(state: CommentState, *, viewer: Viewer, limit: int = 50, offset: int = 0) -> tuple[list[QueuedComment], int]:
    """Comments in a state, by the numbers drawn for them; and how many there are.

    Of surveys that fewer than five answered none are read by anybody (evaluation.md 4.5), nor of late forms that no figure counts
    yet; but those that may be about a child go to the coordinator whatever the number.
    """
    owned, owners = runs(viewer)
    found = await rows(
        "SELECT m.id, v.title, v.sections, m.question, m.text, m.may_quote, m.state, COUNT(*) OVER () AS total FROM evaluation_comment m"
        " JOIN evaluation_survey v ON v.id = m.survey_id LEFT JOIN programme_session s ON s.id = v.session_id"
        " LEFT JOIN programme_course c ON c.id = s.course_id LEFT JOIN evaluation_summary t ON t.survey_id = v.id AND t.is_current"
        f" WHERE m.state = ? AND v.closed_at IS NOT NULL AND {_READABLE} AND ({owned})"
        " ORDER BY m.id LIMIT ? OFFSET ?",
        state.value,
        *owners,
        limit,
        offset,
        flags=("may_quote",),
    )
    total = found[0]["total"] if found else 0
    return [
        QueuedComment(
            row["id"], row["title"], _asked(row["sections"], row["question"]), row["text"], row["may_quote"], CommentState(row["state"])
        )
        for row in found
    ], total


def _asked(sections: str, key: str) -> str:
    words: dict[str, str] = {one["key"]: one["text"] for section in json.loads(sections) for one in section["questions"]}
    return words.get(key, "")


async def comments_to_look_at(*, viewer: Viewer) -> dict[CommentState, int]:
    """How many comments stand in each state."""
    owned, owners = runs(viewer)
    found = await rows(
        "SELECT m.state, count(*) AS n FROM evaluation_comment m JOIN evaluation_survey v ON v.id = m.survey_id"
        " LEFT JOIN programme_session s ON s.id = v.session_id LEFT JOIN programme_course c ON c.id = s.course_id"
        " LEFT JOIN evaluation_summary t ON t.survey_id = v.id AND t.is_current WHERE v.closed_at IS NOT NULL"
        f" AND {_READABLE} AND ({owned}) GROUP BY m.state",
        *owners,
    )
    return {CommentState(row["state"]): row["n"] for row in found}
