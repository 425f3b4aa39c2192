"""The training team's pages across capabilities: Today, the workspace of a session, history."""

from marstraining.portal.desk import bookings, changing, history, needs, notes, sessions, today, workspace

routes = [
    *today.routes,
    *sessions.routes,
    *workspace.routes,
    *bookings.routes,
    *needs.routes,
    *notes.routes,
    *changing.routes,
    *history.routes,
]
