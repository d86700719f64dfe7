"""The database: pool, transactions, rows and error mapping."""

from angidi.db.database import Connection, ConnectionSource, Database, retried
from angidi.db.pool import Pool, PoolSettings

__all__ = ["Connection", "ConnectionSource", "Database", "Pool", "PoolSettings", "retried"]
