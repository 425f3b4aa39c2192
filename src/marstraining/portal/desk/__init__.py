"""The training team's pages across capabilities: Today, the list of sessions, the workspace of a session, history."""

from marstraining.portal.desk import bookings, changing, history, needs, notes, sessions, today, workspace

routes = [
    *today.routes,
    *sessions.routes,
    *bookings.routes,
    *needs.routes,
    *notes.routes,
    *changing.routes,
    *workspace.routes,
    *history.routes,
]

__all__ = ["routes"]
