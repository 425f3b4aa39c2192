"""How commands speak: a progress bar on a terminal, plain lines anywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

# On what is no terminal a line is said for each tenth of long work, and none for what is over in a moment.
_LONG_WORK = 10_000
# Back to the line's beginning, and nothing on it.
_CLEARED = "\r\x1b[K"


def say(line: str = "") -> None:
    click.echo(line)


def complain(line: str) -> None:
    click.echo(line, err=True)


def _is_terminal() -> bool:
    return sys.stderr.isatty()


@contextmanager
def reporting() -> Iterator[Callable[[str], None]]:
    """A function that is told what is being done: on a terminal a moving line, which is gone at the end; else a line each."""
    if not _is_terminal():
        yield say
        return
    try:
        yield lambda line: click.echo(f"{_CLEARED}{line} …", nl=False, err=True)
    finally:
        click.echo(_CLEARED, nl=False, err=True)


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A function that is told how much more is done of `total`: on a terminal a bar, which is gone at the end; else a line each tenth."""
    if _is_terminal():
        with click.progressbar(length=total, label=what, show_pos=True, file=sys.stderr) as bar:
            yield bar.update
        # The bar's own line is taken back, since what was done is said in words.
        click.echo(f"\x1b[A{_CLEARED}", nl=False, err=True)
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
