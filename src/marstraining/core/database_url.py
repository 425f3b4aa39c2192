"""What a database address says: a SQLite file, or a PostgreSQL server and database."""

from dataclasses import field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from marstraining.core.values import frozen

_POSTGRES_PORT = 5432
_POSTGRES_OPTIONS = {"sslmode", "host"}


@frozen
class SqliteFile:
    """A database in one file; `path` is absolute."""

    path: Path


@frozen
class PostgresServer:
    """A database on a server. `host` may be a socket's folder; `sslmode` empty leaves it to the driver."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str
    sslmode: str = ""


def parse_database_url(url: str) -> SqliteFile | PostgresServer:
    """The database of `sqlite:///path/to/file` (always from the root) or `postgres://user:password@host:port/name`.

    PostgreSQL takes `?sslmode=…` and `?host=/socket/folder`. Anything else is refused with ValueError, whose message never
    repeats the address, since that may hold a password.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(parts.netloc, unquote(parts.path), parts.query)
    if parts.scheme in {"postgres", "postgresql"}:
        options = dict(parse_qsl(parts.query))
        unknown = options.keys() - _POSTGRES_OPTIONS
        if unknown:
            raise ValueError(f"does not know the option {min(unknown)}")
        name = unquote(parts.path.removeprefix("/"))
        host = options.get("host") or parts.hostname or ""
        if not name or not host:
            raise ValueError("needs a host and the name of a database: postgres://user:password@host:5432/name")
        return PostgresServer(
            host=host,
            port=parts.port or _POSTGRES_PORT,
            user=unquote(parts.username or "postgres"),
            password=unquote(parts.password or ""),
            name=name,
            sslmode=options.get("sslmode", ""),
        )
    raise ValueError("must begin with sqlite:/// or postgres://")


def _sqlite(host: str, path: str, query: str) -> SqliteFile:
    if host or query or len(path) < len("/x") or path.endswith("/"):
        raise ValueError("must name a file from the root, with three slashes: sqlite:///var/lib/marstraining/marstraining.sqlite3")
    return SqliteFile(Path(path))
