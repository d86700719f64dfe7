"""Which migrations a command runs, in which order: pure functions over a source and the current version.

Each yields steps and may raise at its end: what was yielded before the error has been run by then.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from angidi.migrate.errors import NIL, NilVersion, NoChange, NotExist, ShortLimit, VersionNotFound

from .source import Direction, MigrationFile, Source


@dataclass(frozen=True, slots=True)
class Step:
    """One migration to run; `target` is the version afterwards. Without a file only the version moves."""

    version: int
    direction: Direction
    target: int
    file: MigrationFile | None

    @property
    def label(self) -> str:
        """The step as golang-migrate prints it: `7/u add_stock`."""
        return f"{self.version}/{self.direction[0]} {self.file.title if self.file else '<empty>'}"


def up_step(source: Source, version: int) -> Step:
    """Return the step that applies `version`."""
    return Step(version, "up", version, source.file(version, "up"))


def down_step(source: Source, version: int) -> Step:
    """Return the step that undoes `version` and leaves the version before it."""
    previous = source.previous(version)
    return Step(version, "down", NIL if previous is None else previous, source.file(version, "down"))


def all_up(source: Source, current: int) -> Iterator[Step]:
    """Yield every step above `current`; raises `NoChange` where there is none."""
    _require(source, current)
    if current == NIL:
        _require_any(source)
    version = source.next(current)
    if version is None:
        raise NoChange
    while version is not None:
        yield up_step(source, version)
        version = source.next(version)


def some_up(source: Source, current: int, count: int) -> Iterator[Step]:
    """Yield the next `count` steps; raises `NotExist` where none is left, `ShortLimit` after too few."""
    _require(source, current)
    if current == NIL:
        _require_any(source)
    version = current
    for done in range(count):
        following = source.next(version)
        if following is None:
            raise ShortLimit(count - done) if done else NotExist
        yield up_step(source, following)
        version = following


def all_down(source: Source, current: int) -> Iterator[Step]:
    """Yield every step from `current` to nothing; raises `NoChange` where nothing is applied."""
    _require(source, current)
    if current == NIL:
        raise NoChange
    yield from _downwards(source, current, NIL)


def some_down(source: Source, current: int, count: int) -> Iterator[Step]:
    """Yield `count` steps down; raises `NotExist` where nothing is applied, `ShortLimit` after too few."""
    _require(source, current)
    if current == NIL:
        raise NotExist
    done = 0
    for step in _downwards(source, current, NIL):
        yield step
        done += 1
        if done == count:
            return
    raise ShortLimit(count - done)


def towards(source: Source, current: int, target: int) -> Iterator[Step]:
    """Yield the steps up or down to `target`, which has to exist; raises `NoChange` when already there."""
    _require(source, current)
    _require(source, target)
    if current == target:
        raise NoChange
    if current > target:
        yield from _downwards(source, current, target)
        return
    yield from (up_step(source, version) for version in source.versions if current < version <= target)


def again(source: Source, current: int) -> Iterator[Step]:
    """Yield the step down from `current` and the step up to it; raises `NilVersion` for nothing applied."""
    if current == NIL:
        raise NilVersion
    _require(source, current)
    yield down_step(source, current)
    yield up_step(source, current)


def _downwards(source: Source, current: int, target: int) -> Iterator[Step]:
    while current > target:
        step = down_step(source, current)
        yield step
        current = step.target


def _require(source: Source, version: int) -> None:
    if version != NIL and version not in source.versions:
        raise VersionNotFound(version)


def _require_any(source: Source) -> None:
    if not source.versions:
        raise NotExist("first .: file does not exist", f"No migration is in {source.directory.absolute()}.")
