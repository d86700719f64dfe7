"""Rows that are no products: which conditions of a mapping they meet."""

from collections.abc import Sequence
from typing import NamedTuple

from angidi.products.imports.reading.columns import FileColumns
from angidi.products.imports.reading.mapping import PassOver


class Condition(NamedTuple):
    """A `PassOver` with places instead of columns."""

    reason: str
    unpublished: bool
    place: int | None
    values: frozenset[str]
    blank: tuple[int, ...]
    filled: tuple[int, ...]

    def holds(self, raw: Sequence[str], cells: Sequence[str]) -> bool:
        """Return whether a row, `raw` and with what it inherits, meets the condition."""
        if self.place is not None and not self._has_value(cells[self.place]):
            return False
        return not any(raw[place].strip() for place in self.blank) and all(raw[place].strip() for place in self.filled)

    def _has_value(self, cell: str) -> bool:
        key = cell.strip().casefold()
        return key in self.values or ("," in key and not self.values.isdisjoint(map(str.strip, key.split(","))))


def conditions(rules: Sequence[PassOver], columns: FileColumns) -> list[Condition]:
    """Return the rules that a file has the columns for. What it has no column for is blank."""
    return [
        Condition(
            rule.reason,
            rule.unpublished,
            columns.place(rule.column),
            frozenset(map(str.casefold, rule.values)),
            columns.places(rule.blank),
            columns.places(rule.filled),
        )
        for rule in rules
        if _is_decidable(rule, columns)
    ]


def _is_decidable(rule: PassOver, columns: FileColumns) -> bool:
    has_column = not rule.column or columns.place(rule.column) is not None
    has_filled = len(columns.places(rule.filled)) == len(rule.filled)
    return has_column and has_filled and (not rule.blank or bool(columns.places(rule.blank)))
