"""Pages of bookings: booking, one's own booking, the personal feed."""

from marstraining.bookings.pages import booking, calendar, own, questions

routes = [*booking.routes, *own.routes, *calendar.routes, *questions.routes]

__all__ = ["routes"]
