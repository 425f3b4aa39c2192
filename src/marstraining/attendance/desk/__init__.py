"""The register and what stands beside it, for trainers and the training team."""

from marstraining.attendance.desk import correcting, entries, exports, register, reports

routes = [*register.routes, *correcting.routes, *reports.routes, *entries.routes, *exports.routes]
