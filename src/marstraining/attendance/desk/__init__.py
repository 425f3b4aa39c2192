"""The register and what stands beside it, for trainers and the training team."""

from marstraining.attendance.desk import (
    check_in,
    correcting,
    exports,
    locking,
    pack,
    printing,
    register,
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
    *exports.routes,
    *scheduled.routes,
]
