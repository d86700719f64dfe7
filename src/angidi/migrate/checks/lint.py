"""Looking for what would hurt in production, before it gets there.

A finding is ignored, with a reason, by a comment in the file::

    -- migrate:ignore blocking-index: the table is empty until the next release

before the statement, or anywhere for findings about the file as a whole; or for whole ranges of versions in
`lint.toml` beside the files.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from angidi.migrate.files.script import Script
from angidi.migrate.files.source import Source
from angidi.migrate.files.steps import Step
from angidi.migrate.run.failure import text_position

from .rules import RULES
from .squawk import squawk

_IGNORE = re.compile(r"--[ \t]*migrate:ignore[ \t]+([\w-]+(?::[\w-]+)?)[ \t]*:?[ \t]*([^\n]*)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: in which file, line and column from 1, by which rule, what happens and what to do instead."""

    path: Path
    line: int
    column: int
    rule: str
    message: str
    advice: str
    lock: str = ""

    def __str__(self) -> str:
        """Return the finding as one line."""
        lock = f" [{self.lock}]" if self.lock else ""
        return f"{self.path.name}:{self.line}:{self.column}: {self.rule}: {self.message}{lock}. {self.advice}".rstrip()

    def github(self) -> str:
        """Return the finding as a GitHub workflow annotation."""
        place = f"file={self.path},line={self.line},col={self.column}"
        return f"::error {place},title={self.rule}::{self.message}. {self.advice}"


def lint(source: Source, server: int = 15, *, with_squawk: bool = True) -> list[Finding]:
    """Return the findings about all files, by file and place; `server` is PostgreSQL's major version.

    squawk is asked too, where it is installed, about the up files.
    """
    exempt = _exemptions(source.directory)
    found = [finding for script in _scripts(source) for finding in _one(script, source)]
    if with_squawk:
        ups = [file.path for version in source.versions if (file := source.file(version, "up"))]
        found += [Finding(*each) for each in squawk(ups, server)]
    kept = [each for each in found if not _ignored(each) and not exempt(each)]
    return sorted(kept, key=lambda each: (each.path.name, each.line, each.column, each.rule))


def _scripts(source: Source) -> Iterator[Script]:
    for version in source.versions:
        for direction in ("up", "down"):
            if file := source.file(version, direction):
                yield Script(Step(version, direction, version, file), file.read())


def _one(script: Script, source: Source) -> Iterator[Finding]:
    path = script.step.file.path if script.step.file else source.directory
    if script.step.direction == "up" and not source.file(script.step.version, "down"):
        message = "there is no down file, so going down would undo nothing"
        yield Finding(path, 1, 1, "missing-down", message, "Write one, even if it only raises an exception.")
    if script.step.direction == "down" and not script.statements:
        yield Finding(path, 1, 1, "missing-down", "the down file is empty", "Undo what the up file does.")
    for found in (each for rule in RULES for each in rule(script)):
        place = text_position(script.text, found.statement.start + 1)
        line, column = (place.line, place.column) if place else (1, 1)
        yield Finding(path, line, column, found.rule, found.message, found.advice, found.lock)
    for ignore in _IGNORE.finditer(script.text):
        if not ignore[2].strip():
            place = text_position(script.text, ignore.start() + 1)
            line = place.line if place else 1
            yield Finding(path, line, 1, "ignore-without-reason", "the ignore comment gives no reason", "Say why.")


def _ignored(finding: Finding) -> bool:
    """Say whether a comment with a reason ignores it: in the lines right above, or anywhere for line 1."""
    lines = finding.path.read_text(encoding="utf-8", errors="replace").split("\n")
    above = finding.line - 1
    while above > 0 and lines[above - 1].lstrip().startswith("--"):
        above -= 1
    text = "\n".join(lines if finding.rule == "missing-down" else lines[above : finding.line])
    return is_ignored(finding.rule, text)


def is_ignored(rule: str, text: str) -> bool:
    """Say whether a comment in the text ignores the rule, with a reason."""
    return any(match[1] == rule and match[2].strip() for match in _IGNORE.finditer(text))


def _exemptions(directory: Path) -> Callable[[Finding], bool]:
    """Return a test for findings that `lint.toml` exempts: [[ignore]] with versions, rules and a reason."""
    path = directory / "lint.toml"
    rows: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["ignore"] if path.exists() else []

    def exempt(finding: Finding) -> bool:
        version = int(finding.path.name.partition("_")[0])
        return any(
            row["versions"][0] <= version <= row["versions"][-1] and finding.rule in row["rules"] and row["reason"]
            for row in rows
        )

    return exempt
