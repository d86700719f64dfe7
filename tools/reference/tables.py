"""Markdown tables."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table. A bar inside a cell is escaped: it would end the cell, even within code."""
    body = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---"] * len(head), *body])


def code(text: str) -> str:
    """Return `text` as code; nothing stays nothing."""
    return f"`{text}`" if text else ""
