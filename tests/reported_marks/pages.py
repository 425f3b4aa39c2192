"""What tests of reports at the desk share."""

from typing import Any

from marstraining.attendance.models import Mark, ReportedPerson
from marstraining.programme.models import Session
from tests.conftest import Visitor
from tests.reported_marks.reported import stamp_in


async def marks() -> list[tuple[Any, ...]]:
    found = await Mark.filter(superseded_at__isnull=True).order_by("person_id", "id")
    return [(mark.person_id, mark.mark, mark.minutes, mark.evidence, mark.taken_as) for mark in found]


async def entries() -> list[tuple[Any, ...]]:
    return [(one.name, one.became, one.person_id, one.minutes) for one in await ReportedPerson.all().order_by("id")]


def root(session: Session) -> str:
    return f"/desk/sessions/{session.ref}"


async def write(visitor: Visitor, session: Session, **fields: str) -> Any:
    path = f"{root(session)}/reports"
    stamp = stamp_in((await visitor.get(path)).text)
    return await visitor.post(f"{path}/write", {"stamp": stamp, **fields}, seen=path)


async def settle(visitor: Visitor, session: Session, entry_name: str, **fields: Any) -> Any:
    entry = await ReportedPerson.filter(name=entry_name).order_by("id").first()
    assert entry
    path = f"{root(session)}/reports/{entry.ref}"
    return await visitor.post(path, {"revision": str(entry.revision), **fields})
