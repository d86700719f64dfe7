"""The server of a test run: what it makes, what it drops, and what it never touches."""

import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.support.server import Databases, database_server, given_url, with_database

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.support.server import database_server
with database_server({}) as databases:
    databases.create()
    print(databases.admin_url, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def databases() -> Generator[Databases]:
    with database_server({}) as run:
        yield run


def names(databases: Databases) -> set[str]:
    with psycopg.connect(databases.admin_url) as conn:
        return {str(row[0]) for row in conn.execute("SELECT datname FROM pg_catalog.pg_database")}


def make_table(url: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("CREATE TABLE made (n integer)")


def test_a_template_is_built_once_for_all_who_ask_at_once_and_copied(databases: Databases) -> None:
    with ThreadPoolExecutor(4) as pool:
        template, *others = pool.map(databases.template, ["made"] * 4, [make_table] * 4)
    assert set(others) == {template}
    with databases.database(template) as url, psycopg.connect(url) as conn:
        assert conn.execute("SELECT count(*) FROM made").fetchone() == (0,)


def test_a_template_whose_building_failed_is_built_again(databases: Databases) -> None:
    def fail(url: str) -> None:
        make_table(url)
        raise RuntimeError(url)

    with pytest.raises(RuntimeError):
        databases.template("failed", fail)
    assert databases.template("failed", make_table) in names(databases)


def test_a_worker_joins_the_run_of_its_controller(databases: Databases) -> None:
    with database_server({"ANGIDI_TEST_SERVER": databases.shared}) as worker:
        name = worker.create()
    assert name in names(databases)
    databases.drop(name)
    assert name not in names(databases)


def test_a_given_server_loses_the_databases_of_dead_runs_and_no_others(databases: Databases) -> None:
    alive = databases.create()
    with closing(Databases(databases.admin_url, 1)) as other_run:
        dead = other_run.create()
    with psycopg.connect(databases.admin_url, autocommit=True) as conn:
        conn.execute("CREATE DATABASE somebodys")
    with database_server({"DATABASE_URL": databases.url("somebodys")}) as other:
        mine = other.create()
        assert {alive, mine, "somebodys"} <= names(databases)
        assert dead not in names(databases)
    assert mine not in names(databases)


def test_only_a_database_of_the_run_is_dropped(databases: Databases) -> None:
    with pytest.raises(ValueError, match="postgres"):
        databases.drop("postgres")


def test_production_is_refused() -> None:
    with pytest.raises(RuntimeError, match="production"), database_server({"ANGIDI_ENV": "production"}):
        pass


def test_a_given_server_is_entered_by_its_maintenance_database_whatever_the_form() -> None:
    pairs = "host=/a/b port=1 dbname=shop password='p w'"
    host = {"DB_HOST": "h", "DB_PORT": "1", "DB_USER": "u", "DB_PASSWORD": "p&", "DB_NAME": "shop"}
    assert with_database("postgresql://u:p@a,b:1/shop?dbname=x&sslmode=disable", "postgres") == (
        "postgresql://u:p@a,b:1/postgres?sslmode=disable"
    )
    assert conninfo_to_dict(with_database(pairs, "postgres")) == {
        "host": "/a/b",
        "port": "1",
        "dbname": "postgres",
        "password": "p w",
    }
    assert given_url(host) == "postgresql:///?host=h&port=1&user=u&password=p%26"


def test_a_killed_run_leaves_no_server_after_the_next_one() -> None:
    command = [sys.executable, "-c", KILLED]
    root = Path(__file__).parents[2]
    killed = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=False)
    url = killed.stdout.strip()
    with psycopg.connect(url) as conn, database_server({}):
        with pytest.raises(psycopg.OperationalError):
            conn.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
    assert killed.returncode < 0
