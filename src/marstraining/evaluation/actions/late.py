"""What late forms of surveys say whose figures stay as they are, since these are counted together with others."""

import json

from marstraining.core.db import execute, execute_many, hold, rows, transaction
from marstraining.evaluation.actions.asking import draw
from marstraining.evaluation.gate import STEP
from marstraining.evaluation.models import Survey
from marstraining.evaluation.queries.surveys import POOLED
from marstraining.evaluation.rules.late import HELD_ABOVE

_READ = "late_read"


async def release_late_comments() -> int:
    """Let the desk read the comments of late forms of pooled surveys, once so many of these came since the last time; of how many surveys.

    No figure will ever count those forms. Taken together as many as a step adds, nobody's words can be told from the others'.
    """
    found = await rows(
        "SELECT v.id FROM evaluation_survey v JOIN evaluation_summary c ON c.survey_id = v.id AND c.is_current"
        f" WHERE v.closed_at IS NOT NULL AND {POOLED}"
        f" AND EXISTS (SELECT 1 FROM evaluation_comment m WHERE m.survey_id = v.id AND m.id > {HELD_ABOVE})"
        " AND (SELECT count(*) FROM evaluation_response r WHERE r.survey_id = v.id) >= c.answers + ? ORDER BY v.id",
        STEP,
    )
    return sum([await _release(row["id"]) for row in found])


async def _release(survey_id: int) -> bool:
    async with transaction():
        await hold(Survey, survey_id)
        # In one statement, so that every comment is of one of the forms that are counted.
        held = await rows(
            "SELECT m.id, c.id AS summary_id, c.measures, (SELECT count(*) FROM evaluation_response r WHERE r.survey_id = m.survey_id)"
            " - c.answers AS late FROM evaluation_comment m JOIN evaluation_summary c ON c.survey_id = m.survey_id AND c.is_current"
            f" WHERE m.survey_id = ? AND m.id > {HELD_ABOVE}",
            survey_id,
        )
        measures = json.loads(held[0]["measures"]) if held else {}
        if not held or held[0]["late"] - measures.get(_READ, 0) < STEP:
            return False
        measures[_READ] = held[0]["late"]
        await execute("UPDATE evaluation_summary SET measures = ? WHERE id = ?", json.dumps(measures), held[0]["summary_id"])
        await execute_many("UPDATE evaluation_comment SET id = ? WHERE id = ?", [(draw(), row["id"]) for row in held])
    return True
