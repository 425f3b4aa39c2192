"""Commands as somebody at a terminal runs them."""

import threading
from pathlib import Path

from click.testing import CliRunner, Result

from marstraining.__main__ import app
from marstraining.core import config


class Terminal:
    """Runs commands in this process, as a shell with this environment would."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def run(self, *arguments: object, **more: str) -> Result:
        results: list[Result] = []

        def work() -> None:
            results.append(CliRunner().invoke(app, [str(argument) for argument in arguments], env={**self.environment, **more}))

        # Apart, since a command opens an event loop of its own.
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        config.use(None)
        return results[0]

    def done(self, *arguments: object) -> str:
        """What a command that must succeed prints."""
        result = self.run(*arguments)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return result.stdout

    def refused(self, *arguments: object) -> list[str]:
        """The lines in which a command is turned down."""
        result = self.run(*arguments)
        assert result.exit_code == 1, result.output
        return result.stderr.splitlines()


def write(folder: Path, name: str, text: str | bytes) -> Path:
    """A file for a command to read."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
