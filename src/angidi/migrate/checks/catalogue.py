"""A schema as comparable lines: one for each object, with all that defines it.

An extension is one line: what belongs to it is not the schema's.
"""

from typing import Any

from psycopg import Connection

_OBJECTS = """
WITH here AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema()),
of_extensions AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
relations AS (SELECT pg_class.oid, relname, relkind, relpersistence, reloptions
                FROM pg_class JOIN here ON here.oid = relnamespace
               WHERE relname::text <> ALL (%(bookkeeping)s)
                 AND ('pg_class'::regclass, pg_class.oid) NOT IN (SELECT classid, objid FROM of_extensions))
SELECT format('relation %%s: kind %%s, %%s, options %%s, comment %%s', relname, relkind, relpersistence, reloptions,
              obj_description(oid, 'pg_class'))
FROM relations
UNION ALL
SELECT format('column %%s.%%s: %%s%%s, default %%s, generated %%s%%s, collation %%s, comment %%s', relname, attname,
              format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN ' not null' END,
              pg_get_expr(adbin, adrelid), attidentity, attgenerated, attcollation::regcollation,
              col_description(relations.oid, attnum))
FROM relations JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
UNION ALL
SELECT format('constraint %%s of %%s: %%s, %%s, comment %%s', conname, relname, pg_get_constraintdef(pg_constraint.oid),
              CASE WHEN convalidated THEN 'valid' ELSE 'not valid' END, obj_description(pg_constraint.oid))
FROM pg_constraint JOIN relations ON relations.oid = conrelid
UNION ALL
SELECT format('index %%s: %%s, %%s', relname, pg_get_indexdef(indexrelid),
              CASE WHEN indisvalid THEN 'valid' ELSE 'invalid' END)
FROM pg_index JOIN relations ON relations.oid = indexrelid
UNION ALL
SELECT format('view %%s: %%s', relname, pg_get_viewdef(oid)) FROM relations WHERE relkind IN ('v', 'm')
UNION ALL
SELECT format('sequence %%s: %%s from %%s to %%s by %%s start %%s', relname, format_type(seqtypid, NULL),
              seqmin, seqmax, seqincrement, seqstart)
FROM pg_sequence JOIN relations ON relations.oid = seqrelid
UNION ALL
SELECT format('trigger %%s: %%s, %%s', tgname, pg_get_triggerdef(pg_trigger.oid), tgenabled)
FROM pg_trigger JOIN relations ON relations.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT format('policy %%s of %%s: %%s using %%s with check %%s', polname, relname, polcmd,
              pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
FROM pg_policy JOIN relations ON relations.oid = polrelid
UNION ALL
SELECT format('rule %%s: %%s', rulename, pg_get_ruledef(pg_rewrite.oid))
FROM pg_rewrite JOIN relations ON relations.oid = ev_class WHERE rulename <> '_RETURN'
UNION ALL
SELECT format('routine %%s: %%s', pg_proc.oid::regprocedure,
              CASE prokind WHEN 'a' THEN 'aggregate' ELSE pg_get_functiondef(pg_proc.oid) END)
FROM pg_proc JOIN here ON here.oid = pronamespace
WHERE ('pg_proc'::regclass, pg_proc.oid) NOT IN (SELECT classid, objid FROM of_extensions)
UNION ALL
SELECT format('type %%s: %%s, %%s', typname, typtype,
              (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = pg_type.oid))
FROM pg_type JOIN here ON here.oid = typnamespace WHERE typtype IN ('e', 'd', 'r')
  AND ('pg_type'::regclass, pg_type.oid) NOT IN (SELECT classid, objid FROM of_extensions)
UNION ALL
SELECT format('extension %%s', extname) FROM pg_extension
UNION ALL
SELECT format('schema %%s', nspname) FROM pg_namespace
WHERE nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
"""


def snapshot(connection: Connection[Any], table: str) -> list[str]:
    """Return the current schema's objects, sorted; the bookkeeping of `table` is left out."""
    history = f"{table}_history"
    bookkeeping = [table, f"{table}_pkey", history, f"{history}_pkey", f"{history}_id_seq"]
    rows = connection.execute(_OBJECTS, {"bookkeeping": bookkeeping})
    return sorted(row[0] for row in rows)


def difference(before: list[str], after: list[str]) -> list[str]:
    """Return the lines that one of two snapshots has alone, marked - and +."""
    gone = [f"- {line}" for line in before if line not in after]
    return gone + [f"+ {line}" for line in after if line not in before]
