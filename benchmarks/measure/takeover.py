"""What the migrations cost a database that is taken over with its products."""

from angidi.cli.schema_state import MIGRATIONS
from angidi.migrate import Migrate, MigrationFile, Source
from benchmarks import processes
from benchmarks.arena import Arena
from benchmarks.databases import FORMER_VERSION
from benchmarks.results import Figure, Outcome, below

WHO = "PostgreSQL"
SEARCH = "what is searched, all its files"
TABLE = b"product_search"
GOAL = 25
"""Seconds of processor time for 200,000 products."""

LEAST = 0.1
"""Seconds; files that take less are not shown."""


def migrations(arena: Arena) -> Outcome:
    """Measure the server's processor time of each migration, on a database with products."""
    rows = arena.middle
    former = arena.databases.former(rows)
    files = _files()
    rounds = arena.race({WHO: lambda: _round(arena, former, files)}, min(arena.options.rounds, 3))[WHO]
    figures = [
        Figure(work=f"{file.version}_{file.title}", who=WHO, unit="s", rounds=[one[file.version] for one in rounds])
        for file in files
    ]
    searching = [file.version for file in files if _is_search(file, files)]
    search = Figure(work=SEARCH, who=WHO, unit="s", rounds=[sum(one[n] for n in searching) for one in rounds])
    goal = f"building what is searched for {rows:,} products, processor time"
    return Outcome(
        name="takeover",
        title=f"Migrations of a database with {rows:,} products and users, seconds of processor time",
        figures=[*(figure for figure in figures if figure.median >= LEAST), search],
        verdicts=[below(goal, GOAL, search)],
        notes=[f"Of all processes of the server, the background ones included; files of under {LEAST} s are left out."],
    )


def _files() -> list[MigrationFile]:
    source = Source(MIGRATIONS)
    later = [version for version in source.versions if version > FORMER_VERSION]
    return [file for version in later if (file := source.file(version, "up"))]


def _is_search(file: MigrationFile, files: list[MigrationFile]) -> bool:
    """Tell whether the file makes what is searched: the table for it, or where there is none, its columns."""
    if any(TABLE in one.read() for one in files):
        return TABLE in file.read()
    return "search" in file.title


def _round(arena: Arena, former: str, files: list[MigrationFile]) -> dict[int, float]:
    """Return the seconds of processor time that each file took, by version."""
    with arena.databases.copy(former) as url:
        return {file.version: _apply(arena, url, file.version) for file in files}


def _apply(arena: Arena, url: str, version: int) -> float:
    before = processes.total(arena.databases.postmaster)
    with Migrate.open(Source(MIGRATIONS), url) as migrate:
        migrate.migrate(version)
    return processes.total(arena.databases.postmaster) - before
