"""Finds what would hurt in production, before it gets there.

A finding is ignored, with a reason, by a comment in the file::

    -- migrate:ignore blocking-index: the table is empty until the next release

before the statement, or anywhere for findings about the file as a whole; or for whole ranges of versions in
`lint.toml` beside the files.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from angidi.migrate.errors import SourceError
from angidi.migrate.files.script import Script
from angidi.migrate.files.source import Direction, Source
from angidi.migrate.files.steps import Step
from angidi.migrate.run.failure import text_position

from .rules import findings
from .schema import Schema
from .squawk import squawk

_IGNORE = re.compile(r"--[ \t]*migrate:ignore[ \t]+([\w-]+(?::[\w-]+)?)[ \t]*:?[ \t]*([^\n]*)")


_WRITE_ONE = "Write one, even if it only raises an exception."
_NAMED = 10


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One finding: in which file, line and column from 1, by which rule, what happens and what to do instead."""

    path: Path
    line: int
    column: int
    rule: str
    message: str
    advice: str
    lock: str = ""
    direction: Direction = "up"

    def __str__(self) -> str:
        """Return the finding as one line."""
        lock = f" [{self.lock}]" if self.lock else ""
        return f"{self.path.name}:{self.line}:{self.column}: {self.rule}: {self.message}{lock}. {self.advice}".rstrip()

    def github(self) -> str:
        """Return the finding as a GitHub workflow annotation."""
        place = f"file={self.path},line={self.line},col={self.column}"
        return f"::error {place},title={self.rule}::{self.message}. {self.advice}"


def lint(source: Source, server: int = 15, *, with_squawk: bool = True, is_utc: bool = True) -> list[LintFinding]:
    """Return the findings about all files: those about up files first, each in the order of files and places.

    `server` is PostgreSQL's major version; `is_utc` says whether the sessions that run the files have UTC for their
    time zone. squawk is asked too, where it is installed, about the up files.
    """
    exempt = _exemptions(source.directory)
    found = [*_findings(source, is_utc=is_utc)]
    if with_squawk:
        ups = [file.path for version in source.versions if (file := source.file(version, "up"))]
        found += [LintFinding(*each) for each in squawk(ups, server)]
    kept = [each for each in found if not _ignored(each) and not exempt(each)]
    order = {version: number for number, version in enumerate(source.versions)}
    kept.sort(
        key=lambda each: (each.direction == "down", order[_version(each.path)], each.line, each.column, each.rule)
    )
    return [*_missing_down(kept), *(each for each in kept if each.rule != "missing-down")]


def summary(found: Sequence[LintFinding]) -> list[tuple[str, int, int]]:
    """Return each rule with the number of its findings in up files and in down files, most first."""
    ups, downs = (Counter(each.rule for each in found if each.direction == way) for way in ("up", "down"))
    rules = sorted(ups.keys() | downs.keys(), key=lambda rule: (-ups[rule] - downs[rule], rule))
    return [(rule, ups[rule], downs[rule]) for rule in rules]


def _findings(source: Source, *, is_utc: bool) -> Iterator[LintFinding]:
    schema = Schema(is_utc=is_utc)
    for version in source.versions:
        if up := source.file(version, "up"):
            yield from _one(Script(Step(version, "up", version, up), up.read()), source, schema)
        if down := source.file(version, "down"):
            yield from _one(Script(Step(version, "down", version, down), down.read()), source, schema.copy())


def _one(script: Script, source: Source, schema: Schema) -> Iterator[LintFinding]:
    step = script.step
    path = step.file.path if step.file else source.directory
    if step.direction == "up" and not source.file(step.version, "down"):
        yield LintFinding(path, 1, 1, "missing-down", "there is no down file", _WRITE_ONE)
    if step.direction == "down" and not script.statements:
        yield LintFinding(path, 1, 1, "missing-down", "the down file is empty", _WRITE_ONE)
    for found in findings(script, schema):
        place = text_position(script.text, found.statement.start + 1)
        line, column = (place.line, place.column) if place else (1, 1)
        yield LintFinding(path, line, column, found.rule, found.message, found.advice, found.lock, step.direction)
    for ignore in _IGNORE.finditer(script.text):
        if not ignore[2].strip():
            place = text_position(script.text, ignore.start() + 1)
            line = place.line if place else 1
            message = "the ignore comment gives no reason"
            yield LintFinding(path, line, 1, "ignore-without-reason", message, "Say why.", "", step.direction)


def _missing_down(found: Iterable[LintFinding]) -> list[LintFinding]:
    """Return one finding about all versions that have nothing to go down by."""
    missing = [each for each in found if each.rule == "missing-down"]
    if not missing:
        return []
    versions = sorted({_version(each.path) for each in missing})
    named = ", ".join(map(str, versions[:_NAMED])) + (", …" if len(versions) > _NAMED else "")
    have = "version has" if len(versions) == 1 else "versions have"
    message = f"{len(versions)} {have} no down file, or an empty one, so going down undoes nothing ({named})"
    return [replace(missing[0], message=message)]


def _version(path: Path) -> int:
    return int(path.name.partition("_")[0])


def _ignored(finding: LintFinding) -> bool:
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


def _exemptions(directory: Path) -> Callable[[LintFinding], bool]:
    """Return a test for findings that `lint.toml` exempts: [[ignore]] with versions, rules and a reason."""
    path = directory / "lint.toml"
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        rows = [_Exemption.of(row) for row in tomllib.loads(text).get("ignore", [])]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        advice = "Each [[ignore]] has versions = [first, last], rules = [names] and a reason."
        raise SourceError(f"{path.name} cannot be read: {error}", advice) from error
    return lambda finding: any(row.holds(finding) for row in rows)


@dataclass(frozen=True, slots=True)
class _Exemption:
    first: int
    last: int
    rules: frozenset[str]
    reason: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        return cls(
            int(row["versions"][0]), int(row["versions"][-1]), frozenset(map(str, row["rules"])), str(row["reason"])
        )

    def holds(self, finding: LintFinding) -> bool:
        in_range = self.first <= _version(finding.path) <= self.last
        return in_range and finding.rule in self.rules and bool(self.reason)
