"""The command line: what each command is called and takes; what it does stands in `commands`.

A command's module is loaded when the command is run, since the whole service takes ten times as long to load as `--help`.
"""

import gc
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click

from marstraining.core.config import ConfigError
from marstraining.core.errors import NotFound, Refused

_FILE = click.Path(path_type=Path)
_PORT = click.IntRange(1, 65535)


@click.group(context_settings={"show_default": True})
def app() -> None:
    """Multi-agency safeguarding training: programme, bookings, letters and calendars in one service."""


@app.group()
def person() -> None:
    """People who cannot sign themselves up yet."""


def _run(command: str, *arguments: object) -> None:
    """Load the module of `module.function`, run the function, and end as it says: a number, or a refusal's sentence and 1."""
    module, _, function = command.partition(".")
    try:
        code = getattr(_loaded(module), function)(*arguments)
    except Refused as refusal:
        click.echo(refusal.message, err=True)
        code = 1
    except NotFound:
        click.echo("There is nothing of that name.", err=True)
        code = 1
    except ConfigError as error:
        click.echo(str(error), err=True)
        code = 1
    raise click.exceptions.Exit(code or 0)


def _loaded(module: str) -> ModuleType:
    # Nothing of what loading makes is ever rubbish, and looking for it takes a tenth of the time of loading, now and later.
    gc.disable()
    try:
        return import_module(f"marstraining.commands.{module}")
    finally:
        gc.freeze()
        gc.enable()


@app.command()
@click.option("--data-dir", type=_FILE, default=Path("var/demo"), help="Folder of the demo.")
@click.option("--port", type=_PORT, help="Port to listen on; 8000 or the next free one by default.")
@click.option("--fresh", is_flag=True, help="Make the demo again, whatever is there.")
def demo(*, data_dir: Path, port: int | None, fresh: bool) -> None:
    """Fill an empty database with the reference case and an upcoming programme, and serve it."""
    _run("demonstrating.run_demo", data_dir, port, fresh)


@app.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=_PORT, default=8000, help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, help="Processes that answer requests.")
@click.option("--with-worker", is_flag=True, help="Also run the worker, as a child process.")
def serve(*, host: str, port: int, workers: int, with_worker: bool) -> None:
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
@click.argument("kind")
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
def import_(*, kind: str, file: Path, dry_run: bool) -> None:
    """Bring in a CSV file with a heading row: all of it, or nothing and every fault by row.

    KIND is agencies, people, courses, sessions, resources, glossary or attendance.
    """
    _run("exchanging.import_file", kind, file, dry_run)


@app.command()
@click.argument("kind")
@click.option("--out", type=_FILE, required=True, help="File to write: .csv or .xlsx, by its name.")
@click.option("--session", default="", help="Reference of one session.")
@click.option("--course", default="", help="Code of one course.")
@click.option("--agency", default="", help="Code of one organisation.")
@click.option("--from", "from_", default="", help="First day of the sessions, as 2026-11-24.")
@click.option("--to", default="", help="Last day of the sessions.")
def export(*, kind: str, out: Path, session: str, course: str, agency: str, from_: str, to: str) -> None:
    """Write a register, bookings, attendance, training records, the ledger of late cancellations or feedback to a file (docs/exports.md).

    KIND is register, bookings, attendance, attendance-figures, training-record, ledger or evaluation.
    """
    _run("exporting.export_file", kind, out, session, course, agency, from_, to)


@app.group()
def report() -> None:
    """Figures of a year or a quarter, frozen as they stand."""


@report.command("annual")
@click.option("--year", required=True, help="Financial year, as 2022/23.")
@click.option("--out", type=_FILE, required=True, help="File to write: .html, .pdf, .docx or .json, by its name.")
def report_annual(*, year: str, out: Path) -> None:
    """Write the figures of the annual report's training section."""
    _run("reporting.annual", year, out)


