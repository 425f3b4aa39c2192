"""The pages of visitors and learners: home, programme, courses, sessions, one's own bookings, calendars, help."""

from marstraining.portal.pages import feed, home, me, metrics, own_booking, programme, sessions, topics

routes = [
    *home.routes,
    *programme.routes,
    *sessions.routes,
    *topics.routes,
    *me.routes,
    *own_booking.routes,
    *feed.routes,
    *metrics.routes,
]
