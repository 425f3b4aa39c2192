"""The database: one way to open it, write to it and move it forward, on SQLite and PostgreSQL alike."""

from tortoise.exceptions import IntegrityError, OperationalError

from marstraining.core.db.runner import migrate, pending_migrations, probe_write, unknown_migrations
from marstraining.core.db.setup import MODEL_MODULES, connect, tortoise_config
from marstraining.core.db.sql import (
    Moved,
    connection,
    dialect,
    execute,
    execute_many,
    hold,
    hold_unseen,
    in_transaction,
    is_unavailable,
    key_ahead,
    like_pattern,
    next_key,
    rows,
    together,
    transaction,
)
from marstraining.core.db.watch import Stamp, stamp

__all__ = [
    "MODEL_MODULES",
    "IntegrityError",
    "Moved",
    "OperationalError",
    "Stamp",
    "connect",
    "connection",
    "dialect",
    "execute",
    "execute_many",
    "hold",
    "hold_unseen",
    "in_transaction",
    "is_unavailable",
    "key_ahead",
    "like_pattern",
    "migrate",
    "next_key",
    "pending_migrations",
    "probe_write",
    "rows",
    "stamp",
    "together",
    "tortoise_config",
    "transaction",
    "unknown_migrations",
]
