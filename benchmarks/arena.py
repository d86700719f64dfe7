"""Execution of measurements: databases, starting and stopping of contestants, interleaved rounds."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec
import psycopg

from angidi.products import repository
from benchmarks import catalogue, contestants, pgbench, processes
from benchmarks.baseline import ABSENT, Baseline
from benchmarks.console import ROOT, print_progress
from benchmarks.contestants import Contestant, Place, Running, Unavailable, free_port
from benchmarks.databases import Databases
from benchmarks.load import Order, Report
from benchmarks.workloads import Rounds, Window, Work

T = TypeVar("T")

RUN = "run-"
"""Begins the names of the folders that a contestant has for as long as it runs, in the folder of the benchmarks."""

IDS = 5_000
WARM_UP = 1.0
"""Seconds: every connection of every pool must have run everything."""

NUMBERS = 1_000_000
"""Numbers that one window of load may use up in its bodies."""

SAMPLE = "SELECT id FROM products WHERE deleted_at IS NULL ORDER BY md5(id::text) LIMIT %(count)s"


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
    """One run of the benchmarks. Each contestant is started for each of its turns and stopped afterwards."""

    def __init__(self, databases: Databases, options: Options, folder: Path, baseline: Baseline | None = None) -> None:
        self.databases = databases
        self.options = options
        self.folder = folder
        self.baseline = baseline
        self.before = contestants.before(baseline)
        """The service of the other commit; it cannot run where none was given."""

        self.skipped: dict[str, str] = {}
        self._ids: dict[int, list[str]] = {}
        self._firsts = count(0, NUMBERS)

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
        """Return 5,000 active products' ids, the same in all schemas."""
        if rows not in self._ids:
            with psycopg.connect(self.url(rows)) as conn:
                self._ids[rows] = [str(id_) for (id_,) in conn.execute(SAMPLE, {"count": IDS})]
        return self._ids[rows]

    def database(self, contestant: Contestant, rows: int) -> str:
        """Return the name of the contestant's database of `rows` products; raises `Unavailable` where it has none."""
        if contestant.schema == "baseline" and self.baseline is None:
            raise Unavailable(ABSENT)
        return getattr(self.databases, contestant.schema)(rows)

    def start(self, contestant: Contestant, url: str) -> Running:
        """Start a contestant on the database at `url`; raises `Unavailable` where it cannot run."""
        home = Path(tempfile.mkdtemp(prefix=RUN, dir=self.folder))
        return Running(contestant, Place(free_port(), url, home, self.folder)).wait()

    def field(self, rows: int, *given: Contestant) -> list[Contestant]:
        """Return those of the contestants that can run here, agreed on what they answer; others are said once."""
        paths = [f"/api/v1/products/{self.ids(rows)[0]}", "/api/v1/products?page=2&page_size=50"]
        return [contestant for contestant, _ in self.agreed(rows, given, paths)]

    def agreed(
        self, rows: int, given: Sequence[Contestant], paths: Sequence[str]
    ) -> list[tuple[Contestant, list[Any]]]:
        """Return the contestants that can run here with their answers to `paths`.

        Fails unless all give the same answers in what all support, so that no contestant is fast by omitting work.
        """
        found: list[tuple[Contestant, list[Any]]] = []
        for contestant in given:
            if contestant.name in self.skipped:
                continue
            try:
                with self.start(contestant, self.databases.url(self.database(contestant, rows))) as running:
                    found.append((contestant, [essence(get(running, path)) for path in paths]))
            except Unavailable as reason:
                self.skipped[contestant.name] = str(reason)
                print_progress(f"skipped: {contestant.name}: {reason}")
        same(paths, {contestant.name: answers for contestant, answers in found})
        return found

    def race(self, entries: Mapping[str, Callable[[], T]], rounds: int | None = None) -> dict[str, list[T]]:
        """Run the entries in turn, so that a disturbance of a round affects all; return the results of each."""
        results: dict[str, list[T]] = {name: [] for name in entries}
        for _ in range(rounds or self.options.rounds):
            for name, run in entries.items():
                results[name].append(run())
        return results

    def served(self, field: Sequence[Contestant], rows: int, works: Sequence[Work]) -> Rounds:
        """Let the contestants take turns at the works, each started anew in each round, on its data set of `rows`."""
        urls = {contestant: self.databases.url(self.database(contestant, rows)) for contestant in field}
        return self.race({one.name: partial(self.turn, one, url, works) for one, url in urls.items()})

    def turn(self, contestant: Contestant, url: str, works: Sequence[Work]) -> dict[str, Window]:
        """Start a contestant, warm it up, put it under the load of each work, and end it."""
        with self.start(contestant, url) as running:
            for work in works:
                self.warm(running, work)
            return {work.name: self.window(running, work) for work in works}

    def window(self, running: Running, work: Work) -> Window:
        """Load a contestant with a workload; measure the processor time of its processes and backends."""
        before = self._used(running)
        report = self.load(running, work)
        service, backends = (
            processes.used(*pair) / max(1, report.answers) for pair in zip(before, self._used(running), strict=True)
        )
        return Window(report, service, backends)

    def _used(self, running: Running) -> tuple[dict[int, float], dict[int, float]]:
        backends = processes.cpu(self.databases.backends(running.url))
        return processes.cpu(processes.tree(running.pid)), backends

    def load(self, running: Running, work: Work, **options: Any) -> Report:
        """Load a contestant. The report includes unexpected answers."""
        given: dict[str, Any] = {
            "seconds": self.options.seconds,
            "connections": work.connections,
            "first": next(self._firsts),
        }
        wanted = Order(port=running.port, paths=list(work.paths), **(given | dict(work.order) | options))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load"],
            cwd=ROOT,
            input=msgspec.json.encode(wanted),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"the load on {running.name} failed: {done.stderr.decode()[-1000:]}")
        return msgspec.json.decode(done.stdout, type=Report)

    def warm(self, running: Running, work: Work) -> None:
        """Let a contestant fill its pool, prepare its statements and warm up, without measuring."""
        if not work.warm:
            return
        report = self.load(running, work, seconds=WARM_UP, connections=work.warm, rate=None)
        if report.unexpected:
            raise Failed(f"{running.name} answered {report.statuses} to {work.name} in its warm-up")

    def pgbench(self, rows: int, clients: int) -> float:
        """Return point reads a second by pgbench, one product, statements prepared: the most that the server gives."""
        read = repository.FIND.replace("%(id)s", f"'{self.ids(rows)[0]}'")
        options = [f"-c{clients}", f"-j{min(clients, 2)}", f"-T{max(1, round(self.options.seconds))}"]
        return pgbench.run(self.databases.binaries, self.url(rows), f"{read.strip()};\n", *options).rate


