"""Users in SQL. Every function is one statement on the connection given; errors leave through `db.errors`."""

from typing import LiteralString
from uuid import UUID

from angidi.db.columns import Names, columns_of, names, without
from angidi.db.rows import Connection, execute, fetch_all, fetch_counted, fetch_one, fetch_value
from angidi.ids import new_id
from angidi.pagination.pages import COUNT_BOUND, PageRequest, Total
from angidi.security.sessions import SESSIONS_ENDED_NOW
from angidi.users.errors import UserNotFound
from angidi.users.models import LoginAccount, Role, User, UserQuery

SHOWN: Names = columns_of(User)
"""All that is read. `deleted_at` is the last, so that statements on active users can leave it out."""

ACTIVE: LiteralString = names(without(SHOWN, "deleted_at"))

INSERT = f"""
INSERT INTO users (id, email, password_hash, name, role)
VALUES (%(id)s, %(email)s, %(password_hash)s, %(name)s, %(role)s)
RETURNING {ACTIVE}
"""

# Neither who has the id, even deleted, nor who has the address is changed.
INSERT_MISSING = """
INSERT INTO users (id, email, password_hash, name, created_at, updated_at)
VALUES (%(id)s, %(email)s, %(password_hash)s, %(name)s, now() - interval '60 days', now() - interval '60 days')
ON CONFLICT DO NOTHING
"""

FIND = f"""
SELECT {names(SHOWN)}
  FROM users
 WHERE id = %(id)s
"""

FIND_BY_EMAIL = f"""
SELECT {ACTIVE}
  FROM users
 WHERE lower(email) = lower(%(email)s) AND deleted_at IS NULL
"""

# Deleted users, too: an address belongs to at most one active user, and to any number of deleted ones.
LIST_BY_EMAIL = f"""
SELECT {names(SHOWN)}
  FROM users
 WHERE lower(email) = lower(%(email)s)
 ORDER BY deleted_at DESC NULLS FIRST, id
 LIMIT %(limit)s
"""

# One row in any case: accounts that do not exist are counted by the address that the database compares, too.
FIND_LOGIN_ACCOUNT = """
SELECT given.address, users.id, users.password_hash, users.sessions_ended_at
  FROM (SELECT lower(%(email)s)) AS given (address)
       LEFT JOIN users ON lower(users.email) = given.address AND users.deleted_at IS NULL
"""

UPDATE = f"""
UPDATE users
   SET name = coalesce(%(name)s, name), role = coalesce(%(role)s, role),
       updated_at = CASE WHEN coalesce(%(name)s, %(role)s) IS NULL THEN updated_at ELSE now() END
 WHERE id = %(id)s AND deleted_at IS NULL
RETURNING {ACTIVE}
"""

# Guarded by the hash that was verified: of two log-ins at once the second changes nothing, and neither does one that
# races with a change of the password.
UPGRADE_HASH = """
UPDATE users
   SET password_hash = %(new)s
 WHERE id = %(id)s AND password_hash = %(old)s
"""

SET_PASSWORD = f"""
UPDATE users
   SET password_hash = %(password_hash)s, updated_at = now()
 WHERE id = %(id)s AND deleted_at IS NULL
RETURNING {ACTIVE}
"""

DELETE = f"""
UPDATE users
   SET deleted_at = now(), updated_at = now(), sessions_ended_at = {SESSIONS_ENDED_NOW}
 WHERE id = %(id)s AND deleted_at IS NULL
"""

# No session comes back with the user, also of one who was deleted by other means.
RESTORE = f"""
UPDATE users
   SET deleted_at = NULL,
       updated_at = CASE WHEN deleted_at IS NULL THEN updated_at ELSE now() END,
       sessions_ended_at = CASE WHEN deleted_at IS NULL THEN sessions_ended_at ELSE {SESSIONS_ENDED_NOW} END
 WHERE id = %(id)s
RETURNING {ACTIVE}
"""

# In the order of ids, so that two of these never block each other for good. Foreign keys take KEY SHARE of the rows,
# which this lock allows: an admin logs in meanwhile.
LOCK_ADMINS = f"""
SELECT {ACTIVE}
  FROM users
 WHERE role = 'admin' AND deleted_at IS NULL
 ORDER BY id
   FOR NO KEY UPDATE
"""

LOCK = """
SELECT id
  FROM users
 WHERE id = %(id)s AND deleted_at IS NULL
   FOR NO KEY UPDATE
"""

# Held to the end of the transaction by whoever creates the first admin.
LOCK_FIRST_ADMIN = "SELECT pg_advisory_xact_lock(hashtext('angidi.first_admin'))"

LIST = f"""
SELECT {names(SHOWN)}, ({{total}}) AS total
  FROM users
 WHERE {{where}}
 ORDER BY created_at DESC, id DESC
 LIMIT %(limit)s OFFSET %(offset)s
"""

# Of the list without a filter the database keeps the total itself, as rows to be summed: it comes with the page.
COUNT_WHOLE = "SELECT coalesce(sum(rows), 0)::bigint FROM list_counts WHERE list = 'users'"
UNCOUNTED: LiteralString = "NULL::bigint"
COUNT = "SELECT count(*) FROM users WHERE {where}"
COUNT_BOUNDED = "SELECT count(*) FROM (SELECT 1 FROM users WHERE {where} LIMIT %(bound)s) AS found"

FILTERS: dict[str, LiteralString] = {
    "role": "role = %(role)s",
    # The first condition is what the index finds rows by; the others keep a term from reaching from the address into
    # the name.
    "search": "searchable(email || E'\\x01' || name) LIKE search_pattern(%(search)s)"
    " AND (searchable(email) LIKE search_pattern(%(search)s) OR searchable(name) LIKE search_pattern(%(search)s))",
}
LIVENESS: dict[str | None, LiteralString] = {
    None: "deleted_at IS NULL",
    "only": "deleted_at IS NOT NULL",
    "with": "true",
}
AFTER: LiteralString = "(created_at, id) < (%(after_created_at)s, %(after_id)s)"


