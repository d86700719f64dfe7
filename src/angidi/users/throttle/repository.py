"""Attempts to log in, in SQL. Every function is one statement on the connection given."""

from datetime import datetime, timedelta
from uuid import UUID

from angidi.db.rows import Connection, execute, fetch_one
from angidi.errors import UnreadableData
from angidi.users.throttle.models import AttemptKeys, LoginAttempt

BEGIN_ATTEMPT = """
SELECT wait, began_at
  FROM begin_login_attempt(%(account)s, %(origin)s, %(user_id)s, %(known)s)
"""

ACCEPT = "SELECT accept_login_attempt(%(account)s, %(origin)s, %(began_at)s, %(user_id)s)"

RELEASE = "SELECT release_login_attempt(%(account)s, %(origin)s, %(began_at)s)"

# What is to be deleted is chosen once: a subquery with IN may be run again for each row, beyond the limit.
SWEEP_ATTEMPTS = """
WITH expired AS MATERIALIZED (
    SELECT key
      FROM login_attempts
     WHERE expires_at < now()
     ORDER BY expires_at
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
)
DELETE FROM login_attempts
 USING expired
 WHERE login_attempts.key = expired.key
"""

SWEEP_ADDRESSES = """
WITH expired AS MATERIALIZED (
    SELECT user_id, address
      FROM known_addresses
     WHERE last_login_at < now() - %(age)s::interval
     ORDER BY last_login_at
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
)
DELETE FROM known_addresses AS known
 USING expired
 WHERE known.user_id = expired.user_id AND known.address = expired.address
"""


async def begin(conn: Connection, keys: AttemptKeys, user_id: UUID | None) -> LoginAttempt:
    """Count an attempt as failed, or refuse it. `user_id` is None for an account that does not exist."""
    begun = await fetch_one(conn, LoginAttempt, BEGIN_ATTEMPT, keys._asdict() | {"user_id": user_id})
    if begun is None:
        raise UnreadableData
    return begun


async def accept(conn: Connection, keys: AttemptKeys, began_at: datetime, user_id: UUID) -> None:
    """Take back an attempt that had the right password, with all failures of the account from its address."""
    parameters = {"account": keys.account, "origin": keys.origin, "began_at": began_at, "user_id": user_id}
    await execute(conn, ACCEPT, parameters)


async def release(conn: Connection, keys: AttemptKeys, began_at: datetime) -> None:
    """Take back an attempt whose password was not verified."""
    await execute(conn, RELEASE, {"account": keys.account, "origin": keys.origin, "began_at": began_at})


async def sweep_attempts(conn: Connection, limit: int) -> int:
    """Delete counts that have expired; return how many."""
    return await execute(conn, SWEEP_ATTEMPTS, {"limit": limit})


async def sweep_addresses(conn: Connection, age: timedelta, limit: int) -> int:
    """Delete addresses from which nobody has logged in for this long; return how many."""
    return await execute(conn, SWEEP_ADDRESSES, {"age": age, "limit": limit})
