"""The statements that set up the roles: those about roles of the server, and those about rights in the database."""

from collections.abc import Iterator, Mapping

import psycopg
from psycopg import sql

from angidi.config import ConfigError
from angidi.db.roles.rights import CHANGE, SETTINGS, Purpose, app_grants, list_relations, readonly_grants

HISTORY_SCHEMA = "angidi_migrate"
"""The schema of the migrations' history, which only a backup reads."""

FIND_ROLE = """
SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls
  FROM pg_roles
 WHERE rolname = %(name)s
"""
FIND_SETTINGS = """
SELECT lower(split_part(setting, '=', 1)) || substring(setting FROM position('=' IN setting))
  FROM pg_db_role_setting
 CROSS JOIN unnest(setconfig) AS setting
 WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = %(name)s)
   AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
FIND_DATABASE = """
SELECT current_database(), current_schema(), current_user, to_regnamespace(%(history)s) IS NOT NULL
"""
LIST_DEFINER_FUNCTIONS = """
SELECT oid::regprocedure::text
  FROM pg_proc
 WHERE prosecdef AND pronamespace = current_schema()::regnamespace
 ORDER BY 1
"""

CREATE_ROLE = (
    "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {password}"
)
SET_PASSWORD = "ALTER ROLE {role} PASSWORD {password}"  # noqa: S105 - a statement, not a password
SET_ATTRIBUTES = "ALTER ROLE {role} {attributes}"
SET_SETTING = "ALTER ROLE {role} IN DATABASE {database} SET {setting} = {value}"

ATTRIBUTES = ("LOGIN", "SUPERUSER", "CREATEDB", "CREATEROLE", "REPLICATION", "BYPASSRLS")

Statements = list[sql.Composed]


class TargetDatabase:
    """The database of a connection: its name, its schema, and its owner (the role of the connection)."""

    def __init__(self, conn: psycopg.Connection) -> None:
        row = conn.execute(FIND_DATABASE, {"history": HISTORY_SCHEMA}).fetchone()
        database, schema, owner, has_history = row or ("", None, "", False)
        if schema is None:
            raise ConfigError("DATABASE_DIRECT_URL: its search_path names no schema that exists; create it first")
        self.database, self.owner = str(database), str(owner)
        self.names = {"database": sql.Identifier(database), "schema": sql.Identifier(schema)}
        self.schemas = [sql.Identifier(schema)] + ([sql.Identifier(HISTORY_SCHEMA)] if has_history else [])


def role_statements(
    conn: psycopg.Connection, target: TargetDatabase, name: str, purpose: Purpose, password_hash: str
) -> Statements:
    """Return the statements that create or correct the role; none if it is as it has to be.

    An empty `password_hash` leaves its password. Raises `ConfigError` for a superuser and for the owner, whose rights
    are not to be taken away.
    """
    names = {"role": sql.Identifier(name), "database": target.names["database"]}
    row = conn.execute(FIND_ROLE, {"name": name}).fetchone()
    if row and row[1]:
        raise ConfigError(
            f"{name} is a superuser, and cannot be the role for {purpose}: name another, such as "
            f"--{purpose} {target.database}_{purpose}"
        )
    if name == target.owner:
        raise ConfigError(
            f"DATABASE_DIRECT_URL: names {name}, who cannot be the owner and the role for {purpose}: name the owner, "
            f"or another role by --{purpose}"
        )
    if row is None:
        statements = [sql.SQL(CREATE_ROLE).format(**names, password=sql.Literal(password_hash or None))]
    else:
        statements = [*_corrections(row, names["role"])]
        if password_hash:
            statements.append(sql.SQL(SET_PASSWORD).format(**names, password=sql.Literal(password_hash)))
    # The server spells some names in its own way, such as TimeZone.
    stored = {tuple(setting.split("=", 1)) for (setting,) in conn.execute(FIND_SETTINGS, {"name": name})}
    return statements + [
        sql.SQL(SET_SETTING).format(**names, setting=sql.Identifier(setting), value=sql.Literal(value))
        for setting, value in SETTINGS[purpose].items()
        if (setting, value) not in stored
    ]


def grant_statements(conn: psycopg.Connection, target: TargetDatabase, roles: Mapping[Purpose, str]) -> Statements:
    """Return the statements that give the roles their rights and revoke all others, to be run in one transaction."""
    relations = list_relations(conn)
    statements = [
        sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {database} FROM PUBLIC").format(**target.names),
        sql.SQL("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC").format(**target.names),
    ]
    for purpose, name in roles.items():
        role = sql.Identifier(name)
        statements += _database_rights(target, role, purpose)
        if purpose == "app":
            statements += [*app_grants(relations, role), *_default_rights(target, role), *_function_rights(conn, role)]
        elif purpose == "readonly":
            statements += readonly_grants(relations, role)
        else:
            statements += _backup_rights(target, role)
    return statements


def _corrections(row: tuple[bool, ...], role: sql.Identifier) -> Iterator[sql.Composed]:
    """Yield the statement that corrects the attributes of a role, naming only those that are wrong."""
    wrong = [
        (name if name == "LOGIN" else f"NO{name}")
        for name, is_set in zip(ATTRIBUTES, row, strict=True)
        if is_set != (name == "LOGIN")
    ]
    if wrong:
        yield sql.SQL(SET_ATTRIBUTES).format(role=role, attributes=sql.SQL(" ".join(wrong)))  # pyright: ignore[reportArgumentType] - of ATTRIBUTES


def _database_rights(target: TargetDatabase, role: sql.Identifier, purpose: Purpose) -> Iterator[sql.Composed]:
    """Yield the statements that revoke all rights of a role, and let it connect and use the schema.

    The app creates temporary tables, in which an import stages its rows.
    """
    privileges = sql.SQL("CONNECT, TEMPORARY" if purpose == "app" else "CONNECT")
    yield sql.SQL("REVOKE ALL ON DATABASE {database} FROM {role}").format(**target.names, role=role)
    yield sql.SQL("GRANT {} ON DATABASE {database} TO {role}").format(privileges, **target.names, role=role)
    for schema in target.schemas:
        yield sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(schema, role)
        yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(schema, role)
        yield sql.SQL("REVOKE ALL ON ALL SEQUENCES IN SCHEMA {} FROM {}").format(schema, role)
    yield sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {role}").format(**target.names, role=role)


def _default_rights(target: TargetDatabase, role: sql.Identifier) -> Iterator[sql.Composed]:
    """Yield the statements that let the app use all sequences, and the tables that later migrations create."""
    privileges = sql.SQL(", ").join(map(sql.SQL, CHANGE))
    later = sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} ").format(**target.names)
    yield later + sql.SQL("GRANT {} ON TABLES TO {}").format(privileges, role)
    yield later + sql.SQL("GRANT USAGE ON SEQUENCES TO {}").format(role)
    yield sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}").format(**target.names, role=role)


def _function_rights(conn: psycopg.Connection, role: sql.Identifier) -> Iterator[sql.Composed]:
    """Yield the statements that let only the app call the functions that run with the owner's rights."""
    for (signature,) in conn.execute(LIST_DEFINER_FUNCTIONS):
        function = sql.SQL(signature)
        yield sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC").format(function)
        yield sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(function, role)


def _backup_rights(target: TargetDatabase, role: sql.Identifier) -> Iterator[sql.Composed]:
    """Yield the statements that let pg_dump read everything, also what later migrations create."""
    for schema in target.schemas:
        yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role)
        yield sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, role)
        yield sql.SQL("GRANT SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}").format(schema, role)
    for later in ("USAGE ON SCHEMAS", "SELECT ON TABLES", "SELECT ON SEQUENCES"):
        yield sql.SQL("ALTER DEFAULT PRIVILEGES GRANT {} TO {}").format(sql.SQL(later), role)
