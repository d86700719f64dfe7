"""Print docs/database/SCHEMA.md from the catalogue of a migrated database.

    python tools/schema_docs.py postgresql://… > docs/database/SCHEMA.md

The prose is what the migrations wrote with COMMENT ON. The order leans on no locale, so that the same schema
gives the same text on every server.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import LiteralString, NamedTuple, TypeVar

import psycopg
from psycopg.rows import class_row

INTRODUCTION = """\
# The schema

Made by `tools/schema_docs.py` from the catalogue of a migrated database, and compared with it by a test:
to change a text here, change the comment in a migration.
The same as SQL stands in [schema.sql](../reference/schema.sql). The extensions pg_trgm and unaccent belong to it:
[a server of your own](SETUP.md#extensions) says what they need.
"""

BOOKKEEPING = "schema_migrations"

TABLES = """
    SELECT c.oid, c.relname AS name, coalesce(obj_description(c.oid, 'pg_class'), '') AS comment
      FROM pg_catalog.pg_class AS c
     WHERE c.relnamespace = current_schema()::regnamespace
       AND c.relkind IN ('r', 'p')
       AND c.relname <> %(bookkeeping)s
     ORDER BY c.relname COLLATE "C"
"""

COLUMNS = """
    SELECT a.attname AS name,
           t.typname AS base_type,
           format_type(a.atttypid, a.atttypmod) AS type,
           NOT a.attnotnull AS nullable,
           coalesce(pg_get_expr(d.adbin, d.adrelid, true), '') AS default_value,
           coalesce((SELECT string_agg(DISTINCT upper(contype::text) || 'K', ', ')
                       FROM pg_catalog.pg_constraint
                      WHERE conrelid = a.attrelid
                        AND contype IN ('p', 'f')
                        AND a.attnum = ANY (conkey)), '') AS keys,
           coalesce(col_description(a.attrelid, a.attnum), '') AS comment
      FROM pg_catalog.pg_attribute AS a
      JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = %(table)s
       AND a.attnum > 0
       AND NOT a.attisdropped
     ORDER BY a.attnum
"""

# NOT NULLs are constraints of their own on PostgreSQL 18, and stand with the columns on every version.
CONSTRAINTS = """
    SELECT conname AS name,
           CASE contype
               WHEN 't' THEN (SELECT substring(pg_get_triggerdef(oid, true) FROM 'TRIGGER .*')
                                FROM pg_catalog.pg_trigger
                               WHERE tgconstraint = pg_constraint.oid)
               ELSE pg_get_constraintdef(oid, true)
           END AS definition,
           coalesce(obj_description(oid, 'pg_constraint'), '') AS comment
      FROM pg_catalog.pg_constraint
     WHERE conrelid = %(table)s
       AND contype IN ('p', 'u', 'f', 'c', 'x', 't')
     ORDER BY array_position('{p,u,x,f,c,t}'::"char"[], contype), conname COLLATE "C"
"""

INDEXES = """
    SELECT c.relname AS name,
           CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END
           || substring(pg_get_indexdef(i.indexrelid, 0, true) FROM ' USING (.*)$') AS definition,
           coalesce(obj_description(c.oid, 'pg_class'),
                    obj_description(k.oid, 'pg_constraint'), '') AS comment
      FROM pg_catalog.pg_index AS i
      JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
      LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
     WHERE i.indrelid = %(table)s
     ORDER BY i.indisprimary DESC, i.indisunique DESC, c.relname COLLATE "C"
"""

# One row for each foreign key. A child needs its parent unless a column of the key may be NULL.
RELATIONS = """
    SELECT parent.relname AS parent,
           child.relname AS child,
           string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns,
           bool_and(a.attnotnull) AS required,
           CASE k.confdeltype WHEN 'n' THEN 'set null' WHEN 'c' THEN 'cascade' WHEN 'd' THEN 'set default'
                              ELSE 'restrict' END AS on_delete
      FROM pg_catalog.pg_constraint AS k
      JOIN pg_catalog.pg_class AS parent ON parent.oid = k.confrelid
      JOIN pg_catalog.pg_class AS child ON child.oid = k.conrelid
      JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
     WHERE k.contype = 'f'
       AND k.connamespace = current_schema()::regnamespace
     GROUP BY k.oid, k.conname, k.confdeltype, parent.relname, child.relname
     ORDER BY parent.relname COLLATE "C", child.relname COLLATE "C", k.conname COLLATE "C"
"""

# What belongs to an extension is described by it.
FUNCTIONS = """
    SELECT format('%%s(%%s)', p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
           pg_get_function_result(p.oid) AS definition,
           coalesce(obj_description(p.oid, 'pg_proc'), '') AS comment
      FROM pg_catalog.pg_proc AS p
     WHERE p.pronamespace = current_schema()::regnamespace
       AND NOT EXISTS (SELECT
                         FROM pg_catalog.pg_depend AS d
                        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
     ORDER BY p.proname COLLATE "C"
"""


class Table(NamedTuple):
    """A table of the schema."""

    oid: int
    name: str
    comment: str


class Column(NamedTuple):
    """A column; `keys` is `PK`, `FK`, both or empty."""

    name: str
    base_type: str
    type: str
    nullable: bool
    default_value: str
    keys: str
    comment: str


class Named(NamedTuple):
    """A constraint, an index or a function: what it is called, how SQL says it (what it returns), what it is for."""

    name: str
    definition: str
    comment: str


class Relation(NamedTuple):
    """A foreign key, seen from the parent."""

    parent: str
    child: str
    columns: str
    required: bool
    on_delete: str


Row = TypeVar("Row")


def render(conn: psycopg.Connection) -> str:
    """Return the whole document for the schema that comes first in the search path of `conn`."""
    tables = fetch(conn, Table, TABLES, bookkeeping=BOOKKEEPING)
    relations = fetch(conn, Relation, RELATIONS)
    columns = {table.name: fetch(conn, Column, COLUMNS, table=table.oid) for table in tables}
    chapters = [
        chapter(
            table,
            columns[table.name],
            fetch(conn, Named, CONSTRAINTS, table=table.oid),
            fetch(conn, Named, INDEXES, table=table.oid),
        )
        for table in tables
    ]
    functions = grid(("function", "returns", "what for"), map(row_of, fetch(conn, Named, FUNCTIONS)))
    return "\n".join([INTRODUCTION, diagram(relations, columns), *chapters, f"## Functions\n\n{functions}"])


def fetch(conn: psycopg.Connection, kind: type[Row], query: LiteralString, **values: int | str) -> list[Row]:
    """Rows of `query`, each as a `kind`, which has a field for every column."""
    return conn.cursor(row_factory=class_row(kind)).execute(query, values).fetchall()


def diagram(relations: Iterable[Relation], columns: dict[str, list[Column]]) -> str:
    """Return the tables and their foreign keys as a Mermaid diagram."""
    lines = ["```mermaid", "erDiagram"]
    for parent, child, names, required, on_delete in relations:
        lines.append(f'    {parent} {"||" if required else "|o"}--o{{ {child} : "{names}, {on_delete}"')
    for table, attributes in columns.items():
        entries = (f"        {column.base_type} {column.name} {column.keys}".rstrip() for column in attributes)
        lines += [f"    {table} {{", *entries, "    }"]
    return "\n".join([*lines, "```", ""])


def chapter(table: Table, columns: Iterable[Column], constraints: Iterable[Named], indexes: Iterable[Named]) -> str:
    """Return what there is to know of one table."""
    described = (
        (
            f"`{column.name}`",
            f"`{column.type}`",
            "yes" if column.nullable else "no",
            column.default_value and f"`{column.default_value}`",
            column.comment,
        )
        for column in columns
    )
    parts = [
        f"## {table.name}\n\n{table.comment}\n",
        grid(("column", "type", "null", "default", "meaning"), described),
        grid(("constraint", "rule", "meaning"), map(row_of, constraints)),
        grid(("index", "on", "serves"), map(row_of, indexes)),
    ]
    return "\n".join(parts)


def row_of(named: Named) -> tuple[str, str, str]:
    """Cells for a constraint, an index or a function."""
    return f"`{named.name}`", f"`{named.definition}`", named.comment


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table. A bar inside a cell is escaped: it would end the cell, even within code."""
    body = [[cell.replace("|", "\\|").replace("\x01", "\\x01") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---"] * len(head), *body])


def main() -> None:
    """Print the document for the database whose address is the one argument."""
    if len(sys.argv) != len(("program", "address")):
        sys.exit("usage: schema_docs.py postgresql://USER@HOST/DATABASE")
    with psycopg.connect(sys.argv[1], autocommit=True) as conn:
        sys.stdout.write(render(conn))


if __name__ == "__main__":
    main()
