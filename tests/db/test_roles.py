"""`angidi db roles`: what each role may do, and may not."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction
from tests.conftest import migrate_up
from tests.support.api import BASE, Api, api_over
from tests.support.files import Report, write
from tests.support.server import Databases, with_database

from angidi.app import open_database
from angidi.config import ConfigError, Settings
from angidi.csvfiles import open_csv
from angidi.db import provision
from angidi.db.conninfo import DatabaseUrls
from angidi.db.roles import PURPOSES, RoleSetup, grant_app, set_up_app
from angidi.db.rows import execute
from angidi.embedded.programs import find_programs

PASSWORD = "a-long-password"
CLEAN = "SELECT clean_search_pending_lists()"

REFUSING = """
SELECT DISTINCT relname
  FROM pg_trigger
  JOIN pg_class ON pg_class.oid = tgrelid
 WHERE tgfoid = 'refuse_change'::regproc AND tgtype & 24 = 24
 ORDER BY 1
"""
"""The tables of which triggers refuse UPDATE and DELETE."""

ACCESS = """
SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
 UNION ALL SELECT attrelid::regclass || '.' || attname, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL
 UNION ALL SELECT proname, proacl::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
 UNION ALL SELECT datname, datacl::text FROM pg_database WHERE datname = current_database()
 UNION ALL SELECT nspname, nspacl::text FROM pg_namespace
 UNION ALL SELECT defaclobjtype::text || defaclnamespace, defaclacl::text FROM pg_default_acl
 UNION ALL SELECT setrole::regrole::text, setconfig::text FROM pg_db_role_setting
            JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()
 ORDER BY 1, 2
