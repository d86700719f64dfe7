"""The way up and down the migrations, on the empty database of the suite."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import angidi
from angidi.embedded import EmbeddedServer

MIGRATIONS = Path(angidi.__file__).parent / "migrations"


@pytest.fixture
def conn(empty_db: str) -> Iterator[psycopg.Connection]:
    """Autocommit connection to `empty_db`."""
    with psycopg.connect(empty_db, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def latest() -> int:
    """Highest version among the files."""
    return max(int(file.name[:6]) for file in MIGRATIONS.glob("*.up.sql"))


@pytest.fixture
def migrate(conn: psycopg.Connection) -> Callable[[int, int], None]:
    """`migrate(start, end)`: step from one version to another, each file sent as it is, as golang-migrate does."""

    def step(version: int, direction: str) -> None:
        (file,) = MIGRATIONS.glob(f"{version:06}_*.{direction}.sql")
        conn.execute(file.read_bytes())

    def migrate(start: int, end: int) -> None:
        for version in range(start + 1, end + 1):
            step(version, "up")
        for version in range(start, end, -1):
            step(version, "down")

    return migrate


@pytest.fixture
def dump(empty_db: str) -> Callable[[], str]:
    """`dump()`: the schema of `empty_db` as SQL."""
    pg_dump = EmbeddedServer(Path()).binaries / "pg_dump"
    options = ("--schema-only", "--restrict-key=angidi", "--no-owner", "--no-privileges")
    ours = "--exclude-table=schema_migrations"

    def dump() -> str:
        return subprocess.check_output([pg_dump, *options, ours, f"--dbname={empty_db}"], text=True)

    return dump
