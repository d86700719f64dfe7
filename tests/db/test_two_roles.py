"""The two roles of docs/database/SETUP.md: its SQL is run as it stands, and then the API as the role that serves."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.errors import InsufficientPrivilege
from tests.conftest import migrate_up, pooled
from tests.support.api import BASE, Api, api_over
from tests.support.files import Report, write
from tests.support.server import Databases, with_database

from angidi.config import Settings
from angidi.csvfiles import open_csv
from angidi.db import provision
from angidi.db.rows import execute

SETUP = Path(__file__).parents[2] / "docs/database/SETUP.md"
PASSWORD = "a-long-password"
CLEAN = "SELECT clean_search_pending_lists()"
CLEAN_BY_ITSELF = "SELECT gin_clean_pending_list('product_search_words_idx')"


class Roles(NamedTuple):
    """A migrated database: its addresses for the owner and for the role that serves."""

    owner: str
    serving: str


@pytest.fixture
def roles(databases: Databases) -> Iterator[Roles]:
    """A database made and granted as the document says, with names of the test's own, dropped at the end."""
    name = databases.create()
    databases.drop(name)
    serving = f"{name}_app"
    found = Roles(*(address(databases, name, role) for role in (name, serving)))
    making, granting = commands(name, serving)
    try:
        provision.create(databases.admin_url, found.owner)
        run(databases.admin_url, making)
        migrate_up(found.owner)
        run(found.owner, granting)
        yield found
    finally:
        with psycopg.connect(databases.admin_url, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            for role in (serving, name):
                conn.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@pytest.fixture
async def api(settings: Settings, roles: Roles) -> AsyncIterator[Api]:
    """The API as the role that serves."""
    async with pooled(settings, roles.serving) as database, api_over(settings, database) as client:
        yield client


def address(databases: Databases, database: str, role: str) -> str:
    return with_database(make_conninfo(databases.url(database), user=role, password=PASSWORD), database)


def commands(database: str, serving: str) -> list[str]:
    """Return the blocks of SQL in the section, with these names instead of the document's."""
    section = SETUP.read_text(encoding="utf-8").split("\n## Two roles\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```sql\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    names = {"angidi_app": serving, "DATABASE angidi ": f"DATABASE {database} ", "'…'": f"'{PASSWORD}'"}
    for shown, own in names.items():
        assert any(shown in block for block in blocks)
        blocks = [block.replace(shown, own) for block in blocks]
    return blocks


def run(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(statements.encode())


async def test_the_role_that_serves_may_do_all_that_the_api_does(api: Api) -> None:
    headers = await api.admin_headers()
    registration = {"email": "ada@shop.example", "password": "correct horse battery", "name": "Ada"}
    assert (await api.post("/users/register", json=registration)).status_code == 201
    assert (await api.post("/users/login", json=registration)).status_code == 200
    parent = (await api.make_category(headers))["id"]
    child = (await api.make_category(headers, "Espresso", parent_id=parent))["id"]
    kept = (await api.make_product(headers, child, sku="A-1"))["id"]
    gone = (await api.make_product(headers, parent, sku="A-2"))["id"]
    rows = [{"name": "Mug", "price": 5, "category_id": parent, "sku": "A-3"}]
    assert (await api.post("/products/bulk", headers=headers, json={"products": rows})).status_code == 201
    assert (await api.put(f"/products/{kept}", headers=headers, json={"category_id": parent})).status_code == 200
    assert (await api.put(f"/categories/{child}", headers=headers, json={"parent_id": None})).status_code == 200
    assert (await api.delete(f"/products/{gone}", headers=headers)).status_code == 204
    assert (await api.delete(f"/categories/{child}", headers=headers)).status_code == 204
    await api.database.write(execute, CLEAN)
    for path in ("/products", f"/categories/{parent}/products", "/products?search=cup", "/products?q=esp"):
        assert (await api.get(path)).json()["data"]["products"][-1]["id"] == kept, path
    for path in ("/products/suggest?q=mug", "/categories?tree=true", "/products/export", "/users"):
        assert (await api.get(path, headers=headers)).status_code == 200, path
    assert (await api.get(f"http://testserver{BASE}/health")).status_code == 200


async def test_it_may_import_in_batches_too(api: Api, tmp_path: Path) -> None:
    await api.make_category(await api.admin_headers())
    path = write(tmp_path, "sku,name,price,stock,category\nA-1,Mug,5,1,Cups\nA-2,Cup,7.5,2,Cups\n")
    report = Report()
    with open_csv(path) as file:
        batches = api.services.product_imports.import_in_batches(file, size=1, resume=False, on_refused=report)
        done = [progress async for progress in batches]
    assert (done[-1].added, report.refused) == (2, {})
    with open_csv(path) as file:
        assert (await api.services.product_imports.import_file(file, on_refused=report)).unchanged == 2


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE made (n integer)",
        "ALTER TABLE products ADD COLUMN made integer",
        "UPDATE schema_migrations SET dirty = true",
        'DELETE FROM angidi_migrate."public.schema_migrations"',
        "TRUNCATE products",
        CLEAN_BY_ITSELF,
    ],
)
def test_it_may_not_change_the_schema_nor_what_is_recorded_of_it(roles: Roles, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        run(roles.serving, statement)


def test_it_may_write_to_a_table_that_a_later_migration_makes(roles: Roles) -> None:
    run(roles.owner, "CREATE TABLE later (n integer)")
    run(roles.serving, "INSERT INTO later (n) VALUES (1); UPDATE later SET n = 2; DELETE FROM later")
