"""What the training team and trainers do about attendance."""

from marstraining.attendance.desk import entries, reports

routes = [*reports.routes, *entries.routes]
