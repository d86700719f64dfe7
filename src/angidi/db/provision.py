"""Owner and database on a server of one's own, made by a superuser: what `angidi db create` does."""

import psycopg
from psycopg import errors, sql

from angidi.config import ConfigError
from angidi.db.conninfo import parts_of
from angidi.db.inspection import connected
from angidi.db.pool import SESSION_DEFAULTS

ROLE_EXISTS = "SELECT 1 FROM pg_roles WHERE rolname = %(name)s"
DATABASE_EXISTS = "SELECT 1 FROM pg_database WHERE datname = %(name)s"
CREATE_ROLE = "CREATE ROLE {role} LOGIN PASSWORD {password}"

# An owner, since a GRANT on the database alone lets nobody create in its schema public, from PostgreSQL 15 on.
CREATE_DATABASE = "CREATE DATABASE {database} OWNER {role} TEMPLATE template0 ENCODING 'UTF8' {locale}"
ROLE_SETTING = "ALTER ROLE {role} IN DATABASE {database} SET {setting} = {value}"

BUILTIN_SINCE = 170_000
LOCALES = (
    "LOCALE_PROVIDER builtin LOCALE 'C.UTF-8'",
    "LOCALE_PROVIDER libc LOCALE 'C.UTF-8'",
    "LOCALE_PROVIDER libc LOCALE 'en_US.UTF-8'",
)
"""The rules for upper and lower case, best first: the embedded server's, then those that come nearest."""


def create(admin: str, wanted: str) -> tuple[str, str]:
    """Create database and owner that `wanted` names, as the superuser of `admin`; return their names.

    What exists is left as it is, but for the owner's session defaults. Raises `ConfigError`, `Unavailable`.
    """
    parts = parts_of(wanted)
    database = parts.get("dbname") or parts.get("user") or ""
    role = parts.get("user") or database
    with connected(admin) as conn:
        _create_role(conn, role, parts.get("password", ""))
        _create_database(conn, database, role)
    return database, role


def _create_role(conn: psycopg.Connection, role: str, password: str) -> None:
    if conn.execute(ROLE_EXISTS, {"name": role}).fetchone():
        return
    if not password:
        raise ConfigError(
            f"DB_PASSWORD: the role {role} is to be created and needs one; example: DB_PASSWORD=a-long-one"
        )
    # Hashed here: the statement may stand in the server's log, and in its list of activities.
    hashed = conn.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    conn.execute(sql.SQL(CREATE_ROLE).format(role=sql.Identifier(role), password=sql.Literal(hashed)))


def _create_database(conn: psycopg.Connection, database: str, role: str) -> None:
    names = {"database": sql.Identifier(database), "role": sql.Identifier(role)}
    if not conn.execute(DATABASE_EXISTS, {"name": database}).fetchone():
        _try_locales(conn, names)
    for setting, value in SESSION_DEFAULTS.items():
        conn.execute(sql.SQL(ROLE_SETTING).format(**names, setting=sql.Identifier(setting), value=sql.Literal(value)))


def _try_locales(conn: psycopg.Connection, names: dict[str, sql.Identifier]) -> None:
    for locale in LOCALES if conn.info.server_version >= BUILTIN_SINCE else LOCALES[1:]:
        try:
            conn.execute(sql.SQL(CREATE_DATABASE).format(**names, locale=sql.SQL(locale)))
        except (errors.WrongObjectType, errors.InvalidParameterValue):
            continue
        return
    raise ConfigError(
        "DB_NAME: the server has neither of the locales C.UTF-8 and en_US.UTF-8; create the database by hand"
    )
