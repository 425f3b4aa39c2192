"""Pages of the training team and of trainers across capabilities: Today, sessions, the workspace of one, history, teaching."""

from marstraining.portal.desk import (
    allocations,
    bookings,
    changing,
    editing,
    headcount,
    history,
    invited,
    leaving,
    needs,
    notes,
    person,
    phones,
    sessions,
    teaching,
    today,
    workspace,
)

routes = [
    *today.routes,
    *sessions.routes,
    *bookings.routes,
    *allocations.routes,
    *invited.routes,
    *needs.routes,
    *notes.routes,
    *person.routes,
    *phones.routes,
    *changing.routes,
    *editing.routes,
    *leaving.routes,
    *workspace.routes,
    *headcount.routes,
    *history.routes,
    *teaching.routes,
]

__all__ = ["routes"]
