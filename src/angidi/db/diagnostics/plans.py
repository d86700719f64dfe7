"""Plans of statements without running them."""

import re

import psycopg
from psycopg import pq, sql

from angidi.db.pool import SESSION_DEFAULTS

_PARAMETER = re.compile(r"%(?:\((?P<name>\w+)\))?(?P<form>[sbt%])")
_NAME = "angidi_plan"
_UTILITY = "Utility statements have no plan structure"


def numbered(statement: str) -> str:
    """Return a psycopg statement with server-side parameters ($1, …); leave one that has those already."""
    names: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        if found["form"] == "%":
            return "%"
        return names.setdefault(found["name"] or str(found.start()), f"${len(names) + 1}")

    return _PARAMETER.sub(number, statement)


def generic_plan(conn: psycopg.Connection, statement: str) -> str | None:
    """Return the generic plan of a statement, or the reason why there is none. Never runs the statement.

    Returns None for kinds of statement without a plan, such as CREATE INDEX. The statement has server-side parameters.
    It is prepared, because the protocol then admits one statement only, whatever the text is; EXPLAIN (GENERIC_PLAN),
    from PostgreSQL 16 on, would return the same plan.
    """
    with conn.transaction(force_rollback=True):
        conn.execute("SET TRANSACTION READ ONLY")
        conn.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        for setting in ("jit", "max_parallel_workers_per_gather", "work_mem"):  # as on pooled connections
            conn.execute("SELECT set_config(%s, %s, true)", [setting, SESSION_DEFAULTS[setting]])
        prepared = conn.pgconn.prepare(_NAME.encode(), statement.encode(conn.info.encoding))
        if prepared.status != pq.ExecStatus.COMMAND_OK:
            return f"no plan: {_message(prepared)}"
        try:
            return _explained(conn, conn.pgconn.describe_prepared(_NAME.encode()).nparams)
        except psycopg.Error as error:
            return f"no plan: {error.diag.message_primary}"
        finally:
            conn.pgconn.exec_(f"DEALLOCATE {_NAME}".encode())


def _explained(conn: psycopg.Connection, parameters: int) -> str | None:
    nulls = sql.SQL(", ").join([sql.NULL] * parameters)
    arguments = sql.SQL("({})").format(nulls) if parameters else sql.SQL("")
    query = sql.SQL("EXPLAIN EXECUTE {}{}").format(sql.Identifier(_NAME), arguments)
    with conn.transaction():
        lines = [str(line) for (line,) in conn.execute(query)]
    return None if lines == [_UTILITY] else "\n".join(lines)


def _message(result: pq.abc.PGresult) -> str:
    text = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"it could not be prepared"
    return text.decode(errors="replace")
