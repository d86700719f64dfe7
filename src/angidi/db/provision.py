"""Creation of owner and database on an existing server by a superuser: the work of `angidi db create`."""

import psycopg
from psycopg import errors, sql

from angidi.config import ConfigError
from angidi.db.conninfo import check_url, parse_conninfo
from angidi.db.inspection import connect, hash_password
from angidi.db.pool import SESSION_DEFAULTS
from angidi.db.roles.statements import SET_SETTING

ROLE_EXISTS = "SELECT 1 FROM pg_roles WHERE rolname = %(name)s"
DATABASE_EXISTS = "SELECT 1 FROM pg_database WHERE datname = %(name)s"
CREATE_ROLE = "CREATE ROLE {role} LOGIN PASSWORD {password}"

# Ownership, because from PostgreSQL 15 on a GRANT on the database does not allow CREATE in its schema public.
CREATE_DATABASE = "CREATE DATABASE {database} OWNER {role} TEMPLATE template0 ENCODING 'UTF8' {locale}"

BUILTIN_SINCE = 170_000
LOCALES = (
    "LOCALE_PROVIDER builtin LOCALE 'C.UTF-8'",
    "LOCALE_PROVIDER libc LOCALE 'C.UTF-8'",
    "LOCALE_PROVIDER libc LOCALE 'en_US.UTF-8'",
)
"""Locales for upper and lower case, best first: the embedded server's, then the most similar."""


def create(admin: str, wanted: str) -> tuple[str, str]:
    """Create the database and the owner that `wanted` names, as the superuser of `admin`; return their names.

    Existing ones are kept; only the session defaults of the owner are updated. Raises `ConfigError`, `Unavailable`.
    """
    check_url("ADMIN_DATABASE_URL", admin)
    parts = parse_conninfo(wanted)
    database = parts.get("dbname") or parts.get("user") or ""
    role = parts.get("user") or database
    with connect(admin) as conn:
        try:
            _create_role(conn, role, parts.get("password", ""))
            _create_database(conn, database, role)
        except errors.InsufficientPrivilege as error:
            raise ConfigError(
                f"ADMIN_DATABASE_URL: the role {conn.info.user} may not ({error.diag.message_primary}): name a "
                "superuser"
            ) from None
    return database, role


def _create_role(conn: psycopg.Connection, role: str, password: str) -> None:
    if conn.execute(ROLE_EXISTS, {"name": role}).fetchone():
        return
    if not password:
        raise ConfigError(
            f"DB_PASSWORD: the role {role} is to be created and needs one; example: DB_PASSWORD=a-long-one"
        )
    password_hash = hash_password(conn, role, password)
    conn.execute(sql.SQL(CREATE_ROLE).format(role=sql.Identifier(role), password=sql.Literal(password_hash)))


def _create_database(conn: psycopg.Connection, database: str, role: str) -> None:
    names = {"database": sql.Identifier(database), "role": sql.Identifier(role)}
    if not conn.execute(DATABASE_EXISTS, {"name": database}).fetchone():
        _try_locales(conn, names)
    for setting, value in SESSION_DEFAULTS.items():
        conn.execute(sql.SQL(SET_SETTING).format(**names, setting=sql.Identifier(setting), value=sql.Literal(value)))


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
