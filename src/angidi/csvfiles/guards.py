"""Texts that a spreadsheet would take for formulas, guarded by an apostrophe.

An import takes one apostrophe off cells that begin with apostrophes and `=`, `+`, `-`, `@`, tab or CR. So every export
adds one to the cells that begin so with apostrophes, and one for spreadsheets to those that begin with the character.
"""

import csv
import io
import re
from collections.abc import Callable

_FORMULA = re.compile(r"[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_GUARD = re.compile(r"'[=+\-@\t\r]")  # no '+: a search through a run of apostrophes would take the square of its length
_GUARDED_CELL = re.compile(rb"(?:^|[,\"\n])'+[=+\-@\t\r]")


def has_guards(text: str, last: str = "") -> bool:
    """Return whether cells in `text`, which follows the character `last`, may be guarded. It is quick where none is."""
    return last == "'" or ("'" in text and bool(_GUARD.search(text)))


def take_guard(cell: str) -> str:
    """Return a cell without the apostrophe that guards it."""
    return cell[1:] if _GUARDED.match(cell) else cell


def guard_formula(cell: str) -> str:
    """Return a cell of an export as a spreadsheet takes it for a text."""
    return "'" + cell if _FORMULA.match(cell) else cell


def guard_apostrophes(cell: str) -> str:
    """Return a cell such that `take_guard` gives it back."""
    return "'" + cell if _GUARDED.match(cell) else cell


def with_apostrophes_guarded(data: bytes) -> bytes:
    """Return whole rows of an export as `guard_apostrophes` gives their cells; hardly any has one to be guarded."""
    return change_cells(data, guard_apostrophes) if _GUARDED_CELL.search(data) else data


def change_cells(data: bytes, change: Callable[[str], str]) -> bytes:
    """Return whole rows of a UTF-8 CSV file with their cells changed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for cells in csv.reader(io.StringIO(data.decode(), newline="")):
        writer.writerow(map(change, cells))
    return out.getvalue().encode()
