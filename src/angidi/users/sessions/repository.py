"""Sessions in SQL. Every function is one statement on the connection given. All times are by the database's clock."""

from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from angidi.db.columns import columns_of, names, without
from angidi.db.rows import Connection, execute, fetch_joined, fetch_one, fetch_value
from angidi.security.sessions import SESSION_IS_ACTIVE, SESSIONS_ENDED_NOW, AccessClaims, RefreshClaims
from angidi.users.errors import UserNotFound
from angidi.users.models import Credentials, User
from angidi.users.sessions.models import Lifetimes, RefreshTimes

ACTIVE: LiteralString = names(without(columns_of(User), "deleted_at"))

FIND_ROLE = f"""
SELECT role
  FROM users
 WHERE id = %(user_id)s AND deleted_at IS NULL AND {SESSION_IS_ACTIVE}
"""

# A user whose session has ended is as one that is deleted: both are refused alike.
FIND_BEARER = f"""
SELECT {ACTIVE}, CASE WHEN {SESSION_IS_ACTIVE} THEN deleted_at ELSE now() END AS deleted_at
  FROM users
 WHERE id = %(user_id)s
"""

# Not if all sessions have ended since the password was read: it may be another one by now.
INSERT = f"""
WITH started AS (
    INSERT INTO sessions (id, user_id, epoch, expires_at)
    SELECT %(session_id)s, id, sessions_ended_at, now() + %(session_lifetime)s::interval
      FROM users
     WHERE id = %(user_id)s AND deleted_at IS NULL AND sessions_ended_at IS NOT DISTINCT FROM %(epoch)s::timestamptz
    RETURNING id
), token AS (
    INSERT INTO refresh_tokens (session_id, hash)
    SELECT id, %(hash)s::bytea
      FROM started
)
SELECT {ACTIVE},
       extract(epoch FROM date_trunc('second', now()))::bigint AS issued_at,
       extract(epoch FROM date_trunc('second', now()) + %(lifetime)s::interval)::bigint AS expires_at
  FROM users
 WHERE id = %(user_id)s AND EXISTS (SELECT FROM started)
"""

# A token of the former service becomes the first one of a session, once. Its row stays for as long as it could be used.
INSERT_FORMER = """
WITH started AS (
    INSERT INTO sessions (id, user_id, epoch, expires_at)
    SELECT %(session_id)s, id, sessions_ended_at, to_timestamp(%(expires_at)s)
      FROM users
     WHERE id = %(user_id)s AND deleted_at IS NULL AND to_timestamp(%(expires_at)s) > now()
       AND (sessions_ended_at IS NULL OR sessions_ended_at < to_timestamp(%(issued_at)s))
    ON CONFLICT (id) DO NOTHING
    RETURNING id
)
INSERT INTO refresh_tokens (session_id, hash)
SELECT id, %(hash)s::bytea
  FROM started
"""

# The lock makes uses of one session wait for each other. A use that has waited sees through the UPDATE what the one
# before has done: the token is replaced once, and a use within the grace gets the same successor. A later use, or one
# of a token that is no longer stored, ends the session. With `reuse` any token of the session is accepted, as by the
# former service.
# A session is kept to the end of a day: its time is indexed, and while it stays, no index of the table is written.
ROTATE = f"""
WITH locked AS (
    SELECT sessions.id
      FROM sessions
      JOIN users ON users.id = sessions.user_id
     WHERE sessions.id = %(session_id)s AND users.id = %(user_id)s AND users.deleted_at IS NULL
       AND sessions.ended_at IS NULL AND sessions.epoch IS NOT DISTINCT FROM users.sessions_ended_at
       AND to_timestamp(%(expires_at)s) > now()
       FOR NO KEY UPDATE OF sessions
), rotated AS (
    UPDATE refresh_tokens
       SET rotated_at = coalesce(rotated_at, now()),
           successor_issued_at = coalesce(successor_issued_at, date_trunc('second', now())),
           successor_expires_at = coalesce(successor_expires_at, date_trunc('second', now()) + %(lifetime)s::interval)
     WHERE session_id = (SELECT id FROM locked) AND hash = %(hash)s
    RETURNING rotated_at, successor_issued_at, successor_expires_at
), granted AS (
    SELECT successor_issued_at AS issued_at, successor_expires_at AS expires_at
      FROM rotated
     WHERE NOT %(reuse)s AND rotated_at > now() - %(grace)s::interval
     UNION ALL
    SELECT date_trunc('second', now()), date_trunc('second', now()) + %(lifetime)s::interval
      FROM locked
     WHERE %(reuse)s
), successor AS (
    INSERT INTO refresh_tokens (session_id, hash)
    SELECT locked.id, %(successor)s::bytea
      FROM locked
      JOIN granted ON true
    ON CONFLICT (session_id, hash) DO NOTHING
), pruned AS (
    DELETE FROM refresh_tokens
     WHERE session_id = (SELECT id FROM locked) AND rotated_at < now() - %(grace)s::interval
       AND hash NOT IN (%(hash)s, %(successor)s)
), extended AS (
    UPDATE sessions
       SET expires_at = CASE WHEN granted.issued_at IS NULL THEN sessions.expires_at
                             ELSE greatest(sessions.expires_at,
                                           date_trunc('day', now() + %(session_lifetime)s::interval) + interval '1 day')
                         END,
           ended_at = CASE WHEN granted.issued_at IS NULL THEN now() END
      FROM locked
      LEFT JOIN granted ON true
     WHERE sessions.id = locked.id
)
SELECT {ACTIVE},
       extract(epoch FROM granted.issued_at)::bigint AS issued_at,
       extract(epoch FROM granted.expires_at)::bigint AS expires_at
  FROM granted
  JOIN users ON users.id = %(user_id)s
"""

