"""The command line: what each command is called and takes; what it does stands in `commands`.

A command's module is loaded when the command is run, since the whole service takes ten times as long to load as `--help`.
"""

import gc
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from marstraining.core.config import ConfigError
from marstraining.core.errors import NotFound, Refused

app = typer.Typer(
    name="marstraining",
    help="Multi-agency safeguarding training: programme, bookings, letters and calendars in one service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
person = typer.Typer(help="People who cannot sign themselves up yet.", no_args_is_help=True)
app.add_typer(person, name="person")

Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")]


def _run(command: str, *arguments: object) -> None:
    """Load the module of `module.function`, run the function, and end as it says: a number, or a refusal's sentence and 1."""
    module, _, function = command.partition(".")
    try:
        code = getattr(_loaded(module), function)(*arguments)
    except Refused as refusal:
        typer.echo(refusal.message, err=True)
        code = 1
    except NotFound:
        typer.echo("There is nothing of that name.", err=True)
        code = 1
    except ConfigError as error:
        typer.echo(str(error), err=True)
        code = 1
    raise typer.Exit(code or 0)


def _loaded(module: str) -> ModuleType:
    # Nothing of what loading makes is ever rubbish, and looking for it takes a tenth of the time of loading.
    gc.disable()
    try:
        return import_module(f"marstraining.commands.{module}")
    finally:
        gc.enable()


@app.command()
def demo(
    data_dir: Annotated[Path, typer.Option(help="Folder of the demo.")] = Path("var/demo"),
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on; 8000 or the next free one by default.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make the demo again, whatever is there.")] = False,  # noqa: FBT002 - typer's flag
) -> None:
    """Fill an empty database with the reference case and an upcoming programme, and serve it."""
    _run("demonstrating.run_demo", data_dir, port, fresh)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer requests.")] = 1,
    with_worker: Annotated[bool, typer.Option("--with-worker", help="Also run the worker, as a child process.")] = False,  # noqa: FBT002
) -> None:
    """Serve the pages."""
    _run("serving.serve", host, port, workers, with_worker)


@app.command()
def worker() -> None:
    """Send letters and reminders, and do what falls due."""
    _run("working.work")


@app.command()
def migrate() -> None:
    """Bring the database up to date."""
    _run("keeping.run_migrations")


@app.command()
def check() -> None:
    """Say what is wrong with the configuration, the database, the mail server and Telegram."""
    _run("checking.check")


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="agencies, people, courses, sessions or attendance.")],
    file: Annotated[Path, typer.Argument(help="A CSV file with a heading row.")],
    dry_run: DryRun = False,  # noqa: FBT002 - typer's flag
) -> None:
    """Bring in a CSV file: all of it, or nothing and every fault by row."""
    _run("exchanging.import_file", kind, file, dry_run)


@app.command()
def export(  # noqa: PLR0917 - typer's options
    kind: Annotated[str, typer.Argument(help="register, bookings, attendance, attendance-figures, training-record or ledger.")],
    out: Annotated[Path, typer.Option(help="File to write: .csv or .xlsx, by its name.")],
    session: Annotated[str, typer.Option(help="Reference of one session.")] = "",
    course: Annotated[str, typer.Option(help="Code of one course.")] = "",
    agency: Annotated[str, typer.Option(help="Code of one organisation.")] = "",
    from_: Annotated[str, typer.Option("--from", help="First day of the sessions, as 2026-11-24.")] = "",
    to: Annotated[str, typer.Option(help="Last day of the sessions.")] = "",
) -> None:
    """Write a register, bookings, attendance, training records or the ledger of late cancellations to a file (docs/exports.md)."""
    _run("exporting.export_file", kind, out, session, course, agency, from_, to)


@app.command("read-report")
def read_report(  # noqa: PLR0917 - typer's options
    file: Annotated[Path, typer.Argument(help="An attendance report of Teams or Zoom, as it was downloaded, or a list of your own.")],
    session: Annotated[str, typer.Option(help="Reference of the session it is of: people are matched with its bookings.")] = "",
    starts: Annotated[str, typer.Option(help="When the session began, as 2026-11-24T09:30.")] = "",
    ends: Annotated[str, typer.Option(help="When the session ended.")] = "",
    column: Annotated[list[str] | None, typer.Option(help="What a column of a list is: name=HEADING; may be given more than once.")] = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="Everybody on the list was there.")] = False,  # noqa: FBT002
    order: Annotated[str, typer.Option(help="How its dates are written: day-first or month-first.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - typer's flag
) -> None:
    """Say what an attendance report says; nothing is written.

    Of a list that is no known report, say its columns by --column: name, first-name, last-name, email, joined, left, minutes,
    duration (1h 20m), attended (yes or no), each with the heading or the number of a column.
    """
    if session and (starts or ends):
        raise typer.BadParameter("give --session, or --starts and --ends, not both")
    said = _loaded("reading").SaidColumns(column or [], everybody, order)
    if session:
        _run("matching.read_report", file, session, as_json, said)
    _run("reading.read_report", file, starts, ends, as_json, said)


@person.command("add")
def add_person(
    email: Annotated[str, typer.Argument()],
    name: Annotated[str, typer.Option()],
    agency: Annotated[str, typer.Option(help="Code of the organisation they work for.")] = "",
    job_role: Annotated[str, typer.Option(help="Their post there.")] = "multi_agency",
    role: Annotated[list[str] | None, typer.Option(help="A role to grant; may be given more than once.")] = None,
) -> None:
    """Add a person, or roles to one who is there: the way to the first administrator."""
    _run("persons.add", email, name, agency, job_role, role or [])


@app.command("sign-in-link")
def sign_in_link(email: Annotated[str, typer.Argument()]) -> None:
    """Print a link that signs somebody in once, within 15 minutes."""
    _run("persons.sign_in_link", email)


@app.command()
def routes(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:  # noqa: FBT002 - typer's flag
    """List every route: method, path, who may use it."""
    _run("checking.list_routes", as_json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="File to write.")],
    files: Annotated[bool, typer.Option("--files/--without-files", help="Also copy the files that people sent in.")] = True,  # noqa: FBT002
) -> None:
    """Copy the database and the files that people sent in to one file, while the service runs."""
    _run("keeping.back_up", file, files)


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")]) -> None:
    """Put a backup in the place of the database and of missing files, hold its letters back and end every sign-in."""
    _run("keeping.restore", file)


def main() -> None:
    """The console script."""
    app(prog_name="marstraining")


if __name__ == "__main__":
    main()
