"""Starts, repository reads and HTTP reads, each beside its limit in the same run.

    python -m benchmarks [--json]

Medians of five rounds; a ratio is ours divided by the limit's, so that 1.00 is as good as the limit. The servers listen
on a Unix socket or the loopback, and every loop is bounded.
"""

import argparse
import asyncio
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from rich.console import Console
from rich.table import Table
from tests.support.serving import Server, free_port

from angidi.app import open_database
from angidi.config import Settings
from angidi.db import Connection
from angidi.db.conninfo import Addresses
from angidi.db.embedded import EmbeddedServer
from angidi.db.pool import CONNECTION
from angidi.db.rows import Parameters
from angidi.products import repository
from angidi.products.models import ProductQuery

ROUNDS = 5
READS = 2_000
DATABASE = "angidi_dev"


class Figure(NamedTuple):
    """One measurement: ours and its limit's, in the unit; `ratio` is None where there is no limit to compare with."""

    work: str
    unit: str
    ours: float
    limit: str = ""
    limits: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.limits if self.limits else None


def starts(home: Path) -> list[Figure]:
    """Seconds from `angidi serve` to the first 200: with a new database, and with one that is there."""
    first, later = [], []
    for number in range(3):
        fresh = home / str(number) / "home"
        fresh.parent.mkdir(parents=True)
        first.append(seconds_to_answer(fresh))
        later.append(seconds_to_answer(fresh))
    return [
        Figure("first start, new database", "s", statistics.median(first)),
        Figure("later start", "s", statistics.median(later)),
    ]


def seconds_to_answer(home: Path) -> float:
    started = time.perf_counter()
    server = Server(home, free_port()).wait()
    taken = time.perf_counter() - started
    server.end()
    return taken


async def repository_reads(url: str) -> list[Figure]:
    """Reads a second through the pool and into structs, against the bare driver on the same statement."""
    settings = Settings(db_max_conns=1, db_min_conns=1)
    database = open_database(settings, Addresses(url, url, url))
    await database.open()
    async with await psycopg.AsyncConnection.connect(url, **(CONNECTION | {"cursor_factory": None})) as bare:
        product_id = await first_id(bare)
        query = ProductQuery()
        cases: list[tuple[str, Callable[[], Awaitable[Any]], str, Parameters]] = [
            (
                "product by id",
                lambda: database.read(repository.find_product, product_id),
                repository.FIND,
                {"id": product_id},
            ),
            (
                "list of 10",
                lambda: database.read(repository.list_products, query),
                repository.LIST.format(where=repository.LIVENESS[None], order=repository.ORDER["-created_at"]),
                {"limit": 10, "offset": 0},
            ),
        ]
        figures = [await compare(work, ours, bare, sql, parameters) for work, ours, sql, parameters in cases]
    await database.close()
    return figures


async def compare(
    work: str, ours: Callable[[], Awaitable[Any]], bare: Connection, sql: str, parameters: Parameters
) -> Figure:
    async def raw() -> None:
        await (await bare.execute(sql, parameters)).fetchall()

    pairs = [(await rate(ours), await rate(raw)) for _ in range(ROUNDS)]
    mine, limits = zip(*pairs, strict=True)
    return Figure(f"repository: {work}", "/s", statistics.median(mine), "bare psycopg", statistics.median(limits))


async def rate(call: Callable[[], Awaitable[Any]]) -> float:
    started = time.perf_counter()
    for _ in range(READS):
        await call()
    return READS / (time.perf_counter() - started)


async def first_id(conn: Connection) -> UUID:
    row = await (await conn.execute("SELECT id FROM products WHERE deleted_at IS NULL LIMIT 1")).fetchone()
    if row is None:
        raise SystemExit("there is no product to read: run `angidi seed` first")
    return row[0]


def http_reads(server: Server, url: str, pgbench: Path, clients: int) -> Figure:
    """Product reads a second over HTTP, against pgbench with as many clients on the same statement."""
    with psycopg.connect(url) as conn:
        product_id = str(conn.execute("SELECT id FROM products WHERE deleted_at IS NULL LIMIT 1").fetchone()[0])
    pairs = [
        (asyncio.run(load(server.port, product_id, clients)), pgbench_rate(pgbench, url, product_id, clients))
        for _ in range(ROUNDS)
    ]
    mine, limits = zip(*pairs, strict=True)
    work = f"HTTP: product by id, {clients} connections"
    return Figure(work, "/s", statistics.median(mine), "pgbench -M prepared", statistics.median(limits))


async def load(port: int, product_id: str, clients: int) -> float:
    request = f"GET /api/v1/products/{product_id} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(READS // clients):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(int(length.split(b":")[1]))
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return READS / (time.perf_counter() - started)


def pgbench_rate(pgbench: Path, url: str, product_id: str, clients: int) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(repository.FIND.replace("%(id)s", f"'{product_id}'") + ";")
        script.flush()
        options = ["-n", "-M", "prepared", "-c", str(clients), "-t", str(READS // clients), "-f", script.name]
        done = subprocess.run([pgbench, *options, url], capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = starts(Path(folder))
        server = Server(Path(folder) / "0" / "home", free_port(), LOG_LEVEL="info").wait()
        with EmbeddedServer(Path(folder) / "0" / "home") as embedded:
            url = embedded.url(DATABASE)
            figures += asyncio.run(repository_reads(url))
            figures += [http_reads(server, url, embedded.binaries / "pgbench", clients) for clients in (1, 16)]
        server.end()
    show(figures, as_json=arguments.json)


def show(figures: list[Figure], *, as_json: bool) -> None:
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    if as_json:
        rows = [figure._asdict() | {"ratio": figure.ratio} for figure in figures]
        sys.stdout.write(json.dumps({"machine": machine, "figures": rows}, indent=2) + "\n")
        return
    table = Table("work", "ours", "limit", "", "ratio", title=f"Angidi on {machine}")
    for figure in figures:
        limit = f"{figure.limits:,.0f} {figure.unit}" if figure.limits else ""
        ratio = f"{figure.ratio:.2f}" if figure.ratio else ""
        digits = 2 if figure.unit == "s" else 0
        table.add_row(figure.work, f"{figure.ours:,.{digits}f} {figure.unit}", limit, figure.limit, ratio)
    Console().print(table)


if __name__ == "__main__":
    main()