END = """
UPDATE sessions
   SET ended_at = now()
 WHERE id = %(session_id)s AND user_id = %(user_id)s AND ended_at IS NULL
"""

# One that was never used has no session yet.
END_FORMER = """
INSERT INTO sessions (id, user_id, expires_at, ended_at)
VALUES (%(session_id)s, %(user_id)s, to_timestamp(%(expires_at)s), now())
ON CONFLICT (id) DO UPDATE
   SET ended_at = coalesce(sessions.ended_at, now())
"""

# A session that has ended meanwhile is not kept.
END_ALL = f"""
WITH former AS (
    SELECT id, sessions_ended_at AS epoch
      FROM users
     WHERE id = %(user_id)s
       FOR NO KEY UPDATE
), account AS (
    UPDATE users
       SET sessions_ended_at = {SESSIONS_ENDED_NOW}
     WHERE id = (SELECT id FROM former)
    RETURNING sessions_ended_at AS epoch
)
UPDATE sessions
   SET epoch = account.epoch
  FROM former, account
 WHERE sessions.id = %(kept_id)s AND sessions.user_id = former.id
   AND sessions.epoch IS NOT DISTINCT FROM former.epoch
"""

# A day later, because the clocks of the workers decide whether an access token has expired.
SWEEP = """
WITH expired AS MATERIALIZED (
    SELECT id
      FROM sessions
     WHERE expires_at < now() - interval '1 day'
     ORDER BY expires_at
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
)
DELETE FROM sessions
 USING expired
 WHERE sessions.id = expired.id
"""

GRACE = timedelta(seconds=10)
"""How long a token that was replaced still gives its successor."""


async def find_role(conn: Connection, claims: AccessClaims) -> str | None:
    """Return the role of an active user whose session has not ended."""
    return await fetch_value(conn, FIND_ROLE, claims._asdict())


async def get_bearer(conn: Connection, claims: AccessClaims) -> User:
    """Return the user that a token names, as deleted if the session has ended. Raises `UserNotFound`."""
    user = await fetch_one(conn, User, FIND_BEARER, claims._asdict())
    if user is None:
        raise UserNotFound
    return user


async def insert(
    conn: Connection, account: Credentials, first: RefreshClaims, lifetimes: Lifetimes
) -> tuple[User, RefreshTimes] | None:
    """Start a session with its first refresh token.

    Return None if the account was deleted, or all its sessions ended, since `account` was read.
    """
    parameters = first._asdict() | lifetimes._asdict() | {"epoch": account.sessions_ended_at, "hash": first.hash}
    return await fetch_joined(conn, User, RefreshTimes, INSERT, parameters)


async def insert_former(conn: Connection, token: RefreshClaims) -> None:
    """Start the session of a refresh token of the former service, unless it has one, or may have none."""
    await execute(conn, INSERT_FORMER, token._asdict() | {"hash": token.hash})


async def rotate(
    conn: Connection, token: RefreshClaims, lifetimes: Lifetimes, *, reuse: bool
) -> tuple[User, RefreshTimes] | None:
    """Replace a refresh token by its successor, and return the times of that one: the same ones within `GRACE`.

    Return None if the session has ended, or ends because the token comes later. With `reuse` it does not.
    """
    hashes = {"hash": token.hash, "successor": token.successor().hash}
    parameters = token._asdict() | lifetimes._asdict() | hashes | {"reuse": reuse, "grace": GRACE}
    return await fetch_joined(conn, User, RefreshTimes, ROTATE, parameters)


async def end(conn: Connection, user_id: UUID, session_id: UUID) -> None:
    """End a session of the user, if it has not ended."""
    await execute(conn, END, {"user_id": user_id, "session_id": session_id})


async def end_former(conn: Connection, token: RefreshClaims) -> None:
    """End the session of a refresh token of the former service, also if it has none yet."""
    await execute(conn, END_FORMER, token._asdict())


async def end_all(conn: Connection, user_id: UUID, *, kept_id: UUID | None = None) -> None:
    """End all sessions of a user but `kept_id`, and void the tokens of the former service.

    Locks the user's row until the transaction ends. A log-in that has read the password before starts no session.
    """
    await execute(conn, END_ALL, {"user_id": user_id, "kept_id": kept_id})


async def sweep(conn: Connection, limit: int) -> int:
    """Delete sessions whose tokens have expired; return how many."""
    return await execute(conn, SWEEP, {"limit": limit})
