"""The command `angidi`; its errors become lines and exit codes."""

import errno
import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager

import click

from angidi import __version__, errors
from angidi.cli import migrate, settings
from angidi.cli.context import print_line
from angidi.cli.data import exports, import_products, imports, purge, seed
from angidi.cli.data.mappings import mappings
from angidi.cli.db import commands as db
from angidi.cli.db import doctor, takeover, verify
from angidi.cli.serving import serve, worker
from angidi.cli.users import commands as users
from angidi.config import ConfigError
from angidi.db.errors import error_reason
from angidi.db.failures import StatementRefused, next_step, statement_refused, unreachable_error
from angidi.embedded import EmbeddedError
from angidi.errors import AngidiError
from angidi.migrate import MigrateError, MigrationFailed, NilVersion, NotExist, Unreachable

EXIT_CODES: dict[type[Exception], int] = {
    errors.Unavailable: 69,  # EX_UNAVAILABLE of sysexits.h
    AngidiError: 1,
    Unreachable: 69,
    MigrateError: 1,
    EmbeddedError: 69,
    ConfigError: 78,  # EX_CONFIG
    OSError: 1,
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
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        declared = statement_refused(error) or error
        code = next((code for kind, code in EXIT_CODES.items() if isinstance(declared, kind)), None)
        if code is None or (isinstance(error, OSError) and error.errno == errno.EPIPE):  # which click handles
            raise
        for line in _lines(declared):
            print_line(f"error: {line}")
        if advice := _next_step(declared, error):
            click.echo(f"next: {advice}", err=True)
        sys.exit(code)


def _lines(error: Exception) -> list[str]:
    """Return the lines to print: one per refused field, else the message."""
    if isinstance(error, AngidiError) and error.details:
        return [f"{field}: {message}" for field, message in error.details]
    if isinstance(error, errors.UnreadableData):
        return [f"stored data cannot be read: {error_reason(error.__cause__)}"]
    if isinstance(error, OSError):
        return [f"{error.filename or 'input or output'}: {error.strerror or error}"]
    return str(unreachable_error(error.text) if isinstance(error, Unreachable) else error).splitlines()


def _next_step(declared: Exception, error: Exception) -> str | None:
    """Return what to do about an error that says itself only what is wrong; `error` has the driver's error."""
    if isinstance(declared, NilVersion):
        return "Nothing is applied to this database: run `angidi migrate up`"
    if isinstance(declared, NotExist) and not declared.advice:
        return "There is no migration in that direction: `angidi migrate status` shows where the database is"
    says_it = isinstance(declared, MigrateError) and declared.advice and not isinstance(declared, MigrationFailed)
    is_refusal = isinstance(declared, StatementRefused | errors.ReadOnlyDatabase | MigrateError)
    return next_step(error) if is_refusal and not says_it else None


@click.group(cls=Angidi, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="angidi")
def main() -> None:
    """The backend of an e-commerce platform on PostgreSQL."""
    logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())  # the errors say the same


main.add_command(serve.serve)
main.add_command(settings.group)
main.add_command(worker.worker)
main.add_command(db.group)
main.add_command(migrate.group)
main.add_command(users.group)
main.add_command(seed.seed)
imports.group.add_command(import_products.products)
imports.group.add_command(mappings)
main.add_command(imports.group)
main.add_command(purge.purge)
main.add_command(doctor.doctor)
main.add_command(verify.verify)
main.add_command(takeover.takeover)
main.add_command(exports.group)
