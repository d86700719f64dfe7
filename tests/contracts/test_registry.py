"""Every constraint that a client can break has an error of its own, and every error's constraint exists."""

from typing import get_args

import psycopg
import pytest

import angidi.app  # noqa: F401 - defines all errors  # pyright: ignore[reportUnusedImport]
from angidi.errors import REGISTRY, Constraint, TransactionConflict
from angidi.http.core.errors import status_of
from angidi.users.models import Role

CATALOGUE = """
SELECT rel.relname, con.conname, con.contype::text, con.confdeltype::text
  FROM pg_constraint AS con
  JOIN pg_class AS rel ON rel.oid = con.conrelid
 WHERE con.connamespace = 'public'::regnamespace AND con.contype IN ('c', 'u', 'f', 'x', 't')
 UNION ALL
SELECT rel.relname, idx.relname, 'u', ''
  FROM pg_index
  JOIN pg_class AS rel ON rel.oid = indrelid
  JOIN pg_class AS idx ON idx.oid = indexrelid
 WHERE indisunique AND rel.relnamespace = 'public'::regnamespace
   AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
"""
REFUSES_DELETE = {"r", "a"}
DERIVED = ("schema_migrations", "list_counts", "category_closure", "product_search", "stock_ledger", "refresh_tokens")
"""Written by triggers, tools and log-ins alone: no client can break what holds there."""
BY_FUNCTIONS = ("orders", "order_", "reservation", "login_attempts", "known_addresses", "password_resets")
"""Written by functions of the database from values that were validated: clients meet the errors that these raise."""
RAISED = r"""
SELECT found[1], found[2]
  FROM pg_proc
 CROSS JOIN regexp_matches(prosrc, $$TABLE = '(\w+)', CONSTRAINT = '(\w+)'$$, 'g') AS found
 WHERE pronamespace = 'public'::regnamespace
"""
KEYS = {Constraint("idempotency_keys", "idempotency_keys_pkey")}
"""Primary keys that clients give values for."""
NEVER_MET = {Constraint("orders", "total_of_items")}
"""Raised for orders that the functions never make."""
NOT_GIVEN = {"times_representable", "version_in_range"}
"""Constraints on columns that no client gives a value for."""


@pytest.fixture
def constraints(shared_db: str) -> set[Constraint]:
    with psycopg.connect(shared_db) as conn:
        rows = conn.execute(CATALOGUE).fetchall()
        raised = {Constraint(table, name) for table, name in conn.execute(RAISED)} - NEVER_MET
    rows = [row for row in rows if not row[0].startswith(DERIVED) and row[1] not in NOT_GIVEN]
    rows = [row for row in rows if not row[0].startswith(BY_FUNCTIONS) or Constraint(row[0], row[1]) in REGISTRY]
    found = {Constraint(table, name) for table, name, _, _ in rows}
    return (
        found
        | raised
        | KEYS
        | {
            Constraint(table, name, "parent")
            for table, name, _, on_delete in rows
            if on_delete in REFUSES_DELETE and not table.startswith(BY_FUNCTIONS)
        }
    )


def test_every_constraint_of_the_catalogue_has_an_error(constraints: set[Constraint]) -> None:
    assert constraints - set(REGISTRY) == set()


def test_every_declared_constraint_is_in_the_catalogue(constraints: set[Constraint]) -> None:
    assert set(REGISTRY) - constraints == set()


def test_every_declared_constraint_answers_400_401_404_or_409() -> None:
    repeated = {error for error in REGISTRY.values() if issubclass(error, TransactionConflict)}
    assert {status_of(error) for error in {*REGISTRY.values()} - repeated} == {400, 401, 404, 409}


def test_the_roles_of_the_code_are_those_of_the_check(shared_db: str) -> None:
    with psycopg.connect(shared_db) as conn:
        row = conn.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'role_valid'"
        ).fetchone()
    assert row
    assert {role for role in get_args(Role) if f"'{role}'" in row[0]} == set(get_args(Role))
    assert row[0].count("::character varying") in {len(get_args(Role)), 0} or row[0].count("'") == 2 * len(
        get_args(Role)
    )


def test_every_foreign_key_has_an_index_that_starts_with_its_columns(shared_db: str) -> None:
    without = """
    SELECT conrelid::regclass::text, conname
      FROM pg_constraint
     WHERE contype = 'f' AND confrelid <> 'order_transitions'::regclass AND NOT EXISTS (  -- it never loses a row
           SELECT 1 FROM pg_index
            WHERE indrelid = conrelid AND indpred IS NULL
              AND (indkey::smallint[])[0:cardinality(conkey) - 1] @> conkey)
    """
    with psycopg.connect(shared_db) as conn:
        assert conn.execute(without).fetchall() == []
