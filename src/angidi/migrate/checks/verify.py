"""Proving that every down file undoes its up file: up, down, up on a scratch database.

What a down file leaves on purpose, it says with the reason::

    -- migrate:ignore not-undone: the extension stays, since others may use it
"""

import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import sql

from angidi.migrate.database.session import at_database, connect
from angidi.migrate.database.url import Target
from angidi.migrate.errors import NIL
from angidi.migrate.files.source import Source
from angidi.migrate.run.runner import Migrate

from .catalogue import difference, snapshot
from .lint import is_ignored

NOT_UNDONE = "not-undone"
AT_THE_END = "after everything was undone"


@dataclass(frozen=True, slots=True)
class Finding:
    """What differs after a version was undone, or applied again: lines marked - and +."""

    version: int
    when: str
    lines: tuple[str, ...]


def verify(source: Source, target: Target, notify: Callable[[str], None] = lambda _: None) -> list[Finding]:
    """Apply each version, undo it and apply it again, on a new database of the target's server.

    The catalogue has to be the same each time; at the end all goes down, and has to leave nothing. The scratch
    database is dropped. Raises `MigrationFailed` where a file fails.
    """
    with _scratch(target) as scratch, Migrate.open(source, scratch) as migrate:
        return _Check(migrate).run(source, notify)


class _Check:
    def __init__(self, migrate: Migrate) -> None:
        self.migrate = migrate
        self.findings: list[Finding] = []
        self.left: set[str] = set()
        """What down files leave on purpose."""

    def run(self, source: Source, notify: Callable[[str], None]) -> list[Finding]:
        nothing = below = self._look()
        for version in source.versions:
            notify(f"{version}: up, down, up")
            self.migrate.steps(1)
            above = self._look()
            if down := source.file(version, "down"):
                self.migrate.steps(-1)
                undone = self._look()
                if is_ignored(NOT_UNDONE, down.read().decode(errors="replace")):
                    self.left.update(difference(below, undone))
                else:
                    self._compare(version, "after down", below, undone)
                self.migrate.steps(1)
                self._compare(version, "after up again", above, self._look())
            below = above
        if source.versions and all(source.file(version, "down") for version in source.versions):
            notify("down to nothing")
            self.migrate.down()
            self._compare(NIL, AT_THE_END, nothing, self._look())
        return self.findings

    def _look(self) -> list[str]:
        return snapshot(self.migrate.session.connection, self.migrate.session.table.table)

    def _compare(self, version: int, when: str, wanted: list[str], found: list[str]) -> None:
        lines = [line for line in difference(wanted, found) if when != AT_THE_END or line not in self.left]
        if lines:
            self.findings.append(Finding(version, when, tuple(lines)))


@contextmanager
def _scratch(target: Target) -> Generator[Target]:
    """Give a new database on the target's server, dropped at the end."""
    name = f"migrate_verify_{secrets.token_hex(6)}"
    with connect(target) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            yield at_database(target, name)
        finally:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
