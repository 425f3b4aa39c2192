"""What people made of a report's drafted sentences, and who signed it off."""

import json
from datetime import datetime

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.reports.document import drafted, read_section


@frozen
class Signature:
    """Who said that a report goes to the board as it reads, and when; `name` is "" for the command line."""

    name: str
    at: datetime


@frozen
class Drafted:
    """A sentence that may be reworded: where it stands, on which page, as it was drafted, as it reads now."""

    place: str
    section: str
    drafted: str
    text: str


async def wordings_of(ref: str) -> dict[str, str]:
    """What people wrote last, by place; places nobody touched are not there."""
    found = await rows(
        "SELECT w.place, w.text FROM reports_wording w JOIN reports_snapshot s ON s.id = w.snapshot_id WHERE s.ref = ?"
        " AND w.signed_at IS NULL ORDER BY w.id",
        ref,
    )
    return {row["place"]: row["text"] for row in found}


async def signature_of(ref: str) -> Signature | None:
    """The signature under the report as it reads now; None where there is none, or something was reworded since."""
    found = await rows(
        "SELECT w.signed_at, coalesce(p.name, '') AS name FROM reports_wording w JOIN reports_snapshot s ON s.id = w.snapshot_id"
        " LEFT JOIN people_person p ON p.id = w.signed_by_id WHERE s.ref = ? ORDER BY w.id DESC LIMIT 1",
        ref,
        instants=("signed_at",),
    )
    return Signature(found[0]["name"], found[0]["signed_at"]) if found and found[0]["signed_at"] else None


@frozen
class Written:
    """Up to which number a report's words were written, 0 for none, and who wrote the last of them when."""

    number: int
    name: str = ""
    at: datetime | None = None


async def last_written(ref: str) -> Written:
    """How far the words of a report are; whoever read them at a number has seen all up to it."""
    found = await rows(
        "SELECT w.id, w.written_at, coalesce(p.name, '') AS name FROM reports_wording w JOIN reports_snapshot s ON s.id = w.snapshot_id"
        " LEFT JOIN people_person p ON p.id = w.written_by_id WHERE s.ref = ? ORDER BY w.id DESC LIMIT 1",
        ref,
        instants=("written_at",),
    )
    return Written(found[0]["id"], found[0]["name"], found[0]["written_at"]) if found else Written(0)


async def drafts_of(ref: str) -> list[Drafted]:
    """Every sentence of a report that may be reworded, in its order."""
    found = await rows("SELECT content FROM reports_snapshot WHERE ref = ?", ref)
    content = found[0]["content"] if found else {}
    content = json.loads(content) if isinstance(content, str) else content
    written = await wordings_of(ref)
    return [
        Drafted(place, f"{section.number} {section.title}", text, written.get(place, text))
        for section in (read_section(one) for one in content.get("sections", ()))
        for place, text in drafted([section]).items()
    ]
