"""How commands speak: a progress bar on a terminal, plain lines anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console


def say(line: str = "") -> None:
    typer.echo(line)


def complain(line: str) -> None:
    typer.echo(line, err=True)


@contextmanager
def reporting() -> Iterator[Callable[[str], None]]:
    """A function that is told what is being done: on a terminal a moving line, which is gone at the end; else a line each."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield say
        return
    with console.status("Starting") as status:
        yield status.update
