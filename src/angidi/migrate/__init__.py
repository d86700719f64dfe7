"""Versions of a PostgreSQL schema, interchangeable with golang-migrate: its files, its table, its lock.

::

    source = Source(Path("migrations"))
    with Migrate.open(source, "postgresql://localhost/shop") as migrate:
        migrate.up()

Knows nothing else of the project and is synchronous over psycopg.
"""

from .errors import (
    NIL,
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
    StoreError,
    Unreachable,
    VersionNotFound,
)
from .events import Building, Event, Finished, OnProgress, Planned, Retrying, Started, Waiting, Warned
from .failure import MigrationFailed
from .options import Options
from .runner import Migrate
from .sequence import Step
from .source import Direction, MigrationFile, Source
from .url import Target, parse_target

__all__ = [
    "NIL",
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
    "StoreError",
    "Target",
    "Unreachable",
    "VersionNotFound",
    "Waiting",
    "Warned",
    "parse_target",
]
