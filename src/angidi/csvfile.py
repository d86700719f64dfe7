"""Streaming reader of CSV files, and the report of an import.

At most one row is held in memory. Line numbers are those of the file: the header is line 1, and a row with a quoted
field over several lines has the number of its first line.
"""

import csv
import gzip
import hashlib
import os
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from msgspec import Struct

from angidi.errors import Malformed

LINE_LIMIT = 1 << 20
"""Maximum bytes of a line; a longer one means that the file is no CSV."""

WATCH_INTERVAL = 500
"""Lines between progress calls."""

HEADER = 1
"""The line of the header."""

GZIP_MAGIC = b"\x1f\x8b"
_UNREADABLE = (OSError, EOFError, zlib.error)


class FileRefused(Malformed):
    """The file cannot be imported; nothing was stored."""

    message = "The file cannot be read."


class Reason(Struct, frozen=True):
    """Why a row was refused: the column (None for the whole row), and what is wrong."""

    column: str | None
    message: str

    def __str__(self) -> str:
        """Return column and message as one text."""
        return f"{self.column}: {self.message}" if self.column else self.message


class Refused(Struct, frozen=True):
    """A refused row with all reasons."""

    line: int
    reasons: list[Reason]


class Summary(Struct, frozen=True):
    """Number of rows of an import by outcome."""

    added: int
    changed: int
    unchanged: int
    refused: int


OnRefused = Callable[[Refused], None]
"""Callback for every refused row, by line, before the commit."""


OnProgress = Callable[[int], None]
"""Callback with the bytes read so far (of the compressed file, if it is one)."""


def _nobody(_: int) -> None:
    """Ignore progress."""


class Row(NamedTuple):
    """A row: its first line in the file, and its cells by column.

    A row that does not fit the header has a `problem` and no cells.
    """

    line: int
    cells: dict[str, str]
    problem: Reason | None = None


class Columns(NamedTuple):
    """The columns that an import knows."""

    required: Sequence[str]
    optional: Sequence[str] = ()


class CsvReader:
    """An open file with known columns. Its rows can be iterated once."""

    def __init__(self, file: BinaryIO, known: Columns, watch: OnProgress = _nobody) -> None:
        self._file = file
        self._known = known
        self._watch = watch
        plain = gzip.GzipFile(fileobj=file) if _is_gzip(file) else file
        self._reader = csv.reader(_lines(plain), strict=True)
        self._header = self._read_header(known)
        self.columns = frozenset(self._header) & {*known.required, *known.optional}
        self.ignored = [name for name in self._header if name and name not in self.columns]

    @property
    def name(self) -> str:
        """Return the file's name, without its folder."""
        return Path(self._file.name).name

    def digest(self) -> bytes:
        """Return the SHA-256 of the raw file, gzipped or not."""
        place = self._file.tell()
        self._file.seek(0)
        found = hashlib.sha256()
        for part in iter(partial(self._file.read, LINE_LIMIT), b""):
            found.update(part)
        self._file.seek(place)
        return found.digest()

    def reopen(self) -> "CsvReader":
        """Return a new reader from the start of the file, to be used instead of this one."""
        self._file.seek(0)
        return CsvReader(self._file, self._known, self._watch)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, without blank lines. Raises `FileRefused` if the rest cannot be parsed."""
        width = len(self._header)
        places = [(name, place) for place, name in enumerate(self._header) if name in self.columns]
        while (found := self._next()) is not None:
            line, cells = found
            if line % WATCH_INTERVAL == 0:
                self._watch(self._file.tell())
            if len(cells) == width:
                yield Row(line, {name: cells[place] for name, place in places})
            elif cells:
                yield Row(line, {}, self._misfit(len(cells)))
        self._watch(self._file.tell())

    def _next(self) -> tuple[int, list[str]] | None:
        line = self._reader.line_num + 1
        try:
            cells = next(self._reader, None)
        except csv.Error as error:
            raise FileRefused(f"line {line}: {error} (is a quotation mark left open, or not doubled?)") from None
        except _UNREADABLE as error:
            raise FileRefused(f"cannot read on after line {line - 1}: {error}") from None
        return None if cells is None else (line, cells)

    def _read_header(self, known: Columns) -> list[str]:
        found = self._next()
        if found is None:
            raise FileRefused(f"The file is empty; its first line must name the columns: {', '.join(known.required)}")
        header = [name.strip().lower() for name in found[1]]
        if missing := [name for name in known.required if name not in header]:
            raise FileRefused(
                f"line 1: there is no column {', '.join(missing)}; the columns are: {', '.join(header)} "
                "(names separated by commas are expected)"
            )
        if duplicated := [name for name, count in Counter(header).items() if name and count > 1]:
            raise FileRefused(f"line 1: a column stands there twice: {', '.join(sorted(duplicated))}")
        return header

    def _misfit(self, width: int) -> Reason:
        expected = len(self._header)
        text = f"the row has {width} cells and the header {expected}; is a comma not quoted?"
        return Reason(None, text)


@contextmanager
def open_csv(path: Path, known: Columns, watch: OnProgress = _nobody) -> Generator[CsvReader]:
    """Open a UTF-8 CSV file, with or without BOM, gzipped or not. Raises `FileRefused`, also within the block."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise FileRefused(f"{path}: {os.strerror(error.errno or 0)}") from None
    with file:
        try:
            yield CsvReader(file, known, watch)
        except FileRefused as error:
            raise FileRefused(f"{path.name}: {error}") from None


def _is_gzip(file: BinaryIO) -> bool:
    start = file.read(len(GZIP_MAGIC))
    file.seek(0)
    return start == GZIP_MAGIC


def _lines(file: BinaryIO | gzip.GzipFile) -> Iterator[str]:
    """Decode line by line, so that a byte that is not UTF-8 is reported with its line."""
    encoding = "utf-8-sig"
    for number, line in enumerate(iter(partial(file.readline, LINE_LIMIT), b""), 1):
        if len(line) == LINE_LIMIT:
            raise FileRefused(f"line {number} is longer than {LINE_LIMIT:,} bytes")
        try:
            yield line.decode(encoding)
        except UnicodeDecodeError as error:
            raise FileRefused(
                f"line {number}: byte {error.start + 1} (0x{line[error.start]:02X}) is not UTF-8; "
                "save the file as “CSV UTF-8”"
            ) from None
        encoding = "utf-8"
