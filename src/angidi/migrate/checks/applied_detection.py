"""Whether a migration is applied, told from the database itself rather than from a version row.

A file that runs in one transaction is tried and rolled back: where it goes through, it was not applied; where
what it makes is there already, it was. A file that builds indexes concurrently is judged by those indexes.
"""

import re
from dataclasses import dataclass

from angidi.migrate.database.query import Poll, run_query
from angidi.migrate.database.session import Session
from angidi.migrate.files.script import Script
from angidi.migrate.server_error import ServerError

_THERE_ALREADY = {"42P07", "42710", "42701", "42723", "42P06", "42P04", "42712", "23505"}
_NOT_THERE = {"42P01", "42703", "42704", "42883", "3F000"}
_INDEX = re.compile(
    r"CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    r'((?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))?)\s+ON\b',
    re.IGNORECASE,
)
_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


@dataclass(frozen=True, slots=True)
class Detection:
    """`applied` is None where it cannot be told; `reason` says what was seen; `indexes` were left in part."""

    applied: bool | None
    reason: str
    indexes: tuple[str, ...] = ()


def detect_applied(session: Session, script: Script, poll: Poll) -> Detection:
    """Tell whether the up script is applied; the caller holds the lock. `poll` is called while it is tried."""
    label = script.step.label
    if script.blank or script.step.file is None:
        return Detection(None, f"{label} does nothing")
    if script.execution_mode == "atomic":
        return _tried(label, _try(session, script, poll))
    names = [_INDEX.match(statement.text) for statement in script.statements]
    if not all(names):
        return Detection(None, f"{label} runs outside a transaction, so only you can see what is left of it")
    return _built(session, label, [name[1] for name in names if name])


def _try(session: Session, script: Script, poll: Poll) -> ServerError | None:
    body = script.transaction_body().text.encode("utf-8", "surrogateescape")
    session.connection.execute("BEGIN; SET LOCAL lock_timeout = '5s'")
    try:
        return run_query(session.connection.pgconn, body, poll)
    finally:
        session.rollback()


def _tried(label: str, error: ServerError | None) -> Detection:
    if error is None:
        return Detection(False, f"{label} goes through when tried, so it was rolled back as a whole")
    if error.sqlstate in _THERE_ALREADY:
        return Detection(True, f"{label} is applied: {error.message}")
    if error.sqlstate in _NOT_THERE or not error.sqlstate:
        return Detection(None, f"{label} cannot be tried: {error.message}")
    return Detection(False, f"{label} still fails when tried, so it was rolled back as a whole: {error.message}")


def _built(session: Session, label: str, names: list[str]) -> Detection:
    rows = {name: session.connection.execute(_VALID, [name]).fetchone() for name in names}
    if all(row and row[0] for row in rows.values()):
        return Detection(True, f"{label} is applied: its indexes are valid")
    left = tuple(name for name, row in rows.items() if row)
    return Detection(False, f"{label} did not finish its indexes", left)
