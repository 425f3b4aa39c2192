"""The library at the training team's desk: the list with what needs doing, one resource, adding and changing it."""

from marstraining.resources.desk import changing, looking_after, shelf

routes = [*shelf.routes, *changing.routes, *looking_after.routes]

__all__ = ["routes"]
