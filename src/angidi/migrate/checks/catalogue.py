"""A database as comparable lines: one for each object, with all that defines it, and what its tables hold.

All schemas are looked at but the server's own and those of the bookkeeping. An extension is one line: what belongs to
it is not the files'. Names are always qualified, so that `search_path` does not matter.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection, sql

from angidi.migrate.database.history import SCHEMA

UNSEEN = (
    "roles and their memberships",
    "tablespaces",
    "large objects",
    "subscriptions",
    "settings and grants of databases and roles",
    "positions of sequences",
    "security labels",
    "definitions of operators, collations, conversions and text search objects",
)
"""What a snapshot does not show."""

CONTENTS = "contents of "
"""How the lines about what the rows of a table hold begin; their number has a line of its own."""

_COMPARED_ROWS = 50_000
"""Rows of a table up to which their contents are compared, and not only their number."""


# Privileges by default have no line: the first GRANT or REVOKE spells them out, although they stay what they were.
_OBJECTS = """
WITH here AS (SELECT oid FROM pg_namespace
               WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ALL (%(schemas)s)),
of_extensions AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
relations AS (SELECT oid, oid::regclass AS name, relkind, relpersistence, relowner, reloptions, relam, relrowsecurity,
                     relforcerowsecurity, relreplident, relpartbound, relacl
                FROM pg_class
               WHERE relnamespace IN (SELECT oid FROM here) AND relname::text <> ALL (%(bookkeeping)s)
                 AND ('pg_class'::regclass, oid) NOT IN (SELECT classid, objid FROM of_extensions)),
routines AS (SELECT oid, oid::regprocedure AS name, proowner, proacl, prokind FROM pg_proc
              WHERE pronamespace IN (SELECT oid FROM here)
                AND ('pg_proc'::regclass, oid) NOT IN (SELECT classid, objid FROM of_extensions)),
types AS (SELECT oid, oid::regtype AS name, typtype, typowner, typacl, typbasetype, typtypmod, typnotnull, typdefault
            FROM pg_type
           WHERE typnamespace IN (SELECT oid FROM here) AND typtype IN ('e', 'd', 'r')
             AND ('pg_type'::regclass, oid) NOT IN (SELECT classid, objid FROM of_extensions)),
granted (what, privileges, usual) AS (
  SELECT 'schema ' || nspname, nspacl, acldefault('n', nspowner) FROM pg_namespace WHERE oid IN (SELECT oid FROM here)
  UNION ALL
  SELECT 'relation ' || name, relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)
  FROM relations WHERE relkind NOT IN ('i', 'I', 'c')
  UNION ALL
  SELECT format('column %%s.%%s', name, attname), attacl, '{}'
  FROM relations JOIN pg_attribute ON attrelid = relations.oid
  UNION ALL SELECT 'routine ' || name, proacl, acldefault('f', proowner) FROM routines
  UNION ALL SELECT 'type ' || name, typacl, acldefault('T', typowner) FROM types
  UNION ALL SELECT 'server ' || srvname, srvacl, acldefault('S', srvowner) FROM pg_foreign_server)
SELECT format('grant on %%s: %%s', what, each) FROM granted, unnest(privileges) AS each WHERE NOT each = ANY (usual)
UNION ALL
SELECT format('no grant on %%s: %%s', what, each) FROM granted, unnest(usual) AS each WHERE NOT each = ANY (privileges)
UNION ALL
SELECT format('schema %%s: owner %%s', nspname, pg_get_userbyid(nspowner))
FROM pg_namespace WHERE oid IN (SELECT oid FROM here)
UNION ALL
SELECT format('relation %%s: kind %%s, %%s, owner %%s, options %%s, method %%s, row security %%s %%s, identity %%s',
              name, relkind, relpersistence, pg_get_userbyid(relowner), reloptions, amname, relrowsecurity,
              relforcerowsecurity, relreplident)
