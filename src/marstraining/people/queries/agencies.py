"""Agencies: branches, the list a newcomer chooses from, the one an address points to."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from marstraining.core import db
from marstraining.core.values import frozen


@frozen
class AgencyChoice:
    """An agency as a form offers it; `is_likely` where it fits the domain of an address."""

    id: int
    code: str
    name: str
    is_likely: bool = False


async def branches_of(agency_ids: Sequence[int]) -> frozenset[int]:
    """Every agency below these, at any depth, without themselves."""
    if not agency_ids:
        return frozenset()
    marks = ", ".join("?" * len(agency_ids))
    found = await db.rows(
        "WITH RECURSIVE below (id) AS (SELECT id FROM people_agency WHERE parent_id IN"
        f" ({marks}) UNION SELECT child.id FROM people_agency child JOIN below ON child.parent_id = below.id) SELECT id FROM below",
        *agency_ids,
    )
    return frozenset(row["id"] for row in found) - frozenset(agency_ids)


async def agency_choices(email: str = "", *, with_suggested: bool = False) -> list[AgencyChoice]:
    """The listed agencies by name; those whose domain the address has come first. The desk may want suggested ones too."""
    domains = _domains(email)
    states = "'listed', 'suggested'" if with_suggested else "'listed'"
    found = await db.rows(f"SELECT id, code, name, email_domain FROM people_agency WHERE state IN ({states}) ORDER BY lower(name), id")
    choices = [AgencyChoice(row["id"], row["code"], row["name"], is_likely=row["email_domain"] in domains) for row in found]
    return sorted(choices, key=lambda choice: not choice.is_likely)


async def organisations_of(person_ids: Sequence[int], *, on: date) -> dict[int, str]:
    """Where people have posts on a day, by person: the names of all in order, as one text; who has none is left out."""
    if not person_ids:
        return {}
    marks = ", ".join("?" * len(person_ids))
    found = await db.rows(
        "SELECT DISTINCT o.person_id, a.name FROM people_position o JOIN people_agency a ON a.id = o.agency_id"
        f" WHERE o.person_id IN ({marks}) AND (o.ends_on IS NULL OR o.ends_on >= ?) ORDER BY a.name",
        *person_ids,
        on,
    )
    named: dict[int, list[str]] = {}
    for row in found:
        named.setdefault(row["person_id"], []).append(row["name"])
    return {person_id: " · ".join(names) for person_id, names in named.items()}


async def sectors() -> list[str]:
    """The sectors in use, in order."""
    return [row["sector"] for row in await db.rows("SELECT DISTINCT sector FROM people_agency ORDER BY sector")]


async def agency_by_code(code: str) -> dict[str, Any] | None:
    """The agency of a code in any letter case; a merged one stands for the agency it went into."""
    found = await db.rows(
        "SELECT kept.* FROM people_agency asked JOIN people_agency kept ON kept.id = coalesce(asked.merged_into_id, asked.id)"
        " WHERE lower(asked.code) = lower(?)",
        code,
    )
    return found[0] if found else None


def _domains(email: str) -> frozenset[str]:
    """An address's domain and those it lies in: a@x.trust.example fits trust.example too."""
    labels = email.rpartition("@")[2].lower().split(".")
    return frozenset(".".join(labels[start:]) for start in range(len(labels) - 1))
