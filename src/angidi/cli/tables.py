"""Tables and numbers for a terminal. Output to a file or a pipe is not truncated."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from angidi.cli.context import escape_unprintable

_WHOLE = 10_000
"""Characters: wider than any table."""

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table. A column name that begins with `>` is right-aligned. None gives an empty cell."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        name = column.removeprefix(">")
        figures = name != column
        table.add_column(name.upper(), justify="right" if figures else "left", no_wrap=figures, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else _WHOLE).print(table)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.2f}"
        case datetime():
            return format_time(value)
        case _:
            return escape_unprintable(str(value))


def format_time(when: datetime | None) -> str:
    """Return a time to the minute in the local time zone."""
    return "never" if when is None else when.astimezone().strftime("%Y-%m-%d %H:%M")


def format_size(number: int) -> str:
    """Return bytes in a suitable unit, as PostgreSQL does: 1 kB is 1024."""
    power = min(max(number.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    value = number / 1024**power
    digits = 1 if power and value < 100 else 0  # noqa: PLR2004 - three figures tell enough
    return f"{value:,.{digits}f} {_UNITS[power]}"


def format_percent(share: float | None) -> str | None:
    """Return a ratio as per cent."""
    return None if share is None else f"{share:.1%}"
