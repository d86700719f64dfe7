"""Idempotency-Keys in SQL. Every function is one statement on the connection given."""

from datetime import timedelta

from angidi.db.rows import Connection, execute, fetch_one
from angidi.idempotency.models import KeptAnswer, Key

CLAIM = "SELECT claim_idempotency_key(%(user_id)s, %(key)s, %(hash)s)"

STORE = """
UPDATE idempotency_keys
   SET document = %(document)s
 WHERE user_id = %(user_id)s AND key = %(key)s
"""

FIND = """
SELECT hash, document
  FROM idempotency_keys
 WHERE user_id = %(user_id)s AND key = %(key)s
"""

# Keys that somebody is using are left for the next sweep. By the clock of the database, which set the times.
SWEEP = """
WITH expired AS MATERIALIZED (
    SELECT user_id, key
      FROM idempotency_keys
     WHERE created_at < now() - %(age)s::interval
     ORDER BY created_at
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
)
DELETE FROM idempotency_keys
 USING expired
 WHERE idempotency_keys.user_id = expired.user_id AND idempotency_keys.key = expired.key
"""


async def claim(conn: Connection, key: Key) -> None:
    """Make this transaction the one that answers. Raises `KeyUsed`, and `KeyInProgress` after a wait."""
    await execute(conn, CLAIM, {"user_id": key.user_id, "key": key.text, "hash": key.hash})


async def store(conn: Connection, key: Key, document: str) -> None:
    """Keep the data of the answer."""
    await execute(conn, STORE, {"user_id": key.user_id, "key": key.text, "document": document})


async def find_answer(conn: Connection, key: Key) -> KeptAnswer | None:
    """Return what is kept for the key."""
    return await fetch_one(conn, KeptAnswer, FIND, {"user_id": key.user_id, "key": key.text})


async def sweep(conn: Connection, age: timedelta, limit: int) -> int:
    """Delete keys that are older than this; return how many."""
    return await execute(conn, SWEEP, {"age": age, "limit": limit})
