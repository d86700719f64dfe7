"""The separator of a file: a first line `sep=;` says it, else the first lines are tried with each."""

import csv
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from angidi.csvfiles.formats import DELIMITERS

SAMPLE = 50
"""Lines that are tried."""

CANDIDATES = (",", ";", "\t", "|")

_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?[,;|\t]*', re.IGNORECASE)


class Dialect(NamedTuple):
    """The separator, and how many lines stand before the header."""

    delimiter: str
    skipped: int


def find_dialect(lines: Iterable[str], delimiter: str | None = None) -> Dialect:
    """Return the dialect of a file by its first lines; a given `delimiter` goes before what they say."""
    sample = list(islice(lines, SAMPLE))
    named = _SEPARATOR_LINE.fullmatch(sample[0].rstrip("\r\n")) if sample else None
    if named:
        return Dialect(delimiter or named[1], 1)
    return Dialect(delimiter or _likely(sample), 0)


def find_delimiter(name: str) -> str | None:
    r"""Return the separator of this name (such as “tab” or \t), or the character itself, or None."""
    named = DELIMITERS.get(name.lower(), "\t" if name == r"\t" else name)
    return named if len(named) == 1 and named not in '"\r\n' else None


def _likely(sample: Sequence[str]) -> str:
    """Return the separator with which most rows have as many cells as the header, and if equal, the most cells."""
    scores = {candidate: _score(sample, candidate) for candidate in CANDIDATES}
    return max(CANDIDATES, key=scores.__getitem__)


def _score(sample: Sequence[str], delimiter: str) -> tuple[float, int]:
    widths: list[int] = []
    with suppress(csv.Error):  # in the header: not this separator; later: the sample ends in a row
        widths.extend(len(cells) for cells in csv.reader(sample, delimiter=delimiter, strict=True) if any(cells))
    if not widths or widths[0] == 1:
        return 0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]
