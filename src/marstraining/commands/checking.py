"""`check` says what is wrong with an installation; `routes` lists who may use what."""

import asyncio
import json
import os
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote, urlsplit

from marstraining.app import all_routes
from marstraining.commands.telegram import telegram_faults
from marstraining.commands.terminal import complain, say
from marstraining.core import clock, config
from marstraining.core.clock import local
from marstraining.core.config import ConfigError, Settings
from marstraining.core.database_url import SqliteFile
from marstraining.core.db import connect, is_unavailable, pending_migrations, probe_write, unknown_migrations
from marstraining.core.scanner import ScannerAway, ping
from marstraining.core.web.guards import route_table
from marstraining.uploads.queries import waiting
from marstraining.uploads.rules import WAITS_AT_MOST

_SMTP_SECONDS = 10
_SUBMISSION_PORTS = {"smtp": 25, "smtps": 465}


def check() -> int:
    """0 when nothing is wrong; what is only worth knowing does not count as wrong."""
    try:
        settings = config.load_settings()
    except ConfigError as error:
        complain(f"wrong  {error}")
        return 1
    say("ok     The configuration can be read.")
    wrong = [*asyncio.run(_database(settings)), *_mail(settings), *asyncio.run(_scanner(settings)), *telegram_faults(settings)]
    for line in wrong:
        complain(f"wrong  {line}")
    for line in _worth_knowing(settings):
        say(f"note   {line}")
    return 1 if wrong else 0


async def _database(settings: Settings) -> list[str]:
    database = settings.database
    if isinstance(database, SqliteFile) and not database.path.exists():
        return [f"There is no database at {database.path}: run `marstraining migrate`."]
    try:
        async with connect(settings):
            pending, unknown = await pending_migrations(), await unknown_migrations()
            if pending:
                return [f"The database is behind by {len(pending)} migration{'s' if len(pending) > 1 else ''}: run `marstraining migrate`."]
            if unknown:
                return [f"The database is newer than this program, which does not know {', '.join(unknown)}."]
            await probe_write()
            late = await _files_waiting(settings)
    except Exception as error:
        if not is_unavailable(error):
            raise
        return [f"The database cannot be reached or written to: {error}"]
    say("ok     The database is up to date and can be written to.")
    return late


async def _files_waiting(settings: Settings) -> list[str]:
    """What waits too long for the virus scanner, and what waits for one that is not set any more."""
    files = await waiting()
    if files.since is None or (settings.scan_url and clock.now() - files.since < WAITS_AT_MOST):
        return []
    number = f"{files.number} file{' waits' if files.number == 1 else 's wait'}"
    if not settings.scan_url:
        return [f"{number} to be checked for viruses, and MARS_SCAN_URL is not set: nobody can open them until a scanner has seen them."]
    return [f"{number} to be checked for viruses, the oldest since {local(files.since):%d/%m/%Y %H:%M}: is the worker running?"]


async def _scanner(settings: Settings) -> list[str]:
    if not settings.scan_url:
        return []
    try:
        await ping(settings.scan_url)
    except ScannerAway as away:
        return [f"The virus scanner at {settings.scan_url} does not answer, so files that people send in cannot be opened: {away}"]
    say(f"ok     The virus scanner at {settings.scan_url} answers.")
    return []


def _mail(settings: Settings) -> Iterator[str]:
    address = urlsplit(settings.smtp_url)
    if address.scheme == "file":
        folder = Path(unquote(address.path))
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        if os.access(nearest, os.W_OK):
            say(f"note   No mail server is set: letters are collected in {folder}.")
        else:
            yield f"Letters cannot be written to {folder}."
        return
    try:
        _greet(address.scheme, address.hostname or "", address.port, unquote(address.username or ""), unquote(address.password or ""))
    except (OSError, smtplib.SMTPException, ssl.SSLError) as error:
        yield f"The mail server {address.hostname} does not take our letters: {error}"
    else:
        say(f"ok     The mail server {address.hostname} answers.")


def _greet(scheme: str, host: str, port: int | None, user: str, password: str) -> None:
    """Go as far as a letter would go, without one."""
    context = ssl.create_default_context()
    where = (host, port or _SUBMISSION_PORTS[scheme])
    server = (
        smtplib.SMTP_SSL(*where, timeout=_SMTP_SECONDS, context=context)
        if scheme == "smtps"
        else smtplib.SMTP(*where, timeout=_SMTP_SECONDS)
    )
    with server:
        server.ehlo()
        if scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        if user:
            server.login(user, password)


def _worth_knowing(settings: Settings) -> Iterator[str]:
    if not settings.scan_url:
        yield "No virus scanner is set (MARS_SCAN_URL), so files that people send in are not checked for viruses."
    if not settings.telegram_token:
        yield "Telegram is not set up, so letters go by email only."
    yield "There is no second factor yet: whoever reads a member of staff's email can sign in as them."


def list_routes(as_json: bool) -> None:  # noqa: FBT001 - the command's flag
    table = list(route_table(all_routes()))
    if as_json:
        say(json.dumps([asdict(row) for row in table], indent=2))
        return
    methods = max(len(",".join(row.methods)) for row in table)
    path = max(len(row.path) for row in table)
    for row in table:
        say(f"{','.join(row.methods):{methods}}  {row.path:{path}}  {row.who}")
