"""The plan of a statement that is not run."""

import psycopg
import pytest

from angidi.db.diagnostics.plans import generic_plan, numbered


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT %(a)s, %(b)s, %(a)s", "SELECT $1, $2, $1"),
        ("SELECT %s, %s", "SELECT $1, $2"),
        ("SELECT 5 %% 3", "SELECT 5 % 3"),
        ("SELECT $1", "SELECT $1"),
    ],
)
def test_parameters_are_numbered_as_the_server_numbers_them(statement: str, expected: str) -> None:
    assert numbered(statement) == expected


def test_the_plan_is_that_for_whatever_values(fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        plan = generic_plan(conn, "SELECT name FROM products WHERE id = $1")
        assert plan is not None
        assert "products_pkey" in plan
        assert "id = $1" in plan


def test_a_statement_without_parameters_has_a_plan_too(fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        assert "products" in (generic_plan(conn, "SELECT count(*) FROM products") or "")


def test_a_statement_is_not_run_for_its_plan(fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        assert "Insert on" in (generic_plan(conn, "INSERT INTO categories (name) VALUES ($1)") or "")
        assert conn.execute("SELECT count(*) FROM categories").fetchone() == (0,)


@pytest.mark.parametrize("statement", ["SELECT 1; DROP TABLE products", "COMMIT; DROP TABLE products"])
def test_a_text_that_is_several_statements_has_no_plan_and_runs_none(fresh_db: str, statement: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        assert generic_plan(conn, statement) == "no plan: cannot insert multiple commands into a prepared statement"
        assert conn.execute("SELECT count(*) FROM products").fetchone() == (0,)


def test_a_statement_that_makes_something_has_no_plan(fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        assert generic_plan(conn, "CREATE TABLE things (id int)") is None


def test_why_there_is_no_plan_is_said_and_the_next_statement_has_one(fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        assert generic_plan(conn, "SELECT * FROM gone") == 'no plan: relation "gone" does not exist'
        assert generic_plan(conn, "SELECT 1") == "Result  (cost=0.00..0.01 rows=1 width=4)"
