"""Pages of bulletins: one course, one topic, all that one is told of, and the link that stops it."""

from marstraining.bulletins.pages import courses, own, topics

routes = [*courses.routes, *topics.routes, *own.routes]

__all__ = ["routes"]
