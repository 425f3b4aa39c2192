"""Reads of refresher rules and of what people have learnt."""

from marstraining.coverage.queries.forecast import named, people_asked
from marstraining.coverage.queries.learnt import Attended, External, attended_by, external_by_ref, external_of, learning_of, posts_of
from marstraining.coverage.queries.record import TrainingRecord, training_record
from marstraining.coverage.queries.rules import KeptRule, counting_codes, kept_rules, refresher_rules

__all__ = [
    "Attended",
    "External",
    "KeptRule",
    "TrainingRecord",
    "attended_by",
    "counting_codes",
    "external_by_ref",
    "external_of",
    "kept_rules",
    "learning_of",
    "named",
    "people_asked",
    "posts_of",
    "refresher_rules",
    "training_record",
]
