"""Reports of a session, for the training team and for its trainers."""

from marstraining.reported_marks.desk import columns, entries, reports

routes = [*reports.routes, *columns.routes, *entries.routes]
