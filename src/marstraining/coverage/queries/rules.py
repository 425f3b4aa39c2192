"""Rules as they are kept, every version."""

import json
from datetime import datetime
from typing import Any

from marstraining.core.db import rows
from marstraining.core.values import frozen
from marstraining.coverage.rules import Rule, RuleKind


@frozen
class KeptRule:
    """A version of a rule, who wrote it and when."""

    id: int
    ref: str
    rule: Rule
    changed_at: datetime
    changed_by: str


async def kept_rules() -> list[KeptRule]:
    """Every version of every rule, by code, the latest first."""
    found = await rows(
        "SELECT r.*, coalesce(p.name, '') AS changed_by FROM coverage_rule r LEFT JOIN people_person p ON p.id = r.changed_by_id"
        " ORDER BY r.code, r.applies_from DESC, r.id DESC",
        instants=("changed_at",),
        dates=("applies_from", "applies_until"),
        flags=("is_on",),
    )
    return [KeptRule(row["id"], row["ref"], _rule(row), row["changed_at"], row["changed_by"]) for row in found]


async def refresher_rules() -> list[Rule]:
    """Every version of every rule, for deciding what applied."""
    return [kept.rule for kept in await kept_rules()]


async def counting_codes() -> list[tuple[str, str]]:
    """The codes that learning can count as, each with the title of the rule that it names or else of the first that takes it."""
    found = [rule for rule in await refresher_rules() if rule.kind != RuleKind.USE]
    named = {rule.code: rule.title for rule in reversed(found) if rule.code in rule.counts_as}
    taken = {code: rule.title for rule in reversed(found) for code in rule.counts_as}
    return sorted((taken | named).items())


def _rule(row: dict[str, Any]) -> Rule:
    return Rule(
        code=row["code"],
        title=row["title"],
        kind=RuleKind(row["kind"]),
        job_roles=frozenset(json.loads(row["job_roles"])),
        counts_as=frozenset(json.loads(row["counts_as"])),
        applies_from=row["applies_from"],
        applies_until=row["applies_until"],
        months=row["months"],
        minutes=row["minutes"],
        participatory_share=row["participatory_share"],
        grace_days=row["grace_days"],
        family=row["family"],
        rank=row["rank"],
        source=row["source"],
        confidence=row["confidence"],
        is_on=row["is_on"],
        flag_months=row["flag_months"],
    )
