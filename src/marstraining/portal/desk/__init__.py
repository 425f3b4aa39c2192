"""The training team's pages across capabilities: Today, the list of sessions, the workspace of a session."""

from marstraining.portal.desk import bookings, changing, sessions, today, workspace

routes = [*today.routes, *sessions.routes, *changing.routes, *bookings.routes, *workspace.routes]

__all__ = ["routes"]