def get(running: Running, path: str) -> Any:
    """Return the `data` of an answer; fails when there is none."""
    return send(running, "GET", path)


def send(
    running: Running, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> Any:
    """Return the `data` of the answer to a request with `body` as JSON; fails when there is none."""
    url = f"http://127.0.0.1:{running.port}{path}"
    content = None if body is None else msgspec.json.encode(body)
    request = Request(url, method=method, data=content, headers=dict(headers or {}))
    try:
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]
    except HTTPError as error:
        raise Failed(f"{running.name}: {method} {path} is {error.code}: {error.read().decode()[:300]}") from None


def same(paths: Sequence[str], answers: Mapping[str, Sequence[Any]]) -> None:
    """Fail unless all gave the same answers to the paths."""
    for number, path in enumerate(paths):
        (first, expected), *others = [(name, found[number]) for name, found in answers.items()]
        for name, answer in others:
            if answer != expected:
                raise Failed(f"{name} and {first} differ on {path}: {answer!s:.500} and {expected!s:.500}")


def essence(data: dict[str, Any]) -> list[Any]:
    """Return the total and the products of an answer, without what only some contestants have."""
    products = data.get("products", [data])
    rows = [[float(row["price"]), *(row[name] for name in ("id", "name", "stock", "category_id"))] for row in products]
    return [data.get("total_count"), *rows]
