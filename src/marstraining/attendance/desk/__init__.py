"""The register and what stands beside it, for trainers and the training team."""

from marstraining.attendance.desk import (
    check_in,
    columns,
    correcting,
    entries,
    exports,
    locking,
    pack,
    printing,
    register,
    reports,
    scheduled,
    walk_ins,
)

routes = [
    *register.routes,
    *correcting.routes,
    *walk_ins.routes,
    *locking.routes,
    *check_in.routes,
    *printing.routes,
    *pack.routes,
    *reports.routes,
    *columns.routes,
    *entries.routes,
    *exports.routes,
    *scheduled.routes,
]
