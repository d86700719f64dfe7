"""Rows that continue a product: what they take from its first row or parent, and how variants are named."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from angidi.products.imports.reading.columns import FileColumns
from angidi.products.imports.reading.mapping import Variants


class Parent(NamedTuple):
    """The row that variants name as their parent: the cells that they take from it, and why it is passed over."""

    cells: tuple[str, ...]
    unpublished: str | None


class VariantReader:
    """The rows of one file, one after the other. `parents` are those that variants name, by key."""

    def __init__(self, variants: Variants, columns: FileColumns, parents: dict[str, Parent] | None = None) -> None:
        self._product = columns.place(variants.product)
        self._parent = columns.place(variants.parent)
        self._keys = [
            (place, prefix)
            for name, prefix in variants.parent_keys.items()
            if (place := columns.place(name)) is not None
        ]
        self._inherited = columns.places(variants.inherited)
        self._options = columns.places(variants.options)
        self._no_options = {option.casefold() for option in variants.no_options}
        self._parents = parents or {}
        self._first: Sequence[str] = ()

    @property
    def are_named(self) -> bool:
        """Whether products may be variants, and be named as such."""
        return bool(self._options) and (self._product is not None or self._parent is not None)

    @property
    def has_parents(self) -> bool:
        """Whether rows may name another one as their parent."""
        return self._parent is not None and bool(self._keys)

    def parent_key(self, cells: Sequence[str]) -> str:
        """Return the key of the parent that a row names, or “”."""
        return "" if self._parent is None else cells[self._parent].strip()

    def own_keys(self, cells: Sequence[str]) -> Iterable[str]:
        """Return the keys by which variants may name this row."""
        return [prefix + cell for place, prefix in self._keys if (cell := cells[place].strip())]

    def parent_of(self, cells: Sequence[str]) -> Parent | None:
        """Return the parent that a row names."""
        return self._parents.get(self.parent_key(cells)) if self._parents else None

    def as_parent(self, cells: Sequence[str], unpublished: str | None) -> Parent:
        """Return a row as the parent of others."""
        return Parent(tuple(cells[place] for place in self._inherited), unpublished)

    def complete(self, cells: list[str]) -> list[str]:
        """Return the row with what it takes from its product's first row, or from its parent where it is blank."""
        if self._product is not None and cells[self._product].strip():
            return self._continued(cells, self._product)
        if parent := self.parent_of(cells):
            cells = cells.copy()
            for place, inherited in zip(self._inherited, parent.cells, strict=True):
                cells[place] = cells[place] if cells[place].strip() else inherited
        return cells

    def name(self, name: str, cells: Sequence[str]) -> str:
        """Return the name of a variant: “Title – Green / S”."""
        is_variation = bool(self.parent_key(cells))
        if not name.strip() or not (is_variation or self._product is not None):
            return name
        options = [option for place in self._options if self._is_option(option := cells[place].strip())]
        if not options or (is_variation and all(option in name for option in options)):
            return name
        return f"{name.strip()} – {' / '.join(options)}"

    def _continued(self, cells: list[str], product: int) -> list[str]:
        if not self._first or self._first[product] != cells[product]:
            self._first = cells
            return cells
        cells = cells.copy()
        for place in self._inherited:
            cells[place] = self._first[place]
        return cells

    def _is_option(self, option: str) -> bool:
        return bool(option) and option.casefold() not in self._no_options