@report.command("quarterly")
@click.option("--year", required=True, help="Financial year, as 2022/23.")
@click.option("--quarter", required=True, help="1 to 4: 1 is April to June, 4 is January to March.")
@click.option("--out", type=_FILE, required=True, help="File to write: .html, .pdf, .docx or .json, by its name.")
@click.option("--course", default="", help="Code of one course.")
@click.option("--agency", default="", help="Code of one organisation, with its branches.")
@click.option("--area", default="", help="Name of one area that the partnership shines a light on.")
def report_quarterly(*, year: str, quarter: str, out: Path, course: str, agency: str, area: str) -> None:
    """Write the report to the board of a quarter, page by page."""
    _run("reporting.quarterly", year, quarter, out, course, agency, area)


@app.command("read-report")
@click.argument("file", type=_FILE)
@click.option("--session", default="", help="Reference of the session it is of: people are matched with its bookings.")
@click.option("--starts", default="", help="When the session began, as 2026-11-24T09:30.")
@click.option("--ends", default="", help="When the session ended.")
@click.option("--column", multiple=True, help="What a column of a list is: name=HEADING; may be given more than once.")
@click.option("--everybody", is_flag=True, help="Everybody on the list was there.")
@click.option("--order", default="", help="How its dates are written: day-first or month-first.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def read_report(
    *, file: Path, session: str, starts: str, ends: str, column: tuple[str, ...], everybody: bool, order: str, as_json: bool
) -> None:
    """Say what an attendance report of Teams or Zoom says, as it was downloaded, or a list of your own; nothing is written.

    Of a list that is no known report, say what its columns are by --column: name, first-name, last-name, email, joined, left, minutes,
    duration (as 1h 20m) or attended (yes or no), each with the heading of a column, or its number.
    """
    if session and (starts or ends):
        raise click.BadParameter("give --session, or --starts and --ends, not both")
    said = _loaded("reading").SaidColumns(column, everybody, order)
    if session:
        _run("matching.read_report", file, session, as_json, said)
    _run("reading.read_report", file, starts, ends, as_json, said)


@app.command(context_settings={"ignore_unknown_options": True})
@click.argument("text")
@click.option("--as", "as_", default="", help="Email address of the person who asks; nobody by default.")
@click.option("--now", default="", help="When it is asked, as 2026-03-09T10:00; now by default.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def ask(*, text: str, as_: str, now: str, as_json: bool) -> None:
    """Say what the chat understands of TEXT, a sentence as somebody would write it, and answers; nothing is stored."""
    _run("asking.ask", text, as_, now, as_json)


@person.command("add")
@click.argument("email")
@click.option("--name", required=True, help="Their name, as it is to stand on a certificate.")
@click.option("--agency", default="", help="Code of the organisation they work for.")
@click.option("--job-role", default="multi_agency", help="Their post there.")
@click.option("--role", multiple=True, help="A role to grant; may be given more than once.")
def add_person(*, email: str, name: str, agency: str, job_role: str, role: tuple[str, ...]) -> None:
    """Add a person, or roles to one who is there: the way to the first administrator."""
    _run("persons.add", email, name, agency, job_role, list(role))


@app.command("sign-in-link")
@click.argument("email")
def sign_in_link(*, email: str) -> None:
    """Print a link that signs somebody in once, within 15 minutes."""
    _run("persons.sign_in_link", email)


@app.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def routes(*, as_json: bool) -> None:
    """List every route: method, path, who may use it."""
    _run("checking.list_routes", as_json)


@app.command()
@click.argument("file", type=_FILE)
@click.option("--files/--without-files", default=True, help="Also copy the files that people sent in.")
def backup(*, file: Path, files: bool) -> None:
    """Copy the database and the files that people sent in to FILE, while the service runs."""
    _run("keeping.back_up", file, files)


@app.command()
@click.argument("file", type=_FILE)
def restore(*, file: Path) -> None:
    """Put a backup in the place of the database and of missing files, hold its letters back and end every sign-in."""
    _run("keeping.restore", file)


def main() -> None:
    """The console script."""
    app(prog_name="marstraining")


if __name__ == "__main__":
    main()
