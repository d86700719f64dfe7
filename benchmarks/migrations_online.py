"""Migrate a live shop, taken over from the former service, and tell how long its clients wait for each file.

    python -m benchmarks.migrations_online [--products 200000] [--users 20000] [--version 4] [--json FILE]

The database is the former service's, of its version 1 to 4, filled by SQL. Our tool applies the platform's pending
files one by one while clients read and write `products` and `users` (see `probe`). Each line has the seconds of a file,
the longest wait of a read and of a write, the server's processor time without the clients', and the strongest lock on
the two tables that was seen; one that is held for less than 20 ms may be missed.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from tests.support import go_service

from angidi.cli.schema_state import MIGRATIONS
from angidi.embedded import EmbeddedServer
from angidi.migrate import Migrate, Source
from benchmarks.console import print_progress
from benchmarks.databases import SERVER_SETTINGS
from benchmarks.probe import Probe

TICKS = os.sysconf("SC_CLK_TCK")
HEAD = f"{'file':<57}{'s':>8}{'read':>8}{'write':>8}{'CPU':>8}  strongest lock"


@dataclass(frozen=True)
class Applied:
    """A file that was applied; all times in seconds."""

    file: str
    seconds: float
    longest_read: float
    longest_write: float
    server_cpu: float
    lock: str

    def __str__(self) -> str:
        figures = (self.seconds, self.longest_read, self.longest_write, self.server_cpu)
        return f"{self.file:<57}{''.join(f'{each:8.2f}' for each in figures)}  {self.lock}"


@dataclass(frozen=True)
class Shop:
    """What is migrated."""

    version: int
    users: int
    products: int

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that its clients use: those that are there, and have rows."""
        return ("users", "products") if self.version >= 3 else ("users",)


def main() -> int:
    """Run the benchmark and return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--products", type=int, default=200_000, help="how many rows (default: 200000)")
    parser.add_argument("--users", type=int, default=20_000, help="how many rows (default: 20000)")
    parser.add_argument(
        "--version", type=int, choices=(1, 2, 3, 4), default=4, help="of the former service (default: 4)"
    )
    parser.add_argument("--json", type=Path, help="file that the result is written to as well")
    arguments = parser.parse_args()
    shop = Shop(arguments.version, arguments.users, arguments.products)
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder, "home"), settings=SERVER_SETTINGS) as server,
    ):
        server.create_database("shop")
        found, refused = measure(server.url("shop"), shop)
    for reason, count in sorted(refused.items()):
        sys.stdout.write(f"{count} × {reason}\n")
    if arguments.json:
        document = {**asdict(shop), "files": [asdict(each) for each in found], "refused": refused}
        arguments.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


def measure(url: str, shop: Shop) -> tuple[list[Applied], dict[str, int]]:
    """Fill the empty database at `url`, migrate it, and return what was seen: files, and errors of clients by kind."""
    postmaster = prepare(url, shop)
    with Migrate.open(Source(MIGRATIONS), url) as migrate:
        migrate.force(shop.version)
        probe = Probe(url, migrate.session.connection.info.backend_pid)
        with probe.running(shop.tables):
            time.sleep(0.5)
            sys.stdout.write(f"{HEAD}\n")
            found = list(_apply(migrate, probe, postmaster))
    return found, probe.refused


def prepare(url: str, shop: Shop) -> int:
    """Make the former service's database; return the process id of the server."""
    print_progress(f"filling version {shop.version}: {shop.products} products, {shop.users} users")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(go_service.UUID_FUNCTION)
        conn.execute(go_service.schema(shop.version))
        go_service.fill(conn, users=shop.users, products=shop.products if "products" in shop.tables else 0)
        conn.execute("VACUUM ANALYZE")
        conn.execute("CHECKPOINT")
        (first_line,) = conn.execute("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)").fetchone() or ("",)
    return int(first_line)


def _apply(migrate: Migrate, probe: Probe, postmaster: int) -> Iterator[Applied]:
    version, _ = migrate.version()
    for each in [each for each in migrate.source.versions if each > version]:
        cpu, began = _server_cpu(postmaster, probe.pids), time.monotonic()
        migrate.steps(1)
        ended = time.monotonic()
        time.sleep(0.1)  # who waited is answered now
        used = _server_cpu(postmaster, probe.pids) - cpu
        file = migrate.source.file(each, "up")
        read, write = (probe.longest(kind, began, ended) for kind in ("read", "write"))
        applied = Applied(
            file.path.name if file else str(each), ended - began, read, write, used, probe.strongest(began, ended)
        )
        sys.stdout.write(f"{applied}\n")
        sys.stdout.flush()
        yield applied


def _server_cpu(postmaster: int, clients: Sequence[int]) -> float:
    """Return the processor seconds of the server so far: its processes, those that ended among them, less clients'."""
    used = _times(postmaster)[1:]
    total = sum(used)
    for path in Path("/proc").iterdir():
        if path.name.isdecimal() and int(path.name) not in clients:
            parent, own, *_ = _times(int(path.name))
            total += own if parent == postmaster else 0
    return total / TICKS


def _times(pid: int) -> tuple[int, int, int]:
    """Return a process's parent, its own ticks and those of its children that ended; nothing of one that is gone."""
    try:
        fields = (
            Path("/proc", str(pid), "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return 0, 0, 0
    return int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


if __name__ == "__main__":
    sys.exit(main())
