"""The commands that report the state, and change nothing."""

import sys
import time
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from angidi.migrate.checks.status import Entry, Status, status
from angidi.migrate.database.history import History
from angidi.migrate.errors import MigrateError, OpenError
from angidi.migrate.golang.times import duration

from .context import Context, MigrateCommand, print_line


@click.command(cls=MigrateCommand)
@click.pass_obj
def version(context: Context) -> None:
    """Print the current version; fails where nothing is applied."""
    with context.opened() as migrate:
        number, dirty = migrate.version()
        text = f"{number} (dirty)" if dirty else str(number)
        context.show({"version": number, "dirty": dirty}, lambda: click.echo(text))


@click.command("status", cls=MigrateCommand)
@click.option("--check", is_flag=True, help="Exit with 1 when something is pending or wrong; advice does not count.")
@click.pass_obj
def show_status(context: Context, check: bool) -> None:
    """Show what is applied, pending, missed or changed; takes no lock."""
    with context.opened() as migrate:
        found = status(migrate)
    problems = found.problems()
    document = asdict(found) | {"pending": found.pending, "problems": problems, "advice": found.advice()}
    context.show(document, lambda: _print(found, problems))
    if check and (problems or found.pending):
        sys.exit(1)


def _print(found: Status, problems: list[str]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("VERSION", "TITLE", "STATE", "WHEN", "BY", "TOOK", "NOTES"):
        table.add_column(column)
    for entry in found.entries:
        table.add_row(*_row(entry))
    Console(soft_wrap=True, highlight=False).print(table)
    current = "nothing is applied" if found.version < 0 else f"at version {found.version}"
    click.echo(f"{current}, {len(found.pending)} pending")
    for problem in problems:
        click.echo(f"! {problem}")
    for text in found.advice():
        click.echo(f"advice: {text}")


def _row(entry: Entry) -> list[str]:
    notes = [
        "changed since applied" if entry.changed else "",
        "" if entry.has_down else "no down file",
        "" if entry.has_up else "no up file",
        f"by {entry.tool}" if entry.tool not in {None, "angidi"} else "",
    ]
    when = entry.applied_at.strftime("%Y-%m-%d %H:%M:%S") if entry.applied_at else ""
    took = duration(round(entry.seconds, 3)) if entry.seconds is not None else ""
    row = [str(entry.version), entry.title, entry.state, when, entry.applied_by or "", took]
    return [*row, ", ".join(filter(None, notes))]


@click.command("history", cls=MigrateCommand)
@click.pass_obj
def show_history(context: Context) -> None:
    """Show what the history table recorded, oldest first."""
    with context.opened() as migrate:
        records = History(migrate.session.connection, migrate.session.table).records()
    lines = [f"{r.applied_at}  {r.action:<7} {r.version:>6}  {r.before} → {r.after}  {r.applied_by}" for r in records]
    context.show([asdict(record) for record in records], lambda: [click.echo(line) for line in lines])


@click.command(cls=MigrateCommand)
@click.option("--timeout", type=float, default=60.0, show_default=True, help="Seconds.")
@click.option("--current", is_flag=True, help="Also wait until every file is applied.")
@click.pass_obj
def wait(context: Context, timeout: float, current: bool) -> None:
    """Wait until the database answers, or until another process has applied every file."""
    deadline = time.monotonic() + timeout
    pause, last = 0.1, ""
    while True:
        try:
            with context.opened() as migrate:
                found = status(migrate)
            if not current or not (found.pending or found.dirty):
                context.show({"version": found.version, "dirty": found.dirty}, lambda: print_line("ready"))
                return
            reason, kind = f"{len(found.pending)} pending" + (", dirty" if found.dirty else ""), MigrateError
        except OpenError as error:
            reason, kind = (error.text.splitlines() or ["no answer"])[0], type(error)
        if reason != last:
            print_line(f"waiting: {reason}")
            last = reason
        if time.monotonic() >= deadline:
            raise kind(f"not ready after {timeout:g} s: {reason}")
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)


COMMANDS = [version, show_status, show_history, wait]
