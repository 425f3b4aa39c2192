"""Whether a licensed tool is still used: when its holder is asked, and when it counts as without use; plain values only.

No refresher interval of the tool is public, so the partnership asks each year and looks at those without use for two (rules.md,
GCP2-REFRESH). How often and after how long are a rule's, which the desk changes from a day on like any other.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from marstraining.certificates.rules import add_months
from marstraining.core.values import frozen
from marstraining.coverage.rules import Rule, RuleKind, applied_on


@frozen
class Holding:
    """A current accreditation: what its course counts as, and what is known of its use.

    `asked_on` is when its holder was last asked by letter, `answered_on` when they last said anything, `used_on` when they last said yes.
    """

    codes: frozenset[str]
    granted_on: date
    used_on: date | None = None
    asked_on: date | None = None
    answered_on: date | None = None
    can_be_asked: bool = True
    is_flagged: bool = False

    @property
    def last_use(self) -> date:
        """The last day for which any use is known; learning it is one."""
        return max(self.granted_on, self.used_on or self.granted_on)


def use_rules(rules: Iterable[Rule], on: date) -> list[Rule]:
    """The rules of use in force on a day."""
    return [rule for rule in applied_on(rules, on) if rule.kind == RuleKind.USE and rule.months and rule.flag_months]


def rule_of_use(rules: Iterable[Rule], codes: frozenset[str], on: date) -> Rule | None:
    """The rule that asks for the use of what counts as one of these codes; of several the one that asks most often."""
    found = [rule for rule in use_rules(rules, on) if not codes.isdisjoint(rule.counts_as)]
    return min(found, key=lambda rule: (rule.months or 0, rule.code), default=None)


def is_to_be_asked(holding: Holding, rule: Rule, on: date) -> bool:
    """Whether its holder is to be asked on that day: so long after the course, the last letter and the last answer, the latest of them."""
    last = max(day for day in (holding.granted_on, holding.asked_on, holding.answered_on) if day is not None)
    return holding.can_be_asked and add_months(last, rule.months or 0) <= on


def is_without_use(holding: Holding, rule: Rule, on: date) -> bool:
    """Whether it has been without use for too long on that day.

    Nobody is flagged who was only just asked: the rule's days of grace are theirs to answer in, as when the first letters go out.
    What is flagged stays so until it is used, whenever its holder is asked again.
    """
    if add_months(holding.last_use, rule.flag_months or 0) > on:
        return False
    if holding.is_flagged:
        return True
    if not holding.can_be_asked or holding.asked_on is None:
        return not holding.can_be_asked or holding.answered_on is not None
    has_answered = holding.answered_on is not None and holding.answered_on >= holding.asked_on
    return has_answered or holding.asked_on + timedelta(days=rule.grace_days) <= on
