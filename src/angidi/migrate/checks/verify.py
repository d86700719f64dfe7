"""Proving that every down file undoes its up file: up, down, up of each version on a scratch copy of its own.

What a down file leaves on purpose, it says with the reason::

    -- migrate:ignore not-undone: the extension stays, since others may use it
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from angidi.migrate.database.url import Target
from angidi.migrate.errors import NIL, MigrateError
from angidi.migrate.files.source import MigrationFile, Source
from angidi.migrate.run.runner import Migrate

from .catalogue import CONTENTS, difference, snapshot
from .lint import is_ignored
from .scratch import ScratchServer

NOT_UNDONE = "not-undone"
AT_THE_END = "after everything was undone"
FAILS = "fails"
"""How `VerifyFinding.when` ends where a file cannot be run; its lines are what the server said."""


@dataclass(frozen=True, slots=True)
class VerifyFinding:
    """What differs after a version was undone, or applied again: lines marked - and +; or why its file fails."""

    version: int
    when: str
    lines: tuple[str, ...]


def verify(
    source: Source, target: Target, notify: Callable[[str], None] = lambda _: None, before: Sequence[Path] = ()
) -> list[VerifyFinding]:
    """Apply each version, and undo it and apply it again on a copy; return all that is wrong, in order.

    Works on new databases of the target's server, which are dropped; `before` are files of SQL that make what has to
    be there before the first version, and raise `MigrateError` where they fail. What the tables hold has to be the
    same after down, and the number of rows after up again. A version that fails counts as applied for those above it.
    At the end all goes down, where every version can, and has to leave nothing that was not found before.
    """
    with ScratchServer(target) as server:
        return list(_Check(source, server, notify).run(before))


@dataclass(slots=True)
class _Check:
    source: Source
    server: ScratchServer
    notify: Callable[[str], None]
    is_reversible: bool = True
    """Whether each version so far has a down file, and none failed."""
    failed: list[int] = field(default_factory=list[int])
    """Versions whose up file fails: what they would have made is missing for those above."""
    expected: set[str] = field(default_factory=set[str])
    """Lines about what is found at the end: found before, or left on purpose."""

    def run(self, before: Sequence[Path]) -> Iterator[VerifyFinding]:
        name = self.server.create()
        self.server.run_files(name, before)
        with self.server.open(self.source, name) as migrate:
            nothing = below = _look(migrate)
        for version in self.source.versions:
            self.notify(f"{version}: up, down, up")
            failed, above = self._up(name, version)
            self.failed += [version] * bool(failed)
            down = self.source.file(version, "down")
            self.is_reversible = self.is_reversible and down is not None and not failed
            yield from failed
            if down and not failed:
                yield from self._down_and_up(name, down, below, above)
            below = above
        yield from self._end(name, nothing)

    def _up(self, name: str, version: int) -> tuple[list[VerifyFinding], list[str]]:
        """Apply a version for good, or count it as applied where it fails; return what is there then."""
        with self.server.open(self.source, name) as migrate:
            failed = _step(migrate, version, 1, "up", self._doubt())
            if not failed:
                return [], _look(migrate)
        with self.server.open(self.source, name) as migrate:
            migrate.force(version)
            return failed, _look(migrate)

    def _doubt(self) -> tuple[str, ...]:
        return (f"Perhaps only since version {self.failed[0]} fails.",) if self.failed else ()

    def _down_and_up(
        self, name: str, down: MigrationFile, below: list[str], above: list[str]
    ) -> Iterator[VerifyFinding]:
        """Undo the version on a copy, and apply it again."""
        with self.server.copy(name) as copy, self.server.open(self.source, copy, keep=False) as migrate:
            if failed := _step(migrate, down.version, -1, "down", self._doubt()):
                self.is_reversible = False
                yield from failed
                return
            undone = _look(migrate)
            if is_ignored(NOT_UNDONE, down.read().decode(errors="replace")):
                self.expected.update(difference(below, undone))
            else:
                yield from self._compare(down.version, "after down", below, undone)
            failed = _step(migrate, down.version, 1, "up again", ())
            yield from failed
            if not failed:
                again = _look(migrate)
                yield from self._compare(down.version, "after up again", _objects(above), _objects(again))

    def _end(self, name: str, nothing: list[str]) -> Iterator[VerifyFinding]:
        if not self.source.versions:
            return
        if not self.is_reversible:
            self.notify("not taken down to nothing: a version has no down file, or failed")
            return
        self.notify("down to nothing")
        with self.server.open(self.source, name) as migrate:
            try:
                migrate.down()
            except MigrateError as error:
                yield _failure(NIL, "down to nothing", error)
                return
            yield from self._compare(NIL, AT_THE_END, nothing, _look(migrate))

    def _compare(self, version: int, when: str, wanted: list[str], found: list[str]) -> Iterator[VerifyFinding]:
        lines = [line for line in difference(wanted, found) if when != AT_THE_END or line not in self.expected]
        self.expected.update(lines)
        if lines:
            yield VerifyFinding(version, when, tuple(lines))


def _step(migrate: Migrate, version: int, count: int, when: str, doubt: tuple[str, ...]) -> list[VerifyFinding]:
    """Go one step; return the failure, if it fails, with a doubt about its reason."""
    try:
        migrate.steps(count)
    except MigrateError as error:
        return [_failure(version, when, error, doubt)]
    return []


def _failure(version: int, when: str, error: MigrateError, doubt: tuple[str, ...] = ()) -> VerifyFinding:
    said = [line for line in error.advice if line.startswith(("DETAIL: ", "HINT: ", "CONTEXT: "))]
    said += ["Roles belong to the whole server: the scratch databases share them."] * ('role "' in error.text)
    return VerifyFinding(version, f"{when} {FAILS}", (error.text, *said, *doubt))


def _look(migrate: Migrate) -> list[str]:
    return snapshot(migrate.session.connection, migrate.session.table.table)


def _objects(lines: list[str]) -> list[str]:
    """Return the lines but for the contents of tables: a default may draw them by chance or by the clock."""
    return [line for line in lines if not line.startswith(CONTENTS)]
