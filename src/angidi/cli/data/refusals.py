"""The refused rows of an import: printed by reason, and written to a file that can be mended and imported again."""

import csv
import re
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import TextIO

import click

from angidi.cli.context import print_line
from angidi.csvfiles import REASON, Refused, Row, RowReader
from angidi.csvfiles.guards import guard_apostrophes, guard_formula
from angidi.csvfiles.numbers import parse_number

MOST_LINES = 5
"""Lines that are named for a reason."""

MOST_REASONS = 20
"""Reasons that are printed."""

MOST_GROUPS = 10_000
"""Reasons that are told apart, so that a file of any size needs no more memory."""

# What differs from row to row in a reason that is the same.
_OTHER_LINE = re.compile(r"\bline \d+(?:, “.*?”,)?")
_OTHER_CATEGORY = re.compile(r"(?<=names no category): “.*?”", re.DOTALL)
_OTHER_LINES = re.compile(r"\blines \d+(?: → \d+)+")


class RefusalGroup:
    """The refused rows that have the same reasons: the first of them, their number, and the first lines."""

    def __init__(self, text: str, first: str) -> None:
        self.text = text
        self.first = first
        self.rows = 0
        self.lines: list[int] = []

    def add(self, line: int) -> None:
        """Count a row."""
        self.rows += 1
        if len(self.lines) < MOST_LINES:
            self.lines.append(line)

    def __str__(self) -> str:
        """Return the group as a line."""
        if self.rows == 1:
            return f"line {self.lines[0]}: {self.first}"
        shown = ", ".join(map(str, self.lines)) + (", …" if self.rows > len(self.lines) else "")
        return f"{self.rows:,} rows: {self.text} (lines {shown})"


class Refusals:
    """Refused rows by their reasons."""

    def __init__(self) -> None:
        self._groups: dict[str, RefusalGroup] = {}
        self._others = RefusalGroup("for other reasons", "for another reason")

    def add(self, refused: Refused) -> None:
        """Count a refused row."""
        first = "; ".join(map(str, refused.reasons))
        text = _OTHER_CATEGORY.sub("", _OTHER_LINES.sub("lines …", _OTHER_LINE.sub("line …", first)))
        if text not in self._groups and len(self._groups) >= MOST_GROUPS:
            self._others.add(refused.line)
        else:
            self._groups.setdefault(text, RefusalGroup(text, first)).add(refused.line)

    def lines(self) -> Iterator[str]:
        """Yield a line for each reason, those of most rows first, and a last one for what is left out."""
        groups = sorted(self._groups.values(), key=lambda group: (-group.rows, group.lines))
        yield from map(str, groups[:MOST_REASONS])
        if rest := sum(group.rows for group in [*groups[MOST_REASONS:], self._others]):
            yield f"and {rest:,} rows for other reasons; --refused FILE.csv and --json have them all"

    def print(self) -> None:
        """Print the lines on standard error."""
        for line in self.lines():
            print_line(line)


class RefusedFile:
    """A file of the refused rows as they stand in `source`, and a last column with the reasons.

    It is read by an import like its source: same separator and columns, in UTF-8. The rows must come by line. An import
    that is resumed adds to the file. A row of another width than the header keeps it, and so is refused again.
    """

    def __init__(self, path: Path, source: RowReader, *, is_resumed: bool) -> None:
        self._stack = ExitStack()
        self._width = _width(source)
        self._rows = iter(source.reopen())
        self._adds = is_resumed and path.is_file() and path.stat().st_size > 0
        try:
            file = path.open("a" if self._adds else "w", encoding="utf-8", newline="")
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}") from None
        self._file: TextIO = self._stack.enter_context(file)
        self._writer = csv.writer(self._file, delimiter=source.format.delimiter, lineterminator="\r\n")
        if not self._adds:
            self._write_header(source)

    def _write_header(self, source: RowReader) -> None:
        if source.format.has_mark or source.format.encoding != "utf-8":  # a spreadsheet needs it to read UTF-8
            self._file.write("\ufeff")
        self._writer.writerow([*source.header[: self._width], REASON])

    def add(self, refused: Refused) -> None:
        """Write a refused row."""
        row = self._row(refused.line)
        cells = row.cells if row.problem else row.cells[: self._width]
        self._writer.writerow([*map(_guarded, cells), "; ".join(map(str, refused.reasons))])

    def _row(self, line: int) -> Row:
        return next(row for row in self._rows if row.line == line)

    def close(self) -> None:
        """Close the file, which is complete then."""
        self._stack.close()


def _guarded(cell: str) -> str:
    """Return a cell such that a spreadsheet takes no text for a formula, and an import reads it back."""
    is_number = any(isinstance(parse_number(cell, decimal), Decimal) for decimal in ("point", "comma"))
    return cell if is_number else guard_formula(guard_apostrophes(cell))


def _width(source: RowReader) -> int:
    """Return how many columns are the user's: an earlier column of reasons is replaced."""
    header = source.header
    return len(header) - (header[-1].lower() == REASON)
