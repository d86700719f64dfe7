"""What every command shares: where files and database are, how it prints, what signals do."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import psycopg

from angidi.migrate.console import describe, keep_bytes
from angidi.migrate.errors import MigrateError, OpenError, Stopped
from angidi.migrate.files.source import Source
from angidi.migrate.golang.times import duration
from angidi.migrate.options import Options
from angidi.migrate.run.events import Event, Finished
from angidi.migrate.run.runner import Migrate
from angidi.migrate.run.signals import interruptible

ResolveDatabase = Callable[[bool], AbstractContextManager[str]]
"""Gives the database's address, a URL or a connection string, that is good until the end of the block.

Its argument tells whether it may create a server or a database that is missing.
"""

Guard = Callable[[psycopg.Connection[Any]], None]
"""Raises where the files do not fit the database."""


@dataclass(frozen=True, slots=True)
class Context:
    """Files, database and form of output, as the options or the group's defaults say."""

    path: Path
    resolve_database: Callable[[], AbstractContextManager[str]]
    json: bool
    guard: Guard

    def source(self) -> Source:
        """Return the files."""
        return Source(self.path)

    @contextmanager
    def opened(self, **options: Any) -> Generator[Migrate]:
        """Give the database, with progress printed and signals handled meanwhile."""
        source = self.source()
        with (
            self.resolve_database() as address,
            Migrate.open(source, address, on_progress=print_event, options=Options(**options)) as migrate,
            interruptible(migrate, print_line) as interrupts,
        ):
            try:
                self.guard(migrate.session.connection)
                yield migrate
            except psycopg.Error as error:
                raise migrate.session.failure(error) from error
            except Stopped as error:
                print_line(str(error))
                raise SystemExit(128 + interrupts.number) from error

    def show(self, document: Any, text: Callable[[], object]) -> None:
        """Print the document as JSON where that was asked for, else call `text` to print it for humans."""
        if self.json:
            text_of_json = json.dumps(document, default=str, ensure_ascii=False, indent=2)
            click.echo(text_of_json.encode("utf-8", "backslashreplace"))  # the escape of a lone surrogate is JSON's too
        else:
            text()


HELP = {"help_option_names": ["-h", "--help"]}
"""Named by each command for itself: click keeps the names of the first group that a command is called in."""


class MigrateCommand(click.Command):
    """A command with the shared options, which reach it as one `Context` object."""

    creates = False
    """Whether it may create a server or a database that is missing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context_settings = {**HELP, **self.context_settings}
        self.params += [
            click.Option(["--path"], type=click.Path(path_type=Path), help="Directory of the migrations."),
            click.Option(["--database"], help="URL or connection string of the database."),
            click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document to standard output."),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command with its `Context` object."""
        parent = ctx.parent.command if ctx.parent else None
        group = parent if isinstance(parent, Group) else Group()
        path, database, as_json = (ctx.params.pop(name) for name in ("path", "database", "as_json"))
        ctx.obj = Context(
            path=path or group.directory,
            resolve_database=(lambda: nullcontext(database))
            if database
            else partial(group.resolve_database, self.creates),
            json=as_json,
            guard=group.guard if path is None or path.resolve() == group.directory.resolve() else accept,
        )
        keep_bytes(sys.stdout)
        keep_bytes(sys.stderr)
        try:
            return super().invoke(ctx)
        except psycopg.Error as error:
            raise MigrateError(str(error).strip()) from error


class CreatingCommand(MigrateCommand):
    """A command that applies migrations, so that it also creates the server or the database if that is missing."""

    creates = True


def refuse_database(_: bool) -> AbstractContextManager[str]:
    """Refuse: no database was named."""
    raise OpenError("no database is given", "Name it with --database.")


def accept(_: psycopg.Connection[Any]) -> None:
    """Accept any database."""


class Group(click.Group):
    """The commands, and where they find files and database by default."""

    directory: Path = Path()
    resolve_database: ResolveDatabase = staticmethod(refuse_database)
    guard: Guard = staticmethod(accept)


def print_line(text: str) -> None:
    """Print a line for humans."""
    click.echo(text, err=True)


def print_event(event: Event) -> None:
    """Print an event of a run."""
    if isinstance(event, Finished):
        print_line(f"{event.step.label} ({duration(event.read + event.ran)})")
    elif text := describe(event):
        print_line(text)
