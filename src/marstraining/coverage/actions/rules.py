"""Refresher rules: the defaults of a new database, and changes as new dated rows."""

import json
import re
from datetime import datetime, timedelta

from marstraining.core.clock import today_of
from marstraining.core.db import dialect, execute, rows, transaction
from marstraining.core.errors import NotFound, Refused
from marstraining.core.tokens import new_ref
from marstraining.core.viewer import SYSTEM, Viewer
from marstraining.coverage.defaults import DEFAULT_RULES
from marstraining.coverage.rules import Rule, RuleChange, RuleKind
from marstraining.history.actions import record
from marstraining.people.rules import check_confirmed

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}")
_INSERT = (
    "INSERT INTO coverage_rule (ref, code, title, kind, job_roles, counts_as, months, flag_months, minutes, participatory_share,"
    ' grace_days, family, "rank", applies_from, applies_until, source, confidence, is_on, changed_at, changed_by_id)'
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


async def seed_rules(*, now: datetime, by: Viewer = SYSTEM) -> int:
    """Write the default rules that the database does not know yet by their codes; how many. Safe to run again; changes are never undone."""
    async with transaction():
        await _one_at_a_time()
        known = {row["code"] for row in await rows("SELECT DISTINCT code FROM coverage_rule")}
        missing = [rule for rule in DEFAULT_RULES if rule.code not in known]
        for rule in missing:
            await _write(rule, by=by, now=now)
        if missing:
            await record("seed_rules", by=by, now=now, subject_kind="rule", subject_id=None, detail={"rules": len(missing)})
    return len(missing)


async def change_rule(code: str, change: RuleChange, *, by: Viewer, now: datetime) -> None:
    """Let a rule say something else from a day on: a new row, and the one before ends the day before.

    What applied until then stays as it was. Refused for a day not after the one on which the last version began. NotFound for
    an unknown code.
    """
    check_confirmed(by)
    async with transaction():
        await _one_at_a_time()
        found = await rows(
            "SELECT id, applies_from, applies_until FROM coverage_rule WHERE code = ? ORDER BY applies_from DESC, id DESC LIMIT 1",
            code,
            dates=("applies_from", "applies_until"),
        )
        if not found:
            raise NotFound
        last = found[0]
        if change.applies_from <= last["applies_from"]:
            began = last["applies_from"]
            raise Refused(
                f"The present version applies from {began.day} {began:%B %Y}. Choose a later day.",
                code="applies_from",
                field="applies_from",
            )
        until = change.applies_from - timedelta(days=1)
        if last["applies_until"] is None or last["applies_until"] > until:
            await execute("UPDATE coverage_rule SET applies_until = ? WHERE id = ?", until, last["id"])
        await _write(_rule(code, change), by=by, now=now)
        await record("change_rule", by=by, now=now, subject_kind="rule", subject_id=last["id"])


async def add_rule(code: str, change: RuleChange, *, by: Viewer, now: datetime) -> None:
    """Add a rule under a new code, which is refused where it is known or cannot be one."""
    check_confirmed(by)
    code = code.strip().upper()
    if not _CODE.fullmatch(code):
        raise Refused("The code must be 1 to 20 letters, numbers and hyphens, like MA-CORE", code="code", field="code")
    async with transaction():
        await _one_at_a_time()
        if await rows("SELECT id FROM coverage_rule WHERE code = ? LIMIT 1", code):
            raise Refused("Another rule has this code", code="code", field="code")
        await _write(_rule(code, change), by=by, now=now)
        await record("add_rule", by=by, now=now, subject_kind="rule", subject_id=None, detail={"on": today_of(now).isoformat()})


async def _one_at_a_time() -> None:
    """Rules are few and changed seldom: whoever writes one holds them all until the transaction ends.

    SQLite has one writer anyway; on PostgreSQL a table without rows has none to take hold of.
    """
    if dialect() == "postgres":
        await rows("SELECT pg_advisory_xact_lock(hashtext('coverage_rule'))")


def _rule(code: str, change: RuleChange) -> Rule:
    # Whether a tool is used is asked of whoever holds it, in whatever role.
    is_of_use = change.kind == RuleKind.USE
    return Rule(
        code=code,
        title=change.title,
        kind=change.kind,
        job_roles=frozenset() if is_of_use else frozenset(change.job_roles),
        counts_as=frozenset(change.counts_as),
        applies_from=change.applies_from,
        months=change.months,
        minutes=change.minutes,
        participatory_share=change.participatory_share,
        grace_days=change.grace_days,
        family=change.family,
        rank=change.rank,
        source=change.source,
        confidence=change.confidence,
        is_on=change.is_on,
        flag_months=change.flag_months if is_of_use else None,
    )


async def _write(rule: Rule, *, by: Viewer, now: datetime) -> None:
    await execute(
        _INSERT,
        new_ref(), rule.code, rule.title, rule.kind.value, json.dumps(sorted(rule.job_roles)), json.dumps(sorted(rule.counts_as)),
        rule.months, rule.flag_months, rule.minutes, rule.participatory_share, rule.grace_days, rule.family, rule.rank, rule.applies_from,
        rule.applies_until, rule.source, rule.confidence, rule.is_on, now, by.person_id,
    )  # fmt: skip
