"""Where measurements happen: databases, running contestants, interleaved rounds."""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec
import psycopg

from angidi.products import repository
from benchmarks import catalogue
from benchmarks.contestants import ROOT, Contestant, Place, Running, Unavailable, free_port
from benchmarks.databases import Databases, say
from benchmarks.figures import Figure
from benchmarks.load import Order, Report

T = TypeVar("T")

RUN = "run-"
"""Begins the names of the folders that a contestant has for as long as it runs, in the folder of the benchmarks."""

IDS = 5_000
WARM_UP = 1.5
"""Seconds: every connection of every pool must have run everything."""

SAMPLE = "SELECT id FROM products WHERE deleted_at IS NULL ORDER BY md5(id::text) LIMIT %(count)s"
MEDIANS = ("p50", "p90", "p99", "p999", "maximum")


@dataclass(frozen=True, slots=True)
class Options:
    """How much to measure."""

    sizes: tuple[int, ...]
    rounds: int = 5
    seconds: float = 1.0
    """Of one window of load."""

    import_rows: int = 1_000_000
    import_rounds: int = 1


class Failed(Exception):
    """A measurement could not be made; says why."""


class Arena:
    """One run of the benchmarks. Contestants are started when first needed, and kept until `close`."""

    def __init__(self, databases: Databases, options: Options, folder: Path) -> None:
        self.databases = databases
        self.options = options
        self.folder = folder
        self.skipped: dict[str, str] = {}
        self._running: dict[tuple[str, int], Running] = {}
        self._ids: dict[int, list[str]] = {}

    @property
    def small(self) -> int:
        """Rows of the smallest data set of this run."""
        return min(self.options.sizes)

    @property
    def large(self) -> int:
        """Rows of the largest data set of this run."""
        return max(self.options.sizes)

    @property
    def middle(self) -> int:
        """Rows of the data set that is nearest to 200,000."""
        return min(self.options.sizes, key=lambda rows: abs(rows - 200_000))

    @cached_property
    def tree(self) -> catalogue.Tree:
        return catalogue.tree()

    def url(self, rows: int) -> str:
        """Return the address of the platform's database of `rows` products."""
        return self.databases.url(self.databases.platform(rows))

    def ids(self, rows: int) -> list[str]:
        """Return 5,000 living products' ids, the same in both schemas."""
        if rows not in self._ids:
            with psycopg.connect(self.url(rows)) as conn:
                self._ids[rows] = [str(id_) for (id_,) in conn.execute(SAMPLE, {"count": IDS})]
        return self._ids[rows]

    def running(self, contestant: Contestant, rows: int) -> Running | None:
        """Return the contestant on the data set, started if need be; None: it cannot run here, which is said once."""
        if contestant.name in self.skipped:
            return None
        if (contestant.name, rows) not in self._running:
            name = self.databases.former(rows) if contestant.former else self.databases.platform(rows)
            home = Path(tempfile.mkdtemp(prefix=RUN, dir=self.folder))
            place = Place(free_port(), self.databases.url(name), home, self.folder)
            try:
                self._running[contestant.name, rows] = Running(contestant, place).wait()
            except Unavailable as reason:
                self.skipped[contestant.name] = str(reason)
                say(f"skipped: {contestant.name}: {reason}")
                return None
        return self._running[contestant.name, rows]

    def field(self, rows: int, *contestants: Contestant) -> list[Running]:
        """Return those of the contestants that can run here, agreed on what they answer."""
        found = [running for contestant in contestants if (running := self.running(contestant, rows))]
        agree(found, [f"/api/v1/products/{self.ids(rows)[0]}", "/api/v1/products?page=2&page_size=50"])
        return found

    def close(self) -> None:
        """End all contestants: nobody is connected to a database any more."""
        for running in self._running.values():
            running.end()
        self._running.clear()

    def race(self, entries: Mapping[str, Callable[[], T]], rounds: int | None = None) -> dict[str, list[T]]:
        """Let the entries take turns, so that whatever disturbs a round disturbs all; return each one's results."""
        results: dict[str, list[T]] = {name: [] for name in entries}
        for _ in range(rounds or self.options.rounds):
            for name, run in entries.items():
                results[name].append(run())
        return results

    def load(self, running: Running, paths: Sequence[str], **order: Any) -> Report:
        """Put a contestant under load; fails if anything but the expected answers came."""
        given = {"seconds": self.options.seconds} | order
        wanted = Order(port=running.port, paths=list(paths), **given)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load"],
            cwd=ROOT,
            input=msgspec.json.encode(wanted),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"the load on {running.name} failed: {done.stderr.decode()[-1000:]}")
        report = msgspec.json.decode(done.stdout, type=Report)
        if report.unexpected:
            raise Failed(f"{running.name} answered {report.statuses} to {paths[0]}")
        return report

    def warm(self, running: Running, paths: Sequence[str], connections: int = 64) -> None:
        """Let a contestant fill its pool, prepare its statements and warm up, unmeasured."""
        self.load(running, paths, seconds=WARM_UP, connections=connections)

    def pgbench(self, rows: int, clients: int) -> float:
        """Return point reads a second by pgbench, one product, statements prepared: the most that the server gives."""
        read = repository.FIND.replace("%(id)s", f"'{self.ids(rows)[0]}'")
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(f"{read.strip()};\n")
            script.flush()
            threads = min(clients, 2)
            options = [
                "-n",
                "-M",
                "prepared",
                f"-c{clients}",
                f"-j{threads}",
                f"-T{max(1, round(self.options.seconds))}",
            ]
            command = [self.databases.binaries / "pgbench", *options, "-f", script.name, self.url(rows)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"pgbench failed: {done.stderr[-500:]}")
        return float(next(line.split()[2] for line in done.stdout.splitlines() if line.startswith("tps")))


