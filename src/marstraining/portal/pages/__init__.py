"""The public pages: home, programme, courses, sessions, calendars, help."""

from marstraining.bookings.pages.became import use_registers
from marstraining.portal.pages import feed, home, me, metrics, programme, sessions, topics
from marstraining.portal.queries.came import came

routes = [*home.routes, *programme.routes, *sessions.routes, *topics.routes, *me.routes, *feed.routes, *metrics.routes]

use_registers(came)
