"""Processes below another one, as Linux lists them."""

from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started or forked, and that have not ended."""
    return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split())]
