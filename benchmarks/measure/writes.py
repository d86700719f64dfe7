"""What a write costs the database: bytes of log, processor time of the backend, and whether updates are HOT.

One client calls the platform's own repository functions, through its pool, on a copy of a freshly loaded data set. On a
schema of another commit it calls the same functions: their statements are the same there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple
from uuid import UUID

import psycopg

from angidi.db import Database, Pool, PoolSettings
from angidi.db.rows import fetch_value
from angidi.products import repository
from angidi.products.models import NewProduct
from benchmarks import catalogue, processes
from benchmarks.arena import Arena
from benchmarks.baseline import ABSENT
from benchmarks.baseline import NAME as BEFORE
from benchmarks.figures import Figure, Outcome, Verdict, below, find

STATEMENTS = 2_000
"""Of each kind: so many that what GIN indexes put off comes due several times."""

OURS = "Angidi"
STOCK, PRICE, NAME, INSERT, DELETE = (
    "a change of stock",
    "a change of price",
    "a change of name",
    "an insert",
    "a soft delete",
)
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

Call = Callable[[Database, int], Awaitable[object]]


class Cost(NamedTuple):
    """What a statement of a kind costs: kilobytes of log, microseconds of processor time, HOT updates in per cent."""

    log: float
    cpu: float
    hot: float | None


def statements(arena: Arena) -> Outcome:
    """Measure the log and the processor time of an insert, of changes and of a soft delete, after a bulk load."""
    rows = arena.middle
    ids = [UUID(id_) for id_ in arena.ids(rows)]
    calls = _calls(ids, list(islice(catalogue.products(rows), STATEMENTS)))
    databases = {OURS: arena.databases.platform(rows)}
    if arena.baseline:
        databases[BEFORE] = arena.databases.baseline(rows)
    else:
        arena.skipped[BEFORE] = ABSENT
    with arena.databases.settings(full_page_writes="off", autovacuum="off", synchronous_commit="off"):
        taken = arena.race({who: lambda name=name: _round(arena, name, calls) for who, name in databases.items()})
    figures = [figure for kind in calls for figure in _figures(kind, taken)]
    title = f"What a write costs the database, {rows:,} rows after a bulk load"
    kinds = ", ".join(calls)
    note = (
        f"{STATEMENTS:,} statements of each kind, by one client, in this order: {kinds}; on rows drawn uniformly. "
        "Full-page images, autovacuum and the wait for the disk are off; what GIN indexes put off is done and counted."
    )
    return Outcome(name="writes", title=title, figures=figures, verdicts=_goals(figures), notes=[note])


def _calls(ids: Sequence[UUID], texts: Sequence[catalogue.Product]) -> dict[str, Call]:
    """Return the kinds of statement; each call takes another product, and a new one has the texts of one in `texts`."""

    def change(column: str, value: Callable[[int], object]) -> Call:
        return lambda db, number: db.write(repository.update, ids[number % len(ids)], {column: value(number)})

    def insert(db: Database, number: int) -> Awaitable[object]:
        row = texts[number]
        new = NewProduct(
            name=row.name,
            price=Decimal(row.price),
            category_id=UUID(row.category_id),
            stock=row.stock,
            description=row.description,
            image_url="https://img.shop.example/radio.jpg",
            sku=f"NEW-{number:09}",
        )
        return db.write(repository.insert, new)

    return {
        STOCK: change("stock", lambda number: 1_000 + number),
        PRICE: change("price", lambda number: Decimal(number + 1_000_000) / 100),
        NAME: change("name", lambda number: texts[number].name),
        INSERT: insert,
        DELETE: lambda db, number: db.write(repository.delete, ids[number % len(ids)]),
    }


def _round(arena: Arena, name: str, calls: Mapping[str, Call]) -> dict[str, Cost]:
    with arena.databases.copy(name) as url:
        return {kind: asyncio.run(_cost(url, call)) for kind, call in calls.items()}


async def _cost(url: str, call: Call) -> Cost:
    """Return what a statement costs, each on a connection of its own for the kind."""
    with psycopg.connect(url, autocommit=True) as conn:
        _finish_gin(conn)
        before, updated = _log(conn), _updates(conn)
        seconds = await _run(url, call)
        _finish_gin(conn)
        log = (_log(conn) - before) / STATEMENTS / 1000
        total, hot = (now - then for now, then in zip(_updates(conn), updated, strict=True))
    return Cost(log, 1e6 * seconds / STATEMENTS, 100 * hot / total if total else None)


async def _run(url: str, call: Call) -> float:
    """Run the statements; return the seconds of processor time that the backend took for them."""
    database = Database(Pool(url, PoolSettings(min_conns=1, max_conns=1)))
    await database.open()
    backend = await database.read(fetch_value, "SELECT pg_backend_pid()", {})
    before = processes.cpu([backend])
    for number in range(STATEMENTS):
        await call(database, number)
    used = processes.used(before, processes.cpu([backend]))
    await database.close()
    await asyncio.to_thread(_wait_for_end, backend)
    return used


def _wait_for_end(backend: int) -> None:
    """Return when the backend has ended: by then it has told its statistics."""
    while processes.stat(backend):
        time.sleep(0.01)


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
