"""Multi-agency safeguarding training: programme, bookings, letters and calendars in one service."""

import sys
from importlib import import_module

__version__ = "0.1.0"

if "structlog" not in sys.modules and "rich" not in sys.modules:
    # structlog 26 loads rich for tracebacks on a terminal, which logs in JSON never show: three megabytes of every process.
    # Told for a moment that there is none, it does without.
    sys.modules["rich"] = None  # type: ignore[assignment]  # what Python itself takes for "cannot be imported"
    try:
        import_module("structlog")
    finally:
        del sys.modules["rich"]
