"""`marstraining-bot`: by the webhook that the settings name, or with `--poll` by asking Telegram, for trying it out."""

from importlib import import_module

import click

from marstraining.core.config import ConfigError
from marstraining.core.errors import Refused


@click.command(context_settings={"show_default": True})
@click.option("--poll", is_flag=True, help="Ask Telegram for messages instead of being called; for trying it out.")
@click.option("--host", default="127.0.0.1", help="Address to listen on for Telegram's calls.")
@click.option("--port", type=click.IntRange(1, 65535), default=8001, help="Port to listen on.")
def app(*, poll: bool, host: str, port: int) -> None:
    """Answer people on Telegram: find, book, remind, and tell whom to ring about a worry."""
    try:
        # Loaded now, so that --help answers at once.
        running = import_module("bots.running")
        running.poll() if poll else running.serve(host, port)
    except (ConfigError, Refused) as refusal:
        click.echo(str(refusal), err=True)
        raise click.exceptions.Exit(1) from None


def main() -> None:
    """The console script."""
    app(prog_name="marstraining-bot")


if __name__ == "__main__":
    main()
