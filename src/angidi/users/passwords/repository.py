"""Passwords and their resets in SQL. Every function is one statement on the connection given."""

from datetime import datetime, timedelta
from uuid import UUID

from angidi.db.rows import Connection, execute, fetch_one, fetch_value
from angidi.users.errors import UserNotFound
from angidi.users.passwords.models import PasswordOwner

FIND_OWNER = """
SELECT id, email, role, lower(email) AS address, password_hash
  FROM users
 WHERE id = %(user_id)s AND deleted_at IS NULL
"""

FIND_RESETTING = """
SELECT users.id, email, role, lower(email) AS address, password_hash
  FROM password_resets
  JOIN users ON users.id = user_id
 WHERE token_hash = %(token_hash)s AND expires_at > now() AND deleted_at IS NULL
"""

# Guarded by the hash that was verified: of two changes at once the second one has to verify the new password.
REPLACE = """
UPDATE users
   SET password_hash = %(new)s, updated_at = now()
 WHERE id = %(user_id)s AND password_hash = %(old)s AND deleted_at IS NULL
"""

ISSUE_RESET = """
INSERT INTO password_resets (user_id, token_hash, expires_at)
SELECT id, %(token_hash)s, now() + %(lifetime)s::interval
  FROM users
 WHERE id = %(user_id)s AND deleted_at IS NULL
    ON CONFLICT (user_id) DO UPDATE
   SET token_hash = EXCLUDED.token_hash, created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at
RETURNING expires_at
"""

CONSUME_RESET = """
DELETE FROM password_resets
 WHERE token_hash = %(token_hash)s AND expires_at > now()
"""

VOID_RESET = """
DELETE FROM password_resets
 WHERE user_id = %(user_id)s
"""


async def find_owner(conn: Connection, user_id: UUID) -> PasswordOwner | None:
    """Return an active user."""
    return await fetch_one(conn, PasswordOwner, FIND_OWNER, {"user_id": user_id})


async def find_resetting(conn: Connection, token_hash: bytes) -> PasswordOwner | None:
    """Return the active user whose password the token resets, unless it has expired."""
    return await fetch_one(conn, PasswordOwner, FIND_RESETTING, {"token_hash": token_hash})


async def replace(conn: Connection, user_id: UUID, *, old: str, new: str) -> bool:
    """Replace the hash of an active user; return False if it is no longer `old`."""
    return bool(await execute(conn, REPLACE, {"user_id": user_id, "old": old, "new": new}))


async def issue_reset(conn: Connection, user_id: UUID, token_hash: bytes, lifetime: timedelta) -> datetime:
    """Store the reset of an active user, in place of the one before; return when it expires. Raises `UserNotFound`."""
    parameters = {"user_id": user_id, "token_hash": token_hash, "lifetime": lifetime}
    expires_at: datetime | None = await fetch_value(conn, ISSUE_RESET, parameters)
    if expires_at is None:
        raise UserNotFound
    return expires_at


async def consume_reset(conn: Connection, token_hash: bytes) -> bool:
    """Delete a reset; return False if it is not there any more, or has expired."""
    return bool(await execute(conn, CONSUME_RESET, {"token_hash": token_hash}))


async def void_reset(conn: Connection, user_id: UUID) -> None:
    """Delete the reset of a user, if there is one."""
    await execute(conn, VOID_RESET, {"user_id": user_id})
