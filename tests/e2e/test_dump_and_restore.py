"""A dump that is restored serves the same totals, tree and hits, whether it holds everything or the data alone."""

import os
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from tests.conftest import pooled
from tests.support.api import api_over
from tests.support.roles import grant_app
from tests.support.server import Databases

from angidi.cli.main import main
from angidi.cli.schema_state import MIGRATIONS
from angidi.config import Settings
from angidi.embedded import EmbeddedError
from angidi.embedded.programs import find_programs
from angidi.migrate import Migrate, Source

HOW_TO = Path(__file__).parents[2] / "docs/how-to/verify-derived-data.md"
KNOWN = "550e8400-e29b-41d4-a716-446655440001"
"""Electronics, which the migrations insert, too."""

ORDER = "00000000-0000-4000-8000-00000000000a"

SHOP = f"""
INSERT INTO categories (id, name) VALUES ('{KNOWN}', 'Electronics');
INSERT INTO categories (name, parent_id) VALUES ('Lamps', '{KNOWN}');
INSERT INTO categories (name, parent_id) SELECT 'Desk lamps', id FROM categories WHERE name = 'Lamps';
INSERT INTO products (name, description, price, sku, category_id, deleted_at)
SELECT 'Łamp ' || n || name, 'für den Schreibtisch, weiß', n, 'SKU-' || n || name, id, CASE WHEN n = 4 THEN now() END
  FROM categories
 CROSS JOIN generate_series(1, 4) AS n;
UPDATE products SET name = 'Renamed łamp', description = NULL WHERE price = 2;
INSERT INTO users (email, password_hash, name)
VALUES ('ada@shop.example', 'hash', 'Ådå'), ('b@shop.example', 'hash', 'B');
UPDATE users SET deleted_at = now() WHERE name = 'B';
ALTER TABLE users DISABLE TRIGGER email_format;
INSERT INTO users (email, password_hash, name) VALUES ('a@b..com', 'hash', 'Former');
ALTER TABLE users ENABLE TRIGGER email_format;
UPDATE products SET stock = 9 WHERE deleted_at IS NULL;
SELECT place_order('{ORDER}', 'A-1', users.id, NULL, ARRAY(SELECT id FROM products WHERE deleted_at IS NULL),
                   array_fill(2, ARRAY[9]), NULL, '{{}}', '', NULL, 'EUR',
                   '{{"kind": "order", "order_id": "{ORDER}"}}', NULL, NULL)
  FROM users
 WHERE name = 'Ådå';
UPDATE orders SET status = 'confirmed';
"""
PATHS = (
    "/products?sort=name",
    "/products?search=SCHREIBTISCH,%20weiß",
    "/products?search=łamp%201",
    "/products?q=lamp%20weiss",
    "/products?q=sku-1d",
    f"/categories/{KNOWN}/products?subtree=true&q=lamp",
    f"/categories/{KNOWN}/products?subtree=true",
    "/categories",
)
ROWS = {
    "totals": "SELECT list, category_id, sum(rows) FROM list_counts GROUP BY 1, 2 HAVING sum(rows) <> 0",
    "tree": "SELECT ancestor_id, descendant_id, depth FROM category_closure",
    "search": "SELECT product_id, document, words::text FROM product_search",
    "versions": "SELECT id, version, updated_at FROM products",
    "users": "SELECT id, email FROM users",
    "ledger": "SELECT * FROM stock_ledger",
    "orders": "SELECT * FROM orders",
    "items": "SELECT * FROM order_items",
    "history": "SELECT * FROM order_history",
}

PROGRAMS = ("pg_dump", "pg_restore", "psql")

Shell = Callable[..., None]
Same = Callable[[str], Awaitable[bool]]


@pytest.fixture
def source(fresh_db: str) -> str:
    """Address of a database with categories, products and users."""
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute(SHOP.encode())
    return fresh_db


@pytest.fixture
def target(databases: Databases) -> Iterator[str]:
    """Address of an empty database, beside that of `source`."""
    with databases.database() as url:
        yield url


@pytest.fixture
def migrated(target: str) -> str:
    """Address of a database with all migrations, and the known categories that they insert."""
    with Migrate.open(Source(MIGRATIONS), target) as migrate:
        migrate.up()
    grant_app(target)
    return target


