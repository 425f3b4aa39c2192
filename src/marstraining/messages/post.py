"""Handing a finished message to a mail server, or to a folder where no server is set."""

import asyncio
import os
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from marstraining.core.config import Settings, is_loopback
from marstraining.messages.rules import Stage

# Long enough for a server that makes strangers wait with its greeting.
_COMMAND_SECONDS = 30.0
# RFC 5321 4.5.3.2.6 asks for ten minutes; a server that filters while we wait takes seconds to a few minutes. Giving up
# too soon sends a second copy.
_DATA_SECONDS = 300.0
# What the desk reads before the server's own words.
_FAILED = {
    Stage.CONNECT: "No connection to the mail server",
    Stage.SENDER: "The sender was not accepted",
    Stage.RECIPIENT: "The recipient was not accepted",
    Stage.DATA: "The letter was not accepted",
}


class Fault(Exception):  # noqa: N818 - a failed try is an ordinary event here
    """A try that failed; `code` is the server's, where it answered."""

    def __init__(self, stage: Stage, code: int | None, said: str) -> None:
        super().__init__(f"{_FAILED[stage]}: {code or ''} {said}".replace(":  ", ": "))
        self.stage = stage
        self.code = code


class Post(Protocol):
    """Takes one message for one recipient; Fault where it cannot."""

    async def send(self, data: bytes, *, sender: str, recipient: str, name: str) -> None: ...

    async def close(self) -> None: ...


def open_post(settings: Settings) -> Post:
    """Where letters go by MARS_SMTP_URL; nothing is connected yet."""
    folder = settings.mail_folder
    return FolderPost(folder) if folder else SmtpPost(settings.smtp_url, local_name=settings.host)


class SmtpPost:
    """One connection to a mail server, opened by the first letter and kept for those after it.

    `smtps://` is encrypted from the start. `smtp://` must offer STARTTLS where a password is sent to another machine, may
    offer it where none is, and is left plain on this machine.
    """

    def __init__(
        self, url: str, *, local_name: str, command_seconds: float = _COMMAND_SECONDS, data_seconds: float = _DATA_SECONDS
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "") if parts.username else None
        self._is_tls = parts.scheme == "smtps"
        self._local_name = local_name
        self._command_seconds, self._data_seconds = command_seconds, data_seconds
        self._client: SMTP | None = None
        self._stage = Stage.CONNECT

    async def send(self, data: bytes, *, sender: str, recipient: str, name: str) -> None:  # noqa: ARG002 - names files alone
        """Hand one message over. After a Fault, or when cancelled, the connection is closed and the next call opens another."""
        is_done = False
        try:
            client = await self._begun(sender)
            self._stage = Stage.RECIPIENT
            await client.rcpt(recipient)
            self._stage = Stage.DATA
            await client.data(data, timeout=self._data_seconds)
            is_done = True
        except (SMTPException, OSError) as error:
            raise Fault(self._stage, _code(error), _said(error)) from error
        except ValueError as error:
            # aiosmtplib refuses an address that would bend the conversation; so would a server, with this code.
            raise Fault(Stage.RECIPIENT, 553, str(error)) from error
        finally:
            if not is_done:
                self._drop()

    async def close(self) -> None:
        """Take leave of the server, without waiting long for its good-bye."""
        client, self._client = self._client, None
        if client is None or not client.is_connected:
            return
        try:
            await client.quit(timeout=2)
        except (SMTPException, OSError):
            client.close()

    async def _begun(self, sender: str) -> SMTP:
        if self._client is not None and self._client.is_connected:
            try:
                await self._client.mail(sender)
            except (SMTPException, OSError):
                # Some servers end a connection after so many letters; nothing of this one was handed over yet.
                self._drop()
            else:
                return self._client
        self._stage = Stage.CONNECT
        client = await self._connect()
        self._stage = Stage.SENDER
        await client.mail(sender)
        return client

    async def _connect(self) -> SMTP:
        if self._is_tls or (self._user is None and is_loopback(self._host)):
            start_tls: bool | None = False
        elif self._user is not None and not is_loopback(self._host):
            start_tls = True
        else:
            start_tls = None
        self._client = SMTP(
            hostname=self._host, port=self._port, username=self._user, password=self._password, local_hostname=self._local_name,
            timeout=self._command_seconds, use_tls=self._is_tls, start_tls=start_tls,
        )  # fmt: skip
        await self._client.connect()
        return self._client

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


class FolderPost:
    """Writes each message as one `.eml` file, whole or not at all; the same letter again replaces its file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, data: bytes, *, sender: str, recipient: str, name: str) -> None:  # noqa: ARG002 - both stand in the message
        try:
            await asyncio.to_thread(self._write, f"{name}.eml", data)
        except OSError as error:
            raise Fault(Stage.CONNECT, None, f"the folder for letters cannot be written: {error.strerror}") from error

    async def close(self) -> None:
        return

    def _write(self, name: str, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}.{os.getpid()}"
        unfinished.write_bytes(data)
        unfinished.replace(self._folder / name)


def file_name(*, created_at: datetime, template: str, letter_id: int) -> str:
    """The name of a letter's file, the same at every try; files sort by when their letters were queued."""
    return f"{created_at:%Y%m%dT%H%M%S}-{letter_id:08}-{template}"


def _code(error: Exception) -> int | None:
    if isinstance(error, SMTPRecipientsRefused):
        # It has no code of its own (aiosmtplib 5.1): read as "none", greylisting would look permanent.
        return error.recipients[0].code
    return error.code if isinstance(error, SMTPResponseException) else None


def _said(error: Exception) -> str:
    if isinstance(error, SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, SMTPAuthenticationError):
        return f"the mail server does not accept our user name and password ({error.message})"
    if isinstance(error, SMTPRecipientRefused | SMTPResponseException):
        return error.message
    return str(error) or type(error).__name__
