"""Streaming reader of a file of rows, by position.

At most one row is held in memory. Line numbers are those of the file, and a row with a quoted field over several lines
has the number of its first line.
"""

import csv
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from angidi.csvfiles.dialect import find_dialect
from angidi.csvfiles.encoding import OnProgress, TextSource, nobody, open_source
from angidi.csvfiles.formats import FileFormat, FileOptions
from angidi.csvfiles.report import FileRefused, Reason

WATCH_INTERVAL = 500
"""Lines between progress calls."""

HEADER = 1
"""The line of the header, where nothing stands before it."""

FIT_ALL = FileOptions()


class Row(NamedTuple):
    """A row: its first line in the file, and its cells by position, as many as the header has.

    A row that does not fit the header has a `problem`, and its cells are as they stand.
    """

    line: int
    cells: list[str]
    problem: Reason | None = None


class CsvReader:
    """The header and the rows of a file. The rows can be iterated once.

    `header` holds the names as the file spells them, trimmed. Raises `FileRefused` if there is none.
    """

    def __init__(self, source: TextSource, options: FileOptions = FIT_ALL) -> None:
        self.source = source
        self._options = options
        dialect = find_dialect(source.lines(), options.delimiter)
        self.format = FileFormat(dialect.delimiter, source.encoding, source.is_assumed, source.is_gzipped)
        self._skipped = dialect.skipped
        self._lines = source.lines()
        lines = iter(self._lines)
        for _ in range(self._skipped):
            next(lines)
        self._reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
        header = next(self._rows(), None)
        if header is None:
            raise FileRefused("The file is empty; its first line must name the columns")
        self.header_line = header[0]
        self.header = [name.strip() for name in header[1]]

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
        width = len(self.header)
        watch = self.source.watch
        for line, cells in self._rows():
            if line % WATCH_INTERVAL == 0:
                watch(self._lines.position)
            if len(cells) == width:
                yield Row(line, cells)
            elif len(cells) > width and not any(cells[width:]):
                yield Row(line, cells[:width])
            else:
                yield Row(line, cells, _misfit(len(cells), width, self.format.delimiter_label))
        watch(self._lines.position)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield first line and cells of what is no blank row; a row of empty cells is one."""
        line = self._reader.line_num + self._skipped + 1
        try:
            for cells in self._reader:
                if cells and (cells[0].strip() or any(map(str.strip, cells))):
                    yield line, cells
                line = self._reader.line_num + self._skipped + 1
        except csv.Error as error:
            raise FileRefused(f"line {line}: {_problem(error)}") from None


@contextmanager
def open_csv(path: Path, options: FileOptions = FIT_ALL, watch: OnProgress = nobody) -> Generator[CsvReader]:
    """Open a file of rows, gzipped or not. Raises `FileRefused`, also within the block, with the file's name."""
    with open_source(path, options, watch) as source:
        yield CsvReader(source, options)


def _misfit(width: int, expected: int, delimiter: str) -> Reason:
    text = f"the row has {width} cells and the header {expected}; is a {delimiter} not quoted?"
    return Reason(None, text)


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
