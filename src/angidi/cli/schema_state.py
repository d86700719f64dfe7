"""The state of the schema relative to the platform's migrations."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from angidi.config import ConfigError
from angidi.db.diagnostics.former_times import LAST_FORMER
from angidi.db.failures import SchemaMismatch, is_schema_error, statement_refused
from angidi.db.inspection import is_empty, reject_former_schema
from angidi.errors import AngidiError
from angidi.migrate import Dirty, Migrate, MigrateError, NilVersion, Source

MIGRATIONS = Path(str(files("angidi") / "migrations"))
"""The folder of the platform's migrations."""


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


def next_command(state: SchemaState) -> str:
    """Return the command that brings an older schema to this program's version."""
    former = state.version is not None and state.version <= LAST_FORMER
    return "angidi takeover" if former else "angidi migrate up"


@contextmanager
def refusals_explained(conninfo: str) -> Generator[None]:
    """Raise our error in place of the driver's: `SchemaMismatch` if the schema is not of this program's version.

    Else `StatementRefused`, with what the server said.
    """
    try:
        yield
    except Exception as error:
        if is_schema_error(error) and (reason := _mismatch(conninfo)):
            raise SchemaMismatch(reason) from error
        if refused := statement_refused(error):
            raise refused from error
        raise


def _mismatch(conninfo: str) -> str | None:
    """Return how the schema differs, and the next step; None if it does not, or cannot be read."""
    try:
        state = read_schema_state(conninfo)
    except Dirty as error:
        return f"the database is dirty at version {error.version}: run `angidi migrate repair`"
    except ConfigError as error:
        return str(error)
    except (AngidiError, MigrateError):
        return None
    latest = Source(MIGRATIONS).versions[-1]
    if state.ahead:
        return f"the database is at version {state.version}, and this program at {latest}: install the newer program"
    if state.pending:
        return f"the database is at version {state.version or 0} of {latest}: run `{next_command(state)}`"
    return f"the database is at version {latest}, but something was dropped from it by hand: restore it from a backup"
