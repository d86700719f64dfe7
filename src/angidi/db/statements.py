"""What the statements of this process cost, by their text, and the files in which its server's workers share that.

Our SQL is constant text with named parameters, so the text is the key and no value is ever kept. An observation takes
a third of a microsecond and memory is bounded: beyond `MOST` texts, the half that took least is added up as `OTHERS`.
The time is what the process waited: the network and the event loop are in it, which `pg_stat_statements` cannot see.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

log = structlog.get_logger("angidi.db")

FIGURES = "statements"
"""The folder of the workers' files, in ANGIDI_HOME."""

NEVER = float("inf")
MOST = 500
OTHERS = "-- statements too many to keep apart"
"""What stands for those that were added up; it is no statement itself."""

INTERVAL = 5.0
"""Seconds between two writings of a worker's figures."""


class Cost(Struct):
    """What one statement cost: calls, seconds in all and of the longest call, rows returned or touched."""

    statement: str
    calls: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    rows: int = 0

    def add(self, other: "Cost") -> None:
        """Add what the same statement cost elsewhere."""
        self.calls += other.calls
        self.seconds += other.seconds
        self.longest = max(self.longest, other.longest)
        self.rows += other.rows


class Figures(Struct, frozen=True):
    """What statements cost since a moment, which is None where nothing tells."""

    since: datetime | None
    costs: list[Cost]


class Statements:
    """The figures of one process. Calls longer than `slow` seconds are logged, with no value of a parameter."""

    def __init__(self) -> None:
        self.slow = NEVER
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.since = datetime.now(UTC)
        self._costs: dict[str, Cost] = {}

    def observe(self, statement: object, seconds: float, rows: int) -> None:
        """Count one call. What is no plain text was composed for once and is left out."""
        if type(statement) is not str:
            return
        cost = self._costs.get(statement) or self._kept(statement)
        cost.calls += 1
        cost.seconds += seconds
        if rows > 0:
            cost.rows += rows
        if seconds > cost.longest:  # noqa: PLR1730 - max() would cost a call
            cost.longest = seconds
        if seconds > self.slow:
            log.warning(
                "slow statement", duration_ms=round(seconds * 1000, 2), rows=rows, statement=shortened(statement)
            )

    def figures(self) -> Figures:
        """Return a copy of all figures."""
        return Figures(self.since, [copy(cost) for cost in self._costs.values()])

    def _kept(self, statement: str) -> Cost:
        if len(self._costs) >= MOST:
            self._fold()
        return self._costs.setdefault(statement, Cost(statement))

    def _fold(self) -> None:
        others = self._costs.pop(OTHERS, Cost(OTHERS))
        ranked = sorted(self._costs.values(), key=lambda cost: cost.seconds, reverse=True)
        for cost in ranked[MOST // 2 :]:
            others.add(cost)
        self._costs = {cost.statement: cost for cost in [*ranked[: MOST // 2], others]}


STATEMENTS = Statements()
"""This process's: the one place that every cursor reports to, whichever pool it belongs to."""


@asynccontextmanager
async def published(statements: Statements, folder: Path, slow: timedelta) -> AsyncGenerator[None]:
    """Write the figures into `folder` every few seconds meanwhile and at the end, and log what is `slow` (0: nothing).

    A worker whose file was taken away begins anew: that is how `forget` reaches it.
    """
    statements.clear()  # of what the process did before it served, or its parent, whose copy it may be
    statements.slow = slow.total_seconds() or NEVER
    over = asyncio.Event()
    publishing = asyncio.create_task(_publish(statements, folder / f"{os.getpid()}.json", over))
    try:
        yield
    finally:
        over.set()
        await publishing
        statements.slow = NEVER


async def _publish(statements: Statements, path: Path, over: asyncio.Event) -> None:
    written: Figures | None = None
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), INTERVAL)
        if written and not await asyncio.to_thread(path.exists):
            statements.clear()
        if (figures := statements.figures()) != written:
            written = figures if await asyncio.to_thread(_write, path, figures) else None
        if over.is_set():
            return


def _write(path: Path, figures: Figures) -> bool:
    """Replace the file as a whole. Figures are worth no failure: a full disk is told of and nothing more."""
    draft = path.with_suffix(".draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(figures))
        draft.rename(path)
    except OSError as error:
        log.warning("the figures of statements were not written", reason=str(error))
        return False
    return True


def collected(folder: Path) -> Figures:
    """Return the figures of all workers that wrote into `folder`, added up; those of workers that ended count, too."""
    parts: list[Figures] = []
    for path in folder.glob("*.json"):
        with suppress(FileNotFoundError, msgspec.DecodeError):  # it ended meanwhile; another version wrote it
            parts.append(msgspec.json.decode(path.read_bytes(), type=Figures))
    return Figures(min((part.since for part in parts if part.since), default=None), added_up(parts))


def added_up(parts: Iterable[Figures]) -> list[Cost]:
    """Return one cost for each statement."""
    total: dict[str, Cost] = {}
    for cost in (cost for part in parts for cost in part.costs):
        total.setdefault(cost.statement, Cost(cost.statement)).add(cost)
    return list(total.values())


def forget(folder: Path) -> None:
    """Take the files away: running workers begin anew within `INTERVAL`."""
    for path in folder.glob("*.json"):
        path.unlink(missing_ok=True)


def shortened(statement: str, most: int = 200) -> str:
    """Return a statement on one line."""
    line = " ".join(statement.split())
    return line if len(line) <= most else line[: most - 1] + "…"
