"""The database: pool, transactions, rows, errors, and the embedded server."""

from angidi.db.database import Connection, Database, Source, retried
from angidi.db.pool import Pool, PoolSettings

__all__ = ["Connection", "Database", "Pool", "PoolSettings", "Source", "retried"]
