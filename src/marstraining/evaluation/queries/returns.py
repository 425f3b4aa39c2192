"""How many of each organisation answered a partnership survey: found once, when it has closed, and never read anew."""

import json
from collections.abc import Sequence
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.evaluation.gate import FEWEST, Figure, Published, published, published_returns
from marstraining.evaluation.queries.surveys import SurveyFacts


@frozen
class ReturnRate:
    """How many of an organisation's people answered, behind the gate; `gate` None is that it stays back."""

    name: str
    is_small: bool
    gate: Published | None


async def return_rates(survey: SurveyFacts) -> list[ReturnRate]:
    """How many of each chosen organisation answered, by name, as frozen with the survey's summary; of an open survey nothing."""
    found = await rows("SELECT measures FROM evaluation_summary WHERE survey_id = ? AND is_current", survey.id)
    kept = json.loads(found[0]["measures"]).get("returns") if found else None
    return [
        ReturnRate(
            one["name"], one["asked"] < FEWEST, published(Figure(one["answered"], one["asked"])) if one["answered"] is not None else None
        )
        for one in kept or []
    ]


async def returns_to_freeze(survey_id: int) -> list[dict[str, Any]]:
    """Of each chosen organisation how many were asked and, where that may be shown, how many answered; None of the others.

    Read once: whoever takes up or gives up a post afterwards would change a number by one, and so tell whether they answered. Who
    belongs to an organisation is read as the letters were addressed: by a post or as its lead.
    """
    chosen = json.loads((await rows("SELECT chosen FROM evaluation_survey WHERE id = ?", survey_id))[0]["chosen"])
    codes, sectors = chosen.get("agencies") or [], chosen.get("sectors") or []
    found = await rows(
        "SELECT a.name, i.id, i.used FROM evaluation_invitation i JOIN (SELECT o.person_id, o.agency_id FROM people_position o"
        " WHERE o.ends_on IS NULL UNION SELECT g.person_id, g.agency_id FROM people_role_grant g WHERE g.role = 'agency_lead'"
        " AND g.ended_at IS NULL) w ON w.person_id = i.person_id JOIN people_agency a ON a.id = w.agency_id WHERE i.survey_id = ?"
        f" AND (a.code IN ({_marks(codes)}) OR a.sector IN ({_marks(sectors)})) ORDER BY lower(a.name), a.id",
        survey_id,
        *codes,
        *sectors,
        flags=("used",),
    )
    everybody = await rows("SELECT id FROM evaluation_invitation WHERE survey_id = ? AND used", survey_id)
    asked: dict[str, set[int]] = {}
    answered: dict[str, set[int]] = {}
    for row in found:
        asked.setdefault(row["name"], set()).add(row["id"])
        answered.setdefault(row["name"], set()).update([row["id"]] if row["used"] else [])
    shown = published_returns({name: frozenset(own) for name, own in answered.items()}, frozenset(row["id"] for row in everybody))
    return [{"name": name, "asked": len(own), "answered": len(answered[name]) if name in shown else None} for name, own in asked.items()]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values)) or "NULL"
