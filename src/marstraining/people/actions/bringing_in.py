"""Many people at once, as an import of history brings them: each as `find_or_create_person` would enter them, in few statements."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from marstraining.core import db
from marstraining.core.errors import Refused
from marstraining.core.tokens import new_ref
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record_each
from marstraining.people import rules
from marstraining.people.actions.persons import start_position

_AT_ONCE = 500


@frozen
class Incoming:
    """Somebody of a file; `agency_id` with `job_role` is a post from `starts_on`, None for no post."""

    address: str
    name: str
    agency_id: int | None
    job_role: str
    starts_on: date


def check_incoming(address: str, name: str) -> None:
    """Refuse what `bring_in_people` would not enter: a shared mailbox, and a name that is none."""
    rules.check_own_mailbox(address)
    rules.check_name(name)


async def bring_in_people(people: Sequence[Incoming], *, by: Viewer, now: datetime) -> dict[str, int]:
    """Enter people whom nobody knows, by `normal_address`; the value is their ids by address.

    Call it within a transaction, with people that `check_incoming` let pass and whose address nobody has. Refuses a post at an
    organisation that is closed.
    """
    await _check_agencies({one.agency_id for one in people if one.agency_id is not None})
    await db.execute_many(
        "INSERT INTO people_person (ref, name, email, state, calendar_choice, has_discreet_titles, created_at, revision)"
        " VALUES (?, ?, ?, 'active', 'invitations', ?, ?, 0)",
        [(new_ref(), rules.check_name(one.name), one.address, False, now) for one in people],
    )
    ids: dict[str, int] = {}
    for lot in _lots(people):
        marks = ", ".join("?" * len(lot))
        found = await db.rows(f"SELECT id, email FROM people_person WHERE email IN ({marks})", *(one.address for one in lot))
        ids |= {row["email"]: row["id"] for row in found}
        await record_each("create_person", by=by, now=now, subject_kind="person", subject_ids=[row["id"] for row in found])
    await _start_posts([one for one in people if one.agency_id is not None], ids, by=by, now=now)
    return ids


async def _check_agencies(agencies: set[int]) -> None:
    marks = ", ".join("?" * len(agencies)) or "0"
    closed = await db.rows(f"SELECT name FROM people_agency WHERE id IN ({marks}) AND state = 'closed' ORDER BY name", *sorted(agencies))
    if closed:
        raise Refused(f"{closed[0]['name']} is closed. Choose another organisation.", code="agency", field="agency")


async def _start_posts(people: Sequence[Incoming], ids: Mapping[str, int], *, by: Viewer, now: datetime) -> None:
    """Their posts; at a one-person setting, whose first becomes its lead, one by one."""
    single = {row["id"] for row in await db.rows("SELECT id FROM people_agency WHERE is_one_person = ?", True)}
    for one in people:
        if one.agency_id in single:
            await start_position(ids[one.address], one.agency_id or 0, one.job_role, by=by, now=now, starts_on=one.starts_on)
    many = [one for one in people if one.agency_id not in single]
    await db.execute_many(
        "INSERT INTO people_position (person_id, agency_id, job_role, staff_number, area, starts_on) VALUES (?, ?, ?, '', '', ?)",
        [(ids[one.address], one.agency_id, one.job_role, one.starts_on) for one in many],
    )
    by_post: dict[tuple[int | None, str], list[Incoming]] = {}
    for one in many:
        by_post.setdefault((one.agency_id, one.job_role), []).append(one)
    for (agency_id, job_role), own in by_post.items():
        for lot in _lots(own):
            subjects = [ids[one.address] for one in lot]
            detail = {"agency": agency_id, "job_role": job_role}
            await record_each("start_position", by=by, now=now, subject_kind="person", subject_ids=subjects, detail=detail)


def _lots(people: Sequence[Incoming]) -> Iterator[Sequence[Incoming]]:
    return (people[start : start + _AT_ONCE] for start in range(0, len(people), _AT_ONCE))
