"""Verbs of refresher rules, of learning elsewhere, and of whether licensed tools are still used."""

from marstraining.coverage.actions.external import NewLearning, add_external, decide_external, remove_external
from marstraining.coverage.actions.rules import add_rule, change_rule, seed_rules
from marstraining.coverage.actions.use import answer_use, ask_about_use

__all__ = [
    "NewLearning",
    "add_external",
    "add_rule",
    "answer_use",
    "ask_about_use",
    "change_rule",
    "decide_external",
    "remove_external",
    "seed_rules",
]