@pytest.fixture
def shell(source: str, target: str, tmp_path: Path) -> Shell:
    """`shell(commands)`: run by sh, with the addresses in FROM and TO and PostgreSQL's programs in PATH."""
    with psycopg.connect(source) as conn:
        programs = client_programs(conn.info.server_version // 10_000)
    if programs is None:
        pytest.skip("pg_dump is not here, or older than the server")
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "FROM": source, "TO": target}

    def shell(commands: str) -> None:
        done = subprocess.run(
            ["/bin/sh", "-euc", commands], env=environment, cwd=tmp_path, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    return shell


def client_programs(server: int) -> Path | None:
    """Return the folder of the oldest pg_dump that reads a server of this major version."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin")]
    if found := shutil.which("pg_dump"):
        folders.append(Path(found).parent)
    with suppress(EmbeddedError):
        folders.append(find_programs())
    complete = [folder for folder in folders if all((folder / program).exists() for program in PROGRAMS)]
    versions = [(major(folder), folder) for folder in complete]
    return min((each for each in versions if each[0] >= server), default=(0, None))[1]


def major(folder: Path) -> int:
    told = subprocess.check_output([folder / "pg_dump", "--version"], text=True)
    found = re.search(r"\) (\d+)", told)
    return int(found[1]) if found else 0


@pytest.fixture
def same(settings: Settings, source: str) -> Same:
    """`await same(url)`: whether the database has and serves what `source` does."""

    async def same(url: str) -> bool:
        return await served(settings, url) == await served(settings, source) and stored(url) == stored(source)

    return same


async def served(settings: Settings, url: str) -> list[Any]:
    async with pooled(settings, url) as database, api_over(settings, database) as api:
        answers = [await api.get(path) for path in PATHS]
    assert all(answer.status_code == 200 and '"id"' in answer.text for answer in answers), answers
    return [answer.json()["data"] for answer in answers]


def stored(url: str) -> dict[str, list[Any]]:
    with psycopg.connect(url) as conn:
        return {name: sorted(conn.execute(sql.encode()).fetchall(), key=repr) for name, sql in ROWS.items()}


def verify(url: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[int, str]:
    monkeypatch.setenv("DATABASE_URL", url)
    done = CliRunner().invoke(main, ("verify", *options))
    return done.exit_code, done.output if done.exit_code else ""


WHOLE = {
    "custom format": 'pg_dump --format=custom --file=shop.dump "$FROM"; pg_restore --dbname="$TO" shop.dump',
    "plain": 'pg_dump --file=shop.sql "$FROM"; psql --quiet --set=ON_ERROR_STOP=1 --file=shop.sql "$TO"',
}


@pytest.mark.parametrize("commands", WHOLE.values(), ids=list(WHOLE))
async def test_a_whole_dump_is_restored_as_it_was(
    shell: Shell, same: Same, target: str, commands: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell(commands)
    assert await same(target)
    assert verify(target, monkeypatch) == (0, "")


def documented() -> str:
    """Return the commands of the document for the data alone."""
    section = HOW_TO.read_text(encoding="utf-8").split("\n## After a dump of the data alone\n")[1]
    found = re.search(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


async def test_the_data_alone_are_restored_into_a_migrated_database_as_documented(
    shell: Shell, same: Same, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell(documented())
    assert verify(migrated, monkeypatch) == (0, "")
    assert await same(migrated)


async def test_data_that_are_loaded_without_triggers_are_right_after_a_rebuild(
    shell: Shell, same: Same, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell(documented().replace("pg_restore ", "pg_restore --disable-triggers "))
    code, output = verify(migrated, monkeypatch)
    assert code == 1
    assert re.findall(r"DIFFERS  (\w+)", output) == ["category_closure", "list_counts", "product_search"]
    assert verify(migrated, monkeypatch, "--rebuild") == (0, "")
    assert await same(migrated)


async def test_data_that_do_not_fit_leave_nothing_behind(shell: Shell, migrated: str) -> None:
    with pytest.raises(AssertionError, match="duplicate key"):
        shell(documented().replace("DELETE FROM categories;\n", ""))
    with psycopg.connect(migrated) as conn:
        counts = conn.execute("SELECT (SELECT count(*) FROM products), (SELECT count(*) FROM list_counts)").fetchone()
    assert counts == (0, 0)
