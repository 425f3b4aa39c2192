"""Everybody of whom something is asked, and how they stand."""

import asyncio
from datetime import date

from marstraining.core.db import rows
from marstraining.coverage.queries.learnt import learning_of, posts_of
from marstraining.coverage.queries.rules import refresher_rules
from marstraining.coverage.rules import Due, standings


async def people_asked(*person_ids: int, on: date) -> dict[int, list[Due]]:
    """How these people, or with none given everybody who is here, stand on a day, by person, in five statements.

    Reckoned off the event loop.
    """
    rules, posts, learnt = await refresher_rules(), await posts_of(*person_ids), await learning_of(*person_ids)
    return await asyncio.to_thread(
        lambda: {person: dues for person, held in posts.items() if (dues := standings(rules, held, learnt.get(person, []), on))}
    )


async def named(person_ids: list[int], *, on: date) -> list[dict[str, str | int]]:
    """Names, references and present organisations of people, by name; for a list of who falls due."""
    found: dict[int, dict[str, str | int]] = {}
    for start in range(0, len(person_ids), 500):
        part = person_ids[start : start + 500]
        marks = ", ".join("?" * len(part))
        for row in await rows(
            "SELECT p.id, p.ref, p.name, coalesce(a.name, '') AS agency FROM people_person p LEFT JOIN people_position o"
            " ON o.person_id = p.id AND o.starts_on <= ? AND (o.ends_on IS NULL OR o.ends_on >= ?) LEFT JOIN people_agency a"
            f" ON a.id = o.agency_id WHERE p.id IN ({marks}) ORDER BY o.starts_on, o.id",
            on,
            on,
            *part,
        ):
            found.setdefault(row["id"], row)
    return sorted(found.values(), key=lambda row: (str(row["name"]).casefold(), row["id"]))
