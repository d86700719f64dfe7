"""Rows of a file as rows of our own columns, in which the rows before them may have a say."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from angidi.csvfiles import NamedRow, Row
from angidi.csvfiles.numbers import Decimals
from angidi.products.imports.reading import cells as conversions
from angidi.products.imports.reading.columns import FileColumns
from angidi.products.imports.reading.mapping import Field, Mapping
from angidi.products.imports.reading.markup import plain_text
from angidi.products.imports.reading.passing_over import conditions
from angidi.products.imports.reading.variants import Parent, VariantReader

Convert = Callable[[str], str]


class ProductCells(NamedRow, frozen=True, gc=False):
    """A row, with its cells by field. `picture_path` is the picture, if it was left out because it is a path."""

    picture_path: str = ""


class Reading(NamedTuple):
    """How the rows of a file are read: what its header and the options decided."""

    mapping: Mapping
    columns: FileColumns
    decimal: Decimals
    separator: str
    include_unpublished: bool = False


class ProductReader:
    """The rows of one file, one after the other. `passed_over` counts those that are no products, by reason."""

    def __init__(self, reading: Reading, parents: dict[str, Parent] | None = None) -> None:
        mapping, columns = reading.mapping, reading.columns
        self.passed_over: Counter[str] = Counter()
        self.variants = VariantReader(mapping.variants, columns, parents)
        self._conditions = [
            each
            for each in conditions(mapping.pass_over, columns)
            if not (each.unpublished and reading.include_unpublished)
        ]
        self._include_unpublished = reading.include_unpublished
        self._plain = [(field, places[0]) for field, places in columns.fields.items()]
        self._others = [
            (field, places if len(places) > 1 else (), _conversion(field, reading))
            for field, places in columns.fields.items()
            if len(places) > 1 or _conversion(field, reading)
        ]
        self._name = columns.fields.get("name", ())[:1] if self.variants.are_named else ()

    def read(self, rows: Iterable[Row]) -> Iterator[ProductCells]:
        """Yield the rows that are products."""
        variants = self.variants
        for row in rows:
            if row.problem is not None:
                yield ProductCells(row.line, {}, row.problem)
                continue
            raw = row.cells
            cells = variants.complete(raw)
            if reason := self.reason_to_pass_over(raw, cells):
                self.passed_over[reason] += 1
            else:
                yield self._product(row.line, cells)

    def reason_to_pass_over(self, raw: list[str], cells: list[str]) -> str | None:
        """Return why a row, `raw` and with what it inherits, is no product, or None."""
        for condition in self._conditions:
            if condition.holds(raw, cells):
                return condition.reason
        parent = self.variants.parent_of(raw)
        return parent.unpublished if parent and not self._include_unpublished else None

    def unpublished(self, cells: list[str]) -> str | None:
        """Return the reason why the product of a row is not shown in its shop, or None."""
        return next((each.reason for each in self._conditions if each.unpublished and each.holds(cells, cells)), None)

    def _product(self, line: int, cells: list[str]) -> ProductCells:
        product: dict[str, str] = {field: cells[place] for field, place in self._plain}
        for field, places, convert in self._others:
            text = product[field]
            if places and not text.strip():
                text = next((cell for place in places if (cell := cells[place]) and not cell.isspace()), "")
            product[field] = convert(text) if convert else text
        if self._name:
            product["name"] = self.variants.name(product["name"], cells)
        picture = product.get("image_url")
        if not picture or "://" in picture or not conversions.is_picture_path(picture.strip()):
            return ProductCells(line, product)
        product["image_url"] = ""
        return ProductCells(line, product, None, picture.strip())


def _conversion(field: Field, reading: Reading) -> Convert | None:
    """Return what makes a cell of the field one of our own columns, or None if nothing has to be done."""
    mapping, decimal = reading.mapping, reading.decimal
    if field == "price":
        return lambda text: conversions.amount(text, decimal)
    if field == "stock":
        return lambda text: conversions.whole_number(text, decimal)
    values = mapping.lists.get(field, "")
    if field == "category":
        separator, root = reading.separator, mapping.category.root
        return lambda text: conversions.category_text(text, separator, values, root)
    steps: list[Convert] = []
    if values:
        steps.append(lambda text: conversions.first_of(text, values))
    if field in mapping.text.without_markup:
        steps.append(plain_text)
    if field in mapping.text.without_apostrophe:
        steps.append(lambda text: text.strip().removeprefix("'"))
    return _composed(steps)


def _composed(steps: list[Convert]) -> Convert | None:
    if not steps:
        return None

    def convert(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return convert


def parents_in(reading: Reading, passes: Callable[[], Iterable[Row]]) -> dict[str, Parent]:
    """Return by key the rows that others name as their parents. Each of `passes` reads the file from its start.

    A row of the same key as an earlier one is no parent.
    """
    reader = ProductReader(reading)
    variants = reader.variants
    if not variants.has_parents:
        return {}
    named = {key for row in passes() if row.problem is None and (key := variants.parent_key(row.cells))}
    parents: dict[str, Parent] = {}
    for row in passes() if named else ():
        if row.problem is None:
            for key in variants.own_keys(row.cells):
                if key in named and key not in parents:
                    parents[key] = variants.as_parent(row.cells, reader.unpublished(row.cells))
    return parents
