"""An empty database on a real server, and the way up and down the migrations."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

import angidi
from angidi.db.embedded import EmbeddedServer

MIGRATIONS = Path(angidi.__file__).parent / "migrations"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Address of a database by its name: on the server of DATABASE_URL, else on an embedded one."""
    if url := os.environ.get("DATABASE_URL"):
        yield lambda name: make_conninfo(url, dbname=name)
        return
    with EmbeddedServer(tmp_path_factory.mktemp("postgres"), durable=False) as embedded:
        yield embedded.url


@pytest.fixture
def empty_db(server: Callable[[str], str]) -> Iterator[str]:
    """Address of a database of the test's own, without a table in it."""
    name = Identifier(f"angidi_test_{uuid4().hex}")
    with psycopg.connect(server("postgres"), autocommit=True) as admin:
        admin.execute(SQL("CREATE DATABASE {}").format(name))
        yield server(name.as_string().strip('"'))
        admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))


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
    """`migrate(start, end)`: step from one version to another, each file in a transaction of its own."""

    def step(version: int, direction: str) -> None:
        (file,) = MIGRATIONS.glob(f"{version:06}_*.{direction}.sql")
        with conn.transaction():
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
