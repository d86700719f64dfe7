"""What an import reports: refused rows with their reasons, and the number of rows by outcome."""

from collections.abc import Callable

from msgspec import Struct

from angidi.errors import Malformed


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


class RowWarning(Struct, frozen=True):
    """What is doubtful in rows that are stored nevertheless: their number, and the lines of the first few."""

    column: str
    message: str
    rows: int
    lines: list[int]


class UnknownCategory(Struct, frozen=True):
    """A category that rows name and that is not there, and the number of these rows."""

    path: str
    rows: int


class Summary(Struct, frozen=True):
    """Number of rows of an import by outcome, and what else it tells; `passed_over` counts rows by reason."""

    added: int
    changed: int
    unchanged: int
    refused: int
    passed_over: dict[str, int] = {}
    warnings: list[RowWarning] = []
    unknown_categories: list[UnknownCategory] = []
    created_categories: list[str] = []


COUNTS = ("added", "changed", "unchanged", "refused")
"""The fields of `Summary` that are numbers of rows."""

REASON = "reason"
"""The last column of a file of refused rows; an import of such a file ignores it."""

OnRefused = Callable[[Refused], None]
"""Callback for every refused row, by line, before the commit."""
