"""The command `angidi`; its errors become lines and exit codes."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager

import click

from angidi import __version__, errors
from angidi.cli import migrate, settings
from angidi.cli.context import escape_unprintable
from angidi.cli.data import exports, import_products, imports, purge, seed
from angidi.cli.data.mappings import mappings
from angidi.cli.db import commands as db
from angidi.cli.db import doctor, takeover
from angidi.cli.serving import serve
from angidi.cli.users import commands as users
from angidi.config import ConfigError
from angidi.db.errors import error_reason
from angidi.db.inspection import unreachable_error
from angidi.embedded import EmbeddedError
from angidi.errors import AngidiError
from angidi.migrate import MigrateError, Unreachable

EXIT_CODES: dict[type[Exception], int] = {
    errors.Unavailable: 69,  # EX_UNAVAILABLE of sysexits.h
    AngidiError: 1,
    Unreachable: 69,
    MigrateError: 1,
    EmbeddedError: 69,
    ConfigError: 78,  # EX_CONFIG
}
"""Exit code by error class; the first match counts. Usage errors are click's 2."""


class Angidi(click.Group):
    """A command group that turns declared errors into a line on standard error and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with _errors_as_exit_codes():
            return super().invoke(ctx)


@contextmanager
def _errors_as_exit_codes() -> Generator[None]:
    try:
        yield
    except tuple(EXIT_CODES) as error:
        for line in _lines(error):
            click.echo(escape_unprintable(f"error: {line}"), err=True)
        sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))
    except KeyboardInterrupt:
        sys.exit(130)


def _lines(error: Exception) -> list[str]:
    """Return the lines to print: one per refused field, else the message."""
    if isinstance(error, AngidiError) and error.details:
        return [f"{field}: {message}" for field, message in error.details]
    if isinstance(error, errors.UnreadableData):
        return [f"stored data cannot be read: {error_reason(error.__cause__)}"]
    return str(unreachable_error(error.text) if isinstance(error, Unreachable) else error).splitlines()


@click.group(cls=Angidi, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="angidi")
def main() -> None:
    """The backend of an e-commerce platform on PostgreSQL."""
    logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())  # the errors say the same


main.add_command(serve.serve)
main.add_command(settings.group)
main.add_command(db.group)
main.add_command(migrate.group)
main.add_command(users.group)
main.add_command(seed.seed)
imports.group.add_command(import_products.products)
imports.group.add_command(mappings)
main.add_command(imports.group)
main.add_command(purge.purge)
main.add_command(doctor.doctor)
main.add_command(takeover.takeover)
main.add_command(exports.group)
