"""The public pages: home, programme, courses, sessions, calendars, help."""

from marstraining.portal.pages import feed, home, me, metrics, programme, sessions, topics

routes = [*home.routes, *programme.routes, *sessions.routes, *topics.routes, *me.routes, *feed.routes, *metrics.routes]
