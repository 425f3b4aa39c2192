"""How commands speak: a progress bar on a terminal, plain lines anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

# On what is no terminal a line is said for each tenth of long work, and none for what is over in a moment.
_LONG_WORK = 10_000


def say(line: str = "") -> None:
    click.echo(line)


def complain(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def reporting() -> Iterator[Callable[[str], None]]:
    """A function that is told what is being done: on a terminal a moving line, which is gone at the end; else a line each."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield say
        return
    with console.status("Starting") as status:
        yield status.update


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A function that is told how much more is done of `total`: on a terminal a bar, which is gone at the end; else a line each tenth."""
    console = Console(stderr=True)
    if console.is_terminal:
        shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*shown, console=console, transient=True) as progress:
            task = progress.add_task(what, total=total)
            yield lambda more: progress.advance(task, more)
        return
    done = 0
    said = 0

    def advance(more: int) -> None:
        nonlocal done, said
        done += more
        tenth = done * 10 // total if total else 10
        if total >= _LONG_WORK and tenth > said:
            said = tenth
            say(f"{what}: {done:,} of {total:,}")

    yield advance
