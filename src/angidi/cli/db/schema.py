"""Schema check and migration at start: an empty database is migrated, an outdated one only on request."""

from dataclasses import dataclass

import click

from angidi.cli.context import MIGRATIONS
from angidi.config import ConfigError
from angidi.db.former_times import LAST_FORMER
from angidi.db.inspection import is_empty, read_encoding, reject_former_schema
from angidi.migrate import Dirty, Migrate, NilVersion, Source
from angidi.migrate.commands import print_event


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The state of a schema relative to the migrations. `version` is None if none was applied."""

    version: int | None
    pending: tuple[int, ...]
    ahead: bool
    empty: bool


def read_schema_state(conninfo: str) -> SchemaState:
    """Return the state of the schema. Raises `Dirty`, `MigrateError`, and `ConfigError` for a former schema."""
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
    """Migrate if necessary; return the state before.

    An empty database is always migrated, an outdated one only with `migrate`: else `ConfigError` names what is pending.
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
    at = "has tables but no version" if state.version is None else f"is at version {state.version}"
    former = state.version is not None and state.version <= LAST_FORMER
    command = "angidi takeover" if former else "angidi migrate up"
    return f"DB_AUTO_MIGRATE: the database {at}; pending: {names}. Run `{command}`, or serve with --migrate"
