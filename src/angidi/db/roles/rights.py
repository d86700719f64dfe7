"""What each role may do, by table: declarations, and the catalogue's tables that they apply to."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Literal, LiteralString, NamedTuple, get_args

import psycopg
from psycopg import sql

from angidi.db.pool import SESSION_DEFAULTS

Purpose = Literal["app", "readonly", "backup"]
"""What a role is for, besides the owner."""

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

Privileges = tuple[LiteralString, ...]

CHANGE: Privileges = ("SELECT", "INSERT", "UPDATE", "DELETE")
APPEND: Privileges = ("SELECT", "INSERT")
READ: Privileges = ("SELECT",)

APP_RIGHTS: Mapping[str, Privileges] = {
    "stock_ledger": APPEND,
    "order_history": APPEND,
    "order_items": APPEND,
    "order_transitions": READ,
    "schema_migrations": READ,
}
"""What the application may do with a table that it may not change freely.

Triggers write the ledger and the histories with the rights of whoever changes the stock or the order. Foreign keys need
no right: the server checks and follows them as the owner of the table.
"""

SECRETS = "password|secret|token|hash"
"""A regular expression for the names of columns that `readonly` does not see."""

SETTINGS: Mapping[Purpose, Mapping[str, str]] = {
    "app": SESSION_DEFAULTS,
    "readonly": SESSION_DEFAULTS | {"default_transaction_read_only": "on"},
    "backup": SESSION_DEFAULTS | {"default_transaction_read_only": "on"},
}
"""Session settings of each role, for all its sessions in the database. pg_dump lifts the time limits itself."""

LIST_RELATIONS = """
SELECT relname::text, relkind IN ('v', 'm'),
       array_agg(attname::text ORDER BY attnum) FILTER (WHERE attname !~ %(secrets)s), bool_or(attname ~ %(secrets)s)
  FROM pg_class
  JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
 WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
   AND NOT EXISTS (SELECT FROM pg_depend
                    WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
 GROUP BY relname, relkind
 ORDER BY relname
"""


class Relation(NamedTuple):
    """A table or view: its name, whether it is a view, its columns without secrets, and whether it has secrets."""

    name: str
    is_view: bool
    columns: list[str] | None
    has_secrets: bool


def list_relations(conn: psycopg.Connection) -> list[Relation]:
    """Return the tables and views of the schema, without those of extensions."""
    return [Relation(*row) for row in conn.execute(LIST_RELATIONS, {"secrets": SECRETS})]


def app_rights(relation: Relation) -> Privileges:
    """Return what the application may do with a table or view."""
    return READ if relation.is_view else APP_RIGHTS.get(relation.name, CHANGE)


def app_grants(relations: list[Relation], role: sql.Identifier) -> list[sql.Composed]:
    """Return the statements that give the application its rights on these tables."""
    tables: defaultdict[Privileges, list[str]] = defaultdict(list)
    for each in relations:
        tables[app_rights(each)].append(each.name)
    return [
        sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(", ").join(map(sql.SQL, rights)), _names(names), role)
        for rights, names in tables.items()
    ]


def readonly_grants(relations: list[Relation], role: sql.Identifier) -> list[sql.Composed]:
    """Return the statements that let a role read these tables, except the columns with secrets."""
    whole = [each.name for each in relations if not each.has_secrets]
    statements = [sql.SQL("GRANT SELECT ON {} TO {}").format(_names(whole), role)] if whole else []
    return statements + [
        sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(_names(each.columns), sql.Identifier(each.name), role)
        for each in relations
        if each.has_secrets and each.columns
    ]


def _names(names: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
