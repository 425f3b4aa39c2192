"""The verbs of bulletins: following courses and topics, stopping it, telling what is new."""

from marstraining.bulletins.actions.courses import follow_course, stop_following
from marstraining.bulletins.actions.links import PURPOSE, TOPIC_PURPOSE, stop_all, stop_by_token
from marstraining.bulletins.actions.telling import tell_daily_news, tell_news_at_once
from marstraining.bulletins.actions.topics import (
    ask_to_subscribe,
    confirm_topic,
    forget_topic_requests,
    stop_topic,
    subscribe_to_topic,
)

__all__ = [
    "PURPOSE",
    "TOPIC_PURPOSE",
    "ask_to_subscribe",
    "confirm_topic",
    "follow_course",
    "forget_topic_requests",
    "stop_all",
    "stop_by_token",
    "stop_following",
    "stop_topic",
    "subscribe_to_topic",
    "tell_daily_news",
    "tell_news_at_once",
]
