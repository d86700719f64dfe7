"""Angidi beside its limits and its peers, in one run, and the report about it.

    python -m benchmarks [MEASUREMENT ...] [--sizes 10k 200k 1m] [--rounds 5] [--seconds 1]

Without a measurement's name all are run and docs/benchmarks/ is written anew; with names the report goes to
.angidi/bench/report/, unless --into says where (results of the other measurements there are kept).
"""

import argparse
import os
import shutil
import signal
import sys
import time
import traceback
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg
from msgspec import structs
from rich.console import Console
from rich.table import Table

from angidi.embedded import EmbeddedServer
from angidi.embedded.locks import opened_lock, try_lock
from benchmarks import measure, report
from benchmarks.arena import RUN, Arena, Options
from benchmarks.baseline import Baseline
from benchmarks.console import ROOT, print_progress
from benchmarks.contestants import environment
from benchmarks.databases import SERVER_SETTINGS, SIZES, Databases
from benchmarks.results import Outcome, amount

FOLDER = ROOT / ".angidi" / "bench"
DOCS = ROOT / "docs" / "benchmarks"
AROUND = 2.5
"""Seconds that a window of load takes besides: the start of the contestant and its warm-up."""


def main() -> int:
    given = _arguments()
    if given.list:
        for name, measurement in measure.ALL.items():
            print(f"{name:<16} {(measurement.run.__doc__ or '').splitlines()[0]}")
        return 0
    options = Options(
        sizes=tuple(sorted(SIZES[size] for size in given.sizes)),
        rounds=given.rounds,
        seconds=given.seconds,
        import_rows=given.import_rows or max(SIZES[size] for size in given.sizes),
        import_rounds=given.import_rounds,
    )
    names = given.measurements or list(measure.ALL)
    FOLDER.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda signum, _: sys.exit(128 + signum))  # unwinds: what was started is ended
    with ExitStack() as stack:
        if not try_lock(stack.enter_context(opened_lock(FOLDER / "bench.lock")), alone=True):
            sys.exit(f"another run of the benchmarks uses {FOLDER}")
        for remains in FOLDER.glob(f"{RUN}*"):  # of a killed run, for the lock is ours
            shutil.rmtree(remains)
        server = stack.enter_context(
            EmbeddedServer(FOLDER / "postgres", settings=SERVER_SETTINGS, notify=print_progress)
        )
        baseline = Baseline(given.baseline, FOLDER) if given.baseline else None
        databases = Databases(server, baseline)
        databases.clean()
        print_progress(f"about {_minutes(options, names, databases):.0f} minutes: {', '.join(names)}")
        arena = Arena(databases, options, FOLDER, baseline)
        folder = given.into or (FOLDER / "report" if given.measurements else DOCS)
        done = _measured(arena, names, folder, _postgres(databases))
    _show(done, as_json=given.json)
    print_progress(f"written to {folder}")
    return 0 if len(done.outcomes) == len(names) else 1


def _measured(arena: Arena, names: list[str], folder: Path, postgres: str) -> report.Report:
    """Run the measurements, and return what this run gave; the report is written after each, should a later one end it.

    What stands in `folder` of other measurements is kept.
    """
    done = report.Report(machine=report.machine(), versions={}, settings=dict(SERVER_SETTINGS), skipped={}, outcomes=[])
    for name in names:
        if outcome := _run(arena, name):
            versions = report.versions(postgres, _site_packages())
            outcomes = [*done.outcomes, outcome]
            done = structs.replace(done, versions=versions, skipped=arena.skipped, outcomes=outcomes)
            report.write(folder, report.merged(folder, done, list(measure.ALL)))
    return done


def _arguments() -> argparse.Namespace:
    summary, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=summary,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("measurements", nargs="*", choices=[[], *measure.ALL], metavar="MEASUREMENT")
    parser.add_argument("--list", action="store_true", help="list the measurements")
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=["10k", "200k", "1m"], help="rows")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the median counts")
    parser.add_argument("--seconds", type=float, default=1.0, help="of one window of load")
    parser.add_argument("--import-rows", type=int, help="rows of the imported file (default: the largest size)")
    parser.add_argument("--import-rounds", type=int, default=1)
    parser.add_argument(
        "--baseline",
        metavar="COMMIT",
        default=os.environ.get("BASELINE"),
        help="measure the service of this commit beside (default: $BASELINE)",
    )
    parser.add_argument("--into", type=Path, help="the folder of the report")
    parser.add_argument("--json", action="store_true", help="print the results as JSON instead of tables")
    return parser.parse_args()


def _run(arena: Arena, name: str) -> Outcome | None:
    """Run one measurement; what it fails of is said, and the others go on."""
    print_progress(f"{name} …")
    began = time.monotonic()
    when, commit = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), report.commit()
    try:
        outcome = measure.ALL[name].run(arena)
    except Exception:  # noqa: BLE001 - one that fails must not cost the others their hour
        print_progress(f"{name} FAILED\n{traceback.format_exc()}")
        return None
    seconds = time.monotonic() - began
    print_progress(f"{name}: {seconds:.0f} s")
    return structs.replace(outcome, seconds=seconds, when=when, commit=commit)


def _minutes(options: Options, names: list[str], databases: Databases) -> float:
    """Return about how long it takes: the data sets that are missing, the windows of load, the imports."""
    seconds = databases.seconds_to_build(options.sizes)
    seconds += sum(measure.ALL[name].windows * options.rounds * (options.seconds + AROUND) for name in names)
    if "import" in names:
        seconds += options.import_rounds * options.import_rows * 600e-6
    return seconds / 60


def _postgres(databases: Databases) -> str:
    with psycopg.connect(databases.url("postgres")) as conn:
        return conn.execute("SHOW server_version").fetchall()[0][0]


def _site_packages() -> Path | None:
    return next(environment(FOLDER).glob("lib/python*/site-packages"), None)


def _show(done: report.Report, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(done)).decode() + "\n")
        return
    console = Console()
    for outcome in done.outcomes:
        table = Table("work", "who", "median", "p50", "p99", title=outcome.title)
        for figure in outcome.figures:
            latency = [amount(figure.latency[part], "ms") if part in figure.latency else "" for part in ("p50", "p99")]
            table.add_row(figure.work, figure.who, amount(figure.median, figure.unit), *latency)
        console.print(table)
    goals = Table("goal", "wanted", "measured", "", "met", title="Goals")
    for verdict in (verdict for outcome in done.outcomes for verdict in outcome.verdicts):
        measured = "–" if verdict.value is None else amount(verdict.value, verdict.unit)
        met = {True: "yes", False: "[bold red]no", None: "–"}[verdict.met]
        goals.add_row(verdict.goal, f"{verdict.sense} {verdict.bound:g}", measured, verdict.beside, met)
    console.print(goals)


if __name__ == "__main__":
    sys.exit(main())
