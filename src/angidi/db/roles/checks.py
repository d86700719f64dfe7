"""What the role that serves may do, compared with what it needs."""

from typing import NamedTuple

import psycopg

from angidi.db.inspection import connect
from angidi.db.roles.rights import CHANGE, app_rights, list_relations

FIND_SERVING_ROLE = """
SELECT rolname, rolsuper, rolbypassrls, has_schema_privilege(current_schema(), 'CREATE'),
       EXISTS (SELECT FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
                  AND pg_has_role(relowner, 'USAGE'))
  FROM pg_roles
 WHERE rolname = current_user
"""
HAS_TABLES_OF_OTHERS = """
SELECT EXISTS (SELECT FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
                  AND NOT pg_has_role(relowner, 'USAGE'))
"""
LIST_PRIVILEGES = """
SELECT relname::text, privilege
  FROM pg_class
 CROSS JOIN unnest(%(privileges)s::text[]) AS privilege
 WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
   AND has_table_privilege(pg_class.oid, privilege)
"""
LIST_GROUPS = """
SELECT rolname::text
  FROM pg_roles
 WHERE rolname <> current_user AND pg_has_role(oid, 'MEMBER')
 ORDER BY 1
"""
MAY_CREATE = "SELECT has_schema_privilege(current_schema(), 'CREATE')"

PRIVILEGES = (*CHANGE, "TRUNCATE", "TRIGGER")


class RoleCheck(NamedTuple):
    """What a role may do and need not, and what it may not do and needs, as sentences."""

    excess: list[str]
    missing: list[str]


def check_serving_role(conninfo: str) -> RoleCheck:
    """Compare the rights of the role that `conninfo` names with those of `app`. Raises `Unavailable`."""
    with connect(conninfo) as conn:
        row = conn.execute(FIND_SERVING_ROLE).fetchone()
        role, is_superuser, bypasses, may_create, is_owner = row or ("", False, False, False, False)
        if is_superuser or is_owner:
            what = "is a superuser" if is_superuser else "owns the tables"
            return RoleCheck([f"{role} {what}: a fault of the application reaches everything"], [])
        excess = [f"{role} may create tables"] if may_create else []
        excess += [f"{role} has BYPASSRLS"] if bypasses else []
        excess += [f"{role} is a member of {group}" for (group,) in conn.execute(LIST_GROUPS)]
        tables = _check_tables(conn, role)
        return RoleCheck([*excess, *tables.excess], tables.missing)


def may_migrate(conninfo: str) -> bool:
    """Tell whether the role may create tables, and change those that are there. Raises `Unavailable`."""
    with connect(conninfo) as conn:
        may_create = conn.execute(MAY_CREATE).fetchone() == (True,)
        return may_create and conn.execute(HAS_TABLES_OF_OTHERS).fetchone() == (False,)


def _check_tables(conn: psycopg.Connection, role: str) -> RoleCheck:
    """Return a sentence for each table on which the role has rights beyond those of `app`, or lacks some."""
    granted = {(table, privilege) for table, privilege in conn.execute(LIST_PRIVILEGES, {"privileges": [*PRIVILEGES]})}
    excess: list[str] = []
    missing: list[str] = []
    for relation in list_relations(conn):
        wanted = app_rights(relation)
        has = [each for each in PRIVILEGES if (relation.name, each) in granted]
        if more := [each for each in has if each not in wanted]:
            excess.append(f"{role} may {' and '.join(more)} {relation.name}")
        if less := [each for each in wanted if each not in has]:
            missing.append(f"{role} may not {' and '.join(less)} {relation.name}")
    return RoleCheck(excess, missing)
