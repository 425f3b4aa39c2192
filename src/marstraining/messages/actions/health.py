"""Whether the mail server works, and which addresses it refused for good."""

from datetime import datetime

from marstraining.core.db import execute

_LONGEST_ERROR = 500


async def note_server_failing(error: str, *, now: datetime, channel: str = "email") -> None:
    """The server cannot be reached or does not let us in; since when is kept from the first time on."""
    await execute(
        "INSERT INTO messages_health (channel, failing_since, last_error) VALUES (?, ?, ?) ON CONFLICT (channel) DO UPDATE SET"
        " failing_since = COALESCE(messages_health.failing_since, excluded.failing_since), last_error = excluded.last_error",
        channel, now, error[:_LONGEST_ERROR],
    )  # fmt: skip


async def note_server_working(*, now: datetime, channel: str = "email") -> None:
    """The server took a letter."""
    await execute(
        "INSERT INTO messages_health (channel, last_error, last_ok_at) VALUES (?, '', ?) ON CONFLICT (channel) DO UPDATE SET"
        " failing_since = NULL, last_error = '', last_ok_at = excluded.last_ok_at",
        channel, now,
    )  # fmt: skip


async def flag_bounced_address(address: str, *, letter_id: int, reason: str, now: datetime) -> None:
    """Show the address at the desk, with the letter it refused, until somebody has looked into it."""
    await execute(
        "INSERT INTO messages_bounced (address, letter_id, reason, flagged_at) VALUES (?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET"
        " letter_id = excluded.letter_id, reason = excluded.reason, flagged_at = excluded.flagged_at, cleared_at = NULL",
        address, letter_id, reason[:_LONGEST_ERROR], now,
    )  # fmt: skip


async def note_channel_account(channel: str, account: str) -> None:
    """Keep the name that people find a channel by, as the channel itself tells it when it starts."""
    await execute(
        "INSERT INTO messages_health (channel, last_error, account) VALUES (?, '', ?) ON CONFLICT (channel) DO UPDATE SET"
        " account = excluded.account",
        channel, account,
    )  # fmt: skip
