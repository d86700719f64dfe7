"""What an import tells besides its counts: warnings, rows passed over, categories unknown or created."""

from collections import Counter
from collections.abc import Iterable

from msgspec import structs

from angidi.csvfiles.report import RowWarning, Summary, UnknownCategory

MAXIMUM_LINES = 5
"""Lines that a warning names."""


class Notes:
    """The notes of one import. They take no more memory for more rows."""

    def __init__(self) -> None:
        self.passed_over: Counter[str] = Counter()
        self.created: list[str] = []
        self.unknown: Counter[str] = Counter()
        self._warnings: dict[tuple[str, str], RowWarning] = {}

    def warn(self, line: int, column: str, message: str, example: str) -> None:
        """Note a warning about a row; of those with the same message the first one gives the example."""
        known = self._warnings.get((column, message)) or RowWarning(column, f"{message}, such as “{example}”", 0, [])
        lines = [*known.lines, line] if len(known.lines) < MAXIMUM_LINES else known.lines
        self._warnings[column, message] = RowWarning(column, known.message, known.rows + 1, lines)

    def count_unknown(self, categories: Iterable[tuple[str, int]]) -> None:
        """Note categories that rows name and that are not there, with their numbers of rows."""
        for path, rows in categories:
            self.unknown[path] += rows

    def add(self, others: "Notes") -> None:
        """Add the notes of a part of the import. Those of its rows alone are noted here already."""
        self.created.extend(others.created)
        self.unknown.update(others.unknown)

    def added_to(self, summary: Summary) -> Summary:
        """Return the counts with the notes."""
        return structs.replace(
            summary,
            passed_over=dict(self.passed_over),
            warnings=list(self._warnings.values()),
            unknown_categories=[UnknownCategory(path, rows) for path, rows in self.unknown.items()],
            created_categories=list(self.created),
        )
