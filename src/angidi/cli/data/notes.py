"""What an import tells besides its counts, as lines on standard error."""

from collections.abc import Sequence

from angidi.cli.context import print_line
from angidi.csvfiles import Summary

LISTED = 50
"""Maximum number of categories in a list."""


def print_notes(summary: Summary) -> None:
    """Print the rows that were passed over, warnings, and categories that are unknown or created."""
    for reason, rows in summary.passed_over.items():
        print_line(f"passed over: {reason} ({_rows(rows)})")
    for warning in summary.warnings:
        lines = ", ".join(map(str, warning.lines)) + (", …" if warning.rows > len(warning.lines) else "")
        print_line(f"warning: {warning.column}: {warning.message} ({_rows(warning.rows)}: line {lines})")
    if summary.created_categories:
        print_line(f"created categories: {len(summary.created_categories):,}")
        _print_list(summary.created_categories)
    if summary.unknown_categories:
        print_line("unknown categories, which --create-categories creates:")
        _print_list([f"{each.path} ({_rows(each.rows)})" for each in summary.unknown_categories])


def _print_list(lines: Sequence[str]) -> None:
    for line in lines[:LISTED]:
        print_line(f"  {line}")
    if len(lines) > LISTED:
        print_line(f"  and {len(lines) - LISTED:,} more")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
