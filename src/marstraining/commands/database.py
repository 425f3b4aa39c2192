"""Opening the database for one command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from marstraining.core import config
from marstraining.core.config import Settings
from marstraining.core.database_url import SqliteFile
from marstraining.core.db import connect, is_unavailable, pending_migrations, unknown_migrations
from marstraining.core.errors import Refused


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[None]:
    """The database of these settings, which become those of the process.

    Refuses one that is not there, cannot be reached, or is not at this program's migrations.
    """
    config.use(settings)
    database = settings.database
    if isinstance(database, SqliteFile) and not database.path.exists():
        raise Refused(f"There is no database at {database.path} yet: run `marstraining migrate`.")
    try:
        async with connect(settings):
            if await pending_migrations():
                raise Refused("The database is behind this program: run `marstraining migrate`.")
            if await unknown_migrations():
                raise Refused("The database is newer than this program.")
            yield
    except Exception as error:
        if not is_unavailable(error):
            raise
        raise Refused(f"The database cannot be reached or written to: {error}") from error
