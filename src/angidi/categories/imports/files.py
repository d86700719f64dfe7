"""The files that categories are imported from: tables, and texts with a path in each line."""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from angidi.categories.csv_rows import COLUMNS, PATH_COLUMNS
from angidi.csvfiles import (
    CsvReader,
    FileOptions,
    FileRefused,
    NamedRows,
    OnProgress,
    Row,
    RowReader,
    TextSource,
    open_source,
)

COMMENT = "#"

_ID = re.compile(r"\s*[0-9]+ - ")
_CELL_ENDS = re.compile(r'[,;|\t"]')


class TaxonomyReader:
    """A text with a path in each line as rows of one column: Google's taxonomy, with or without its ids.

    Lines of comment and blank ones are left out.
    """

    def __init__(self, source: TextSource) -> None:
        self.source = source
        self.header = ["path"]
        self.header_line = 0
        self.format = source.format(",")

    @property
    def name(self) -> str:
        """Return the file's name, without its folder."""
        return self.source.name

    def digest(self) -> bytes:
        """Return the SHA-256 of the raw file."""
        return self.source.digest()

    def reopen(self) -> "TaxonomyReader":
        """Return a new reader from the start of the file; both can be used."""
        return TaxonomyReader(self.source)

    def __iter__(self) -> Iterator[Row]:
        """Yield the paths."""
        lines = self.source.lines()
        line = 0
        for line, text in enumerate(lines, 1):
            if text.strip() and not text.startswith(COMMENT):
                self.source.watch(lines.position, line)
                yield Row(line, [_ID.sub("", text, count=1).strip()])
        self.source.watch(lines.position, line)


@contextmanager
def open_category_file(path: Path, options: FileOptions, watch: OnProgress) -> Generator[RowReader]:
    """Open a file of categories. Raises `FileRefused`, also within the block, with the file's name."""
    with open_source(path, options, watch) as source:
        yield TaxonomyReader(source) if not options.delimiter and _is_taxonomy(source) else CsvReader(source, options)


def select_columns(file: RowReader) -> NamedRows:
    """Return the rows by path, or by id, name and parent_id. Raises `FileRefused` if the file has neither."""
    header = {name.lower() for name in file.header}
    if header.issuperset(COLUMNS.required):
        return NamedRows(file, COLUMNS)
    if header.issuperset(PATH_COLUMNS.required):
        return NamedRows(file, PATH_COLUMNS)
    raise FileRefused(
        f"line {file.header_line}: there is no column path, nor are there id, name and parent_id; "
        f"the columns are: {', '.join(file.header)} (read with {file.format}; --delimiter and --encoding name others)"
    )


def _is_taxonomy(source: TextSource) -> bool:
    """Tell by the first line, which has no name of a column: a comment, an id, or a path of two names."""
    first = next((line for line in source.lines() if line.strip()), "")
    names = {cell.strip().lower() for cell in _CELL_ENDS.split(first)}
    if names & {*COLUMNS.required, *PATH_COLUMNS.required}:
        return False
    return first.startswith(COMMENT) or bool(_ID.match(first)) or " > " in first