async def insert(conn: Connection, *, email: str, password_hash: str, name: str, role: Role) -> User:
    """Store a new user. Raises `EmailTaken`."""
    row = await fetch_one(
        conn,
        User,
        INSERT,
        {"id": new_id(), "email": email, "password_hash": password_hash, "name": name, "role": role},
    )
    return _found(row)


async def insert_missing(conn: Connection, *, id_: UUID, email: str, password_hash: str, name: str) -> bool:
    """Store a user as of sixty days ago, unless somebody has the id, or somebody active the address; tell whether."""
    parameters = {"id": id_, "email": email, "password_hash": password_hash, "name": name}
    return bool(await execute(conn, INSERT_MISSING, parameters))


async def find_user(conn: Connection, user_id: UUID) -> User | None:
    """Return the user, deleted or not."""
    return await fetch_one(conn, User, FIND, {"id": user_id})


async def find_by_email(conn: Connection, email: str) -> User | None:
    """Return the active user with the address, in any case."""
    return await fetch_one(conn, User, FIND_BY_EMAIL, {"email": email})


async def list_by_email(conn: Connection, email: str, limit: int) -> list[User]:
    """Return at most `limit` users with the address, in any case: the active one first, then the last deleted."""
    return await fetch_all(conn, User, LIST_BY_EMAIL, {"email": email, "limit": limit})


async def find_login_account(conn: Connection, email: str) -> LoginAccount:
    """Return what a log-in of the active user with the address needs, if there is one."""
    account = await fetch_one(conn, LoginAccount, FIND_LOGIN_ACCOUNT, {"email": email})
    return account or LoginAccount(email, None, None)


async def get_user(conn: Connection, user_id: UUID) -> User:
    """Return the user, deleted or not. Raises `UserNotFound`."""
    return _found(await find_user(conn, user_id))


async def update(conn: Connection, user_id: UUID, *, name: str | None, role: Role | None) -> User:
    """Change an active user; None leaves a value as it is. Raises `UserNotFound`."""
    return _found(await fetch_one(conn, User, UPDATE, {"id": user_id, "name": name, "role": role}))


async def upgrade_hash(conn: Connection, user_id: UUID, *, old: str, new: str) -> None:
    """Replace the hash that a log-in verified, unless it has changed since."""
    await execute(conn, UPGRADE_HASH, {"id": user_id, "old": old, "new": new})


async def set_password(conn: Connection, user_id: UUID, password_hash: str) -> User:
    """Replace the password of an active user. Raises `UserNotFound`."""
    return _found(await fetch_one(conn, User, SET_PASSWORD, {"id": user_id, "password_hash": password_hash}))


async def delete(conn: Connection, user_id: UUID) -> None:
    """Delete an active user softly. Raises `UserNotFound`."""
    if not await execute(conn, DELETE, {"id": user_id}):
        raise UserNotFound


async def restore(conn: Connection, user_id: UUID) -> User:
    """Restore a deleted user; an active one stays unchanged. Raises `UserNotFound`, `EmailTaken`."""
    return _found(await fetch_one(conn, User, RESTORE, {"id": user_id}))


async def lock_user(conn: Connection, user_id: UUID) -> None:
    """Lock an active user until the transaction ends. Raises `UserNotFound`.

    It makes changes of what the user owns wait for each other.
    """
    if await fetch_value(conn, LOCK, {"id": user_id}) is None:
        raise UserNotFound


async def lock_admins(conn: Connection) -> list[User]:
    """Return the active admins, locked until the transaction ends."""
    return await fetch_all(conn, User, LOCK_ADMINS)


async def lock_first_admin(conn: Connection) -> None:
    """Wait until nobody else is creating the first admin; held until the transaction ends."""
    await execute(conn, LOCK_FIRST_ADMIN)


async def list_users(conn: Connection, query: UserQuery, page_request: PageRequest) -> tuple[list[User], int | None]:
    """Return a page of users, newest first, the row after it, if any, and the total where it is kept."""
    where = f"{_where(query)} AND {AFTER}" if page_request.after else _where(query)
    total = COUNT_WHOLE if _is_whole(query) and page_request.counting != "none" else UNCOUNTED
    sql = LIST.format(where=where, total=total)
    return await fetch_counted(conn, User, sql, _parameters(query) | page_request.parameters, prepare=False)


async def count_users(conn: Connection, query: UserQuery) -> Total:
    """Return how many users there are: exactly when unfiltered or asked for."""
    if _is_whole(query):
        return Total(await fetch_value(conn, COUNT_WHOLE))
    where = _where(query)
    if query.count == "exact" or not (query.role or query.search):
        return Total(await fetch_value(conn, COUNT.format(where=where), _parameters(query), prepare=False))
    sql = COUNT_BOUNDED.format(where=where)
    parameters = _parameters(query) | {"bound": COUNT_BOUND + 1}
    return Total.bounded(await fetch_value(conn, sql, parameters, prepare=False))


def _is_whole(query: UserQuery) -> bool:
    return not (query.role or query.search or query.deleted)


def _where(query: UserQuery) -> LiteralString:
    wanted: list[LiteralString] = [sql for name, sql in FILTERS.items() if getattr(query, name)]
    return " AND ".join([LIVENESS[query.deleted], *wanted])


def _parameters(query: UserQuery) -> dict[str, object]:
    return {"role": query.role, "search": query.search}


def _found(user: User | None) -> User:
    if user is None:
        raise UserNotFound
    return user
