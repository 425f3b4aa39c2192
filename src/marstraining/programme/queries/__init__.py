"""Reads of the programme: what is coming, one session or course in full, and who may know of it."""

from marstraining.programme.queries.coming import (
    FEED_LIMIT,
    PAGE_SIZE,
    DayRow,
    FeedDay,
    SessionRow,
    coming_sessions,
    feed_days,
    sessions_between,
    sessions_by_ref,
    sessions_of_course,
)
from marstraining.programme.queries.facts import (
    CourseFacts,
    Day,
    SessionFacts,
    VenueFacts,
    course_facts,
    public_addresses,
    session_facts,
    topics_in_use,
    training_days,
)
from marstraining.programme.queries.scope import EVERYTHING, PUBLIC, Scope, audiences_of_person, run_by, visible_to
from marstraining.programme.queries.teaching import TaughtRow, coming_teaching, taught_sessions
from marstraining.programme.queries.topics import TopicFacts, all_topics, topic_by_slug

__all__ = [
    "EVERYTHING",
    "FEED_LIMIT",
    "PAGE_SIZE",
    "PUBLIC",
    "CourseFacts",
    "Day",
    "DayRow",
    "FeedDay",
    "Scope",
    "SessionFacts",
    "SessionRow",
    "TaughtRow",
    "TopicFacts",
    "VenueFacts",
    "all_topics",
    "audiences_of_person",
    "coming_sessions",
    "coming_teaching",
    "course_facts",
    "feed_days",
    "public_addresses",
    "run_by",
    "session_facts",
    "sessions_between",
    "sessions_by_ref",
    "sessions_of_course",
    "taught_sessions",
    "topic_by_slug",
    "topics_in_use",
    "training_days",
    "visible_to",
]
