"""Categories one by one and in lists."""

from typing import Any

import pytest
from tests.support.api import Api, error_of, fields_of

from angidi.db.rows import execute

UNKNOWN = "0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22"


async def names(api: Api, **query: Any) -> list[str]:
    answer = await api.get("/categories", params=query)
    assert answer.status_code == 200, answer.text
    return [category["name"] for category in answer.json()["data"]["categories"]]


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PUT", f"/{UNKNOWN}"), ("DELETE", f"/{UNKNOWN}")])
async def test_only_admins_change_categories(api: Api, method: str, path: str) -> None:
    user = await api.make_user()
    assert error_of(await api.request(method, f"/categories{path}")) == (401, "MISSING_TOKEN")
    answer = await api.request(method, f"/categories{path}", headers=api.as_(user))
    assert error_of(answer) == (403, "FORBIDDEN")


async def test_a_category_is_made_and_shown(api: Api) -> None:
    headers = await api.admin_headers()
    body = {"name": " Cups ", "description": " To drink from "}
    made = await api.post("/categories", headers=headers, json=body)
    assert made.status_code == 201
    category = made.json()["data"]
    assert set(category) == {"id", "name", "description", "parent_id", "created_at", "updated_at", "version", "path"}
    assert (category["name"], category["description"], category["parent_id"]) == ("Cups", "To drink from", None)
    shown = (await api.get(f"/categories/{category['id']}")).json()["data"]
    assert shown == category
    assert shown["path"] == [{"id": category["id"], "name": "Cups", "version": 1}]


@pytest.mark.parametrize("name", [None, 1, True, [], "", "   ", "x" * 101])
async def test_a_name_beyond_the_rules_is_refused(api: Api, name: object) -> None:
    answer = await api.post("/categories", headers=await api.admin_headers(), json={"name": name})
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["name"])


@pytest.mark.parametrize("name", ["x", "é" * 100])
async def test_the_bounds_of_a_name_are_within_them(api: Api, name: str) -> None:
    assert (await api.make_category(await api.admin_headers(), name))["name"] == name


@pytest.mark.parametrize("parent", ["nope", UNKNOWN, 1, ""])
async def test_a_parent_that_does_not_exist_is_refused(api: Api, parent: object) -> None:
    body = {"name": "Cups", "parent_id": parent}
    answer = await api.post("/categories", headers=await api.admin_headers(), json=body)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["parent_id"])


async def test_every_failing_field_is_named(api: Api) -> None:
    body = {"description": 1, "parent_id": 2}
    answer = await api.post("/categories", headers=await api.admin_headers(), json=body)
    assert sorted(fields_of(answer)) == ["description", "name", "parent_id"]


@pytest.mark.parametrize("parent", [None, "Cups"])
async def test_siblings_have_different_names(api: Api, parent: str | None) -> None:
    headers = await api.admin_headers()
    above = (await api.make_category(headers, parent))["id"] if parent else None
    await api.make_category(headers, "Small", parent_id=above)
    answer = await api.post("/categories", headers=headers, json={"name": " Small ", "parent_id": above})
    assert error_of(answer) == (409, "CATEGORY_EXISTS")


async def test_names_are_compared_exactly_and_only_among_siblings(api: Api) -> None:
    headers = await api.admin_headers()
    cups = await api.make_category(headers, "Cups")
    await api.make_category(headers, "cups")
    assert (await api.make_category(headers, "Cups", parent_id=cups["id"]))["name"] == "Cups"


async def test_what_is_absent_stays(api: Api) -> None:
    headers = await api.admin_headers()
    parent = await api.make_category(headers, "Kitchen")
    made = await api.make_category(headers, "Cups", description="To drink from", parent_id=parent["id"])
    changed = (await api.put(f"/categories/{made['id']}", headers=headers, json={"name": "Mugs"})).json()["data"]
    path = [made["path"][0], {"id": made["id"], "name": "Mugs", "version": 2}]
    assert changed == made | {"name": "Mugs", "updated_at": changed["updated_at"], "version": 2, "path": path}
    assert (await api.put(f"/categories/{made['id']}", headers=headers, json={})).json()["data"] == changed


async def test_null_clears_description_and_parent(api: Api) -> None:
    headers = await api.admin_headers()
    parent = await api.make_category(headers, "Kitchen")
    made = await api.make_category(headers, "Cups", description="To drink from", parent_id=parent["id"])
    body = {"description": None, "parent_id": None}
    changed = (await api.put(f"/categories/{made['id']}", headers=headers, json=body)).json()["data"]
    assert (changed["description"], changed["parent_id"]) == ("", None)


async def test_a_change_sets_the_time_of_it(api: Api) -> None:
    headers = await api.admin_headers()
    made = await api.make_category(headers)
    await api.database.write(execute, "UPDATE categories SET created_at = '2001-01-01', updated_at = '2001-01-01'")
    changed = (await api.put(f"/categories/{made['id']}", headers=headers, json={"name": "Mugs"})).json()["data"]
    assert changed["created_at"] == "2001-01-01T00:00:00Z"
    assert changed["updated_at"] > "2002"


async def test_renaming_to_a_siblings_name_is_refused(api: Api) -> None:
    headers = await api.admin_headers()
    await api.make_category(headers, "Mugs")
    cups = await api.make_category(headers, "Cups")
    answer = await api.put(f"/categories/{cups['id']}", headers=headers, json={"name": "Mugs"})
    assert error_of(answer) == (409, "CATEGORY_EXISTS")


@pytest.mark.parametrize("id_", ["nope", UNKNOWN, UNKNOWN[:-1], "{" + UNKNOWN + "}"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_unknown_category_is_not_found(api: Api, method: str, id_: str) -> None:
    headers, body = await api.admin_headers(), {"name": "Mugs"} if method == "PUT" else None
    answer = await api.request(method, f"/categories/{id_}", headers=headers, json=body)
    assert error_of(answer) == (404, "CATEGORY_NOT_FOUND")


async def test_categories_are_listed_by_name(api: Api) -> None:
    headers = await api.admin_headers()
    for name in ("Spoons", "Cups", "Mugs"):
        await api.make_category(headers, name)
    assert await names(api) == ["Cups", "Mugs", "Spoons"]


async def test_a_list_of_categories_has_the_fields_of_every_list(api: Api) -> None:
    headers = await api.admin_headers()
    for number in range(5):
        await api.make_category(headers, f"Cups {number}")
    page = (await api.get("/categories?page=2&page_size=2")).json()["data"]
    assert [category["name"] for category in page.pop("categories")] == ["Cups 2", "Cups 3"]
    assert page.pop("next_cursor")
    assert page == {"total_count": 5, "page": 2, "page_size": 2, "total_pages": 3}


async def test_an_empty_list_is_a_list(api: Api) -> None:
    page = (await api.get("/categories")).json()["data"]
    assert page == {"categories": [], "total_count": 0, "page": 1, "page_size": 10, "total_pages": 0}


async def test_the_children_of_a_category_and_the_roots_are_lists_of_their_own(api: Api) -> None:
    headers = await api.admin_headers()
    kitchen = await api.make_category(headers, "Kitchen")
    await api.make_category(headers, "Books")
    cups = await api.make_category(headers, "Cups", parent_id=kitchen["id"])
    await api.make_category(headers, "Small cups", parent_id=cups["id"])
    assert await names(api, parent_id=kitchen["id"]) == ["Cups"]
    assert await names(api, parent_id="root") == ["Books", "Kitchen"]
    assert await names(api, parent_id=UNKNOWN) == await names(api, parent_id="nope") == []
