"""What the training team and trainers do about attendance."""

from marstraining.attendance.desk import entries, exports, reports

routes = [*reports.routes, *entries.routes, *exports.routes]
