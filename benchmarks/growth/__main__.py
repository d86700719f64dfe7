"""Placing and listing orders in a shop with few orders and in one with many, in turn: the ratios of the times.

    python -m benchmarks.growth [--small 10000] [--large 2000000] [--rounds 5] [--calls 40] [--json FILE]

Both shops have 10,000 products, and a tenth as many users as orders. Each is served by a process of its own on the
loopback, and asked by one connection. A time is the median of a round's calls; the ratio is the median over rounds. It
ends with 1 if a ratio is over 1.5. A database of 2 million orders takes 5 GB and about five minutes to load.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from rich.console import Console
from rich.table import Table

from angidi.embedded import EmbeddedServer
from benchmarks.console import print_progress
from benchmarks.contestants import ANGIDI, Place, Running, free_port
from benchmarks.databases import SERVER_SETTINGS, migrate_up
from benchmarks.growth.loading import PRODUCTS, TABLES, load_orders
from benchmarks.growth.works import Make, Places, places, works
from benchmarks.loading import fill
from benchmarks.tokens import add_admin

GOAL = 1.5
WARM_UP = 15
"""Calls before the first that is timed: each of the two workers has prepared its statements then."""

INDEXES = """
SELECT relname, pg_relation_size(pg_class.oid)
  FROM pg_index
  JOIN pg_class ON pg_class.oid = indexrelid
 WHERE indrelid::regclass::text = ANY (%s)
 ORDER BY 1
"""


class Shop(NamedTuple):
    """A shop that is served: its connection, and what is in it."""

    orders: int
    http: HTTPConnection
    places: Places


class Measured(NamedTuple):
    """Milliseconds of the calls of a kind in both shops, one of each round."""

    small: list[float]
    large: list[float]

    @property
    def ratio(self) -> float:
        """How many times as long it takes with many orders."""
        return statistics.median(large / small for small, large in zip(self.small, self.large, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", type=int, default=10_000, help="orders (default: 10000)")
    parser.add_argument("--large", type=int, default=2_000_000, help="orders (default: 2000000)")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts (default: 5)")
    parser.add_argument("--calls", type=int, default=40, help="of a kind in a round (default: 40)")
    parser.add_argument("--json", type=Path, help="file that the result is written to as well")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(EmbeddedServer(folder / "postgres", settings=SERVER_SETTINGS))
        urls = [built(server, orders) for orders in (given.small, given.large)]
        small, large = [stack.enter_context(served(url, folder)) for url in urls]
        measured = measure(small, large, given.rounds, given.calls)
        sizes = index_sizes(urls[1])
    show(measured, given.small, given.large)
    if given.json:
        given.json.write_text(json.dumps(document(given, measured, sizes), indent=1) + "\n", encoding="utf-8")
    return int(any(each.ratio > GOAL for each in measured.values()))


def built(server: EmbeddedServer, orders: int) -> str:
    """Return the address of a new database with so many orders, verified."""
    print_progress(f"building {orders:,} orders")
    began = time.monotonic()
    name = f"orders_{orders}"
    server.create_database(name)
    url = server.url(name)
    migrate_up(url)
    fill(url, PRODUCTS, max(orders // 10, 100))
    add_admin(url)
    load_orders(url, orders)
    print_progress(f"built in {time.monotonic() - began:.0f} s")
    return url


@contextmanager
def served(url: str, folder: Path) -> Generator[Shop]:
    """Serve the shop at `url`, and give a connection to it."""
    home = Path(tempfile.mkdtemp(dir=folder))
    with psycopg.connect(url) as conn:
        (orders,) = conn.execute("SELECT count(*) FROM orders").fetchone() or (0,)
    with Running(ANGIDI, Place(free_port(), url, home, folder)) as running:
        running.wait()
        http = HTTPConnection("127.0.0.1", running.port, timeout=30)
        yield Shop(orders, http, places(url))
        http.close()


def measure(small: Shop, large: Shop, rounds: int, calls: int) -> dict[str, Measured]:
    """Time all works in both shops, call by call in turn, so that a disturbance hits both."""
    measured = {name: Measured([], []) for name in works()}
    for number in range(rounds):
        print_progress(f"round {number + 1} of {rounds}")
        for name, make in works().items():
            for _ in range(0 if number else WARM_UP):
                call(small, make)
                call(large, make)
            times = [(call(small, make), call(large, make)) for _ in range(calls)]
            for kept, of_shop in zip(measured[name], zip(*times, strict=True), strict=True):
                kept.append(statistics.median(of_shop))
    return measured


def call(shop: Shop, make: Make) -> float:
    """Return how long a call took, in milliseconds; fails where it is answered otherwise than expected."""
    request = make(shop.places)
    began = time.perf_counter()
    shop.http.request(request.method, request.path, request.body or None, dict(request.headers))
    answer = shop.http.getresponse()
    body = answer.read()
    milliseconds = 1000 * (time.perf_counter() - began)
    if answer.status != request.expected:
        raise RuntimeError(f"{request.method} {request.path}: {answer.status} {body[:500]!r}")
    return milliseconds


def index_sizes(url: str) -> dict[str, int]:
    """Return the bytes of each index of the tables of orders."""
    with psycopg.connect(url) as conn:
        return dict(conn.execute(INDEXES, [[*TABLES, "order_history"]]).fetchall())


def show(measured: Mapping[str, Measured], small: int, large: int) -> None:
    """Print the times and ratios."""
    title = f"Medians in ms, and how many times as long it takes (goal: at most {GOAL})"
    table = Table("work", f"{small:,} orders", f"{large:,} orders", "ratio", title=title)
    for name, each in measured.items():
        cells = [f"{statistics.median(times):.2f}" for times in each]
        table.add_row(name, *cells, f"{each.ratio:.2f}" + (" !" if each.ratio > GOAL else ""))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def document(given: argparse.Namespace, measured: Mapping[str, Measured], sizes: Mapping[str, int]) -> dict[str, Any]:
    """Return the result as JSON has it: milliseconds, ratios, and bytes of indexes in the large shop."""
    works = {
        name: {"small": statistics.median(each.small), "large": statistics.median(each.large), "ratio": each.ratio}
        for name, each in measured.items()
    }
    return {"small": given.small, "large": given.large, "works": works, "indexes": dict(sizes)}


if __name__ == "__main__":
    sys.exit(main())
