"""`angidi db …`: the database itself."""

import os
import subprocess

import click
import psycopg
from psycopg import sql

from angidi.cli.context import located
from angidi.config import ConfigError, load
from angidi.db.conninfo import addresses, database_name, masked
from angidi.db.embedded import EmbeddedServer
from angidi.db.errors import translated
from angidi.db.pool import SESSION_DEFAULTS

CREATE_ROLE = "CREATE ROLE {role} LOGIN PASSWORD {password}"
CREATE_DATABASE = """
CREATE DATABASE {database} OWNER {role} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE {ctype}
"""
ROLE_SETTING = "ALTER ROLE {role} IN DATABASE {database} SET {setting} = {value}"


@click.group("db")
def group() -> None:
    """Show, open and create the database."""


@group.command()
@click.option("--show-password", is_flag=True, help="Print the password, too.")
def url(*, show_password: bool) -> None:
    """Print the connection string of the database."""
    with located(load()) as where:
        click.echo(where.main if show_password else masked(where.main))


@group.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def shell(arguments: tuple[str, ...]) -> None:
    """Open psql on the database; ARGUMENTS go to psql, such as -c 'SELECT 1'."""
    settings = load()
    with located(settings) as where:
        bundled = EmbeddedServer(settings.angidi_home).binaries / "psql"
        program = str(bundled) if bundled.exists() else "psql"
        # The address goes by environment and not as an argument, which every user of the machine could read.
        done = subprocess.run(
            [program, *arguments], env={**os.environ, **_libpq_environment(where.direct)}, check=False
        )
    raise SystemExit(done.returncode)


@group.command()
@click.option(
    "--admin-url",
    envvar="ADMIN_DATABASE_URL",
    prompt="URL of a superuser",
    hide_input=True,
    help="Who creates.",
)
def create(admin_url: str) -> None:
    """Create owner and database on a given server, as DB_* or DATABASE_URL name them, with the rights they need."""
    settings = load()
    if settings.embedded:
        raise ConfigError("DB_HOST: the embedded database needs no creating; example: DB_HOST=db.example")
    parts = psycopg.conninfo.conninfo_to_dict(addresses(settings).direct)
    database = database_name(addresses(settings).direct)
    role, password = str(parts.get("user") or database), str(parts.get("password") or "")
    with translated(), psycopg.connect(admin_url, autocommit=True, connect_timeout=5) as conn:
        _create_role(conn, role, password)
        _create_database(conn, database, role)
    click.echo(f"database {database} is there, owned by {role}")


def _create_role(conn: psycopg.Connection, role: str, password: str) -> None:
    if conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        return
    if not password:
        raise ConfigError(
            "DB_PASSWORD: the role is to be created and needs one; example: DB_PASSWORD=$(openssl rand -hex 16)"
        )
    conn.execute(sql.SQL(CREATE_ROLE).format(role=sql.Identifier(role), password=sql.Literal(password)))


def _create_database(conn: psycopg.Connection, database: str, role: str) -> None:
    """Create the database with Unicode's rules for upper and lower case, where the server has such a locale."""
    names = {"database": sql.Identifier(database), "role": sql.Identifier(role)}
    if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        _try_locales(conn, names)
    for setting, value in SESSION_DEFAULTS.items():
        conn.execute(sql.SQL(ROLE_SETTING).format(**names, setting=sql.Identifier(setting), value=sql.Literal(value)))


def _try_locales(conn: psycopg.Connection, names: dict[str, sql.Identifier]) -> None:
    for ctype in ("C.UTF-8", "en_US.UTF-8"):
        try:
            conn.execute(sql.SQL(CREATE_DATABASE).format(**names, ctype=sql.Literal(ctype)))
        except psycopg.errors.WrongObjectType:
            continue
        except psycopg.errors.InvalidParameterValue:
            continue
        return
    raise ConfigError(
        "DB_NAME: the server has neither of the locales C.UTF-8 and en_US.UTF-8; create the database by hand"
    )


def _libpq_environment(conninfo: str) -> dict[str, str]:
    """Return the environment variables by which libpq finds the way that `conninfo` says."""
    variables = {option.keyword.decode(): option.envvar for option in psycopg.pq.Conninfo.get_defaults()}
    given = psycopg.conninfo.conninfo_to_dict(conninfo)
    return {
        envvar.decode(): str(value)
        for key, value in given.items()
        if (envvar := variables.get(key)) and value is not None
    }