def rates(work: str, results: Mapping[str, Sequence[Report]]) -> list[Figure]:
    """Return what the rounds of load gave as answers a second."""
    return [_figure(work, who, "/s", [report.rate for report in reports], reports) for who, reports in results.items()]


def latencies(work: str, results: Mapping[str, Sequence[Report]], part: str = "p99") -> list[Figure]:
    """Return what the rounds of load gave as milliseconds, `part` of the answers being quicker."""
    return [
        _figure(work, who, "ms", [getattr(report, part) for report in reports], reports)
        for who, reports in results.items()
    ]


def _figure(work: str, who: str, unit: str, rounds: list[float], reports: Sequence[Report]) -> Figure:
    return Figure(
        work=work,
        who=who,
        unit=unit,
        rounds=rounds,
        latency={part: statistics.median(getattr(report, part) for report in reports) for part in MEDIANS},
        cpu=statistics.median(report.cpu for report in reports),
    )


def get(running: Running, path: str) -> Any:
    """Return the `data` of an answer; fails when there is none."""
    try:
        with urlopen(f"http://127.0.0.1:{running.port}{path}", timeout=60) as answer:
            return json.load(answer)["data"]
    except HTTPError as error:
        raise Failed(f"{running.name}: GET {path} is {error.code}: {error.read().decode()[:300]}") from None


def agree(field: Sequence[Running], paths: Sequence[str]) -> None:
    """Fail unless all contestants answer the same, as far as all have it: nobody is quick by leaving work out."""
    for path in paths:
        first, *others = [(running.name, _essence(get(running, path))) for running in field]
        for name, essence in others:
            if essence != first[1]:
                raise Failed(f"{name} and {first[0]} differ on {path}: {essence!s:.500} and {first[1]!s:.500}")


def _essence(data: dict[str, Any]) -> list[Any]:
    """Return the total and the products of an answer, without what only some contestants have."""
    products = data.get("products", [data])
    rows = [[float(row["price"]), *(row[name] for name in ("id", "name", "stock", "category_id"))] for row in products]
    return [data.get("total_count"), *rows]
