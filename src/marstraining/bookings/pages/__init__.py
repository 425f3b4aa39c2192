"""Pages of bookings: booking, the personal feed. One's own booking stands in `portal`, since it shows what the register says."""

from marstraining.bookings.pages import booking, calendar, questions

routes = [*booking.routes, *calendar.routes, *questions.routes]

__all__ = ["routes"]
