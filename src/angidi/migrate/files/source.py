"""The migration files of one directory, read by golang-migrate's rules."""

import os
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from angidi.migrate.errors import DuplicateMigration, SourceError

Direction = Literal["up", "down"]

MAX_VERSION = 2**63 - 1
_UINT64 = 2**64 - 1
_NAME = re.compile(r"([0-9]+)_(.*)\.(down|up)\.(.*)")


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """One direction of one version."""

    version: int
    title: str
    direction: Direction
    path: Path

    def read(self, *, strict: bool = False) -> bytes:
        """Return the whole file, or raise `SourceError`: half a migration is worse than none.

        A file with a NUL byte is refused, but for `strict`: golang-migrate sends it.
        """
        try:
            body = self.path.read_bytes()
        except OSError as error:
            raise SourceError(f"read {self.path.name}: {_reason(error)}") from error
        if not strict and b"\0" in body:
            raise SourceError(f"read {self.path.name}: the file holds a NUL byte")
        return body


def parse_name(path: Path) -> MigrationFile | None:
    """Return what the file's name says, or None where it names no migration.

    Raises `SourceError` for a version that the table's bigint cannot hold (golang-migrate wraps it around
    to a negative one); numbers beyond 64 bits are no versions to either tool.
    """
    match = _NAME.fullmatch(path.name)
    if not match or int(match[1]) > _UINT64:
        return None
    version = int(match[1])
    if version > MAX_VERSION:
        raise SourceError(f"version {version} of {path.name} is too large", f"The limit is {MAX_VERSION}.")
    return MigrationFile(version, match[2], "up" if match[3] == "up" else "down", path)


class Source:
    """The migrations of `directory`, ordered by number; names are read once, bodies when they are run.

    Raises `SourceError` where the directory cannot be read, `DuplicateMigration` where two files claim the
    same version and direction. Gaps, and versions with one direction only, are allowed.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._files: dict[tuple[int, Direction], MigrationFile] = {}
        for path in _entries(directory):
            self._add(path)
        self.versions = tuple(sorted({version for version, _ in self._files}))

    def _add(self, path: Path) -> None:
        file = parse_name(path)
        if file is None:
            return
        if self._files.setdefault((file.version, file.direction), file) is not file:
            raise DuplicateMigration(path.name)

    def file(self, version: int, direction: Direction) -> MigrationFile | None:
        """Return the file, or None where that direction is missing."""
        return self._files.get((version, direction))

    def title(self, version: int) -> str:
        """Return the title of the version's up file, else of its down file, else nothing."""
        file = self.file(version, "up") or self.file(version, "down")
        return file.title if file else ""

    def next(self, version: int) -> int | None:
        """Return the version after `version`, which need not exist itself."""
        at = bisect_right(self.versions, version)
        return self.versions[at] if at < len(self.versions) else None

    def previous(self, version: int) -> int | None:
        """Return the version before `version`."""
        at = bisect_left(self.versions, version)
        return self.versions[at - 1] if at else None


def _entries(directory: Path) -> list[Path]:
    """Return the directory's files in the order of their names, as bytes sort."""
    try:
        entries = [Path(entry) for entry in os.scandir(directory) if not entry.is_dir(follow_symlinks=False)]
    except OSError as error:
        raise SourceError(f"open .: {_reason(error)}", f"The directory is {directory.absolute()}.") from error
    return sorted(entries, key=lambda path: os.fsencode(path.name))


def _reason(error: OSError) -> str:
    """Return the system's words as Go spells them."""
    return os.strerror(error.errno or 0).lower()
