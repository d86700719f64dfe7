"""The shop of many orders that the growth of lists is measured in."""

import os
import subprocess
import sys

import psycopg
from benchmarks.growth.loading import load_orders
from benchmarks.growth.works import Call, places, works
from benchmarks.loading import fill
from benchmarks.tokens import add_admin
from tests.conftest import migrate_up

ORDERS = 300


def test_loaded_orders_are_as_right_as_placed_ones(empty_db: str) -> None:
    migrate_up(empty_db)
    fill(empty_db, 100, 30)
    add_admin(empty_db)
    load_orders(empty_db, ORDERS)
    with psycopg.connect(empty_db) as conn:
        assert conn.execute("SELECT count(*), count(DISTINCT number) FROM orders").fetchone() == (ORDERS, ORDERS)
    environment = {**os.environ, "DATABASE_URL": empty_db, "ANGIDI_ENV_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, "-m", "angidi", "verify"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    requests = [make(places(empty_db)) for make in works().values()]
    assert {type(request) for request in requests} == {Call}
