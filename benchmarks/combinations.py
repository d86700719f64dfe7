"""Lists of products under every pair of conditions, twelve times each on one connection: times and pages.

    python -m benchmarks.combinations [--rows 1000000] [--strength 2]

The combinations are those of `tests/plans/combinations.py`; with a strength of 3 every three conditions stand together
in one of them. Times are printed and judged by nobody: docs/database/combinations.json keeps them, by rows. It ends
with 1 where an answer is not 200. The database is that of `make bench`, kept for the next run.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import structlog
from rich.console import Console
from rich.table import Table
from tests.plans.combinations import DIMENSIONS, Combination, Places, all_pairs, combined
from tests.plans.warm import MEASURED, Warm, connected

from angidi.embedded import EmbeddedServer
from angidi.embedded.locks import opened_lock, try_lock
from benchmarks.console import ROOT, print_progress
from benchmarks.databases import SERVER_SETTINGS, Databases

FOLDER = ROOT / ".angidi" / "bench"
RESULT = ROOT / "docs/database/combinations.json"
KINDS = ("at rest", "exclusive", "apart")
FLOOR = 20.0
"""Milliseconds that the last call may take in any case."""

GROWTH = 5.0
"""How many times as long as the first call it may take beyond that."""

SHOWN = 20
TOLD_EVERY = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many products (default: 1000000)")
    parser.add_argument("--strength", type=int, choices=(2, 3), default=2, help="how many conditions meet (default: 2)")
    given = parser.parse_args()
    return run(given.rows, given.strength)


def run(rows: int, strength: int = 2) -> int:
    """Measure, print and write; return 1 where an answer is not 200."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    combinations = all_pairs() if strength == 2 else combined(DIMENSIONS, strength)
    with kept_databases() as databases, databases.copy(databases.platform(rows)) as url:
        print_progress(f"asking for {len(combinations)} combinations at {rows:,} products")
        found = asyncio.run(measured(url, rows, combinations))
        with psycopg.connect(url) as conn:
            version = conn.info.server_version
    show(found, rows)
    write(found, rows, f"PostgreSQL {version // 10_000}.{version % 10_000}")
    return int(any(failures(warm) for warm in found))


@contextmanager
def kept_databases() -> Generator[Databases]:
    """Give the databases of the benchmarks, to us alone."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with opened_lock(FOLDER / "bench.lock") as lock:
        if not try_lock(lock, alone=True):
            sys.exit(f"another run of the benchmarks uses {FOLDER}")
        with EmbeddedServer(FOLDER / "postgres", settings=SERVER_SETTINGS, notify=print_progress) as server:
            yield Databases(server)


async def measured(url: str, rows: int, combinations: Sequence[Combination]) -> list[Warm]:
    """Return what each combination came to, all on one connection to the database at `url`."""
    places, found = Places(rows), list[Warm]()
    with tempfile.TemporaryDirectory() as home:
        async with connected(url, Path(home)) as connection:
            for combination in combinations:
                found.append(await connection.run(combination, places))
                if len(found) % TOLD_EVERY == 0:
                    print_progress(f"  {len(found)} of {len(combinations)}")
    return found


def show(found: Iterable[Warm], rows: int) -> None:
    """Print the slowest combinations of each kind, and those that failed."""
    console = Console(width=None if sys.stdout.isatty() else 200)
    calls = [f"call {number}" for number in MEASURED]
    for kind in KINDS:
        some = sorted((warm for warm in found if warm.combination.kind == kind), key=slowest, reverse=True)
        title = f"{len(some)} combinations {kind}, {rows:,} products: ms and pages of the slowest"
        table = Table("combination", *calls, "grows", "failed", title=title)
        for warm in some[:SHOWN]:
            cells = [f"{call.milliseconds:,.1f} ms\n{call.pages:,}" for call in warm.calls.values()]
            table.add_row(warm.combination.name, *cells, f"{growth(warm):.1f} ×", failures(warm))
        console.print(table)
        console.print(f"{sum(map(grows, some))} of {len(some)} grow: call {MEASURED[-1]} takes more than it may")


def write(found: Iterable[Warm], rows: int, server: str) -> None:
    """Keep what was found beside that at other numbers of rows."""
    kept = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    kept[str(rows)] = {"server": server, "worst": {}, "combinations": [entry(warm) for warm in found]}
    for kind in KINDS:
        some = [warm for warm in found if warm.combination.kind == kind]
        if some:
            worst = max(some, key=slowest)
            kept[str(rows)]["worst"][kind] = {
                "combination": worst.combination.name,
                "ms": round(slowest(worst), 1),
                "grow": sum(map(grows, some)),
                "of": len(some),
            }
    RESULT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print_progress(f"wrote {RESULT.name}")


def entry(warm: Warm) -> dict[str, Any]:
    """Return what is kept of a combination."""
    return {
        "combination": warm.combination.name,
        "kind": warm.combination.kind,
        "ms": {str(number): round(call.milliseconds, 1) for number, call in warm.calls.items()},
        "pages": {str(number): call.pages for number, call in warm.calls.items()},
        **({"failed": failures(warm)} if failures(warm) else {}),
    }


def slowest(warm: Warm) -> float:
    """Return the time of the slowest call that was measured."""
    return max(call.milliseconds for call in warm.calls.values())


def growth(warm: Warm) -> float:
    """Return how many times the first call's time the last one took."""
    return warm.calls[MEASURED[-1]].milliseconds / warm.calls[MEASURED[0]].milliseconds


def grows(warm: Warm) -> bool:
    """Tell whether the last call took more than 20 ms, and five times the first one's time."""
    return growth(warm) > GROWTH and warm.calls[MEASURED[-1]].milliseconds > FLOOR


def failures(warm: Warm) -> str:
    """Return the statuses that are not 200, each with how often it was answered."""
    others = [status for status in warm.statuses if status != 200]
    return ", ".join(f"{others.count(status)} × {status}" for status in sorted({*others}))


if __name__ == "__main__":
    sys.exit(main())
