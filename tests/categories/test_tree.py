"""The tree of categories: its shape shown, changed and guarded."""

import asyncio
from typing import Any

import pytest
from tests.support.api import Api, error_of
from tests.support.tables import contents

from angidi.categories import repository
from angidi.db.rows import execute

Category = dict[str, Any]

# A chain of that many categories, each in the one before; the ids end in the depth.
MAKE_CHAIN = """
INSERT INTO categories (id, name, parent_id)
SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Level ' || n,
       CASE WHEN n > 1 THEN ('00000000-0000-4000-8000-' || lpad((n - 1)::text, 12, '0'))::uuid END
  FROM generate_series(1, %(depth)s) AS n
"""


def level(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


async def make_chain(api: Api, depth: int) -> None:
    await api.database.write(execute, MAKE_CHAIN, {"depth": depth})


async def move(api: Api, headers: dict[str, str], moved: str, parent: str | None) -> tuple[int, str]:
    """Move a category; return status and either the code or its new parent."""
    answer = await api.put(f"/categories/{moved}", headers=headers, json={"parent_id": parent})
    return (200, answer.json()["data"]["parent_id"]) if answer.is_success else error_of(answer)


def shape(nodes: list[Category]) -> dict[str, Any]:
    return {node["name"]: shape(node["children"]) for node in nodes}


async def test_the_whole_tree_is_nested_with_siblings_by_name(api: Api) -> None:
    headers = await api.admin_headers()
    kitchen = await api.make_category(headers, "Kitchen")
    for name in ("Spoons", "Cups"):
        await api.make_category(headers, name, parent_id=kitchen["id"])
    await api.make_category(headers, "Books")
    page = (await api.get("/categories?tree=true")).json()["data"]
    assert shape(page["categories"]) == {"Books": {}, "Kitchen": {"Cups": {}, "Spoons": {}}}
    assert list(shape(page["categories"])["Kitchen"]) == ["Cups", "Spoons"]


async def test_the_whole_tree_is_one_page_of_its_roots(api: Api) -> None:
    headers = await api.admin_headers()
    for number in range(120):
        await api.make_category(headers, f"Root {number:03}")
    page = (await api.get("/categories?tree=true&page=3&page_size=5")).json()["data"]
    assert len(page.pop("categories")) == 120
    assert page == {"total_count": 120, "page": 1, "page_size": 120, "total_pages": 1}


async def test_a_list_that_is_no_tree_has_no_children_in_it(api: Api) -> None:
    await make_chain(api, 2)
    assert all("children" not in node for node in (await api.get("/categories")).json()["data"]["categories"])


async def test_a_path_leads_from_the_root_to_the_category(api: Api) -> None:
    await make_chain(api, 4)
    path = (await api.get(f"/categories/{level(3)}")).json()["data"]["path"]
    assert [(step["id"], step["name"]) for step in path] == [(level(number), f"Level {number}") for number in (1, 2, 3)]


async def test_a_moved_category_takes_what_is_below_it_along(api: Api) -> None:
    headers = await api.admin_headers()
    await make_chain(api, 4)
    other = await api.make_category(headers, "Other")
    assert await move(api, headers, level(3), other["id"]) == (200, other["id"])
    path = (await api.get(f"/categories/{level(4)}")).json()["data"]["path"]
    assert [step["name"] for step in path] == ["Other", "Level 3", "Level 4"]


async def test_a_category_can_be_moved_to_where_it_is_and_to_the_top(api: Api) -> None:
    headers = await api.admin_headers()
    await make_chain(api, 2)
    assert await move(api, headers, level(2), level(1)) == (200, level(1))
    assert await move(api, headers, level(2), None) == (200, None)


@pytest.mark.parametrize("under", [1, 2, 4])
async def test_a_move_under_oneself_is_a_cycle(api: Api, under: int) -> None:
    headers = await api.admin_headers()
    await make_chain(api, 4)
    before = await contents(api.database)
    assert await move(api, headers, level(1), level(under)) == (409, "CATEGORY_CYCLE")
    assert await contents(api.database) == before


async def test_a_move_beside_a_sibling_of_the_name_is_refused(api: Api) -> None:
    headers = await api.admin_headers()
    kitchen = await api.make_category(headers, "Kitchen")
    await api.make_category(headers, "Cups", parent_id=kitchen["id"])
    cups = await api.make_category(headers, "Cups")
    assert await move(api, headers, cups["id"], kitchen["id"]) == (409, "CATEGORY_EXISTS")


async def test_a_move_to_a_parent_that_does_not_exist_is_refused(api: Api) -> None:
    headers = await api.admin_headers()
    cups = await api.make_category(headers)
    assert await move(api, headers, cups["id"], level(1)) == (400, "VALIDATION_ERROR")


async def test_the_tree_is_at_most_fifty_levels_deep(api: Api) -> None:
    headers = await api.admin_headers()
    await make_chain(api, 49)
    fiftieth = await api.make_category(headers, "Level 50", parent_id=level(49))
    body = {"name": "Level 51", "parent_id": fiftieth["id"]}
    assert error_of(await api.post("/categories", headers=headers, json=body)) == (409, "CATEGORY_TOO_DEEP")


async def test_a_move_counts_the_levels_that_it_takes_along(api: Api) -> None:
    headers = await api.admin_headers()
    await make_chain(api, 49)
    top = await api.make_category(headers, "Top")
    assert await move(api, headers, level(1), top["id"]) == (200, top["id"])
    above = await api.make_category(headers, "Above")
    assert await move(api, headers, top["id"], above["id"]) == (409, "CATEGORY_TOO_DEEP")


async def test_a_deleted_category_is_gone(api: Api) -> None:
    headers = await api.admin_headers()
    cups = await api.make_category(headers)
    answer = await api.delete(f"/categories/{cups['id']}", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert error_of(await api.get(f"/categories/{cups['id']}")) == (404, "CATEGORY_NOT_FOUND")


async def test_the_children_of_a_deleted_category_become_roots(api: Api) -> None:
    headers = await api.admin_headers()
    await make_chain(api, 3)
    await api.delete(f"/categories/{level(1)}", headers=headers)
    tree = (await api.get("/categories?tree=true")).json()["data"]["categories"]
    assert shape(tree) == {"Level 2": {"Level 3": {}}}


async def test_where_a_child_would_clash_with_a_root_nothing_changes(api: Api) -> None:
    headers = await api.admin_headers()
    kitchen = await api.make_category(headers, "Kitchen")
    for name in ("Cups", "Spoons"):
        await api.make_category(headers, name, parent_id=kitchen["id"])
    await api.make_category(headers, "Spoons")
    before = await contents(api.database)
    answer = await api.delete(f"/categories/{kitchen['id']}", headers=headers)
    assert error_of(answer) == (409, "CATEGORY_EXISTS")
    assert await contents(api.database) == before


async def test_a_child_takes_the_name_that_its_deleted_parent_had(api: Api) -> None:
    headers = await api.admin_headers()
    kitchen = await api.make_category(headers, "Kitchen")
    await api.make_category(headers, "Kitchen", parent_id=kitchen["id"])
    assert (await api.delete(f"/categories/{kitchen['id']}", headers=headers)).status_code == 204


async def test_a_category_in_use_stays_and_the_message_counts_deleted_products_apart(api: Api) -> None:
    headers = await api.admin_headers()
    cups = await api.make_category(headers)
    products = [await api.make_product(headers, cups["id"]) for _ in range(3)]
    await api.delete(f"/products/{products[0]['id']}", headers=headers)
    answer = await api.delete(f"/categories/{cups['id']}", headers=headers)
    assert error_of(answer) == (409, "CATEGORY_IN_USE")
    message = answer.json()["error"]["message"]
    assert "2 products" in message
    assert "1 deleted product:" in message
    assert "purged" in message


async def test_deleted_products_alone_keep_a_category(api: Api) -> None:
    headers = await api.admin_headers()
    cups = await api.make_category(headers)
    product = await api.make_product(headers, cups["id"])
    await api.delete(f"/products/{product['id']}", headers=headers)
    answer = await api.delete(f"/categories/{cups['id']}", headers=headers)
    assert error_of(answer) == (409, "CATEGORY_IN_USE")
    message = answer.json()["error"]["message"]
    assert message == (
        "There are only deleted products in this category (1 deleted product): "
        "restore and move those, or have them purged (angidi purge)."
    )


async def test_products_below_do_not_keep_a_category(api: Api) -> None:
    headers = await api.admin_headers()
    await make_chain(api, 2)
    await api.make_product(headers, level(2))
    assert (await api.delete(f"/categories/{level(1)}", headers=headers)).status_code == 204


@pytest.mark.parametrize(
    ("method", "body"), [("DELETE", None), ("PUT", {"name": "Mugs"}), ("PUT", {"parent_id": None})]
)
async def test_a_path_changes_only_when_nobody_else_has_the_tree_locked(
    pool_api: Api, method: str, body: dict[str, object] | None
) -> None:
    headers = await pool_api.admin_headers()
    cups = await pool_api.make_category(headers, "Cups")
    async with pool_api.database.transaction() as conn:
        await repository.lock_tree(conn)
        change = asyncio.create_task(pool_api.request(method, f"/categories/{cups['id']}", headers=headers, json=body))
        await asyncio.wait([change], timeout=0.3)
        assert not change.done()
    assert (await change).is_success


async def test_a_description_changes_while_somebody_has_the_tree_locked(pool_api: Api) -> None:
    headers = await pool_api.admin_headers()
    cups = await pool_api.make_category(headers, "Cups")
    async with pool_api.database.transaction() as conn:
        await repository.lock_tree(conn)
        answer = await pool_api.put(f"/categories/{cups['id']}", headers=headers, json={"description": "Porcelain"})
    assert answer.is_success
