"""The import of a file beside bare COPY into the same table with the same indexes."""

import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import psycopg

from benchmarks import catalogue
from benchmarks.arena import Arena, Failed
from benchmarks.baseline import ABSENT
from benchmarks.baseline import NAME as BEFORE
from benchmarks.console import ROOT, print_progress
from benchmarks.loading import COPIES, product_lines
from benchmarks.results import Figure, Outcome, below, compared, find

BLOCK = 1 << 20


def products(arena: Arena) -> Outcome:
    """Measure `angidi import products` of a large file into an empty catalogue, beside COPY of the same rows."""
    rows = arena.options.import_rows
    file, lines = _files(arena.folder, rows)
    work = f"{rows:,} products"
    empty = arena.databases.platform(0)
    memory: list[float] = []

    def ours() -> float:
        seconds, peak = _imported(arena, empty, rows, (Path(sys.executable), ROOT, file))
        memory.append(peak)
        return rows / seconds

    def bare() -> float:
        with arena.databases.copy(empty) as url:
            return rows / _copy(url, lines)

    entries = {"Angidi": ours, "COPY": bare}
    if baseline := arena.baseline:
        former, program = arena.databases.baseline(0), (baseline.python, baseline.home, file)
        entries[BEFORE] = lambda: rows / _imported(arena, former, rows, program)[0]
    else:
        arena.skipped[BEFORE] = ABSENT
    taken = arena.race(entries, arena.options.import_rounds)
    figures = [Figure(work=work, who=who, unit="/s", rounds=rates) for who, rates in taken.items()]
    imported, copied = figures[:2]
    peak = Figure(work=f"{work}, resident memory at most", who="Angidi", unit="MB", rounds=memory)
    verdicts = [
        compared(f"import of {rows:,} rows from CSV against COPY", "≥", 0.5, imported, copied),
        compared(f"import of {rows:,} rows, rows a second", "≥", 2.0, imported, find(figures, work, BEFORE) or BEFORE),
        below(f"import of {rows:,} rows: resident memory", 200, peak),
    ]
    rounds = arena.options.import_rounds
    note = f"{rounds} round{'s' if rounds > 1 else ''}; into an empty table with all its indexes, triggers and checks."
    title = "Import of products from CSV"
    return Outcome(name="import", title=title, figures=[*figures, peak], verdicts=verdicts, notes=[note])


def _files(folder: Path, rows: int) -> tuple[Path, Path]:
    """Return the products as CSV for the import, and as lines for COPY; both are kept."""
    file, lines = folder / f"products-{rows}.csv", folder / f"products-{rows}.copy"
    newest = max(Path(str(module.__file__)).stat().st_mtime for module in (catalogue, catalogue.words))
    if not (lines.exists() and min(file.stat().st_mtime, lines.stat().st_mtime) > newest):
        print_progress(f"writing the files of {rows:,} products")
        catalogue.write_csv(file, rows)
        source = product_lines(rows)
        with lines.open("w", encoding="utf-8") as out:
            while chunk := "".join(islice(source, 1_000)):
                out.write(chunk)
    return file, lines


def _imported(arena: Arena, empty: str, rows: int, program: tuple[Path, Path, Path]) -> tuple[float, float]:
    """Import into a copy of the database `empty`; return the seconds and the megabytes that it took."""
    with arena.databases.copy(empty) as url:
        taken = _import(url, *program)
        _check(url, rows)
    return taken


def _import(url: str, python: Path, home: Path, file: Path) -> tuple[float, float]:
    """Return the seconds and the megabytes that the import took, the start of the interpreter included."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [python, "-m", "angidi", "import", "products", file],
        cwd=home,
        env={**os.environ, "DATABASE_URL": url, "ANGIDI_ENV_FILE": os.devnull},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"the import failed: {output.decode(errors='replace')[-1000:]}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def _copy(url: str, lines: Path) -> float:
    with psycopg.connect(url, autocommit=True) as conn, lines.open("rb") as file:
        began = time.perf_counter()
        with conn.cursor().copy(COPIES["products"].encode()) as copy:
            while block := file.read(BLOCK):
                copy.write(block)
        return time.perf_counter() - began


def _check(url: str, rows: int) -> None:
    with psycopg.connect(url) as conn:
        found = conn.execute("SELECT count(*) FROM products").fetchone()
    if found != (rows,):
        raise Failed(f"the import stored {found} of {rows:,} products")
