"""Verbs of refresher rules and of learning elsewhere."""

from marstraining.coverage.actions.external import NewLearning, add_external, decide_external, remove_external
from marstraining.coverage.actions.rules import add_rule, change_rule, seed_rules

__all__ = ["NewLearning", "add_external", "add_rule", "change_rule", "decide_external", "remove_external", "seed_rules"]
