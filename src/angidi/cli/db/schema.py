"""Schema check and migration at start: an empty database is migrated, an outdated one only on request."""

import click

from angidi.cli.schema_state import MIGRATIONS, SchemaState, next_command, read_schema_state
from angidi.config import ConfigError
from angidi.db.inspection import read_encoding
from angidi.db.roles import may_migrate
from angidi.migrate import Migrate, Source
from angidi.migrate.commands import print_event


def prepare_schema(conninfo: str, *, migrate: bool) -> SchemaState:
    """Migrate if necessary; return the state before.

    An empty database is always migrated, an outdated one only with `migrate`: else `ConfigError` names what is pending.
    So it does if the role of `conninfo` may not migrate.
    """
    check_encoding(conninfo)
    state = read_schema_state(conninfo)
    if state.ahead:
        click.echo(f"warning: the database is at version {state.version}, which is newer than this program", err=True)
    if state.pending and not may_migrate(conninfo):
        raise ConfigError(_not_owner(state))
    if state.pending and not (state.empty or migrate):
        raise ConfigError(_behind(state))
    if state.pending:
        with Migrate.open(Source(MIGRATIONS), conninfo, on_progress=print_event) as migrating:
            migrating.up()
    return state


def check_encoding(conninfo: str) -> None:
    """Raise `ConfigError` for a database that is not UTF8; warn if its lower() is unusual."""
    encoding, usual = read_encoding(conninfo)
    if encoding != "UTF8":
        raise ConfigError(
            f"DB_NAME: the database's encoding is {encoding}, not UTF8; create one with: angidi db create"
        )
    if not usual:
        click.echo(
            "warning: this database's lower() treats É, İ or I unusually, so that search and the uniqueness of e-mail "
            "addresses hold for plain letters only; `angidi db create` creates one without this problem",
            err=True,
        )


def _behind(state: SchemaState) -> str:
    names = ", ".join(f"{version:06}" for version in state.pending)
    command = next_command(state)
    return f"DB_AUTO_MIGRATE: the database {_at(state)}; pending: {names}. Run `{command}`, or serve with --migrate"


def _not_owner(state: SchemaState) -> str:
    return (
        f"DATABASE_DIRECT_URL: the database {_at(state)}, and the role may not migrate it: name its owner, such as "
        f"postgresql://owner@db.example/angidi, or run `{next_command(state)}` and `angidi db roles` with that"
    )


def _at(state: SchemaState) -> str:
    if state.version is None:
        return "is empty" if state.empty else "has tables but no version"
    return f"is at version {state.version}"
