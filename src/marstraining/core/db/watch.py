"""Seeing from one cheap statement whether anything in some tables has changed."""

from collections.abc import Sequence
from functools import lru_cache

from marstraining.core.db.sql import rows

Stamp = tuple[tuple[int, int, int], ...]


async def stamp(tables: Sequence[str]) -> Stamp:
    """For each table the number of rows, the sum of their `revision` and the greatest id, by one statement.

    Two stamps that are equal mean that no row came, went or was taken hold of between them; the greatest id tells a row
    deleted and another added.
    """
    found = await rows(_statement(tuple(tables)))
    return tuple((int(row["rows_held"]), int(row["revisions"]), int(row["newest"])) for row in found)


@lru_cache(maxsize=32)
def _statement(tables: tuple[str, ...]) -> str:
    parts = (
        f"SELECT {place} AS place, count(*) AS rows_held, coalesce(sum(revision), 0) AS revisions, coalesce(max(id), 0) AS newest "
        f'FROM "{table}"'
        for place, table in enumerate(tables)
    )
    return " UNION ALL ".join(parts) + " ORDER BY place"
