"""Apply 100 and 1,000 small files: this tool, the real golang-migrate, and Alembic with the same SQL.

    python benchmarks/migrate/apply.py [--rounds 3] [--sizes 100 1000] [--database URL]

golang-migrate is found by MIGRATE_GO_BINARY, Alembic by ALEMBIC_BINARY (an environment of its own with
`alembic` and `psycopg[binary]`); what is not found is left out. Without --database a durable embedded server is
started. Prints the best and the median of the rounds, in seconds; the tools take turns within a round.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from angidi.embedded import EmbeddedServer

BODY = "CREATE TABLE t{n} (id bigint PRIMARY KEY, name text NOT NULL);\n"
OURS = [sys.executable, "-m", "angidi.migrate.cli"]

ENV_PY = """
import os
from alembic import context
from sqlalchemy import create_engine
with create_engine(os.environ["BENCH_URL"]).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
from alembic import op
revision, down_revision = "{n:06}", {previous}
def upgrade():
    op.execute({body!r})
def downgrade():
    op.execute("DROP TABLE t{n}")
"""


def sql_files(folder: Path, count: int) -> None:
    for n in range(1, count + 1):
        (folder / f"{n:06}_t.up.sql").write_text(BODY.format(n=n))
        (folder / f"{n:06}_t.down.sql").write_text(f"DROP TABLE t{n};\n")


def alembic_files(folder: Path, count: int) -> None:
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV_PY)
    (folder / "alembic.ini").write_text(f"[alembic]\nscript_location = {folder}\n")
    for n in range(1, count + 1):
        previous = repr(f"{n - 1:06}") if n > 1 else None
        text = REVISION.format(n=n, previous=previous, body=BODY.format(n=n))
        (folder / "versions" / f"{n:06}_t.py").write_text(text)


@contextmanager
def database(server: str) -> Generator[str]:
    name = f"angidi_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
        parts = urlsplit(server)
        query = "&".join(filter(None, [parts.query, "sslmode=disable"]))
        try:
            yield f"postgresql://{parts.netloc}/{name}?{query}"
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def timed(command: list[str], url: str, count: int, **environment: str) -> float:
    begun = time.perf_counter()
    result = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)
    taken = time.perf_counter() - begun
    if result.returncode:
        sys.exit(f"{' '.join(command)}: {result.stderr[-2000:]}")
    with psycopg.connect(url) as connection:
        made = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename ~ '^t[0-9]+$'").fetchone()
    if made != (count,):
        sys.exit(f"{command[0]}: {made} tables instead of {count}")
    return taken


def tools(folder: Path) -> dict[str, Callable[[str, int], float]]:
    files = ["-path", str(folder / "sql")]
    found: dict[str, Callable[[str, int], float]] = {
        "angidi, default": lambda url, n: timed([*OURS, *files, "-database", url, "up"], url, n),
        "angidi, strict": lambda url, n: timed(
            [*OURS, *files, "-database", url, "up"], url, n, MIGRATE_STRICT_COMPAT="1"
        ),
    }
    if go := os.environ.get("MIGRATE_GO_BINARY"):
        found["golang-migrate"] = lambda url, n: timed([go, *files, "-database", url, "up"], url, n)
    if alembic := os.environ.get("ALEMBIC_BINARY"):
        found["Alembic"] = lambda url, n: timed(
            [alembic, "-c", str(folder / "alembic/alembic.ini"), "upgrade", "head"],
            url,
            n,
            BENCH_URL=url.replace("postgresql:", "postgresql+psycopg:"),
        )
    return found


def run(server: str, sizes: list[int], rounds: int) -> None:
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "sql").mkdir()
            sql_files(folder / "sql", size)
            alembic_files(folder / "alembic", size)
            results: dict[str, list[float]] = {}
            for _ in range(rounds):
                for tool, measure in tools(folder).items():
                    with database(server) as url:
                        results.setdefault(tool, []).append(measure(url, size))
        print(f"{size} files, {rounds} rounds, best and median in seconds")
        for tool, taken in results.items():
            print(f"  {tool:<18} {min(taken):7.2f} {statistics.median(taken):7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--database", help="a URL of a server on which databases may be created")
    given = parser.parse_args()
    if given.database:
        run(given.database, given.sizes, given.rounds)
        return
    with tempfile.TemporaryDirectory() as home, EmbeddedServer(Path(home) / "home", notify=lambda _: None) as server:
        run(server.url("postgres"), given.sizes, given.rounds)


if __name__ == "__main__":
    main()
