"""Pages of agency leads: their staff, what is booked for them, booking colleagues, the ledger, what an inspector asks."""

from marstraining.leads.desk import booking, checking, choosing, due, home, inspection, ledger, staff

routes = [*home.routes, *staff.routes, *booking.routes, *choosing.routes, *ledger.routes, *checking.routes, *due.routes, *inspection.routes]

__all__ = ["routes"]
