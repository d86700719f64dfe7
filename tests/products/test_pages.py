"""Walking through lists: by cursor, by link, from any page on, with and without a total."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from tests.support.api import Api, error_of, fields_of
from tests.support.shop import make, many, three_categories

from angidi.db.rows import execute

KITCHEN = "550e8400-e29b-41d4-a716-446655440001"
CUPS = "550e8400-e29b-41d4-a716-446655440002"
STRICT = {"Prefer": "handling=strict"}
SORTS = ["created_at", "-created_at", "price", "-price", "name", "-name"]

# Three of each time, price and name, so that pages end among equals; one in eight is deleted.
MAKE_PRODUCTS = many(
    "products",
    26,
    name="'Cup ' || n / 3",
    price="1 + n / 3",
    category_id=UUID(CUPS),
    created_at="now() + n / 3 * interval '1 microsecond'",
    deleted_at="CASE WHEN mod(n, 8) = 0 THEN now() END",
)
LIVING, ALL = 23, 26

MAKE_USERS = many("users", 10, name="'Made'", created_at="now() + n / 3 * interval '1 microsecond'")


@pytest.fixture
async def shelf(api: Api) -> Api:
    """The API with 23 active products and three deleted ones, in a category below another."""
    await make(api.database, three_categories())
    await make(api.database, MAKE_PRODUCTS)
    return api


async def page_of(api: Api, path: str = "/products", **query: Any) -> dict[str, Any]:
    headers = query.pop("headers", None)
    answer = await api.get(path, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def walk(api: Api, path: str = "/products", **query: Any) -> AsyncIterator[dict[str, Any]]:
    """Give each page of a list, from the one that `query` asks for to the last, by cursor."""
    page = await page_of(api, path, **query)
    query.pop("page", None)
    yield page
    while cursor := page.get("next_cursor"):
        page = await page_of(api, path, **query, cursor=cursor)
        yield page


def ids_of(page: dict[str, Any]) -> list[str]:
    return [item["id"] for plural in ("products", "users", "categories") for item in page.get(plural, ())]


async def walked(api: Api, path: str = "/products", **query: Any) -> list[str]:
    return [found async for page in walk(api, path, **query) for found in ids_of(page)]


async def numbered(api: Api, path: str = "/products", **query: Any) -> list[str]:
    """Return what all pages by number show."""
    first = await page_of(api, path, **query)
    pages = [await page_of(api, path, **query, page=number) for number in range(1, first["total_pages"] + 1)]
    return [found for page in pages for found in ids_of(page)]


def links_of(answer: httpx.Response) -> dict[str, str]:
    return {relation or "": link["url"] for relation, link in answer.links.items()}


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("size", [1, 4, 23, 100])
async def test_a_walk_by_cursor_shows_what_the_pages_by_number_show(shelf: Api, sort: str, size: int) -> None:
    found = await walked(shelf, sort=sort, page_size=size)
    assert found == await numbered(shelf, sort=sort, page_size=size)
    assert len(found) == LIVING


@pytest.mark.parametrize(
    "filters",
    [
        {"search": "cup 2"}, {"min_price": "3", "max_price": "6"}, {"category_id": CUPS}, {"in_stock": "false"},
        {"category_id": KITCHEN, "subtree": "true"}, {"count": "exact"}, {"search": "nothing"},
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("sort", ["-created_at", "price"])
async def test_a_walk_keeps_to_its_filters(shelf: Api, sort: str, filters: dict[str, str]) -> None:
    query: dict[str, Any] = {"sort": sort, "page_size": 2, **filters}
    assert await walked(shelf, **query) == await numbered(shelf, **query)


async def test_a_categorys_own_list_is_walked_through_and_shares_its_cursors_with_the_filter(shelf: Api) -> None:
    path = f"/categories/{KITCHEN}/products"
    found = await walked(shelf, path, page_size=5)
    assert (len(found), found) == (LIVING, await numbered(shelf, path, page_size=5))
    cursor = (await page_of(shelf, path, page_size=5))["next_cursor"]
    assert ids_of(await page_of(shelf, category_id=KITCHEN, subtree="true", cursor=cursor)) == found[5:10]


@pytest.mark.parametrize(("deleted", "count"), [("with", ALL), ("only", ALL - LIVING)])
async def test_admins_walk_through_the_deleted_too(shelf: Api, deleted: str, count: int) -> None:
    headers = await shelf.admin_headers()
    found = await walked(shelf, deleted=deleted, page_size=2, headers=headers)
    assert len(found) == len(set(found)) == count


async def test_a_cursor_of_an_admins_list_opens_nothing_to_others(shelf: Api) -> None:
    headers = await shelf.admin_headers()
    cursor = (await page_of(shelf, deleted="with", headers=headers))["next_cursor"]
    asked = {"cursor": cursor, "deleted": "with"}
    assert error_of(await shelf.get("/products", params=asked)) == (401, "MISSING_TOKEN")
    assert fields_of(await shelf.get("/products", params={"cursor": cursor})) == ["cursor"]


async def test_users_are_walked_through(api: Api) -> None:
    headers = await api.admin_headers()
    await make(api.database, MAKE_USERS)
    found = await walked(api, "/users", page_size=2, headers=headers)
    assert found == ids_of(await page_of(api, "/users", page_size=100, headers=headers))
    assert len(found) == 11
    assert len(await walked(api, "/users", page_size=3, search="made", headers=headers)) == 10


async def test_categories_are_walked_through(api: Api) -> None:
    headers = await api.admin_headers()
    names = ["Ähren", "a", "B", "b", "A", "Z", "z", "é", "e", "Straße", "Strasse"]
    parent = await api.make_category(headers, "Parent")
    for name in names:
        await api.make_category(headers, name, parent_id=parent["id"])
        await api.make_category(headers, name)
    found = await walked(api, "/categories", page_size=2)
    assert found == ids_of(await page_of(api, "/categories", page_size=100))
    assert len(found) == 2 * len(names) + 1
    assert len(await walked(api, "/categories", page_size=2, parent_id=parent["id"])) == len(names)
    assert len(await walked(api, "/categories", page_size=2, parent_id="root")) == len(names) + 1


async def test_the_pages_of_a_walk_are_numbered_and_tell_the_total(shelf: Api) -> None:
    pages = [page async for page in walk(shelf, page_size=10)]
    fields = [(page["page"], page["page_size"], page["total_count"], page["total_pages"]) for page in pages]
    assert fields == [(1, 10, LIVING, 3), (2, 10, LIVING, 3), (3, 10, LIVING, 3)]
    assert ["next_cursor" in page for page in pages] == [True, True, False]


async def test_a_client_goes_on_by_cursor_from_any_page(shelf: Api) -> None:
    everything = await walked(shelf, page_size=100)
    pages = [page async for page in walk(shelf, page_size=4, page=3)]
    assert [page["page"] for page in pages] == [3, 4, 5, 6]
    assert [found for page in pages for found in ids_of(page)] == everything[8:]


async def test_a_cursor_keeps_the_size_of_its_page_until_another_is_given(shelf: Api) -> None:
    cursor = (await page_of(shelf, page_size=4))["next_cursor"]
    same, other = await page_of(shelf, cursor=cursor), await page_of(shelf, cursor=cursor, page_size=2)
    assert (len(ids_of(same)), same["page"], same["page_size"]) == (4, 2, 4)
    assert (len(ids_of(other)), other["page"], other["page_size"]) == (2, 3, 2)


async def test_a_page_after_the_last_has_no_next_one(shelf: Api) -> None:
    assert "next_cursor" not in await page_of(shelf, page=9)
    assert "next_cursor" not in await page_of(shelf, search="nothing")


# Counting


@pytest.mark.parametrize("path", ["/products", f"/categories/{KITCHEN}/products", "/categories", "/users"])
async def test_a_list_that_is_not_to_be_counted_has_no_totals(shelf: Api, path: str) -> None:
    page = await page_of(shelf, path, count="none", page_size=1, headers=await shelf.admin_headers())
    assert {"total_count", "total_pages", "total_is_estimate"}.isdisjoint(page)
    assert (page["page"], page["page_size"]) == (1, 1)


async def test_without_a_count_an_unknown_category_is_not_found_and_an_empty_one_is_empty(shelf: Api) -> None:
    await shelf.database.write(execute, "DELETE FROM products")
    empty = await page_of(shelf, f"/categories/{CUPS}/products", count="none")
    assert empty == {"products": [], "page": 1, "page_size": 10}
    unknown = "/categories/0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22/products"
    assert error_of(await shelf.get(unknown, params={"count": "none"})) == (404, "CATEGORY_NOT_FOUND")


# Links


async def test_the_links_lead_through_the_list(shelf: Api) -> None:
    answer = await shelf.get("/products", params={"page_size": 10, "sort": "price"})
    first, seen = links_of(answer)["first"], ids_of(answer.json()["data"])
    while url := links_of(answer).get("next"):
        answer = await shelf.get(f"http://testserver{url}")
        seen += ids_of(answer.json()["data"])
        assert links_of(answer)["first"] == first
    assert seen == await walked(shelf, sort="price")
    assert ids_of((await shelf.get(f"http://testserver{first}")).json()["data"]) == seen[:10]


@pytest.mark.parametrize("path", ["/products", f"/categories/{KITCHEN}/products", "/categories", "/users"])
async def test_every_list_has_links(shelf: Api, path: str) -> None:
    headers = await shelf.admin_headers()
    await shelf.make_user()
    answer = await shelf.get(path, params={"page_size": 1}, headers=headers)
    links = links_of(answer)
    assert links["first"] == f"/api/v1{path}?page_size=1"
    assert query_of(links["next"]) == {"page_size": "1", "cursor": answer.json()["data"]["next_cursor"]}
    assert urlsplit(links["next"]).path == f"/api/v1{path}"


async def test_the_last_page_links_to_the_first_only(shelf: Api) -> None:
    answer = await shelf.get("/products", params={"page": 3})
    assert answer.headers["link"] == '</api/v1/products>; rel="first"'


async def test_links_keep_every_other_parameter_as_it_was_sent(shelf: Api) -> None:
    sent = "?search=cup&min_price=%31&colour=%22%3E%3B%20r%C3%BC%20+%2526&flag&page=2&empty=&page_size=2"
    links = links_of(await shelf.get(f"/products{sent}"))
    kept = sent.replace("&page=2", "")
    assert links["first"] == f"/api/v1/products{kept}"
    assert links["next"].startswith(f"/api/v1/products{kept}&cursor=")


async def test_a_cursor_in_a_link_replaces_the_one_that_was_asked_for(shelf: Api) -> None:
    cursor = (await page_of(shelf, page_size=2))["next_cursor"]
    answer = await shelf.get(f"/products?%63ursor={cursor}&cursor=x")
    assert links_of(answer)["first"] == "/api/v1/products"
    assert query_of(links_of(answer)["next"]) == {"cursor": answer.json()["data"]["next_cursor"]}


# Refused


@pytest.mark.parametrize("cursor", [" ", "x", "e30", "A" * 5000, "%", "\0", "\u0661", "null", "../../etc"])
@pytest.mark.parametrize("path", ["/products", f"/categories/{KITCHEN}/products", "/categories", "/users"])
async def test_what_is_no_cursor_is_refused_and_named(shelf: Api, path: str, cursor: str) -> None:
    headers = await shelf.admin_headers()
    for asked in ({}, STRICT):
        answer = await shelf.get(path, params={"cursor": cursor}, headers=headers | asked)
        assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["cursor"])


async def test_a_cursor_under_another_sort_filter_or_list_is_refused(shelf: Api) -> None:
    cursor = (await page_of(shelf, sort="price", page_size=2))["next_cursor"]
    for path, query in [
        ("/products", {}), ("/products", {"sort": "-price"}), ("/products", {"sort": "price", "search": "cup"}),
        (f"/categories/{CUPS}/products", {"sort": "price"}), ("/categories", {}), ("/categories", {"tree": "true"}),
    ]:  # fmt: skip
        answer = await shelf.get(path, params={**query, "cursor": cursor})
        assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["cursor"])


async def test_beside_a_cursor_a_pages_number_is_ignored_and_under_strict_handling_refused(shelf: Api) -> None:
    cursor = (await page_of(shelf, page_size=4))["next_cursor"]
    query = {"cursor": cursor, "page": "5"}
    assert (await page_of(shelf, **query))["page"] == 2
    answer = await shelf.get("/products", params=query, headers=STRICT)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["page"])
    assert (await shelf.get("/products", params={"cursor": cursor, "page_size": 4}, headers=STRICT)).is_success
