"""Races, on real connections: exactly one wins, the others are told so, and nobody sees an internal error.

Each invariant is a query, and each has a control: the same race run by code that reads, waits for the others and then
writes. The control breaks the invariant, which proves that the query would see it broken.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, LiteralString
from uuid import UUID

import httpx
import pytest
from tests.support.api import Api, error_of
from tests.support.isolation import as_owner
from tests.support.shop import PASSWORD, make, rows

from angidi.db import Connection, Database
from angidi.db.rows import execute, fetch_value
from angidi.ids import new_id
from angidi.users.models import NewUser

Outcome = int | tuple[int, str]
MANY = 30
FEW = 5
ADDRESS = "ada@shop.example"
SKU = "CUP-080"

ACTIVE_AT_ADDRESS = "SELECT count(*) FROM users WHERE lower(email) = %(email)s AND deleted_at IS NULL"
LIVING_WITH_SKU = "SELECT count(*) FROM products WHERE sku = %(sku)s AND deleted_at IS NULL"
LIVING_ADMINS = "SELECT count(*) FROM users WHERE role = 'admin' AND deleted_at IS NULL"
IN_A_RING = """
WITH RECURSIVE reached AS (
    SELECT id FROM categories WHERE parent_id IS NULL
     UNION ALL
    SELECT child.id FROM categories AS child JOIN reached ON child.parent_id = reached.id
)
SELECT count(*) FROM categories WHERE id NOT IN (SELECT id FROM reached)
"""
WITHOUT_CATEGORY = "SELECT count(*) FROM products WHERE category_id NOT IN (SELECT id FROM categories)"


async def at_once(requests: Iterable[Awaitable[httpx.Response]]) -> Counter[Outcome]:
    """Send all requests together; return how often each outcome came, errors by status and code."""
    answers = await asyncio.gather(*requests)
    return Counter(answer.status_code if answer.is_success else error_of(answer) for answer in answers)


async def ask(database: Database, query: LiteralString, **parameters: object) -> Any:
    return await database.read(fetch_value, query, parameters)


async def change(database: Database, statement: LiteralString, **parameters: object) -> int:
    return await database.write(execute, statement, parameters)


async def naively(
    database: Database,
    rivals: int,
    read: Callable[[Connection], Awaitable[bool]],
    write: Callable[[int], Awaitable[object]],
) -> None:
    """Let every rival read whether it may, and write, one after the other, once all have read."""
    barrier, turn = asyncio.Barrier(rivals), asyncio.Lock()

    async def rival(number: int) -> None:
        may = await database.read(read)
        await barrier.wait()
        async with turn:
            if may:
                await write(number)

    await asyncio.gather(*map(rival, range(rivals)))


async def make_admins(api: Api, count: int) -> list[tuple[UUID, dict[str, str]]]:
    """Return ids and headers of that many admins."""
    admins = [await api.make_admin(f"admin{number}@shop.example") for number in range(count)]
    return [(admin.id, api.as_(admin)) for admin in admins]


@pytest.fixture
async def admin(pool_api: Api) -> dict[str, str]:
    return await pool_api.admin_headers()


@pytest.fixture
async def category(pool_api: Api, admin: dict[str, str]) -> str:
    return (await pool_api.make_category(admin))["id"]


async def test_of_thirty_registrations_of_one_address_one_wins(pool_api: Api) -> None:
    spellings = [ADDRESS.upper(), ADDRESS, ADDRESS.title()] * (MANY // 3)
    bodies = [{"email": email, "password": PASSWORD, "name": "Ada"} for email in spellings]
    outcomes = await at_once(pool_api.post("/users/register", json=body) for body in bodies)
    assert outcomes == {201: 1, (409, "EMAIL_EXISTS"): MANY - 1}
    assert await ask(pool_api.database, ACTIVE_AT_ADDRESS, email=ADDRESS) == 1


async def test_control_reading_before_registering_lets_several_win(pool_db: Database) -> None:
    await as_owner(pool_db, "DROP INDEX users_email_active_key")

    async def is_free(conn: Connection) -> bool:
        return await fetch_value(conn, ACTIVE_AT_ADDRESS, {"email": ADDRESS}) == 0

    async def register(_: int) -> None:
        await make(pool_db, rows("users", {"email": ADDRESS}))

    await naively(pool_db, FEW, is_free, register)
    assert await ask(pool_db, ACTIVE_AT_ADDRESS, email=ADDRESS) == FEW


async def test_of_thirty_products_of_one_sku_one_wins(pool_api: Api, admin: dict[str, str], category: str) -> None:
    body = {"name": "Espresso cup", "price": 7.5, "category_id": category, "sku": SKU}
    outcomes = await at_once(pool_api.post("/products", headers=admin, json=body) for _ in range(MANY))
    assert outcomes == {201: 1, (409, "SKU_EXISTS"): MANY - 1}
    assert await ask(pool_api.database, LIVING_WITH_SKU, sku=SKU) == 1


async def test_of_ten_deleted_products_of_one_sku_one_is_restored(
    pool_api: Api, admin: dict[str, str], category: str
) -> None:
    paths: list[str] = []
    for _ in range(10):
        paths.append(f"/products/{(await pool_api.make_product(admin, category, sku=SKU))['id']}")
        await pool_api.delete(paths[-1], headers=admin)
    outcomes = await at_once(pool_api.post(f"{path}/restore", headers=admin) for path in paths)
    assert outcomes == {200: 1, (409, "SKU_EXISTS"): 9}
    assert await ask(pool_api.database, LIVING_WITH_SKU, sku=SKU) == 1


async def test_control_reading_before_writing_gives_one_sku_to_several(pool_api: Api, category: str) -> None:
    database = pool_api.database
    await as_owner(database, "DROP INDEX products_sku_active_key")

    async def is_free(conn: Connection) -> bool:
        return await fetch_value(conn, LIVING_WITH_SKU, {"sku": SKU}) == 0

    async def insert(_: int) -> None:
        await make(database, rows("products", {"category_id": category, "sku": SKU}))

    await naively(database, FEW, is_free, insert)
    assert await ask(database, LIVING_WITH_SKU, sku=SKU) == FEW


async def test_registering_and_restoring_one_address_at_once_gives_it_to_one(
    pool_api: Api, admin: dict[str, str]
) -> None:
    former = await pool_api.make_user(ADDRESS)
    await pool_api.delete(f"/users/{former.id}", headers=admin)
    body = {"email": ADDRESS, "password": PASSWORD, "name": "Ada"}
    restored = [pool_api.post(f"/users/{former.id}/restore", headers=admin) for _ in range(FEW)]
    outcomes = await at_once([pool_api.post("/users/register", json=body), *restored])
    assert outcomes in (
        {201: 1, (409, "EMAIL_EXISTS"): FEW},
        {200: FEW, (409, "EMAIL_EXISTS"): 1},
    )
    assert await ask(pool_api.database, ACTIVE_AT_ADDRESS, email=ADDRESS) == 1


async def test_of_thirty_deletions_of_one_product_one_wins(pool_api: Api, admin: dict[str, str], category: str) -> None:
    path = f"/products/{(await pool_api.make_product(admin, category))['id']}"
    outcomes = await at_once(pool_api.delete(path, headers=admin) for _ in range(MANY))
    assert outcomes == {204: 1, (404, "PRODUCT_NOT_FOUND"): MANY - 1}


async def test_control_reading_before_deleting_lets_several_win(
    pool_api: Api, admin: dict[str, str], category: str
) -> None:
    database, product = pool_api.database, await pool_api.make_product(admin, category)
    won: list[int] = []

    async def is_active(conn: Connection) -> bool:
        query = "SELECT deleted_at IS NULL FROM products WHERE id = %(id)s"
        return bool(await fetch_value(conn, query, {"id": product["id"]}))

    async def delete(number: int) -> None:
        await change(database, "UPDATE products SET deleted_at = now() WHERE id = %(id)s", id=product["id"])
        won.append(number)

    await naively(database, FEW, is_active, delete)
    assert len(won) == FEW


async def test_deleting_and_restoring_at_once_ends_as_one_of_them_said(
    pool_api: Api, admin: dict[str, str], category: str
) -> None:
    path = f"/products/{(await pool_api.make_product(admin, category, sku=SKU))['id']}"
    deletions = [pool_api.delete(path, headers=admin) for _ in range(MANY // 2)]
    restorations = [pool_api.post(f"{path}/restore", headers=admin) for _ in range(MANY // 2)]
    outcomes = await at_once(both for pair in zip(deletions, restorations, strict=True) for both in pair)
    assert outcomes[200] == MANY // 2
    assert outcomes[204] + outcomes[404, "PRODUCT_NOT_FOUND"] == MANY // 2
    assert (await pool_api.get(path)).is_success == (await ask(pool_api.database, LIVING_WITH_SKU, sku=SKU) == 1)


async def test_of_ten_moves_that_would_close_a_cycle_one_is_refused(pool_api: Api, admin: dict[str, str]) -> None:
    ids = [(await pool_api.make_category(admin, f"Ring {number}"))["id"] for number in range(10)]
    moves = zip(ids, [*ids[1:], ids[0]], strict=True)
    outcomes = await at_once(
        pool_api.put(f"/categories/{moved}", headers=admin, json={"parent_id": parent}) for moved, parent in moves
    )
    assert outcomes == {200: 9, (409, "CATEGORY_CYCLE"): 1}
    assert await ask(pool_api.database, IN_A_RING) == 0


async def test_control_looking_before_moving_closes_a_cycle(pool_api: Api, admin: dict[str, str]) -> None:
    ids = [(await pool_api.make_category(admin, f"Ring {number}"))["id"] for number in range(2)]
    await as_owner(pool_api.database, "DROP TRIGGER categories_moved_closure ON categories")  # it would refuse the ring

    async def are_roots(conn: Connection) -> bool:
        return await fetch_value(conn, "SELECT bool_and(parent_id IS NULL) FROM categories") is True

    async def move(number: int) -> None:
        statement = "UPDATE categories SET parent_id = %(parent)s WHERE id = %(id)s"
        await change(pool_api.database, statement, id=ids[number], parent=ids[1 - number])

    await naively(pool_api.database, 2, are_roots, move)
    assert await ask(pool_api.database, IN_A_RING) == 2


async def test_a_category_is_either_filled_or_deleted(pool_api: Api, admin: dict[str, str]) -> None:
    for number in range(10):
        category = (await pool_api.make_category(admin, f"Cups {number}"))["id"]
        body = {"name": "Espresso cup", "price": 7.5, "category_id": category}
        filling = [pool_api.post("/products", headers=admin, json=body) for _ in range(FEW)]
        outcomes = await at_once([*filling, pool_api.delete(f"/categories/{category}", headers=admin)])
        assert outcomes in (
            {201: FEW, (409, "CATEGORY_IN_USE"): 1},
            {204: 1, (400, "VALIDATION_ERROR"): FEW},
        )
    assert await ask(pool_api.database, WITHOUT_CATEGORY) == 0


async def test_control_counting_before_deleting_leaves_products_without_a_category(
    pool_api: Api, category: str
) -> None:
    database = pool_api.database
    await as_owner(database, "ALTER TABLE products DROP CONSTRAINT products_category_id_fkey")

    async def is_there_and_empty(conn: Connection) -> bool:
        query = "SELECT count(*) = 1 FROM categories WHERE id NOT IN (SELECT category_id FROM products)"
        return bool(await fetch_value(conn, query))

    async def delete_or_fill(number: int) -> None:
        statements: tuple[LiteralString, LiteralString] = (
            "DELETE FROM categories WHERE id = %(id)s",
            "INSERT INTO products (name, price, category_id) VALUES ('Cup', 1, %(id)s)",
        )
        await change(database, statements[number], id=category)

    await naively(database, 2, is_there_and_empty, delete_or_fill)
    assert await ask(database, WITHOUT_CATEGORY) == 1


async def test_a_parent_deleted_while_children_are_made_leaves_them_as_roots_or_unmade(
    pool_api: Api, admin: dict[str, str]
) -> None:
    parent = (await pool_api.make_category(admin))["id"]
    bodies = [{"name": f"Child {number}", "parent_id": parent} for number in range(FEW)]
    making = [pool_api.post("/categories", headers=admin, json=body) for body in bodies]
    outcomes = await at_once([*making, pool_api.delete(f"/categories/{parent}", headers=admin)])
    assert outcomes[204] == 1
    assert outcomes[201] + outcomes[400, "VALIDATION_ERROR"] == FEW
    assert await ask(pool_api.database, IN_A_RING) == 0
    assert await ask(pool_api.database, "SELECT count(*) FROM categories WHERE parent_id IS NULL") == outcomes[201]


async def test_of_two_admins_who_delete_each_other_one_stays(pool_api: Api) -> None:
    for _ in range(FEW):
        await change(pool_api.database, "DELETE FROM users")
        (one, as_one), (other, as_other) = await make_admins(pool_api, 2)
        outcomes = await at_once([
            pool_api.delete(f"/users/{other}", headers=as_one),
            pool_api.delete(f"/users/{one}", headers=as_other),
        ])  # fmt: skip
        assert outcomes in ({204: 1, (409, "LAST_ADMIN"): 1}, {204: 1, (401, "INVALID_TOKEN"): 1})
        assert await ask(pool_api.database, LIVING_ADMINS) == 1


async def test_of_ten_admins_who_all_step_down_at_once_one_stays(pool_api: Api) -> None:
    admins = await make_admins(pool_api, 10)
    leaving = [pool_api.delete("/users/me", headers=headers) for _, headers in admins[:5]]
    demoted = [pool_api.put(f"/users/{id_}", headers=headers, json={"role": "user"}) for id_, headers in admins[5:]]
    outcomes = await at_once([*leaving, *demoted])
    assert outcomes[204] + outcomes[200] == 9
    assert outcomes[409, "LAST_ADMIN"] == 1
    assert await ask(pool_api.database, LIVING_ADMINS) == 1


async def test_control_counting_admins_before_deleting_them_leaves_none(pool_api: Api) -> None:
    ids = [id_ for id_, _ in await make_admins(pool_api, 2)]

    async def are_several(conn: Connection) -> bool:
        return bool(await fetch_value(conn, LIVING_ADMINS) > 1)

    async def delete(number: int) -> None:
        await change(pool_api.database, "UPDATE users SET deleted_at = now() WHERE id = %(id)s", id=ids[number])

    await naively(pool_api.database, 2, are_several, delete)
    assert await ask(pool_api.database, LIVING_ADMINS) == 0


async def test_of_several_starters_one_makes_the_first_admin(pool_api: Api) -> None:
    admins = [NewUser(f"admin{number}@shop.example", PASSWORD, "Admin") for number in range(8)]
    made = await asyncio.gather(*map(pool_api.services.users.ensure_admin, admins))
    assert len([user for user in made if user]) == 1
    assert await ask(pool_api.database, LIVING_ADMINS) == 1


async def test_control_looking_before_making_the_first_admin_makes_several(pool_db: Database) -> None:
    async def is_none(conn: Connection) -> bool:
        return await fetch_value(conn, LIVING_ADMINS) == 0

    async def make_one(number: int) -> None:
        await make(pool_db, rows("users", {"email": f"admin{number}@shop.example", "role": "admin"}))

    await naively(pool_db, FEW, is_none, make_one)
    assert await ask(pool_db, LIVING_ADMINS) == FEW


async def test_changes_of_different_fields_at_once_are_all_kept(
    pool_api: Api, admin: dict[str, str], category: str
) -> None:
    path = f"/products/{(await pool_api.make_product(admin, category))['id']}"
    changes = [{"name": "Mug"}, {"price": 3.25}, {"stock": 9}, {"description": "Stoneware"}, {"sku": SKU}]
    outcomes = await at_once(pool_api.put(path, headers=admin, json=fields) for fields in changes * 4)
    assert outcomes == {200: 20}
    shown = (await pool_api.get(path)).json()["data"]
    assert [shown[name] for fields in changes for name in fields] == ["Mug", 3.25, 9, "Stoneware", SKU]


async def test_control_writing_back_a_whole_product_loses_a_change(pool_api: Api, category: str) -> None:
    database, product = pool_api.database, new_id()
    await make(database, rows("products", {"id": product, "name": "Cup", "price": 1, "category_id": category}))

    async def read(conn: Connection) -> bool:
        return await fetch_value(conn, "SELECT (name, price) = ('Cup', 1) FROM products") is True

    async def write(number: int) -> None:
        name, price = (("Mug", 1), ("Cup", 2))[number]
        await change(database, "UPDATE products SET name = %(name)s, price = %(price)s", name=name, price=price)

    await naively(database, 2, read, write)
    assert await ask(database, "SELECT (name, price) = ('Mug', 2) FROM products") is False
