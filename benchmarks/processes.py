"""The processor time of processes, as the kernel accounts for it; empty where there is no /proc."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


class Stat(NamedTuple):
    """What `/proc/<pid>/stat` says of processor time, in user and system mode: seconds of all its threads.

    `ended` is that of its children that have ended.
    """

    parent: int
    seconds: float
    ended: float


def stat(pid: int) -> Stat | None:
    """Return the process's figures; None: it has ended."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name before it may hold blanks and parentheses
    user, system, ended_user, ended_system = (int(field) / TICKS for field in fields[11:15])
    return Stat(int(fields[1]), user + system, ended_user + ended_system)


def tree(root: int) -> list[int]:
    """Return the process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*"):
        if found := stat(int(entry.name)):
            children.setdefault(found.parent, []).append(int(entry.name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        found.append(pid := waiting.pop())
        waiting += children.get(pid, [])
    return found


def cpu(pids: Iterable[int]) -> dict[int, float]:
    """Return the seconds that each of the processes has used so far, without those that have ended."""
    return {pid: found.seconds for pid in pids if (found := stat(pid))}


def used(before: dict[int, float], after: dict[int, float]) -> float:
    """Return the seconds used between two calls of `cpu`; what began in between counts from its start."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def total(root: int) -> float:
    """Return the seconds that the process has used so far with its children, those that have ended included."""
    found = stat(root)
    return sum(cpu(tree(root)).values()) + (found.ended if found else 0.0)
