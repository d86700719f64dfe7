"""What a start does about the schema: an empty database is migrated, one that is behind only when told so."""

from dataclasses import dataclass

import click

from angidi.cli.context import MIGRATIONS
from angidi.config import ConfigError
from angidi.db.inspection import is_empty, read_encoding, reject_former_schema
from angidi.migrate import Dirty, Migrate, NilVersion, Source
from angidi.migrate.commands import print_event


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How a database stands to the migrations. `version` is None where none was applied."""

    version: int | None
    pending: tuple[int, ...]
    ahead: bool
    empty: bool


def read_schema_state(conninfo: str) -> SchemaState:
    """Return how the database stands. Raises `Dirty`, `MigrateError`, and `ConfigError` as `reject_former_schema`."""
    source = Source(MIGRATIONS)
    with Migrate.open(source, conninfo) as migrate:
        reject_former_schema(migrate.session.connection)
        try:
            version, dirty = migrate.version()
        except NilVersion:
            version, dirty = None, False
    if dirty:
        raise Dirty(version if version is not None else -1)
    known = source.versions
    return SchemaState(
        version=version,
        pending=tuple(each for each in known if version is None or each > version),
        ahead=version is not None and version > known[-1],
        empty=version is None and is_empty(conninfo),
    )


def prepare_schema(conninfo: str, *, migrate: bool) -> SchemaState:
    """Bring the schema to where it can be served, and return how it was before.

    An empty database is migrated; one that is behind is with `migrate`, else `ConfigError` names what is pending.
    """
    check_encoding(conninfo)
    state = read_schema_state(conninfo)
    if state.ahead:
        click.echo(f"warning: the database is at version {state.version}, which is newer than this program", err=True)
    if state.pending and not (state.empty or migrate):
        raise ConfigError(_behind(state))
    if state.pending:
        with Migrate.open(Source(MIGRATIONS), conninfo, on_progress=print_event) as migrating:
            migrating.up()
    return state


def check_encoding(conninfo: str) -> None:
    """Raise `ConfigError` for a database that is not UTF8; warn where its lower() is not the usual one."""
    encoding, usual = read_encoding(conninfo)
    if encoding != "UTF8":
        raise ConfigError(f"DB_NAME: the database's encoding is {encoding}, not UTF8; make one with: angidi db create")
    if not usual:
        click.echo(
            "warning: this database's lower() treats É, İ or I unusually, so that search and the uniqueness of e-mail "
            "addresses hold for plain letters only; `angidi db create` makes one that does not",
            err=True,
        )


def _behind(state: SchemaState) -> str:
    names = ", ".join(f"{version:06}" for version in state.pending)
    at = "has tables but no version" if state.version is None else f"is at version {state.version}"
    return f"DB_AUTO_MIGRATE: the database {at}; pending: {names}. Run `angidi migrate up`, or serve with --migrate"
