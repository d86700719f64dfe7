"""Streaming reader of a file of rows, by position.

At most one row is held in memory. Line numbers are those of the file, and a row with a quoted field over several lines
has the number of its first line.
"""

import csv
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from angidi.csvfiles.dialect import find_dialect
from angidi.csvfiles.encoding import OnProgress, TextSource, nobody, open_source
from angidi.csvfiles.formats import FileFormat, FileOptions
from angidi.csvfiles.guards import take_guard
from angidi.csvfiles.report import FileRefused, Reason

WATCH_INTERVAL = 500
"""Lines between progress calls."""

HEADER = 1
"""The line of the header, where nothing stands before it."""

FIT_ALL = FileOptions()


class Row(Struct, frozen=True, gc=False):
    """A row: its first line in the file, and its cells by position, as many as the header has.

    A row that does not fit the header has a `problem`, and its cells are as they stand.
    """

    line: int
    cells: list[str]
    problem: Reason | None = None


class RowReader(Protocol):
    """A file of rows, whatever its form."""

    header: list[str]
    header_line: int
    format: FileFormat

    @property
    def name(self) -> str:
        """Return the file's name, without its folder."""
        ...

    def digest(self) -> bytes:
        """Return the SHA-256 of the raw file."""
        ...

    def reopen(self) -> "RowReader":
        """Return a new reader from the start of the file; both can be used."""
        ...

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, once."""
        ...


class CsvReader:
    """The header and the rows of a file. The rows can be iterated once.

    `header` holds the names as the file spells them, trimmed. Raises `FileRefused` if there is none.
    """

    def __init__(self, source: TextSource, options: FileOptions = FIT_ALL) -> None:
        self.source = source
        self._options = options
        dialect = find_dialect(source.lines(), options.delimiter)
        self.format = source.format(dialect.delimiter)
        self._skipped = dialect.skipped
        self._lines = source.lines()
        lines = iter(self._lines)
        for _ in range(self._skipped):
            next(lines)
        self._reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
        header = next(self._rows(None), None)
        if header is None:
            raise FileRefused("The file is empty; its first line must name the columns")
        self.header_line = header.line
        self.header = [name.strip() for name in header.cells]

    @property
    def name(self) -> str:
        """Return the file's name, without its folder."""
        return self.source.name

    def digest(self) -> bytes:
        """Return the SHA-256 of the raw file, gzipped or not."""
        return self.source.digest()

    def reopen(self) -> "CsvReader":
        """Return a new reader from the start of the file; both can be used."""
        return CsvReader(self.source, self._options)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, without blank ones. Raises `FileRefused` if the rest cannot be parsed."""
        return self._rows(len(self.header))

    def _rows(self, width: int | None) -> Iterator[Row]:
        """Yield the rows that are not blank; one of empty cells is. Without a width, all fit."""
        reader, skipped, watch, has_guards = self._reader, self._skipped, self.source.watch, self.source.has_guards
        line = following = reader.line_num + skipped + 1
        blank, max_blank = 0, self.source.max_blank_rows
        try:
            for cells in reader:
                line, following = following, reader.line_num + skipped + 1
                if not cells or not (cells[0].strip() or any(map(str.strip, cells))):
                    blank += 1
                    if blank > max_blank:
                        raise FileRefused(f"line {line}: there are more than {max_blank:,} blank rows; remove them")
                    continue
                if line % WATCH_INTERVAL == 0:
                    watch(self._lines.position, line)
                if has_guards:
                    cells[:] = map(take_guard, cells)
                yield Row(line, cells) if len(cells) == width else self._fitted(line, cells, width)
        except csv.Error as error:
            raise FileRefused(f"line {following}: {_problem(error)}") from None
        watch(self._lines.position, following - 1)

    def _fitted(self, line: int, cells: list[str], width: int | None) -> Row:
        """Return a row of another width; empty cells past the header are nothing."""
        if width is None or (not any(cells[width:]) and len(cells) > width):
            return Row(line, cells[:width])
        delimiter = self.format.delimiter_label
        text = f"the row has {len(cells)} cells and the header {width}; is a {delimiter} not quoted?"
        return Row(line, cells, Reason(None, text))


@contextmanager
def open_csv(path: Path, options: FileOptions = FIT_ALL, watch: OnProgress = nobody) -> Generator[CsvReader]:
    """Open a file of rows, gzipped or not. Raises `FileRefused`, also within the block, with the file's name."""
    with open_source(path, options, watch) as source:
        yield CsvReader(source, options)


def _problem(error: csv.Error) -> str:
    """Say in our words what Python's parser says in its own."""
    text = str(error)
    if "end of data" in text:
        return "a quotation mark that opens here is never closed"
    if "expected after" in text:
        return "a quotation mark within a quoted cell is not doubled"
    if "field limit" in text:
        return f"a cell is longer than {csv.field_size_limit():,} characters; is a quotation mark left open?"
    return "the row cannot be read; is a quotation mark left open, or not doubled?"
