"""What a run would do: the steps, and a rehearsal that is rolled back."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from angidi.migrate.database.query import run_query
from angidi.migrate.errors import NIL, MigrateError, NoChange
from angidi.migrate.files import steps as step_lists
from angidi.migrate.files.script import Script
from angidi.migrate.files.steps import Step
from angidi.migrate.run.failure import MigrationFailed
from angidi.migrate.run.runner import Migrate

_LOCKS = """
SELECT relation.relname::text, held.mode FROM pg_locks AS held
JOIN pg_class AS relation ON relation.oid = held.relation
JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
WHERE held.pid = pg_backend_pid() AND held.granted AND relation.relkind IN ('r', 'p', 'm', 'v', 'f')
  AND schema.nspname NOT IN ('pg_catalog', 'information_schema') AND schema.nspname NOT LIKE 'pg\\_toast%'
"""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One statement of a rehearsal: what it took, and the locks (table, mode) that it added."""

    step: Step
    statement: str
    seconds: float
    locks: tuple[tuple[str, str], ...]


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


def rehearse(migrate: Migrate, scripts: list[Script], lock_timeout: float = 2.0) -> Iterator[Rehearsed]:
    """Run the scripts statement by statement in one transaction that is rolled back at the end.

    Waits at most `lock_timeout` seconds for a table, and holds what it locked until the end. Raises
    `MigrationFailed`, and `MigrateError` before anything is run where a file refuses a transaction.
    """
    for script in scripts:
        if script.execution_mode != "atomic":
            raise MigrateError(f"{script.step.label} cannot be rehearsed: it does not run in one transaction")
    connection = migrate.session.connection
    with migrate.locked():
        connection.execute(f"BEGIN; SET LOCAL lock_timeout = {round(lock_timeout * 1000)}".encode())
        held: set[tuple[str, str]] = set()
        for script in scripts:
            for chunk in script.body_statements():
                begun = time.monotonic()
                error = run_query(connection.pgconn, chunk.text.encode("utf-8", "surrogateescape"), migrate.poll_trial)
                migrate.end_stopped_trial()
                if error:
                    raise MigrationFailed(script, chunk, error, dirty=False, version=script.step.target)
                taken = time.monotonic() - begun
                locks = {(str(name), str(mode)) for name, mode in connection.execute(_LOCKS)}
                yield Rehearsed(script.step, chunk.text, taken, tuple(sorted(locks - held)))
                held |= locks
