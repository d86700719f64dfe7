"""What a write costs the database: bytes of log, processor time of the backend, and whether updates are HOT.

One client calls the platform's own repository functions, through its pool, on a copy of a freshly loaded data set. For
another commit its own interpreter does: with its statements, and its sessions' settings.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
import psycopg

from benchmarks.arena import Arena, Failed
from benchmarks.baseline import ABSENT
from benchmarks.baseline import NAME as BEFORE
from benchmarks.console import ROOT
from benchmarks.results import Figure, Outcome, Verdict, below, find
from benchmarks.statements import INSERT, KINDS, PRICE, STATEMENTS, STOCK, Order

OURS = "Angidi"
LOG, CPU, HOT = "log", "backend's CPU", "HOT updates"
GOALS = {INSERT: 10.0, PRICE: 1.5, STOCK: 0.5}
"""Kilobytes of log at most."""

HOT_GOAL = 98.0

LSN = "SELECT pg_current_wal_insert_lsn() - '0/0'"
PENDING = """
SELECT indexrelid::regclass::text
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_am AS m ON m.oid = c.relam
 WHERE m.amname = 'gin'
"""
UPDATES = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'products'"


class Cost(NamedTuple):
    """What a statement of a kind costs: kilobytes of log, microseconds of processor time, HOT updates in per cent."""

    log: float
    cpu: float
    hot: float | None


def statements(arena: Arena) -> Outcome:
    """Measure the log and the processor time of an insert, of changes and of a soft delete, after a bulk load."""
    rows = arena.middle
    sides = {OURS: (Path(sys.executable), arena.databases.platform(rows))}
    if arena.baseline:
        sides[BEFORE] = (arena.baseline.python, arena.databases.baseline(rows))
    else:
        arena.skipped[BEFORE] = ABSENT
    with arena.databases.settings(full_page_writes="off", autovacuum="off", synchronous_commit="off"):
        taken = arena.race({who: partial(_round, arena, rows, *side) for who, side in sides.items()})
    figures = [figure for kind in KINDS for figure in _figures(kind, taken)]
    title = f"What a write costs the database, {rows:,} rows after a bulk load"
    kinds = ", ".join(KINDS)
    note = (
        f"{STATEMENTS:,} statements of each kind, by one client, in this order: {kinds}; on rows drawn uniformly. "
        "Full-page images, autovacuum and the wait for the disk are off; what GIN indexes put off is done and counted."
    )
    return Outcome(name="writes", title=title, figures=figures, verdicts=_goals(figures), notes=[note])


def _round(arena: Arena, rows: int, python: Path, name: str) -> dict[str, Cost]:
    ids = [UUID(id_) for id_ in arena.ids(rows)]
    with arena.databases.copy(name) as url:
        return {kind: _cost(python, Order(url=url, kind=kind, ids=ids, rows=rows)) for kind in KINDS}


def _cost(python: Path, order: Order) -> Cost:
    """Return what a statement of a kind costs."""
    with psycopg.connect(order.url, autocommit=True) as conn:
        _finish_gin(conn)
        before, updated = _log(conn), _updates(conn)
        seconds = _run(python, order)
        _finish_gin(conn)
        log = (_log(conn) - before) / STATEMENTS / 1000
        total, hot = (now - then for now, then in zip(_updates(conn), updated, strict=True))
    return Cost(log, 1e6 * seconds / STATEMENTS, 100 * hot / total if total else None)


def _run(python: Path, order: Order) -> float:
    """Run the statements by an interpreter, whose `angidi` it is; return the seconds that the backend took."""
    done = subprocess.run(
        [python, "-m", "benchmarks.statements"],
        cwd=ROOT,
        env={**os.environ, "ANGIDI_ENV_FILE": os.devnull},
        input=msgspec.json.encode(order),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise Failed(f"{order.kind} failed: {done.stderr.decode()[-1000:]}")
    return float(done.stdout)


def _finish_gin(conn: psycopg.Connection) -> None:
    """Do what GIN indexes have put off."""
    for (name,) in conn.execute(PENDING).fetchall():
        conn.execute("SELECT gin_clean_pending_list(%s::regclass)", [name])


def _log(conn: psycopg.Connection) -> int:
    """Return where the write-ahead log has come to, in bytes."""
    return int(conn.execute(LSN).fetchall()[0][0])


def _updates(conn: psycopg.Connection) -> tuple[int, int]:
    """Return how many updates of products there were, and how many of them were HOT."""
    return conn.execute(UPDATES).fetchall()[0]


def _figures(kind: str, taken: Mapping[str, Sequence[Mapping[str, Cost]]]) -> list[Figure]:
    """Return the figures of a kind of statement, of all who were measured."""
    units = {LOG: "kB", CPU: "µs", HOT: "%"}
    found: list[Figure] = []
    for number, (part, unit) in enumerate(units.items()):
        for who, rounds in taken.items():
            values = [cost for one in rounds if (cost := one[kind][number]) is not None]
            if values:
                found.append(Figure(work=f"{kind}: {part}", who=who, unit=unit, rounds=values))
    return found


def _goals(figures: Sequence[Figure]) -> list[Verdict]:
    verdicts = [
        below(f"log of {kind}, full-page images off", bound, ours)
        for kind, bound in GOALS.items()
        if (ours := find(figures, f"{kind}: {LOG}", OURS))
    ]
    if hot := find(figures, f"{STOCK}: {HOT}", OURS):
        goal = "changes of stock that are HOT after a bulk load, uniform over all rows"
        verdicts.append(Verdict(goal=goal, sense="≥", bound=HOT_GOAL, value=hot.median, unit="%", beside=hot.who))
    return verdicts
