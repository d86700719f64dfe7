"""Giving a migration another number."""

import re
from pathlib import Path

from angidi.migrate.errors import SourceError

from .source import MigrationFile, parse_name


def renumber(path: Path, number: int | None = None) -> list[tuple[Path, Path]]:
    """Rename the migration of the file `path`, both directions, to `number` or the next free one.

    The number's width is kept. Returns the old and new paths; raises `SourceError`, before anything is renamed.
    """
    renamed = parse_name(path)
    if renamed is None or not path.exists():
        raise SourceError(f"{path} is not a migration file")
    others = [file for each in path.parent.iterdir() if (file := parse_name(each))]
    taken = {file.version for file in others if not _together(file, renamed)}
    number = max(taken, default=0) + 1 if number is None else number
    if number in taken:
        raise SourceError(f"version {number} is taken")
    files = sorted((file for file in others if _together(file, renamed)), key=lambda file: file.direction)
    pairs = [(file.path, file.path.with_name(_renamed(file.path.name, number))) for file in files]
    for old, new in pairs:
        old.rename(new)
    return pairs


def _together(file: MigrationFile, renamed: MigrationFile) -> bool:
    return (file.version, file.title) == (renamed.version, renamed.title)


def _renamed(name: str, number: int) -> str:
    return re.sub(r"^[0-9]+", lambda match: f"{number:0{len(match[0])}}", name)
