"""Apply one large file, of one statement or of thousands: this tool beside the real golang-migrate.

    python -m benchmarks.migrate.large [--rounds 5] [--sizes 0.5 5 15] [--database URL]

golang-migrate is found by MIGRATE_GO_BINARY. Without --database a durable embedded server is started. Prints the best
of the rounds in seconds, and its ratio to golang-migrate's; the tools take turns within a round. The best and not the
mean, since what else the machine does can only add to it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from angidi.embedded import EmbeddedServer

from .apply import OURS, database

ROW = "({}, 'a row of about a hundred characters, it''s text with a quote and a semicolon; and so it goes on', NULL)"
SHAPES = {"one statement": 1, "1,600 statements": 1600}


def body(megabytes: float, statements: int) -> str:
    """SQL of that size: a table, and rows for it in so many INSERTs."""
    rows = [ROW.format(n) for n in range(max(1, int(megabytes * 1e6 / statements / len(ROW))))]
    insert = "INSERT INTO large VALUES\n" + ",\n".join(rows) + ";\n"
    return "CREATE TABLE large (n int, body text, more text);\n" + insert * statements


def commands() -> dict[str, tuple[list[str], dict[str, str]]]:
    """Return each tool's command and environment."""
    found = {"angidi, default": (OURS, {}), "angidi, strict": (OURS, {"MIGRATE_STRICT_COMPAT": "1"})}
    if go := os.environ.get("MIGRATE_GO_BINARY"):
        found = {"golang-migrate": ([go], {})} | found
    return found


def seconds(command: list[str], environment: dict[str, str], folder: Path, url: str) -> float:
    """Apply the folder's file and return how long that took."""
    arguments = [*command, "-path", str(folder), "-database", url, "up"]
    begun = time.perf_counter()
    done = subprocess.run(arguments, capture_output=True, text=True, env=os.environ | environment, check=False)
    taken = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return taken


def run(server: str, sizes: list[float], rounds: int) -> None:
    """Measure and print."""
    for size in sizes:
        for shape, statements in SHAPES.items():
            best: dict[str, float] = {}
            with tempfile.TemporaryDirectory() as name:
                Path(name, "1_large.up.sql").write_text(body(size, statements), encoding="utf-8")
                for _ in range(rounds):
                    for tool, (command, environment) in commands().items():
                        with database(server) as url:
                            taken = seconds(command, environment, Path(name), url)
                            best[tool] = min(taken, best.get(tool, taken))
            print(f"{size:g} MB in {shape}, best of {rounds} rounds, in seconds")
            for tool, taken in best.items():
                ratio = f"{taken / best['golang-migrate']:6.2f} x" if "golang-migrate" in best else ""
                print(f"  {tool:<18} {taken:7.2f} {ratio}")


def main() -> None:
    """Read the options, and start a server where none is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.5, 5, 15])
    parser.add_argument("--database", help="a URL of a server on which databases may be created")
    given = parser.parse_args()
    if given.database:
        run(given.database, given.sizes, given.rounds)
        return
    with tempfile.TemporaryDirectory() as home, EmbeddedServer(Path(home) / "home", notify=lambda _: None) as server:
        run(server.url("postgres"), given.sizes, given.rounds)


if __name__ == "__main__":
    main()
