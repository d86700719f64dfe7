"""New migration files."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from angidi.migrate.errors import SourceError
from angidi.migrate.golang.times import TIME_FORMAT, layout

from .source import parse_name


@dataclass(frozen=True, slots=True)
class Naming:
    """How a new version is numbered: the next in sequence, or the time in a Go layout, unix or unixNano."""

    extension: str
    sequential: bool = False
    digits: int = 6
    format: str = TIME_FORMAT
    strict: bool = False


def create(directory: Path, name: str, naming: Naming, now: datetime) -> list[Path]:
    """Create an empty up and down file and return their absolute paths; raises `SourceError`."""
    if naming.sequential and naming.format != TIME_FORMAT:
        raise SourceError("The seq and format options are mutually exclusive")
    extension = "." + naming.extension.removeprefix(".")
    version = _next(directory, extension, naming) if naming.sequential else _time(now, naming.format)
    if any(_matching(directory, f"{version}_", extension)):
        raise SourceError(f"duplicate migration version: {version}")
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"{version}_{name}.{direction}{extension}" for direction in ("up", "down")]
    for path in paths:
        _touch(path)
    return [path.absolute() for path in paths]


def _touch(path: Path) -> None:
    try:
        path.touch(exist_ok=False)
    except OSError as error:
        raise SourceError(f"open {path}: {(error.strerror or '').lower()}") from error


def _matching(directory: Path, prefix: str, suffix: str) -> list[Path]:
    """Return the directory's files with this beginning and end, ordered by name."""
    if not directory.is_dir():
        return []
    return sorted(p for p in directory.iterdir() if p.name.startswith(prefix) and p.name.endswith(suffix))


def _next(directory: Path, extension: str, naming: Naming) -> str:
    if naming.digits <= 0:
        raise SourceError("Digits must be positive")
    number = _last(_matching(directory, "", extension), strict=naming.strict) + 1
    version = f"{number:0{naming.digits}}"
    if len(version) > naming.digits:
        raise SourceError(f"Next sequence number {version} too large. At most {naming.digits} digits are allowed")
    return version


def _last(paths: list[Path], *, strict: bool) -> int:
    """Return the highest number in use; golang-migrate takes the last name's, so that 9 comes after 10."""
    if strict and paths:
        digits = re.match(r"([0-9]+)_", paths[-1].name)
        if not digits:
            raise SourceError(f"Malformed migration filename: {paths[-1]}")
        return int(digits[1])
    files = filter(None, map(parse_name, paths))
    return max((file.version for file in files), default=0)


def _time(now: datetime, form: str) -> str:
    if not form:
        raise SourceError("Time format may not be empty")
    if form == "unix":
        return str(int(now.timestamp()))
    if form == "unixNano":
        return str(int(now.timestamp() * 10**6) * 1000)
    return layout(now, form)
