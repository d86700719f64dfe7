"""Proving that every down file undoes its up file: up, down, up of each version on a scratch copy.

What a down file leaves on purpose, it says with the reason::

    -- migrate:ignore not-undone: the extension stays, since others may use it
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from angidi.migrate.database.url import Target
from angidi.migrate.errors import NIL, MigrateError
from angidi.migrate.files.source import MigrationFile, Source
from angidi.migrate.run.runner import Migrate

from .catalogue import CONTENTS, difference, snapshot
from .lint import is_ignored
from .scratch import ScratchServer

NOT_UNDONE = "not-undone"
AT_THE_END = "after everything was undone"
_BEYOND = re.compile(
    rb"\b(?:CREATE|ALTER|DROP)\s+(?:ROLE|USER|GROUP|TABLESPACE|DATABASE|SUBSCRIPTION)\b", re.IGNORECASE
)
"""What makes or takes away that which belongs to the server and not to a database. In a comment it costs a copy."""

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
    """Apply, undo and repeat each version on a copy, and apply it for good; return all that is wrong, in order.

    Works on new databases of the target's server, which are dropped; `before` are files of SQL that make what has to
    be there before the first version, and raise `MigrateError` where they fail. What the tables hold has to be the
    same after down, and the number of rows after up again. A version that fails counts as applied for those above it.
    At the end all goes down, where every version can, and has to leave nothing that was not found before.
    """
    try:
        with ScratchServer(target) as server:
            return list(_Check(source, server, notify).run(before))
    except psycopg.Error as error:
        raise MigrateError(target.redact(str(error).strip())) from error


@dataclass(slots=True)
class _Trial:
    """A copy of the database, on which versions are undone and applied again; and what is there."""

    name: str
    lines: list[str]
    is_fresh: bool = True
    has_next: bool = False
    """Whether the next version is applied already, to which `lines` do not belong yet."""


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
    _trial: _Trial | None = None

    def run(self, before: Sequence[Path]) -> Iterator[VerifyFinding]:
        name = self.server.create()
        self.server.run_files(name, before)
        nothing = self._look(name)
        for version in self.source.versions:
            self.notify(f"{version}: up, down, up")
            down = self.source.file(version, "down")
            if down and not self._is_beyond(version):
                found = self._tried(name, down)
                failed = self._up(name, version)
                if failed and self._trial:
                    self.server.drop(name)
                    name, failed = self.server.create(self._trial.name), []
            else:
                failed, found = self._applied_first(name, version, down)
            self.failed += [version] * bool(failed)
            self.is_reversible = self.is_reversible and down is not None and not failed
            yield from failed or found
        yield from self._end(name, nothing)

    def _is_beyond(self, version: int) -> bool:
        """Tell whether a version may do what the whole server shares, and so cannot be applied to two databases."""
        files = (self.source.file(version, "up"), self.source.file(version, "down"))
        return any(_BEYOND.search(file.read()) for file in files if file)

    def _applied_first(
        self, name: str, version: int, down: MigrationFile | None
    ) -> tuple[list[VerifyFinding], list[VerifyFinding]]:
        """Apply a version, and only then try its down file on a copy; return the failure, and what else is wrong."""
        if self._trial:  # it would be a version behind
            self._discard(self._trial)
        below = self._look(name) if down else []
        failed = self._up(name, version)
        if failed or not down:
            return failed, []
        trial = _Trial(self.server.create(name), below, has_next=True)
        return [], self._judged(trial, self._try(trial, down))

    def _up(self, name: str, version: int) -> list[VerifyFinding]:
        """Apply a version for good, or count it as applied where it fails."""
        with self.server.open(self.source, name) as migrate:
            failed = _step(migrate, version, 1, "up", self._doubt())
        if failed:
            with self.server.open(self.source, name) as migrate:
                migrate.force(version)
        return failed

    def _doubt(self) -> tuple[str, ...]:
        return (f"Perhaps only since version {self.failed[0]} fails.",) if self.failed else ()

    def _tried(self, name: str, down: MigrationFile) -> list[VerifyFinding]:
        """Apply the next version on a copy of the database, undo it and apply it again; return what is wrong.

        A copy on which nothing was wrong serves the next version too, for making one takes longer than all the rest.
        What is found on such a one counts only where it is found on a fresh one as well.
        """
        trial = self._trial or self._copy(name)
        found = self._try(trial, down)
        if found and not trial.is_fresh:
            self._discard(trial)
            trial = self._copy(name)
            found = self._try(trial, down)
        return self._judged(trial, found)

    def _judged(self, trial: _Trial, found: list[VerifyFinding]) -> list[VerifyFinding]:
        """Keep the trial for the next version where nothing was found."""
        trial.is_fresh = trial.has_next = False
        self._trial = trial
        if found:
            self._discard(trial)
        self.is_reversible = self.is_reversible and not any(each.when == f"down {FAILS}" for each in found)
        self.expected.update(line for each in found for line in each.lines)
        return found

    def _copy(self, name: str) -> _Trial:
        copy = self.server.create(name)
        return _Trial(copy, self._look(copy))

    def _discard(self, trial: _Trial) -> None:
        self.server.drop(trial.name)
        self._trial = None

    def _try(self, trial: _Trial, down: MigrationFile) -> list[VerifyFinding]:
        version, below = down.version, trial.lines
        with self.server.open(self.source, trial.name) as migrate:
            if failed := [] if trial.has_next else _step(migrate, version, 1, "up", ()):
                return failed
            above = _look(migrate)
            if failed := _step(migrate, version, -1, "down", self._doubt()):
                return failed
            found: list[VerifyFinding] = []
            undone = _look(migrate)
            if is_ignored(NOT_UNDONE, down.read().decode(errors="replace")):
                self.expected.update(difference(below, undone))
            else:
                found += _compare(version, "after down", below, undone)
            if failed := _step(migrate, version, 1, "up again", ()):
                return [*found, *failed]
            trial.lines = _look(migrate)
            return [*found, *_compare(version, "after up again", _objects(above), _objects(trial.lines))]

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
            yield from _compare(NIL, AT_THE_END, nothing, _look(migrate), self.expected)

    def _look(self, name: str) -> list[str]:
        with self.server.open(self.source, name) as migrate:
            return _look(migrate)


def _compare(
    version: int, when: str, wanted: list[str], found: list[str], expected: Collection[str] = ()
) -> list[VerifyFinding]:
    lines = tuple(line for line in difference(wanted, found) if line not in expected)
    return [VerifyFinding(version, when, lines)] if lines else []


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