"""


class Addresses(NamedTuple):
    """A migrated database, by the roles whose address it is."""

    owner: str
    app: str
    readonly: str
    backup: str


@pytest.fixture
def bare(databases: Databases, template: str) -> Iterator[Addresses]:
    """A database without the roles, which are dropped at the end, and their addresses."""
    name = databases.create(template)
    try:
        yield Addresses(databases.url(name), *(address(databases, name, f"{name}_{purpose}") for purpose in PURPOSES))
    finally:
        databases.drop(name)
        drop_roles(databases, *(f"{name}_{purpose}" for purpose in PURPOSES))


@pytest.fixture
def roles(bare: Addresses) -> Addresses:
    """The same database with the roles."""
    RoleSetup(bare.owner, passwords=dict.fromkeys(PURPOSES, PASSWORD)).run()
    return bare


@pytest.fixture
async def api(settings: Settings, roles: Addresses) -> AsyncIterator[Api]:
    """The API as the role that serves."""
    database = open_database(settings, DatabaseUrls(roles.app, roles.app, roles.app))
    await database.open()
    async with api_over(settings, database) as client:
        yield client
    await database.close()


def address(databases: Databases, database: str, role: str) -> str:
    return with_database(make_conninfo(databases.url(database), user=role, password=PASSWORD), database)


def drop_roles(databases: Databases, *names: str) -> None:
    with psycopg.connect(databases.admin_url, autocommit=True) as conn:
        for name in names:
            conn.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def run(url: str, statements: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as conn:
        cursor = conn.execute(statements.encode())
        return cursor.fetchall() if cursor.description else []


async def test_the_app_may_do_all_that_the_api_does(api: Api) -> None:
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


async def test_the_app_may_import_in_batches_too(api: Api, tmp_path: Path) -> None:
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
        "CREATE SCHEMA made",
        "CREATE ROLE angidi_test_made",
        "ALTER TABLE products ADD COLUMN made integer",
        "ALTER TABLE stock_ledger DISABLE TRIGGER ALL",
        "UPDATE schema_migrations SET dirty = true",
        'DELETE FROM angidi_migrate."public.schema_migrations"',
        "TRUNCATE products",
        "UPDATE stock_ledger SET delta = 1",
        "DELETE FROM order_history",
        "UPDATE order_items SET quantity = 1",
        "INSERT INTO order_transitions VALUES ('pending', 'shipped')",
        "SELECT gin_clean_pending_list('product_search_words_idx')",
        "COPY products TO PROGRAM 'true'",
        "SELECT rolpassword FROM pg_authid",
        "SET session_replication_role = replica",
    ],
)
def test_the_app_may_neither_change_the_schema_nor_the_past(roles: Addresses, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        run(roles.app, statement)


def test_what_triggers_keep_from_change_the_app_may_only_append_to(roles: Addresses) -> None:
    (refusing, app) = (run(roles.owner, REFUSING), str(conninfo_to_dict(roles.app)["user"]))
    assert refusing
    for (table,) in refusing:
        query = f"SELECT has_table_privilege('{app}', '{table}', 'UPDATE, DELETE, TRUNCATE')"
        assert run(roles.owner, query) == [(False,)], table


def test_a_table_that_a_later_migration_makes_is_the_apps_to_write_and_nobody_elses(roles: Addresses) -> None:
    run(roles.owner, "CREATE TABLE later (id bigint GENERATED ALWAYS AS IDENTITY, n integer)")
    run(roles.app, "INSERT INTO later (n) VALUES (1); UPDATE later SET n = 2; DELETE FROM later")
    assert run(roles.backup, "SELECT n FROM later") == []
    with pytest.raises(InsufficientPrivilege):
        run(roles.readonly, "SELECT n FROM later")


def test_the_readonly_role_reads_all_but_hashes_and_tokens(roles: Addresses) -> None:
    run(roles.owner, "CREATE TABLE later (n integer, refresh_token text)")
    RoleSetup(roles.owner).run()
    assert run(roles.readonly, "SELECT count(*) FROM products JOIN users ON true LEFT JOIN shown_orders ON true") == [
        (0,)
    ]
    assert run(roles.readonly, "SELECT email, role FROM users UNION SELECT n::text, '' FROM later") == []
    for secret in (
        "password_hash FROM users",
        "refresh_token FROM later",
        "hash FROM idempotency_keys",
        "* FROM users",
    ):
        with pytest.raises(InsufficientPrivilege):
            run(roles.readonly, f"SELECT {secret}")


@pytest.mark.parametrize("purpose", ["readonly", "backup"])
def test_who_reads_does_not_write(roles: Addresses, purpose: str) -> None:
    url = getattr(roles, purpose)
    with pytest.raises(ReadOnlySqlTransaction):
        run(url, "CREATE TEMPORARY TABLE made (n integer)")
    writable = make_conninfo(url, options="-c default_transaction_read_only=off")
    for statement in ("CREATE TEMPORARY TABLE made (n integer)", "DELETE FROM products", CLEAN, "CREATE TABLE made ()"):
        with pytest.raises(InsufficientPrivilege):
            run(writable, statement)


def test_pg_dump_as_the_backup_role_dumps_what_the_owner_does(roles: Addresses) -> None:
    run(roles.owner, "INSERT INTO categories (name) VALUES ('Cups')")
    command = [find_programs() / "pg_dump", "--restrict-key=angidi"]
    dump = subprocess.check_output([*command, f"--dbname={roles.backup}"], text=True)
    assert "Cups" in dump
    assert dump == subprocess.check_output([*command, f"--dbname={roles.owner}"], text=True)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_role_has_time_limits(roles: Addresses, purpose: str) -> None:
    limits = (
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "client_connection_check_interval",
    )
    assert [run(getattr(roles, purpose), f"SHOW {limit}") for limit in limits] == [
        [("5s",)],
        [("1s",)],
        [("5s",)],
        [("2s",)],
    ]


def test_a_role_of_another_database_does_not_get_in(roles: Addresses, databases: Databases) -> None:
    name = str(conninfo_to_dict(roles.owner)["dbname"])
    stranger = f"{name}_stranger"
    run(databases.admin_url, f'CREATE ROLE "{stranger}" LOGIN')
    try:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            run(make_conninfo(roles.owner, user=stranger), "SELECT 1")
    finally:
        drop_roles(databases, stranger)


def test_a_second_time_changes_nothing_and_needs_nobody_who_makes_roles(roles: Addresses) -> None:
    before = run(roles.owner, ACCESS)
    result = RoleSetup(roles.owner).run()
    assert run(roles.owner, ACCESS) == before
    assert [(each.created, each.password) for each in result.roles] == [(False, None)] * 3
    assert not [each for each in result.statements if each.startswith(("CREATE ROLE", "ALTER ROLE"))]


def test_a_right_that_somebody_gave_is_taken_back(roles: Addresses) -> None:
    before = run(roles.owner, ACCESS)
    app = str(conninfo_to_dict(roles.app)["user"])
    run(
        roles.owner,
        f'GRANT UPDATE ON stock_ledger TO "{app}"; ALTER ROLE "{app}" CREATEDB;'
        f'GRANT CREATE ON SCHEMA public TO "{app}"',
    )
    RoleSetup(roles.owner).run()
    assert run(roles.owner, ACCESS) == before
    assert run(roles.owner, f"SELECT rolcreatedb FROM pg_roles WHERE rolname = '{app}'") == [(False,)]


def test_a_dry_run_prints_what_sets_up_the_same_and_changes_nothing(bare: Addresses) -> None:
    before = run(bare.owner, ACCESS)
    printed = RoleSetup(bare.owner, passwords=dict.fromkeys(PURPOSES, PASSWORD)).run(dry_run=True)
    assert run(bare.owner, ACCESS) == before
    assert not any(PASSWORD in statement for statement in printed.statements)
    run(bare.owner, ";\n".join(printed.statements))
    by_hand = run(bare.owner, ACCESS)
    RoleSetup(bare.owner).run()
    assert run(bare.owner, ACCESS) == by_hand


def test_a_new_role_without_a_password_gets_one_and_the_server_only_its_hash(bare: Addresses) -> None:
    admin = make_conninfo(bare.owner, options="-c password_encryption=md5")
    roles = RoleSetup(bare.owner, admin, passwords={"app": PASSWORD}).run().roles
    assert [bool(each.password) for each in roles] == [False, True, True]
    for role in roles:
        kept = run(bare.owner, f"SELECT rolpassword FROM pg_authid WHERE rolname = '{role.role}'")
        assert kept[0][0].startswith("SCRAM-SHA-256$")


def test_many_who_set_up_the_role_at_once_do_not_disturb_each_other(bare: Addresses) -> None:
    app = str(conninfo_to_dict(bare.app)["user"])
    with ThreadPoolExecutor(6) as threads:
        for done in [threads.submit(set_up_app, bare.owner, app) for _ in range(6)]:
            done.result()
        for done in [threads.submit(grant_app, bare.owner, app) for _ in range(6)]:
            done.result()
    run(bare.app, "INSERT INTO categories (name) VALUES ('Cups')")


def test_neither_a_superuser_nor_the_owner_serves(bare: Addresses) -> None:
    superuser = str(conninfo_to_dict(bare.owner)["user"])
    with pytest.raises(ConfigError, match="cannot be the role for app: name another, such as --app"):
        RoleSetup(bare.owner, names={"app": superuser}).run()


def test_who_is_to_serve_cannot_set_up_the_roles(roles: Addresses) -> None:
    app = str(conninfo_to_dict(roles.app)["user"])
    with pytest.raises(ConfigError, match=f"^DATABASE_DIRECT_URL: names {app}, .*: name the owner"):
        RoleSetup(roles.app, names={"app": app}).run()


def test_an_owner_who_may_make_no_roles_is_told_who_may_and_does_the_rest(databases: Databases) -> None:
    name = databases.create()
    databases.drop(name)
    owner = address(databases, name, name)
    try:
        provision.create(databases.admin_url, owner)
        migrate_up(owner)
        with pytest.raises(
            ConfigError, match=r"ADMIN_DATABASE_URL: the role .* may not .*permission denied to create role"
        ):
            RoleSetup(owner).run()
        RoleSetup(owner, databases.admin_url, passwords={"app": PASSWORD}).run()
        run(owner, "CREATE TABLE later (n integer)")
        RoleSetup(owner).run()
        assert run(address(databases, name, f"{name}_readonly"), "SELECT n FROM later") == []
        app = address(databases, name, f"{name}_app")
        run(app, "INSERT INTO categories (name) VALUES ('Cups')")
        with pytest.raises(InsufficientPrivilege):
            run(app, f'SET ROLE "{name}"')
    finally:
        databases.drop(name)
        drop_roles(databases, *(f"{name}_{purpose}" for purpose in PURPOSES), name)
