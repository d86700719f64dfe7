"""Rows by the names of known columns."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from angidi.csvfiles.encoding import OnProgress, nobody
from angidi.csvfiles.formats import FileOptions
from angidi.csvfiles.reader import FIT_ALL, RowReader, open_csv
from angidi.csvfiles.report import REASON, FileRefused, Reason


class Columns(NamedTuple):
    """The columns that an import knows."""

    required: Sequence[str]
    optional: Sequence[str] = ()


class NamedRow(Struct, frozen=True, gc=False):
    """A row: its first line in the file, and its cells by column. One with a `problem` has no cells."""

    line: int
    cells: dict[str, str]
    problem: Reason | None = None


class NamedRows:
    """The rows of a file by the known columns that it has, whatever their case. They can be iterated once.

    Raises `FileRefused` if a required column is missing, or a known one is there twice.
    """

    def __init__(self, file: RowReader, known: Columns) -> None:
        self.file = file
        self._known = known
        header = [name.lower() for name in file.header]
        _check_header(header, known, file)
        self.columns = frozenset(header) & {*known.required, *known.optional}
        self._places = [(name, place) for place, name in enumerate(header) if name in self.columns]
        self.ignored = [name for name in dict.fromkeys(header) if name and name != REASON and name not in self.columns]

    @property
    def name(self) -> str:
        """Return the file's name, without its folder."""
        return self.file.name

    def digest(self) -> bytes:
        """Return the SHA-256 of the raw file."""
        return self.file.digest()

    def reopen(self) -> "NamedRows":
        """Return the rows from the start of the file."""
        return NamedRows(self.file.reopen(), self._known)

    def __iter__(self) -> Iterator[NamedRow]:
        """Yield the rows, as the reader does."""
        places = self._places
        for row in self.file:
            if row.problem is None:
                cells = row.cells
                yield NamedRow(row.line, {name: cells[place] for name, place in places})
            else:
                yield NamedRow(row.line, {}, row.problem)


@contextmanager
def open_rows(
    path: Path, known: Columns, options: FileOptions = FIT_ALL, watch: OnProgress = nobody
) -> Generator[NamedRows]:
    """Open a file and select the known columns. Raises as `open_csv` and `NamedRows` do."""
    with open_csv(path, options, watch) as file:
        yield NamedRows(file, known)


def _check_header(header: Sequence[str], known: Columns, file: RowReader) -> None:
    if missing := [name for name in known.required if name not in header]:
        raise FileRefused(
            f"line {file.header_line}: there is no column {', '.join(missing)}; the columns are: {', '.join(header)} "
            f"(read with {file.format}; --delimiter and --encoding name others)"
        )
    several = {name for name, count in Counter(header).items() if count > 1}
    if duplicated := sorted(several & {*known.required, *known.optional}):
        raise FileRefused(f"line {file.header_line}: a column stands there twice: {', '.join(duplicated)}")
