"""Merging two records of one person, or of one agency: every foreign key to the dropped one is moved, found from the schema."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from tortoise import Tortoise
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from marstraining.core import db
from marstraining.core.errors import NotFound, Refused
from marstraining.core.values import frozen
from marstraining.core.viewer import Viewer
from marstraining.history.actions import record
from marstraining.people import queries, rules
from marstraining.people.actions.addresses import roles_of
from marstraining.people.actions.signing_in import drop_sign_ins
from marstraining.people.models import Agency, Person

# Columns that hold a person's number and are no key, since their table stands below people or outlives the account.
# "moved" ones follow a merge; "kept" ones say who did something then, and history is not rewritten.
PLAIN_PERSON_COLUMNS: dict[tuple[str, str], Literal["moved", "kept"]] = {
    ("history_entry", "actor_id"): "kept",
    ("history_entry", "subject_id"): "kept",
    ("messages_letter", "person_id"): "moved",
    ("people_role_grant", "granted_by_id"): "kept",
    ("people_contact_note", "by_id"): "kept",
    ("bookings_booking", "made_by_id"): "kept",
    ("bookings_transition", "by_id"): "kept",
    ("bookings_ledger", "by_id"): "kept",
    ("bookings_ledger", "waived_by_id"): "kept",
    ("attendance_mark", "by_id"): "kept",
    ("attendance_register", "locked_by_id"): "kept",
    ("attendance_report", "by_id"): "kept",
    ("attendance_reported_person", "settled_by_id"): "kept",
    ("attendance_file", "by_id"): "kept",
    ("attendance_waiting_report", "by_id"): "kept",
    ("attendance_report_columns", "by_id"): "kept",
    ("uploads_file", "seen_by_id"): "kept",
    ("attendance_scheduled_export", "made_by_id"): "kept",
    ("record_external", "decided_by_id"): "kept",
    ("certificates_certificate", "issued_by_id"): "kept",
    ("certificates_certificate", "withdrawn_by_id"): "kept",
    ("coverage_rule", "changed_by_id"): "kept",
    ("resources_version", "by_id"): "kept",
    ("resources_quality_check", "by_id"): "kept",
    ("conversation_contact_check", "checked_by_id"): "kept",
    ("evaluation_version", "made_by_id"): "kept",
    ("reports_snapshot", "made_by_id"): "kept",
    ("reports_wording", "written_by_id"): "kept",
    ("reports_wording", "signed_by_id"): "kept",
}


@frozen
class _Clash:
    """What to do where both records have a row that only one may have.

    "delete" drops the dropped record's row; "retire" dates its `column`, so that it no longer counts; "join" makes one row of
    both: the kept one, after `sets`, in which they are called kept and dropped; "refuse" stops the merge with `sentence`.
    """

    way: Literal["delete", "retire", "join", "refuse"] = "delete"
    column: str = ""
    sets: str = ""
    sentence: str = ""


_HOLDS = "(coalesce({0}.floor, 0) > 0 AND {0}.released_at IS NULL)"
_BOTH_HOLD = f"({_HOLDS.format('kept')} AND {_HOLDS.format('dropped')})"
# Whose floor and release count: the one that still holds places, and of two that do the one released later or never.
_FLOOR_OF_DROPPED = (
    f"(NOT {_HOLDS.format('kept')} AND ({_HOLDS.format('dropped')} OR kept.floor IS NULL)"
    f" OR {_BOTH_HOLD} AND (dropped.release_at IS NULL OR kept.release_at < dropped.release_at))"
)
_HOLDING = f"CASE WHEN {_FLOOR_OF_DROPPED} THEN dropped.{{0}} ELSE kept.{{0}} END"
_ACCEPTED = "CASE WHEN dropped.state = 'accepted' AND kept.state <> 'accepted' THEN dropped.{0} ELSE kept.{0} END"
_LATER = "CASE WHEN dropped.sequence > kept.sequence THEN dropped.{0} ELSE kept.{0} END"


_CLASHES = {
    "bookings_booking": _Clash("refuse", sentence="Both records have a live booking for the same session. Cancel one of them first."),
    "attendance_mark": _Clash("retire", "superseded_at"),
    "certificates_certificate": _Clash("retire", "withdrawn_at"),
    "bulletins_subscription": _Clash("retire", "ended_at"),
    "bulletins_topic_subscription": _Clash("retire", "ended_at"),
    "people_role_grant": _Clash("retire", "ended_at"),
    "people_telegram_link": _Clash("delete"),
    "programme_headcount": _Clash("join", sets="number = kept.number + dropped.number"),
    # Whoever answered as the one is not asked again as the other.
    "evaluation_invitation": _Clash("join", sets="used = kept.used OR dropped.used"),
    # What each kept for its own people is kept for all of them; no limit of one is no limit of both.
    "bookings_allocation": _Clash(
        "join",
        sets=f"floor = CASE WHEN {_BOTH_HOLD} THEN kept.floor + dropped.floor ELSE {_HOLDING.format('floor')} END,"
        f" cap = kept.cap + dropped.cap, release_at = {_HOLDING.format('release_at')}, released_at = {_HOLDING.format('released_at')}",
    ),
    # Whoever said yes to training a session, as either, trains it.
    "programme_trainer": _Clash(
        "join",
        sets=", ".join(
            f"{column} = {_ACCEPTED.format(column)}" for column in ("state", "agency_id", "is_contributor", "asked_at", "answered_at")
        ),
    ),
    # A calendar takes no entry below the highest it has had, and holds the day until the entry is cancelled.
    "bookings_sent_entry": _Clash(
        "join",
        sets=f"sequence = {_LATER.format('sequence')}, sent_at = {_LATER.format('sent_at')},"
        " is_cancelled = kept.is_cancelled AND dropped.is_cancelled",
    ),
}
# What must not stand twice although the schema allows it: one post, one role, the places kept for one agency in a session.
_ALSO_ONCE = {
    "bookings_allocation": (("session_id", "agency_id"), "1 = 1"),
    "people_position": (("person_id", "agency_id", "job_role"), "ends_on IS NULL"),
    "people_role_grant": (("person_id", "role", "agency_id"), "ended_at IS NULL"),
}
# What a kept agency takes from the dropped one where it says nothing: letters for managed learners go to the contact.
_FILLED = ("email_domain", "urn", "ofsted_number", "charity_number", "contact_name", "contact_email", "contact_phone", "notes")


@frozen
class Reference:
    """A column of a table that refers to a merged model, and the sets of columns that must be unique with it."""

    table: str
    column: str
    unique: tuple[tuple[tuple[str, ...], str], ...]


def references_to(target: type[Model]) -> Iterator[Reference]:
    """Every foreign key to `target` in the schema, but the one that says what a record was merged into."""
    for model in (Tortoise.apps or {})["models"].values():
        meta = model._meta  # noqa: SLF001 - Tortoise has no public way to a model's keys
        for name in meta.fk_fields | meta.o2o_fields:
            field: Any = meta.fields_map[name]
            if field.related_model is target and name != "merged_into":
                column = field.source_field or f"{name}_id"
                yield Reference(meta.db_table, column, tuple(_unique_with(model, column, is_one_to_one=name in meta.o2o_fields)))


def _unique_with(model: type[Model], column: str, *, is_one_to_one: bool) -> Iterator[tuple[tuple[str, ...], str]]:
    meta = model._meta  # noqa: SLF001
    if is_one_to_one:
        yield (column,), "1 = 1"
    if meta.db_table in _ALSO_ONCE and column in _ALSO_ONCE[meta.db_table][0]:
        yield _ALSO_ONCE[meta.db_table]
    for constraint in meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            columns = tuple(f"{field}_id" if field in meta.fk_fields else field for field in constraint.fields)
            if column in columns:
                yield columns, constraint.condition or "1 = 1"


async def merge_people(keep_id: int, drop_id: int, *, by: Viewer, now: datetime) -> None:
    """Make one record of two of the same person: `drop_id` ends as merged, with all that was its moved to `keep_id`.

    The dropped addresses become the kept record's where it has room, and it is active where either was. Both sign in again. Refuses two
    live bookings of one session, and to the desk an account with a strong role (NotAllowed): a merge would hand it over.
    """
    if keep_id == drop_id:
        raise Refused("Choose another person to merge with", code="same", field="other")
    rules.check_confirmed(by)
    async with db.transaction():
        for person_id in sorted((keep_id, drop_id)):
            if not await db.hold(Person, person_id):
                raise NotFound
        dropped_roles = await roles_of(drop_id)
        rules.check_may_take_over(drop_id, dropped_roles, by=by)
        if dropped_roles and by.person_id == keep_id:
            raise Refused("You cannot merge an account that has roles into your own. Ask an administrator.", code="own")
        rules.check_may_take_over(keep_id, await roles_of(keep_id), by=by)
        people = {row["id"]: row for row in await db.rows("SELECT * FROM people_person WHERE id IN (?, ?)", keep_id, drop_id)}
        if any(person["state"] == rules.PersonState.MERGED for person in people.values()):
            raise Refused("One of these records was merged already.", code="merged")
        await drop_sign_ins(keep_id, now=now)
        await drop_sign_ins(drop_id, now=now)
        await _move(Person, keep_id, drop_id, now=now)
        for (table, column), way in PLAIN_PERSON_COLUMNS.items():
            if way == "moved":
                await db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", keep_id, drop_id)
        await _join_records(people[keep_id], people[drop_id])
        await record("merge_people", by=by, now=now, subject_kind="person", subject_id=keep_id, detail={"merged": drop_id})


async def _join_records(keep: dict[str, Any], drop: dict[str, Any]) -> None:
    spare = [address for address in (drop["email"], drop["second_email"]) if address]
    email = keep["email"] or (spare.pop(0) if spare else None)
    second = keep["second_email"] or (spare.pop(0) if spare else None)
    await db.execute(
        "UPDATE people_person SET email = NULL, second_email = NULL, state = 'merged', merged_into_id = ? WHERE id = ?",
        keep["id"],
        drop["id"],
    )
    await db.execute("UPDATE people_person SET merged_into_id = ? WHERE merged_into_id = ?", keep["id"], drop["id"])
    # Whoever was at work as either is so as the one: letters to somebody marked as left would stop.
    state = drop["state"] if drop["state"] == rules.PersonState.ACTIVE else keep["state"]
    await db.execute("UPDATE people_person SET email = ?, second_email = ?, state = ? WHERE id = ?", email, second, state, keep["id"])
    if email:
        await db.execute("UPDATE people_person SET managed_by_id = NULL WHERE id = ?", keep["id"])


async def merge_agencies(keep_id: int, drop_id: int, *, by: Viewer, now: datetime) -> None:
    """Make one record of two of the same agency: `drop_id` ends as merged, its branches, posts, bookings and roles at `keep_id`.

    What the kept record does not say of contact and numbers it takes from the dropped one.
    Refuses to keep an agency that lies below the dropped one. Whoever holds a role over either signs in again.
    """
    if keep_id == drop_id:
        raise Refused("Choose another organisation to merge with", code="same", field="other")
    rules.check_confirmed(by)
    async with db.transaction():
        for agency_id in sorted((keep_id, drop_id)):
            if not await db.hold(Agency, agency_id):
                raise NotFound
        states = await db.rows("SELECT state FROM people_agency WHERE id IN (?, ?)", keep_id, drop_id)
        if any(row["state"] == rules.AgencyState.MERGED for row in states):
            raise Refused("One of these organisations was merged already.", code="merged")
        if keep_id in await queries.branches_of([drop_id]):
            raise Refused("The organisation to keep lies below the other one. Keep the one above.", code="below", field="other")
        await db.execute(
            "UPDATE people_sign_in SET ended_at = ? WHERE ended_at IS NULL AND person_id IN"
            " (SELECT person_id FROM people_role_grant WHERE ended_at IS NULL AND agency_id IN (?, ?))",
            now,
            keep_id,
            drop_id,
        )
        await _move(Agency, keep_id, drop_id, now=now)
        filled = ", ".join(f"{column} = CASE WHEN kept.{column} = '' THEN dropped.{column} ELSE kept.{column} END" for column in _FILLED)
        await db.execute(
            f"UPDATE people_agency AS kept SET {filled}, opened_on = coalesce(kept.opened_on, dropped.opened_on)"
            " FROM people_agency AS dropped WHERE kept.id = ? AND dropped.id = ?",
            keep_id,
            drop_id,
        )
        await db.execute("UPDATE people_agency SET merged_into_id = ? WHERE merged_into_id = ?", keep_id, drop_id)
        await db.execute("UPDATE people_agency SET state = 'merged', merged_into_id = ?, parent_id = NULL WHERE id = ?", keep_id, drop_id)
        await record("merge_agencies", by=by, now=now, subject_kind="agency", subject_id=keep_id, detail={"merged": drop_id})


async def _move(target: type[Model], keep_id: int, drop_id: int, *, now: datetime) -> None:
    for reference in references_to(target):
        for columns, condition in reference.unique:
            await _settle(reference, columns, condition, keep_id, drop_id, now=now)
        await db.execute(f"UPDATE {reference.table} SET {reference.column} = ? WHERE {reference.column} = ?", keep_id, drop_id)


async def _settle(reference: Reference, columns: tuple[str, ...], condition: str, keep_id: int, drop_id: int, *, now: datetime) -> None:
    """Clear away, by the table's rule, the dropped record's rows that would clash with the kept one's."""
    table, column = reference.table, reference.column
    equal = "".join(
        f" AND coalesce(CAST(kept.{other} AS text), '') = coalesce(CAST(dropped.{other} AS text), '')"
        for other in columns
        if other != column
    )
    clashing = await db.rows(
        f"SELECT dropped.id, kept.id AS kept_id FROM (SELECT * FROM {table} WHERE {condition}) dropped"
        f" JOIN (SELECT * FROM {table} WHERE {condition}) kept ON kept.{column} = ?{equal} WHERE dropped.{column} = ?",
        keep_id,
        drop_id,
    )
    clash = _CLASHES.get(table, _Clash())
    if clashing and clash.way == "refuse":
        raise Refused(clash.sentence, code="clash")
    for row in clashing:
        if clash.way == "retire":
            await db.execute(f"UPDATE {table} SET {clash.column} = ? WHERE id = ?", now, row["id"])
            continue
        if clash.way == "join":
            await db.execute(
                f"UPDATE {table} AS kept SET {clash.sets} FROM {table} AS dropped WHERE kept.id = ? AND dropped.id = ?",
                row["kept_id"],
                row["id"],
            )
        await db.execute(f"DELETE FROM {table} WHERE id = ?", row["id"])
