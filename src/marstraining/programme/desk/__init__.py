"""The training team's pages of the programme: courses, venues, sessions and their training days, series, a year rolled forward."""

from marstraining.programme.desk import courses, planning, sessions, trainers, venues

routes = [*courses.routes, *venues.routes, *planning.routes, *trainers.routes, *sessions.routes]
