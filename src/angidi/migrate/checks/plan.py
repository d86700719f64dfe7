"""What a run would do: the steps, and a rehearsal that is rolled back."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from angidi.migrate.database.query import run_query
from angidi.migrate.errors import NIL, NoChange
from angidi.migrate.files import steps as step_lists
from angidi.migrate.files.script import Chunk, Script
from angidi.migrate.files.steps import Step
from angidi.migrate.run.failure import MigrationFailed
from angidi.migrate.run.runner import Migrate

_RELATIONS = """
SELECT relation.oid, relation.relname::text FROM pg_class AS relation
JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
WHERE relation.relkind IN ('r', 'p', 'm', 'v', 'f')
  AND schema.nspname NOT IN ('information_schema', 'angidi_migrate') AND schema.nspname !~ '^pg_'
"""
_LOCKS = """
SELECT relation, mode FROM pg_locks
WHERE pid = pg_backend_pid() AND granted AND locktype = 'relation' AND relation = ANY (%s)
"""
LOCK_TIMEOUT = 2.0
"""Seconds that a rehearsal waits for a table."""
_NEEDS_COMMIT = {
    "25001": "it has a statement that takes a transaction of its own",
    "55P04": "it uses an enum value that an earlier file adds, which takes a COMMIT in between",
    "55006": "an earlier file leaves work for its COMMIT, which a rehearsal does not do",
    "53200": "the locks of all files together are more than the server holds for one transaction",
}
"""What fails by reason of the rehearsal's one transaction, by SQLSTATE."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One statement of a rehearsal: what it took, and the locks (table, mode) that it added."""

    step: Step
    statement: str
    seconds: float
    locks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NotRehearsed:
    """Where a rehearsal ends before the last file: this one and those after it are not run, for this reason."""

    step: Step
    reason: str


def steps_to(migrate: Migrate, version: int | None) -> list[Script]:
    """Return the scripts from the current version to `version` (-1 is nothing), or all of `up`."""
    current, _ = migrate.session.table.read()
    source = migrate.source
    if version is None:
        steps = step_lists.all_up(source, current)
    elif version == NIL:
        steps = step_lists.all_down(source, current)
    else:
        steps = step_lists.towards(source, current, version)
    try:
        return [Script(step, step.file.read() if step.file else b"") for step in steps]
    except NoChange:
        return []


def split_rehearsal(scripts: list[Script]) -> tuple[list[Script], NotRehearsed | None]:
    """Return the scripts before the first that does not run in one transaction, and that one."""
    for number, script in enumerate(scripts):
        if script.execution_mode != "atomic":
            return scripts[:number], NotRehearsed(script.step, "it does not run in one transaction")
    return scripts, None


def is_live(migrate: Migrate) -> bool:
    """Tell whether there are tables that a rehearsal could lock for others."""
    own = migrate.session.table.table
    found = migrate.session.connection.execute(_RELATIONS.encode())
    return any(name not in {own, f"{own}_history"} for _, name in found)


def rehearse(
    migrate: Migrate, scripts: list[Script], lock_timeout: float = LOCK_TIMEOUT
) -> Iterator[Rehearsed | NotRehearsed]:
    """Run atomic scripts statement by statement in one transaction that is rolled back at the end.

    Waits at most `lock_timeout` seconds for a table, and holds what it locked until the end. Locks on tables that
    the scripts create are not told: nobody else sees those. Raises `MigrationFailed`. Yields `NotRehearsed` and
    ends where a statement fails only since the files share a transaction. Leaves nothing behind, not even the
    bookkeeping table.
    """
    connection = migrate.session.connection
    with migrate.locked(prepare=False):
        relations: dict[int, str] = dict(connection.execute(_RELATIONS))
        connection.execute(f"BEGIN; SET LOCAL lock_timeout = {round(lock_timeout * 1000)}".encode())
        migrate.session.prepare()  # for files that name the table; rolled back with the rest
        held: set[tuple[int, str]] = set()
        for script in scripts:
            for chunk in script.body_statements():
                begun = time.monotonic()
                if error := _run(migrate, script, chunk):
                    yield NotRehearsed(script.step, error)
                    return
                taken = time.monotonic() - begun
                locks = _locks(connection, relations)
                added = sorted((relations[oid], mode) for oid, mode in locks - held)
                yield Rehearsed(script.step, chunk.text, taken, tuple(added))
                held |= locks


def _run(migrate: Migrate, script: Script, chunk: Chunk) -> str | None:
    """Run a statement; return why it cannot be rehearsed, or raise `MigrationFailed` where it would fail in a run."""
    body = chunk.text.encode("utf-8", "surrogateescape")
    error = run_query(migrate.session.connection.pgconn, body, migrate.poll_trial)
    migrate.end_stopped_trial()
    if error is None:
        return None
    if error.sqlstate in _NEEDS_COMMIT:
        return f"{_NEEDS_COMMIT[error.sqlstate]} ({error.message})"
    raise MigrationFailed(script, chunk, error, dirty=False, version=script.step.target)


def _locks(connection: Connection[Any], relations: dict[int, str]) -> set[tuple[int, str]]:
    return set(connection.execute(_LOCKS, [list(relations)])) if relations else set()
