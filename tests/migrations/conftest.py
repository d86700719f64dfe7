"""The way up and down the migrations, on the empty database of the suite."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.support.server import Databases

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
def latest_db(databases: Databases, latest: int) -> Iterator[str]:
    """Address of a database of the latest version, copied from one that all of these share."""

    def build(url: str) -> None:
        with psycopg.connect(url, autocommit=True) as conn:
            for version in range(1, latest + 1):
                step(conn, version, "up")

    with databases.database(databases.template("latest", build)) as url:
        yield url


@pytest.fixture
def latest_conn(latest_db: str) -> Iterator[psycopg.Connection]:
    """Autocommit connection to `latest_db`."""
    with psycopg.connect(latest_db, autocommit=True) as connection:
        yield connection


@pytest.fixture
def migrate(conn: psycopg.Connection) -> Callable[[int, int], None]:
    """`migrate(start, end)`: step from one version to another, each file sent as it is, as golang-migrate does."""

    def migrate(start: int, end: int) -> None:
        for version in range(start + 1, end + 1):
            step(conn, version, "up")
        for version in range(start, end, -1):
            step(conn, version, "down")

    return migrate


@pytest.fixture
def dump(empty_db: str) -> Callable[[], str]:
    """`dump()`: the schema of `empty_db` as SQL."""
    return lambda: dump_of(empty_db)


def dump_of(url: str) -> str:
    """Return the schema of the database at `url` as SQL."""
    pg_dump = EmbeddedServer(Path()).binaries / "pg_dump"
    options = ("--schema-only", "--restrict-key=angidi", "--no-owner", "--no-privileges")
    ours = "--exclude-table=schema_migrations"
    return subprocess.check_output([pg_dump, *options, ours, f"--dbname={url}"], text=True)


def step(conn: psycopg.Connection, version: int, direction: str) -> None:
    """Send the file of that version as it is."""
    (file,) = MIGRATIONS.glob(f"{version:06}_*.{direction}.sql")
    conn.execute(file.read_bytes())
