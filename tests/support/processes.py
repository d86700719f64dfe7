"""Processes below another one, as Linux lists them."""

from contextlib import suppress
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started or forked, and that have not ended."""
    children: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it has ended meanwhile
            children += map(int, thread.read_text(encoding="utf-8").split())
    return children
