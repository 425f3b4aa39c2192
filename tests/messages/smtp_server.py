"""A real mail server (aiosmtpd) on this machine that keeps what it is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


def _open() -> asyncio.Event:
    door = asyncio.Event()
    door.set()
    return door


@dataclass
class MailServer:
    """`messages` in the order they came and, in step with it, the envelope's `recipients`.

    While `door` is not set a letter that is handed over waits there, and `waits` says that one does.
    """

    port: int = 0
    slowness: float = 0.0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    door: asyncio.Event = field(default_factory=_open)
    waits: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's own name and order
        self.waits.set()
        await self.door.wait()
        if self.slowness:
            await asyncio.sleep(self.slowness)
        content = envelope.content
        assert isinstance(content, bytes)
        self.messages.append(message_from_bytes(content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        self.arrived.set()
        return "250 kept"

    def to(self, address: str) -> list[EmailMessage]:
        """The messages that one address was sent."""
        return [message for message, to in zip(self.messages, self.recipients, strict=True) if to == [address]]

    async def wait_for(self, address: str, *, seconds: float = 10) -> EmailMessage:
        """The first message to an address, once it is there; TimeoutError where it does not come."""
        async with asyncio.timeout(seconds):
            while not self.to(address):
                self.arrived.clear()
                await self.arrived.wait()
        return self.to(address)[0]


@asynccontextmanager
async def mail_server(*, password: str | None = None, port: int = 0) -> AsyncIterator[MailServer]:
    """A server in this loop; with a password it takes letters only from who signs in as `training` with it."""
    kept = MailServer()

    def is_right(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        is_known = isinstance(data, LoginPassword) and data.password == (password or "").encode()
        return AuthResult(success=is_known, handled=False)

    def serve() -> SMTP:
        return SMTP(
            kept, hostname="mail.test", enable_SMTPUTF8=True, auth_require_tls=False, auth_required=password is not None,
            authenticator=is_right if password is not None else None,
        )  # fmt: skip

    listening = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", port)
    kept.port = listening.sockets[0].getsockname()[1]
    try:
        yield kept
    finally:
        listening.close()
