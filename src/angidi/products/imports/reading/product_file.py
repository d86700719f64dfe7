"""A file of products: a CSV file, how it is read, and its rows as often as they are needed."""

import hashlib
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from angidi.csvfiles import FileRefused, RowReader
from angidi.csvfiles.numbers import Decimals, detect_decimal
from angidi.products.imports.reading.columns import FileColumns, columns_in
from angidi.products.imports.reading.mapping import Field, Mapping, known_mapping, own_columns
from angidi.products.imports.reading.proposals import proposed_system
from angidi.products.imports.reading.rows import ProductCells, ProductReader, Reading, parents_in

UNDECIDED = (
    "the numbers of the column “{column}” can be read in two ways: 1.249 is more than a thousand, or less than two; "
    "say it with --decimal-comma (as in 1.249,00) or --decimal-point (as in 1,249.00)"
)


class SystemRecognized(FileRefused):
    """The file is one of another system, whose name is `system`, and was to be read in our own columns."""

    def __init__(self, system: str) -> None:
        super().__init__(f"These are the columns of {known_mapping(system).title}: --from {system} reads them")
        self.system = system


class ReadingOptions(Struct, frozen=True):
    """How a file is to be read: its mapping, and what is not to be recognized but taken as given.

    The columns of the fields that were `chosen` must be there. Without a mapping they are our own.
    """

    mapping: Mapping | None = None
    chosen: Sequence[Field] = ()
    decimal: Decimals | None = None
    category_separator: str | None = None
    include_unpublished: bool = False


OWN_COLUMNS = ReadingOptions()


class ProductFile:
    """A file of products.

    Raises `ColumnsRefused`, `SystemRecognized` or another `FileRefused` if its header or its numbers do not tell how to
    read it.
    """

    def __init__(self, file: RowReader, options: ReadingOptions) -> None:
        self._file = file
        self._options = options
        if options.mapping is None and (system := proposed_system(file.header)):
            raise SystemRecognized(system)
        mapping = options.mapping or own_columns()
        columns = columns_in(file.header, mapping, options.chosen, line=file.header_line)
        decimal = options.decimal or _detected(file, columns)
        separator = options.category_separator or mapping.category.separator
        self.reading = Reading(mapping, columns, decimal, separator, options.include_unpublished)
        self._parents = parents_in(self.reading, file.reopen)

    @property
    def name(self) -> str:
        """Return the file's name, without its folder."""
        return self._file.name

    @property
    def fields(self) -> frozenset[Field]:
        """Return the fields that the file has columns for."""
        return frozenset(self.reading.columns.fields)

    def reader(self) -> ProductReader:
        """Return a reader for one pass over the file."""
        return ProductReader(self.reading, self._parents)

    def products(self, reader: ProductReader | None = None) -> Iterator[ProductCells]:
        """Yield the rows that are products, in a pass of their own. Raises `FileRefused`."""
        return (reader or self.reader()).read(self._file.reopen())

    def digest(self, *rules: object) -> bytes:
        """Return a SHA-256 of the file, of how it is read, and of the `rules` by which it is imported."""
        how = [self._options, self._file.format.delimiter, self._file.format.encoding, *rules]
        return hashlib.sha256(self._file.digest() + msgspec.json.encode(how)).digest()


def _detected(file: RowReader, columns: FileColumns) -> Decimals:
    """Return the decimal separator of the prices. Raises `FileRefused` if they do not tell."""
    places = columns.fields.get("price")
    if places is None:
        return "point"
    rows = (row.cells for row in file.reopen() if row.problem is None)
    prices = (next((cell for place in places if (cell := cells[place])), "") for cells in rows)
    if decimal := detect_decimal(prices):
        return decimal
    raise FileRefused(UNDECIDED.format(column=file.header[places[0]]))
