"""What a dirty row means, and the one right way out of it."""

from dataclasses import dataclass

from psycopg import sql

from angidi.migrate.errors import NIL, LockTimeout, MigrateError
from angidi.migrate.files.script import Script
from angidi.migrate.files.steps import up_step
from angidi.migrate.run.runner import Migrate

from .applied_detection import Detection, detect_applied

_INVALID = """
SELECT relation.oid::regclass::text FROM pg_index JOIN pg_class AS relation ON relation.oid = indexrelid
WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The finding about a database.

    `dirty` is the dirty version, None for a clean database. `running` has one line for each session that is
    still at it. `invalid` names every index that is not valid, `indexes` those to drop. `version` is what to
    record then, None where only a human can tell; `reason` says why.
    """

    dirty: int | None
    running: tuple[str, ...]
    invalid: tuple[str, ...]
    indexes: tuple[str, ...]
    version: int | None
    reason: str

    @property
    def fixable(self) -> bool:
        """Whether `repair` can set it right."""
        return self.dirty is not None and not self.running and self.version is not None


def diagnose(migrate: Migrate) -> Diagnosis:
    """Look at the database, and try files in transactions that are rolled back; changes nothing."""
    version, dirty = migrate.session.table.read()
    invalid = tuple(str(row[0]) for row in migrate.session.connection.execute(_INVALID))
    if not dirty:
        return Diagnosis(None, (), invalid, (), None, "the database is not dirty")
    try:
        with migrate.locked():
            fix, detection = _conclude(migrate, version)
    except LockTimeout as error:
        reason = "a run is still going on: wait for it, or end it"
        return Diagnosis(version, error.holders, invalid, (), None, reason)
    return Diagnosis(version, (), invalid, detection.indexes, fix, detection.reason)


def repair(migrate: Migrate, diagnosis: Diagnosis) -> None:
    """Drop the half-built indexes, and record the version that the diagnosis found. Raises `MigrateError`."""
    if not diagnosis.fixable or diagnosis.version is None:
        raise MigrateError(f"nothing that `repair` can set right: {diagnosis.reason}")
    for index in diagnosis.indexes:
        drop = sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS ") + sql.SQL(index)  # pyright: ignore[reportArgumentType] # as the file spells it
        migrate.session.connection.execute(drop)
    migrate.force(diagnosis.version)


def _conclude(migrate: Migrate, dirty: int) -> tuple[int | None, Detection]:
    """Return the version to record, None where it cannot be told, and the detection for it.

    The row holds the target of what went wrong: its own way up, or the way down of the version after it. So
    the version is not applied and the one before is current; or it is, and then the next one decides.
    """
    source = migrate.source
    before = source.previous(dirty)
    if dirty != NIL:
        own = _detect(migrate, dirty)
        if own.applied is not True:
            return (None if own.applied is None else NIL if before is None else before), own
    following = source.next(dirty)
    if following is None:
        return dirty, _detect(migrate, dirty)
    after = _detect(migrate, following)
    if after.applied is None:
        return None, after
    return (following if after.applied else dirty), after


def _detect(migrate: Migrate, version: int) -> Detection:
    step = up_step(migrate.source, version)
    detection = detect_applied(
        migrate.session, Script(step, step.file.read() if step.file else b""), migrate.poll_trial
    )
    migrate.end_stopped_trial()
    return detection
