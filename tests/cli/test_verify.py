"""`angidi verify`: derived data is damaged by hand, found, and rebuilt, also while writers run."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
import pytest
from tests.cli.conftest import Run
from tests.support.waiting import until

from angidi.db.diagnostics import consistency as derived
from angidi.db.diagnostics import search_rows
from angidi.db.diagnostics.consistency import TRIGGERS, rebuild, run_checks
from angidi.db.diagnostics.index_keys import indexes
from angidi.db.diagnostics.search_rows import rewrite_stale_rows

Broken = dict[str, list[str]]

SHOP: tuple[LiteralString, ...] = (
    "INSERT INTO categories (name) VALUES ('Kitchen'), ('Garden')",
    "INSERT INTO categories (name, parent_id) SELECT 'Cups', id FROM categories WHERE name = 'Kitchen'",
    "INSERT INTO categories (name, parent_id) SELECT 'Espresso', id FROM categories WHERE name = 'Cups'",
    """
    INSERT INTO products (name, price, category_id)
    SELECT 'Product ' || n, n, id FROM categories CROSS JOIN generate_series(1, 5) AS n
    """,
    "INSERT INTO users (email, password_hash, name) VALUES ('ada@shop.example', 'hash', 'Ada')",
    "UPDATE products SET deleted_at = now() WHERE price = 5",
)


@pytest.fixture
def shop(fresh_db: str) -> Iterator[psycopg.Connection]:
    """A connection to the database that the command looks at."""
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        for statement in SHOP:
            conn.execute(statement)
        yield conn


@pytest.fixture
def ask(run: Run) -> Callable[..., Broken]:
    """`ask("--rebuild")`: the checks that find something, with what they tell; the exit code says the same."""

    def ask(*options: str) -> Broken:
        done = run("verify", "--json", *options)
        report: dict[str, Any] = json.loads(done.stdout)
        found = {check["check"]: check["sample"] for check in report["checks"] if check["differs"]}
        assert (done.exit_code, report["ok"]) == (bool(found), not found)
        return found

    return ask


def identity(conn: psycopg.Connection, category: str) -> str:
    row = conn.execute("SELECT id::text FROM categories WHERE name = %s", [category]).fetchone()
    assert row is not None
    return row[0]


def broken(conn: psycopg.Connection) -> set[str]:
    return {finding.check for finding in run_checks(conn) if finding.differs}


def test_a_shop_that_is_well_is_told_so_check_by_check(shop: psycopg.Connection, run: Run) -> None:
    done = run("verify")
    assert done.exit_code == 0, (done.output, shop)
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["ok", "migrations"],
        ["ok", "triggers"],
        ["ok", "validity"],
        ["ok", "times"],
        ["ok", "indexes"],
        ["ok", "category_closure"],
        ["ok", "list_counts"],
        ["ok", "texts"],
        ["ok", "product_search"],
        ["ok", "stock_ledger"],
        ["ok", "order", "totals"],
        ["ok", "order", "history"],
        ["ok", "order", "stock"],
        ["ok", "reservations"],
    ]


def test_texts_in_another_form_than_new_ones_are_warned_of_and_nothing_differs(
    shop: psycopg.Connection, run: Run
) -> None:
    shop.execute("UPDATE categories SET name = ' ' || name WHERE name = 'Garden'")
    shop.execute("UPDATE products SET sku = U&'A\\200B-1' WHERE id = (SELECT id FROM products ORDER BY id LIMIT 1)")
    report = json.loads(run("verify", "--json").stdout)
    (check,) = (check for check in report["checks"] if check["warns"])
    assert (report["ok"], check["check"], check["differs"]) == (True, "texts", 0)
    of_product, of_category = sorted(check["sample"])
    assert re.fullmatch(r"the name of category \S{36} is in another form than new texts", of_category)
    assert re.fullmatch(r"the SKU of product \S{36} \(it would be A-1\) is in another form than new texts", of_product)


def test_a_way_in_the_tree_that_is_missing_wrong_or_too_many_is_found_and_mended(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    kitchen, cups, espresso, garden = (identity(shop, name) for name in ("Kitchen", "Cups", "Espresso", "Garden"))
    shop.execute("DELETE FROM category_closure WHERE ancestor_id = %s AND descendant_id = %s", [kitchen, espresso])
    shop.execute(
        "UPDATE category_closure SET depth = 7 WHERE ancestor_id = %s AND descendant_id = %s", [cups, espresso]
    )
    shop.execute("INSERT INTO category_closure VALUES (%s, %s, 1)", [garden, cups])
    assert ask() == {
        "category_closure": sorted([
            f"{espresso} in {kitchen} at depth 2 is missing",
            f"{espresso} in {cups} at depth 1 is missing",
            f"{espresso} in {cups} at depth 7 is wrong",
            f"{cups} in {garden} at depth 1 is wrong",
        ])
    }  # fmt: skip
    assert ask("--rebuild") == ask() == {}


def test_totals_that_are_wrong_are_found_and_mended(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    cups, garden = identity(shop, "Cups"), identity(shop, "Garden")
    shop.execute("INSERT INTO list_counts (list, rows) VALUES ('products', 3), ('users', -1)")
    shop.execute("INSERT INTO list_counts (list, category_id, rows) VALUES ('products', %s, 2)", [cups])
    shop.execute("DELETE FROM list_counts WHERE category_id = %s", [garden])
    assert ask() == {
        "list_counts": [
            *sorted([f"products of category {cups}: 2 too many", f"products of category {garden}: 4 too few"]),
            "products: 3 too many",
            "users: 1 too few",
        ]
    }
    assert ask("--rebuild") == ask() == {}


def test_totals_are_one_row_each_after_a_rebuild(shop: psycopg.Connection, run: Run) -> None:
    shop.execute("INSERT INTO list_counts (list, rows) VALUES ('products', 3), ('products', -3), ('users', 0)")
    run("verify", "--rebuild")
    rows = shop.execute("SELECT count(*), count(DISTINCT (list, category_id)) FROM list_counts").fetchone()
    assert rows == (6, 6)


def test_rows_of_the_search_that_are_missing_stale_or_too_many_are_found_and_rebuilt(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    before = shop.execute("SELECT id, version, updated_at, xmin FROM products ORDER BY id").fetchall()
    missing, stale, gone = (str(identity) for identity, *_ in before[:3])
    shop.execute("SET session_replication_role = replica")  # which disables triggers and foreign keys
    shop.execute("DELETE FROM product_search WHERE product_id = %s", [missing])
    shop.execute("UPDATE product_search SET document = 'stale' WHERE product_id = %s", [stale])
    shop.execute("DELETE FROM products WHERE id = %s", [gone])
    shop.execute("RESET session_replication_role")
    assert ask()["product_search"] == [
        f"the row of product {missing} is missing",
        f"the row of product {stale} is stale",
        f"the row of product {gone} is there without the product",
    ]
    assert ask("--rebuild") == ask() == {}
    assert shop.execute("SELECT id, version, updated_at, xmin FROM products ORDER BY id").fetchall() == [
        row for row in before if str(row[0]) != gone
    ]


def test_other_rules_of_unaccent_are_found_and_the_rows_rebuilt(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    shop.execute("UPDATE products SET name = 'Łamp ' || price WHERE price < 3")
    shop.execute("ALTER TEXT SEARCH DICTIONARY unaccent (RULES = 'xsyn_sample')")
    assert list(ask()) == ["product_search"]
    assert ask("--rebuild") == ask() == {}


def test_of_many_differences_some_are_shown_and_the_rest_is_counted(shop: psycopg.Connection, run: Run) -> None:
    shop.execute("DELETE FROM category_closure")
    lines = run("verify").stdout.splitlines()
    at = lines.index("DIFFERS  category_closure")
    assert all("is missing" in line for line in lines[at + 1 : at + 6])
    assert lines[at + 6].strip() == "and 2 more"


def test_a_trigger_that_is_disabled_or_gone_is_found(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    shop.execute("ALTER TABLE products DISABLE TRIGGER products_inserted_count")
    shop.execute("DROP TRIGGER categories_moved_closure ON categories")
    assert ask()["triggers"] == [
        "categories_moved_closure is missing or disabled",
        "products_inserted_count is missing or disabled",
    ]


def test_every_trigger_of_the_schema_is_looked_after(shop: psycopg.Connection) -> None:
    there = {name for (name,) in shop.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")}
    assert there == TRIGGERS


def test_an_index_or_a_constraint_that_is_not_valid_is_found(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        shop.execute("CREATE UNIQUE INDEX CONCURRENTLY half_built ON products (name)")
    shop.execute("ALTER TABLE products ADD CONSTRAINT cheap CHECK (price < 3) NOT VALID")
    assert ask()["validity"] == ["constraint cheap is not valid", "index half_built is not valid"]


# Indexes


DEFINITION = "SELECT pg_get_functiondef('folded'::regproc)"
FORMER_FOLDED = """
CREATE OR REPLACE FUNCTION folded(body text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN 'as an older server had it ' || lower(body)
"""
ANOTHER_ORDER = """
UPDATE pg_index
   SET indoption = translate(indoption::text, '123', '000')::int2vector
 WHERE indexrelid = %s::regclass
"""
ANOTHER_EXPRESSION = """
UPDATE pg_index
   SET indexprs = (SELECT indexprs FROM pg_index WHERE indexrelid = %s::regclass)
 WHERE indexrelid = %s::regclass
"""


def test_every_index_that_rests_on_lower_folded_trigrams_or_a_collation_is_checked(shop: psycopg.Connection) -> None:
    """The others have keys of numbers, UUIDs, times and tsvector."""
    checked = {index.bare_name: index.method for index in indexes(shop)}
    assert checked == {
        "categories_name_id_idx": "order",
        "categories_parent_id_name_key": "order",
        "idempotency_keys_pkey": "order",
        "list_counts_pkey": "order",
        "order_transitions_pkey": "order",
        "orders_number_key": "order",
        "product_search_document_idx": "trigrams",
        "products_name_active_idx": "lookup",
        "products_sku_active_key": "order",
        "users_email_active_key": "lookup",
        "users_search_idx": "trigrams",
    }


def test_an_index_whose_function_has_changed_is_found_and_rebuilt(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    shop.execute("REINDEX TABLE products")
    ((present,),) = shop.execute(DEFINITION).fetchall()
    shop.execute(FORMER_FOLDED)
    shop.execute("UPDATE products SET name = name || '!' WHERE price = 3")
    shop.execute(present)
    assert ask() == {
        "indexes": [
            "products_name_active_idx does not find 1 of its keys: REINDEX INDEX CONCURRENTLY products_name_active_idx"
        ]
    }
    assert ask("--rebuild") == ask() == {}


def test_an_index_that_rests_on_another_lower_is_found_and_rebuilt(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    shop.execute("UPDATE users SET email = 'ADA@shop.example', name = 'Ådå'")
    shop.execute("DROP INDEX users_email_active_key, users_search_idx")
    for name, definition in FORMER_INDEXES.items():
        shop.execute(definition.format(name=name, lower="md5").encode())
        shop.execute(definition.format(name="present", lower="lower").encode())
        shop.execute(ANOTHER_EXPRESSION, ["present", name])
        shop.execute("DROP INDEX present")
    assert ask() == {
        "indexes": [
            f"{name} does not find 1 of its keys: REINDEX INDEX CONCURRENTLY {name}"
            for name in ("users_email_active_key", "users_search_idx")
        ]
    }
    assert ask("--rebuild") == ask() == {}


FORMER_INDEXES: dict[str, LiteralString] = {
    "users_email_active_key": "CREATE UNIQUE INDEX {name} ON users ({lower}(email)) WHERE deleted_at IS NULL",
    "users_search_idx": r"CREATE INDEX {name} ON users USING gin ({lower}(email || E'\x01' || name) gin_trgm_ops)",
}


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("categories_name_id_idx", "categories (name DESC NULLS LAST, id)"),
        ("products_sku_active_key", "products (sku DESC NULLS LAST) WHERE deleted_at IS NULL"),
    ],
)
def test_an_index_that_another_collation_sorted_is_found_and_rebuilt(
    shop: psycopg.Connection, ask: Callable[..., Broken], name: str, columns: str
) -> None:
    shop.execute("UPDATE products SET sku = id")
    shop.execute(f"DROP INDEX {name}".encode())
    shop.execute(f"CREATE INDEX {name} ON {columns}".encode())
    shop.execute(ANOTHER_ORDER, [name])
    (told,) = ask()["indexes"]
    assert told.startswith(f"{name} has ")
    assert told.endswith(f" of its keys out of order: REINDEX INDEX CONCURRENTLY {name}")
    assert ask("--rebuild") == ask() == {}


def test_siblings_in_the_order_of_another_collation_are_found_and_rebuilt(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    shop.execute("ALTER TABLE categories DROP CONSTRAINT categories_parent_id_name_key")
    shop.execute(
        "CREATE UNIQUE INDEX categories_parent_id_name_key"
        " ON categories (parent_id, name DESC NULLS LAST) NULLS NOT DISTINCT"
    )
    shop.execute(ANOTHER_ORDER, ["categories_parent_id_name_key"])
    (told,) = ask()["indexes"]
    assert told.startswith("categories_parent_id_name_key has 1 of its keys out of order")
    assert ask("--rebuild") == ask() == {}


def test_trigrams_of_texts_that_are_missing_are_found_and_rebuilt(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    shop.execute("UPDATE products SET name = 'Tasse für Kaffee' WHERE price = 1")
    shop.execute("UPDATE pg_index SET indisready = false WHERE indexrelid = 'product_search_document_idx'::regclass")
    with psycopg.connect(shop.info.dsn, autocommit=True) as conn:
        conn.execute("UPDATE products SET name = 'Tasse für Tee' WHERE price = 1")
    shop.execute("UPDATE pg_index SET indisready = true WHERE indexrelid = 'product_search_document_idx'::regclass")
    (told,) = ask()["indexes"]
    assert told.startswith("product_search_document_idx does not find 4 of its keys")
    assert ask("--rebuild") == ask() == {}


def test_duplicates_that_a_stale_key_let_in_are_told_and_the_rest_is_rebuilt(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    shop.execute("DROP INDEX users_email_active_key")
    shop.execute("CREATE UNIQUE INDEX users_email_active_key ON users (email) WHERE deleted_at IS NULL")
    shop.execute("INSERT INTO users (email, password_hash, name) VALUES ('ADA@shop.example', 'hash', 'Ada')")
    shop.execute("CREATE INDEX present ON users (lower(email))")
    shop.execute(
        "UPDATE pg_index SET (indexprs, indkey) = (SELECT indexprs, indkey FROM pg_index"
        " WHERE indexrelid = 'present'::regclass) WHERE indexrelid = 'users_email_active_key'::regclass"
    )
    shop.execute("DROP INDEX present")
    shop.execute("DELETE FROM category_closure WHERE depth = 2")
    found = ask("--rebuild")
    assert found == {
        "indexes": [
            "users_email_active_key does not find 1 of its keys: REINDEX INDEX CONCURRENTLY users_email_active_key"
        ],
        "rebuild": [
            (
                "users_email_active_key cannot be rebuilt: Key (lower(email::text))=(ada@shop.example) is duplicated. "
                "Change or delete one of the rows, then run this again"
            )
        ],
    }
    assert ask() == {"indexes": found["indexes"]}


def test_an_index_that_another_one_stands_in_for_is_told_to_be_unchecked(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    shop.execute("CREATE INDEX a_copy ON users (lower(email)) WHERE deleted_at IS NULL")
    (told,) = ask()["indexes"]
    assert told.endswith("was not checked, since another index is read in its place")


def test_the_time_limit_of_requests_does_not_cut_a_check_short(shop: psycopg.Connection) -> None:
    shop.execute("SET statement_timeout = '1ms'")
    assert broken(shop) == set()


def test_a_database_that_is_behind_is_looked_at_no_further(run_empty: Run) -> None:
    done = run_empty("verify", "--rebuild")
    assert done.exit_code == 1
    assert done.stdout.startswith("DIFFERS  migrations\n         migration 000001 is pending: angidi migrate up\n")
    assert "list_counts" not in done.stdout


# While writers run


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def until_waiting(watcher: psycopg.Connection, work: Future[Any]) -> None:
    """Return when somebody waits for a lock, or the work is done."""
    until(lambda: work.done() or watcher.execute(WAITING).fetchone() != (0,))


def rebuilt_while_open(url: str, statements: list[LiteralString]) -> set[str]:
    """Rebuild while a writer's transaction is open, which commits when the rebuild waits or is done; what differs."""
    with (
        psycopg.connect(url, autocommit=True) as doctor,
        psycopg.connect(url) as writer,
        psycopg.connect(url, autocommit=True) as watcher,
        ThreadPoolExecutor() as threads,
    ):
        for statement in statements:
            writer.execute(statement)
        rebuilding = threads.submit(rebuild, doctor)
        until_waiting(watcher, rebuilding)
        writer.commit()
        rebuilding.result(20)
        return broken(watcher)


MOVED: list[LiteralString] = [
    """
    UPDATE categories SET parent_id = (SELECT id FROM categories WHERE name = 'Garden') WHERE name = 'Cups'
    """
]
# Its snapshot lets the count triggers add a row of their own, and its lock on the others makes the rebuild wait.
COUNTED: list[LiteralString] = [
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "INSERT INTO products (name, price, category_id) SELECT 'New', 1, id FROM categories WHERE name = 'Cups'",
    "UPDATE list_counts SET rows = rows",
]
FORGET_A_WAY = "DELETE FROM category_closure WHERE depth = 2"


def test_a_category_that_is_moved_during_the_rebuild_ends_in_its_place(shop: psycopg.Connection, fresh_db: str) -> None:
    shop.execute(FORGET_A_WAY)
    assert rebuilt_while_open(fresh_db, MOVED) == set()


def test_a_category_that_is_moved_would_end_in_two_places_without_the_lock(
    shop: psycopg.Connection, fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "LOCK", "SELECT 1")
    shop.execute(FORGET_A_WAY)
    assert rebuilt_while_open(fresh_db, MOVED) == {"category_closure"}


@pytest.mark.usefixtures("shop")
def test_rows_that_are_counted_during_the_rebuild_are_counted_once(fresh_db: str) -> None:
    assert rebuilt_while_open(fresh_db, COUNTED) == set()


@pytest.mark.usefixtures("shop")
def test_rows_would_be_counted_twice_without_the_lock(fresh_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "LOCK", "SELECT 1")
    assert rebuilt_while_open(fresh_db, COUNTED) == {"list_counts"}


RENAMED: list[LiteralString] = ["UPDATE products SET name = 'Renamed' WHERE price = 3"]
FORGET_THE_SEARCH = "UPDATE product_search SET document = 'stale'"


def rewritten_while_open(url: str) -> tuple[int, set[str]]:
    """Rewrite the rows of the search while products are renamed; how many wait for the writer, and what differs."""
    with (
        psycopg.connect(url, autocommit=True) as doctor,
        psycopg.connect(url) as writer,
        psycopg.connect(url, autocommit=True) as watcher,
        ThreadPoolExecutor() as threads,
    ):
        watcher.execute(FORGET_THE_SEARCH)
        writer.execute(RENAMED[0])
        rewriting = threads.submit(rewrite_stale_rows, doctor)
        until_waiting(watcher, rewriting)
        ((waiting,),) = watcher.execute("SELECT count(*) FROM product_search WHERE document = 'stale'").fetchall()
        writer.commit()
        rewriting.result(20)
        return waiting, broken(watcher)


@pytest.mark.usefixtures("shop")
def test_products_that_are_renamed_during_the_rebuild_are_waited_for_after_all_others(fresh_db: str) -> None:
    assert rewritten_while_open(fresh_db) == (4, set())


@pytest.mark.usefixtures("shop")
def test_products_that_are_renamed_would_be_searched_by_their_former_names_without_the_lock(
    fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WRITE", "WRITE_UNLOCKED"):
        unlocked = getattr(search_rows, name).replace("FOR SHARE SKIP LOCKED", "").replace("FOR SHARE", "")
        monkeypatch.setattr(search_rows, name, unlocked)
    assert rewritten_while_open(fresh_db)[1] == {"product_search"}


def test_rebuilds_among_many_writers_leave_all_well(shop: psycopg.Connection, fresh_db: str) -> None:
    over = threading.Event()

    def write(number: int) -> int:
        done = 0
        with psycopg.connect(fresh_db, autocommit=True) as conn:
            while not over.is_set() and done < 2_000:
                conn.execute(
                    "INSERT INTO products (name, price, category_id) SELECT 'New', 1, id FROM categories"
                    " ORDER BY random() LIMIT %s",
                    [number + 1],
                )
                conn.execute("UPDATE products SET deleted_at = now() WHERE price = 1 AND random() < 0.01")
                done += 1
        return done

    with ThreadPoolExecutor() as threads:
        writers = [threads.submit(write, number) for number in range(2)]
        for _ in range(10):
            shop.execute("DELETE FROM list_counts WHERE id % 2 = 0")
            rebuild(shop)
            assert broken(shop) == set()
        over.set()
        assert all(writer.result(20) for writer in writers)
    assert broken(shop) == set()


@pytest.mark.usefixtures("shop")
def test_a_writer_that_does_not_end_makes_the_rebuild_give_up(
    run: Run, fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "TIMEOUTS", "SET lock_timeout = '50ms'")
    with psycopg.connect(fresh_db) as writer:
        writer.execute("UPDATE products SET price = 2 WHERE price = 1")
        done = run("verify", "--rebuild")
        assert done.exit_code == 69
        writer.rollback()


def test_rows_that_were_created_in_the_future_are_a_warning(shop: psycopg.Connection, run: Run) -> None:
    shop.execute("UPDATE products SET created_at = now() + interval '2 hours' WHERE price < 3")
    done = run("verify")
    assert done.exit_code == 0
    assert "WARNING  times\n         8 products have a created_at in the future" in done.stdout
