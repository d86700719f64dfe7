"""Expressions that the server stores for the schema, compared with those that the migrations make.

With standard_conforming_strings off, PostgreSQL reads a backslash in a text as an escape: a CHECK that was created so
accepts what it should refuse, and looks unharmed. `make docs` writes `definitions.json` from a migrated database.
"""

from collections.abc import Iterator
from importlib.resources import files

import psycopg
from msgspec import json

from angidi.db.diagnostics.results import CheckResult, finding

# Views are left out: each version of PostgreSQL prints them in its own way. Of a search path only its end is of the
# migrations: its beginning is whatever the schema's name is.
LIST_DEFINITIONS = """
SELECT format('constraint %%s of %%s', conname, relname), pg_get_constraintdef(pg_constraint.oid)
  FROM pg_constraint
  JOIN pg_class ON pg_class.oid = conrelid
 WHERE contype IN ('c', 'f', 'p', 'u', 'x') AND connamespace = current_schema()::regnamespace
   AND relname !~ %(bookkeeping)s
 UNION ALL
SELECT format('condition of index %%s', relname), pg_get_expr(indpred, indrelid)
  FROM pg_index
  JOIN pg_class ON pg_class.oid = indexrelid
 WHERE indpred IS NOT NULL AND relnamespace = current_schema()::regnamespace
 UNION ALL
SELECT format('value of column %%s of %%s', attname, relname), pg_get_expr(adbin, adrelid)
  FROM pg_attrdef
  JOIN pg_class ON pg_class.oid = adrelid
  JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
 WHERE relnamespace = current_schema()::regnamespace
 UNION ALL
SELECT format('function %%s', pg_proc.oid::regprocedure), coalesce(pg_get_function_sqlbody(pg_proc.oid), prosrc)
  FROM pg_proc
 WHERE pronamespace = current_schema()::regnamespace
   AND NOT EXISTS (SELECT FROM pg_depend
                    WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
 UNION ALL
SELECT format('settings of function %%s', pg_proc.oid::regprocedure),
       string_agg(CASE WHEN setting ~ '^search_path=.*pg_temp$' THEN 'temporary schemas last' ELSE setting END, ', '
                  ORDER BY setting)
  FROM pg_proc
 CROSS JOIN unnest(proconfig || CASE WHEN prosecdef THEN ARRAY['SECURITY DEFINER'] END) AS setting
 WHERE pronamespace = current_schema()::regnamespace
 GROUP BY pg_proc.oid
 ORDER BY 1
"""
BOOKKEEPING = "^schema_migrations"


def read_definitions(conn: psycopg.Connection) -> dict[str, str]:
    """Return the expressions of the schema, by what they belong to."""
    return dict(conn.execute(LIST_DEFINITIONS, {"bookkeeping": BOOKKEEPING}).fetchall())


def check_definitions(conn: psycopg.Connection) -> CheckResult:
    """Compare the schema with what its migrations make. It has to be of this program's version."""
    text = files("angidi.db.diagnostics").joinpath("definitions.json").read_bytes()
    return finding("definitions", list(_differing(read_definitions(conn), json.decode(text, type=dict[str, str]))))


def _differing(stored: dict[str, str], expected: dict[str, str]) -> Iterator[str]:
    for name, text in expected.items():
        if name not in stored:
            yield f"{name} is missing"
        elif stored[name] != text:
            yield f"{name} is not as the migrations make it"
