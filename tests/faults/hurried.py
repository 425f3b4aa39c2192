"""A worker in a hurry: leases of two seconds instead of sixty, a letter tried again after one second instead of half a minute.

What takes a minute in life takes a moment here; everything else is the worker as it is run.
"""

from datetime import timedelta

from marstraining import worker
from marstraining.core.config import load_settings
from marstraining.messages import rules
from marstraining.messages.actions import lease
from marstraining.messages.delivery import room

SHORTER = (
    (lease, "LEASE", timedelta(seconds=2)),
    (worker, "_LEASE_SECONDS", 0.5),
    (worker, "_LEFT_SECONDS", 0.5),
    (rules, "_FIRST_WAITS", (1,) * 7),
    (rules, "_LATER_WAIT", 1),
    (room, "_FIRST_PAUSE", 0.5),
    (room, "_LONGEST_PAUSE", 1.0),
    (room, "_MARKING_SECONDS", 0.2),
)

if __name__ == "__main__":
    for module, name, value in SHORTER:
        if not hasattr(module, name):
            raise AttributeError(f"{module.__name__} has no {name} any more")
        setattr(module, name, value)
    worker.run_worker(load_settings())
