"""`angidi db …`: the database itself."""

import os
import shutil
import subprocess

import click

from angidi.cli.context import locate_database, resolve_database
from angidi.cli.db import report
from angidi.cli.db.roles import roles
from angidi.cli.db.slow import slow
from angidi.config import ConfigError, load
from angidi.db import provision
from angidi.db.conninfo import libpq_environment, mask_password, resolve_urls
from angidi.db.failures import unreachable_error
from angidi.embedded import EmbeddedServer

NO_CONNECTION = 2
"""psql's exit code without a connection; it has printed the reason."""


@click.group("db")
def group() -> None:
    """Show, open, create and inspect the database."""


for command in (roles, slow, *report.COMMANDS):
    group.add_command(command)


@group.command()
@click.option("--show-password", is_flag=True, help="Print the password, too.")
def url(*, show_password: bool) -> None:
    """Print the connection string of the database."""
    with resolve_database(load()) as where:
        click.echo(where.main if show_password else mask_password(where.main))


@group.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def shell(arguments: tuple[str, ...]) -> None:
    """Open psql on the database; ARGUMENTS are passed to psql, such as -c 'SELECT 1'.

    Exit codes: 69 no connection to the database · else psql's.
    """
    settings = load()
    with locate_database(settings, create=True) as where:
        installed = None if settings.embedded else shutil.which("psql")
        program = installed or str(EmbeddedServer(settings.angidi_home).binaries / "psql")
        environment = {**os.environ, **libpq_environment(where.direct)}
        done = subprocess.run([program, *arguments], env=environment, check=False)  # noqa: S603 - no shell; the program is psql
    if done.returncode == NO_CONNECTION:
        raise unreachable_error("psql had no connection, or lost it")
    raise SystemExit(done.returncode)


@group.command()
@click.option(
    "--admin-url", envvar="ADMIN_DATABASE_URL", prompt="URL of a superuser", hide_input=True, help="URL of a superuser."
)
def create(admin_url: str) -> None:
    """Create database and owner on an existing server, as DATABASE_URL or DB_* name them."""
    settings = load()
    if settings.embedded:
        raise ConfigError("DB_HOST: the embedded database needs no creating; example: DB_HOST=db.example")
    database, role = provision.create(admin_url, resolve_urls(settings).direct)
    click.echo(f"database {database} is there, owned by {role}")