FROM relations LEFT JOIN pg_am ON pg_am.oid = relam WHERE relkind NOT IN ('i', 'I')
UNION ALL
SELECT format('partition %%s: key %%s, bounds %%s, parents %%s', name, pg_get_partkeydef(oid),
              pg_get_expr(relpartbound, oid),
              (SELECT array_agg(inhparent::regclass ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = oid))
FROM relations WHERE relkind = 'p' OR oid IN (SELECT inhrelid FROM pg_inherits)
UNION ALL
SELECT format('column %%s.%%s: %%s%%s, default %%s, generated %%s%%s, collation %%s, storage %%s%%s, statistics %%s, '
              'options %%s', name, attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN ' not null' END,
              pg_get_expr(adbin, adrelid), attidentity, attgenerated, attcollation::regcollation, attstorage,
              attcompression, nullif(attstattarget, -1), attoptions)
FROM relations JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
UNION ALL
SELECT format('constraint %%s of %%s: %%s, %%s', conname, name, pg_get_constraintdef(pg_constraint.oid),
              CASE WHEN convalidated THEN 'valid' ELSE 'not valid' END)
FROM pg_constraint JOIN relations ON relations.oid = conrelid
UNION ALL
SELECT format('index %%s: %%s, %%s, options %%s', name, pg_get_indexdef(indexrelid),
              CASE WHEN indisvalid THEN 'valid' ELSE 'invalid' END,
              concat(CASE WHEN indisclustered THEN 'clustered ' END, CASE WHEN indisreplident THEN 'identity' END))
FROM pg_index JOIN relations ON relations.oid = indexrelid
UNION ALL
SELECT format('view %%s: %%s', name, pg_get_viewdef(oid)) FROM relations WHERE relkind IN ('v', 'm')
UNION ALL
SELECT format('sequence %%s: %%s from %%s to %%s by %%s start %%s cache %%s cycle %%s, owned by %%s', name,
              format_type(seqtypid, NULL), seqmin, seqmax, seqincrement, seqstart, seqcache, seqcycle,
              (SELECT pg_describe_object(refclassid, refobjid, refobjsubid) FROM pg_depend
                WHERE classid = 'pg_class'::regclass AND objid = seqrelid AND deptype IN ('a', 'i')
                  AND refobjsubid > 0))
FROM pg_sequence JOIN relations ON relations.oid = seqrelid
UNION ALL
SELECT format('statistics %%s: %%s, owner %%s', stxname, pg_get_statisticsobjdef(oid), pg_get_userbyid(stxowner))
FROM pg_statistic_ext WHERE stxnamespace IN (SELECT oid FROM here)
UNION ALL
SELECT format('trigger %%s of %%s: %%s, %%s', tgname, name, pg_get_triggerdef(pg_trigger.oid), tgenabled)
FROM pg_trigger JOIN relations ON relations.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT format('policy %%s of %%s: %%s %%s for %%s using %%s with check %%s', polname, name,
              CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END, polcmd,
              (SELECT array_agg(CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role) END)
                 FROM unnest(polroles) AS role),
              pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
FROM pg_policy JOIN relations ON relations.oid = polrelid
UNION ALL
SELECT format('rule %%s of %%s: %%s, %%s', rulename, name, pg_get_ruledef(pg_rewrite.oid), ev_enabled)
FROM pg_rewrite JOIN relations ON relations.oid = ev_class WHERE rulename <> '_RETURN'
UNION ALL
SELECT format('routine %%s: owner %%s, %%s', name, pg_get_userbyid(proowner),
              CASE prokind WHEN 'a' THEN 'aggregate' ELSE pg_get_functiondef(oid) END)
FROM routines
UNION ALL
SELECT format('type %%s: %%s, owner %%s, labels %%s, base %%s%%s default %%s, constraints %%s, range of %%s',
              name, typtype, pg_get_userbyid(typowner),
              (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = types.oid),
              nullif(format_type(typbasetype, typtypmod), '-'), CASE WHEN typnotnull THEN ' not null' END, typdefault,
              (SELECT array_agg(concat_ws(' ', conname, pg_get_constraintdef(c.oid), convalidated) ORDER BY conname)
                 FROM pg_constraint AS c WHERE contypid = types.oid),
              (SELECT rngsubtype::regtype FROM pg_range WHERE rngtypid = types.oid))
FROM types
UNION ALL
SELECT format('default privileges of %%s in %%s: %%s, %%s', pg_get_userbyid(defaclrole),
              nullif(defaclnamespace, 0)::regnamespace, defaclobjtype,
              (SELECT array_agg(each::text ORDER BY each::text) FROM unnest(defaclacl) AS each))
FROM pg_default_acl
UNION ALL
SELECT format('extension %%s: version %%s in %%s', extname, extversion, extnamespace::regnamespace) FROM pg_extension
UNION ALL
SELECT format('event trigger %%s: %%s %%s, %%s, %%s', evtname, evtevent, evttags, evtfoid::regprocedure, evtenabled)
FROM pg_event_trigger WHERE ('pg_event_trigger'::regclass, oid) NOT IN (SELECT classid, objid FROM of_extensions)
UNION ALL
SELECT format('publication %%s: all %%s, %%s%%s%%s%%s, tables %%s', pubname, puballtables, pubinsert, pubupdate,
              pubdelete, pubtruncate,
              (SELECT array_agg(format('%%I.%%I', schemaname, tablename) ORDER BY schemaname, tablename)
                 FROM pg_publication_tables AS t WHERE t.pubname = p.pubname))
FROM pg_publication AS p
UNION ALL
SELECT format('server %%s: wrapper %%s, owner %%s, options %%s', srvname, fdwname,
              pg_get_userbyid(srvowner), srvoptions)
FROM pg_foreign_server JOIN pg_foreign_data_wrapper ON pg_foreign_data_wrapper.oid = srvfdw
UNION ALL
SELECT format('user mapping of %%s at %%s: %%s', usename, srvname, umoptions) FROM pg_user_mappings
UNION ALL
SELECT format('foreign table %%s: %%s, options %%s', name, srvname, ftoptions)
FROM pg_foreign_table JOIN relations ON relations.oid = ftrelid
JOIN pg_foreign_server ON pg_foreign_server.oid = ftserver
UNION ALL
SELECT format('cast from %%s to %%s: %%s %%s, %%s', castsource::regtype, casttarget::regtype, castmethod, castcontext,
              nullif(castfunc, 0)::regprocedure)
FROM pg_cast WHERE oid >= 16384 AND ('pg_cast'::regclass, oid) NOT IN (SELECT classid, objid FROM of_extensions)
UNION ALL
SELECT format('language %%s', lanname) FROM pg_language
WHERE oid >= 16384 AND ('pg_language'::regclass, oid) NOT IN (SELECT classid, objid FROM of_extensions)
UNION ALL
SELECT DISTINCT pg_describe_object(classid, objid, 0) FROM pg_depend
WHERE refclassid = 'pg_namespace'::regclass AND refobjid IN (SELECT oid FROM here)
  AND classid IN ('pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass, 'pg_collation'::regclass,
                  'pg_conversion'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass, 'pg_ts_parser'::regclass,
                  'pg_ts_template'::regclass)
  AND (classid, objid) NOT IN (SELECT classid, objid FROM of_extensions)
UNION ALL
SELECT format('comment on %%s: %%s', pg_describe_object(classoid, objoid, objsubid), description)
FROM pg_description WHERE objoid >= 16384 AND (classoid, objoid) NOT IN (SELECT classid, objid FROM of_extensions)
  AND classoid <> 'pg_extension'::regclass
"""

_TABLES = """
SELECT nspname::text, relname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ALL (%(schemas)s)
  AND relname::text <> ALL (%(bookkeeping)s)
  AND NOT EXISTS (SELECT FROM pg_depend
                   WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
"""
_ROWS = """
SELECT {name}, (SELECT count(*) FROM ONLY {table}),
       CASE WHEN count(*) <= {limit} THEN sum(hashtextextended(to_jsonb(held)::text, 0)) END
FROM (SELECT held FROM ONLY {table} AS held LIMIT {limit} + 1) AS rows
"""


def snapshot(connection: Connection[Any], table: str) -> list[str]:
    """Return the lines of all objects and tables, sorted; the bookkeeping of `table` is left out."""
    names = {"bookkeeping": [table, f"{table}_pkey"], "schemas": [SCHEMA]}
    with connection.transaction():
        connection.execute("SET LOCAL search_path TO pg_catalog; SET LOCAL ROLE NONE")
        lines = [row[0] for row in connection.execute(_OBJECTS.encode(), names)]
        lines += _rows(connection, connection.execute(_TABLES, names).fetchall())
    return sorted(lines)


def _rows(connection: Connection[Any], tables: Iterable[tuple[str, str]]) -> list[str]:
    """Return lines about the rows of each table."""
    queries = [
        sql.SQL(_ROWS).format(name=".".join(each), table=sql.Identifier(*each), limit=_COMPARED_ROWS) for each in tables
    ]
    lines: list[str] = []
    if queries:
        for name, count, contents in connection.execute(sql.SQL(" UNION ALL ").join(queries)):
            lines += [f"rows of {name}: {count}"] if count else []
            lines += [f"{CONTENTS}{name}: {int(contents) % 2**64:016x}"] if contents else []
    return lines


def difference(before: list[str], after: list[str]) -> list[str]:
    """Return the lines that one of two snapshots has alone, marked - and +."""
    older, newer = set(before), set(after)
    return [f"- {line}" for line in before if line not in newer] + [f"+ {line}" for line in after if line not in older]


_WIDEST = 160


def shortened(lines: Sequence[str]) -> list[str]:
    """Return lines of a difference for a screen: of two about one object, the part that differs."""
    return [_shorten(line, _twin(line, lines)) for line in lines]


def _twin(line: str, lines: Sequence[str]) -> str:
    head = line[1 : line.find(": ")]
    found = (other for other in lines if other[:1] != line[:1] and other[1 : other.find(": ")] == head)
    return " ".join(next(found, "").split())


def _shorten(line: str, twin: str) -> str:
    text = " ".join(line.split())
    if len(text) <= _WIDEST or not line.startswith(("- ", "+ ")):
        return text
    head = text[: text.find(": ") + 2]
    start = max(len(head), _first_difference(text[1:], twin[1:]) - _WIDEST // 4)
    rest = text[start : start + _WIDEST - len(head)]
    return f"{head}{'… ' * (start > len(head))}{rest}{' …' * (start + len(rest) < len(text))}"


def _first_difference(one: str, other: str) -> int:
    return next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
