"""Versions of a PostgreSQL schema, interchangeable with golang-migrate: its files, its table, its lock.

::

    source = Source(Path("migrations"))
    with Migrate.open(source, "postgresql://localhost/shop") as migrate:
        migrate.up()

Knows nothing else of the project and is synchronous over psycopg.
"""

from .database.url import Target, parse_target
from .errors import (
    NIL,
    BookkeepingError,
    Dirty,
    DuplicateMigration,
    InvalidVersion,
    Locked,
    LockTimeout,
    MigrateError,
    Missed,
    NilVersion,
    NoChange,
    NoDownFile,
    NotExist,
    OpenError,
    ShortLimit,
    SourceError,
    Stopped,
    Unreachable,
    VersionNotFound,
)
from .files.source import Direction, MigrationFile, Source
from .files.steps import Step
from .options import Options
from .run.events import Building, Event, Finished, Noticed, OnProgress, Planned, Retrying, Started, Waiting, Warned
from .run.failure import MigrationFailed
from .run.runner import Migrate

__all__ = [
    "NIL",
    "BookkeepingError",
    "Building",
    "Direction",
    "Dirty",
    "DuplicateMigration",
    "Event",
    "Finished",
    "InvalidVersion",
    "LockTimeout",
    "Locked",
    "Migrate",
    "MigrateError",
    "MigrationFailed",
    "MigrationFile",
    "Missed",
    "NilVersion",
    "NoChange",
    "NoDownFile",
    "NotExist",
    "Noticed",
    "OnProgress",
    "OpenError",
    "Options",
    "Planned",
    "Retrying",
    "ShortLimit",
    "Source",
    "SourceError",
    "Started",
    "Step",
    "Stopped",
    "Target",
    "Unreachable",
    "VersionNotFound",
    "Waiting",
    "Warned",
    "parse_target",
]
