"""Lists of products: pages, filters, orders, totals."""

from typing import Any
from unicodedata import normalize
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.api import Api, error_of, fields_of
from tests.support.shop import make, many, three_categories
from tests.support.tables import analyze_products

from angidi.db.rows import execute, fetch_value

KITCHEN = "550e8400-e29b-41d4-a716-446655440001"
CUPS = "550e8400-e29b-41d4-a716-446655440002"
BOOKS = "550e8400-e29b-41d4-a716-446655440003"
UNKNOWN = "0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22"
STRICT = {"Prefer": "handling=strict"}

# Each a minute older than the next, since the time stands still inside a test's transaction.
MAKE_PRODUCTS = f"""
INSERT INTO products (name, description, price, stock, category_id, created_at, deleted_at)
SELECT name, description, price, stock, category_id::uuid, now() + row_number() OVER () * interval '1 minute',
       CASE WHEN deleted THEN now() END
  FROM (VALUES ('Kettle', 'Boils water', 30.00, 0, '{KITCHEN}', false),
               ('Espresso cup', 'Porcelain, 80 ml', 7.10, 3, '{CUPS}', false),
               ('MUG', NULL, 9.99, 0, '{CUPS}', false),
               ('100% cup_cake\\recipes', 'ÉCLAIRS too', 9.99, 5, '{BOOKS}', false),
               ('Broken cup', 'In two', 0.50, 1, '{CUPS}', true))
       AS made (name, description, price, stock, category_id, deleted)
"""
NEWEST_FIRST = ["100% cup_cake\\recipes", "MUG", "Espresso cup", "Kettle"]


async def make_many(shelf: Api, category: str, count: int) -> None:
    """Make so many spoons, in parts that a statement has the time for."""
    for made in range(0, count, 1_000):
        spoons = many("products", min(1_000, count - made), name="'Spoon'", price="1", category_id=UUID(category))
        await make(shelf.database, spoons)
    await analyze_products(shelf.database)


@pytest.fixture
async def shelf(api: Api) -> Api:
    """The API with four products and a deleted one, in three categories."""
    await make(api.database, three_categories())
    await api.database.write(execute, MAKE_PRODUCTS)
    return api


async def page_of(api: Api, path: str = "/products", **query: Any) -> dict[str, Any]:
    answer = await api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def names(api: Api, path: str = "/products", **query: Any) -> list[str]:
    return [product["name"] for product in (await page_of(api, path, **query))["products"]]


async def test_products_are_listed_newest_first_and_deleted_ones_are_not(shelf: Api) -> None:
    assert await names(shelf) == NEWEST_FIRST


async def test_a_list_has_the_fields_of_every_list(shelf: Api) -> None:
    page = await page_of(shelf, page=2, page_size=3)
    assert [product["name"] for product in page.pop("products")] == ["Kettle"]
    assert page == {"total_count": 4, "page": 2, "page_size": 3, "total_pages": 2}


async def test_an_empty_list_is_a_list(api: Api) -> None:
    page = await page_of(api)
    assert page == {"products": [], "total_count": 0, "page": 1, "page_size": 10, "total_pages": 0}


async def test_a_page_after_the_last_is_empty(shelf: Api) -> None:
    page = await page_of(shelf, page=9)
    assert (page["products"], page["total_count"], page["page"]) == ([], 4, 9)


NO_PAGES = ["", "0", "-1", "+1", "1.0", "1e1", "abc", "\u0661", "0x1", "1_0", " ", " 5 ", "NaN", "--", "\0"]


async def test_a_page_or_size_that_is_no_positive_integer_falls_back_to_its_default(shelf: Api) -> None:
    for text in NO_PAGES:
        page = await page_of(shelf, page=text, page_size=text)
        assert (page["page"], page["page_size"]) == (1, 10), text


@pytest.mark.parametrize(("size", "taken"), [("1", 1), ("007", 7), ("100", 100), ("101", 100), (2**70, 100)])
async def test_a_size_above_the_maximum_falls_to_the_maximum(shelf: Api, size: object, taken: int) -> None:
    assert (await page_of(shelf, page_size=size))["page_size"] == taken


@pytest.mark.parametrize("page", [2**31, 2**63, 2**70, "9" * 5_000], ids=lambda page: str(page)[:20])
async def test_a_huge_page_is_empty(shelf: Api, page: object) -> None:
    assert (await page_of(shelf, page=page))["products"] == []


@pytest.mark.parametrize("name", ["min_price", "max_price"])
async def test_a_bound_that_is_no_number_is_ignored(shelf: Api, name: str) -> None:
    for text in ["", "abc", "NaN", "-NaN", "sNaN", "Infinity", "-inf", "1,5", "1_0", "0x10", "٣", "1 2", "--1", "\0"]:
        assert await names(shelf, **{name: text}) == NEWEST_FIRST, text


@pytest.mark.parametrize(
    "query",
    [
        {"page": "0"}, {"page": "abc"}, {"page": " "}, {"page_size": "0"}, {"page_size": "101"}, {"page_size": "-1"},
        {"min_price": "abc"}, {"max_price": "NaN"}, {"colour": "red"}, {"highlight": "true"}, {"subtree": "true"},
    ],
    ids=str,
)  # fmt: skip
async def test_under_strict_handling_nothing_falls_back(shelf: Api, query: dict[str, str]) -> None:
    answer = await shelf.get("/products", params=query, headers=STRICT)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), list(query))
    assert answer.headers["preference-applied"] == "handling=strict"


async def test_under_strict_handling_every_wrong_parameter_is_named(shelf: Api) -> None:
    wrong = {"page": "0", "page_size": "101", "min_price": "x", "max_price": "y", "sort": "z"}
    answer = await shelf.get("/products", params=wrong, headers=STRICT)
    assert sorted(fields_of(answer)) == sorted(wrong)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"min_price": "9.99"}, ["100% cup_cake\\recipes", "MUG", "Kettle"]),
        ({"min_price": "9.991"}, ["Kettle"]),
        ({"min_price": "9.9900000000000000000000000000000000000000001"}, ["Kettle"]),
        ({"max_price": "7.1"}, ["Espresso cup"]),
        ({"max_price": "7.0999999999999999999999999999999999999999999"}, []),
        ({"max_price": "7.1000000000000000000000000000000000000000001"}, ["Espresso cup"]),
        ({"min_price": "7.10", "max_price": "9.98"}, ["Espresso cup"]),
        ({"min_price": "9", "max_price": "8"}, []),
        ({"min_price": "-5"}, NEWEST_FIRST),
        ({"max_price": "-5"}, NEWEST_FIRST),
        ({"min_price": "1e400"}, []),
        ({"min_price": "1" + "0" * 400}, []),
        ({"max_price": "1e400"}, NEWEST_FIRST),
        ({"min_price": "1e-20000"}, NEWEST_FIRST),
        ({"max_price": "1e-20000"}, []),
        ({"min_price": "3e1"}, ["Kettle"]),
        ({"min_price": " 3e1 "}, NEWEST_FIRST),
    ],
    ids=str,
)
async def test_bounds_of_the_price_include_themselves_and_are_exact(
    shelf: Api, query: dict[str, str], found: list[str]
) -> None:
    assert await names(shelf, **query) == found


@pytest.mark.parametrize("term", ["cup", "CUP", "Cup"])
async def test_a_search_matches_inside_name_or_description_in_whatever_case(shelf: Api, term: str) -> None:
    assert await names(shelf, search=term) == ["100% cup_cake\\recipes", "Espresso cup"]
    assert await names(shelf, search="porcelain") == ["Espresso cup"]
    assert await names(shelf, search="éclairs") == ["100% cup_cake\\recipes"]


@pytest.mark.parametrize("term", ["%", "_", "\\", "0% c", "p_c", "e\\r"])
async def test_wildcards_in_a_search_are_ordinary_characters(shelf: Api, term: str) -> None:
    assert await names(shelf, search=term) == ["100% cup_cake\\recipes"]


async def test_white_space_of_a_search_counts(shelf: Api) -> None:
    assert await names(shelf, search=" cup") == ["100% cup_cake\\recipes", "Espresso cup"]
    assert await names(shelf, search="cup ") == []
    assert await names(shelf, search="   ") == []


# Without the characters that are nothing to a search.
TERMS = st.text(
    st.sampled_from("aAéÉßẞ%_\\' Ii\u0130\u0131\u03a3\u03c2\u03c3")
    | st.characters(codec="utf-8", exclude_characters="\0\u00ad\u200b\u2060\ufeff"),
    max_size=4,
)


@given(name=TERMS, term=TERMS)
async def test_a_search_is_a_substring_by_the_databases_lower(shelf: Api, name: str, term: str) -> None:
    name, term = normalize("NFC", f"x{name}x"), normalize("NFC", term)
    await shelf.database.write(execute, "UPDATE products SET name = %(name)s", {"name": name})
    query = "SELECT position(lower(%(term)s) IN lower(%(name)s)) > 0"
    expected = await shelf.database.read(fetch_value, query, {"term": term, "name": name})
    found = await page_of(shelf, search=term, category_id=CUPS, max_price="8", in_stock="true")
    assert bool(found["products"]) == (expected or term.lower() in "porcelain, 80 ml")


async def test_a_category_is_a_filter_and_its_subtree_on_demand(shelf: Api) -> None:
    assert await names(shelf, category_id=KITCHEN) == ["Kettle"]
    assert await names(shelf, category_id=KITCHEN, subtree="true") == ["MUG", "Espresso cup", "Kettle"]
    assert await names(shelf, category_id=CUPS, subtree="true") == ["MUG", "Espresso cup"]


@pytest.mark.parametrize("category", [UNKNOWN, "nope", "+50e8400-e29b-41d4-a716-446655440001", "\0"])
async def test_a_category_that_does_not_exist_gives_an_empty_list(shelf: Api, category: str) -> None:
    for subtree in ("false", "true"):
        assert await names(shelf, category_id=category, subtree=subtree) == []


async def test_a_categorys_own_list_is_over_its_subtree(shelf: Api) -> None:
    path = f"/categories/{KITCHEN}/products"
    assert await names(shelf, path) == ["MUG", "Espresso cup", "Kettle"]
    assert await names(shelf, path, search="cup", in_stock="true") == ["Espresso cup"]
    assert await names(shelf, path, sort="price", page_size=1, page=2) == ["MUG"]


@pytest.mark.parametrize("id_", [UNKNOWN, "nope"])
async def test_the_list_of_an_unknown_category_is_not_found(shelf: Api, id_: str) -> None:
    assert error_of(await shelf.get(f"/categories/{id_}/products")) == (404, "CATEGORY_NOT_FOUND")


async def test_the_list_of_an_empty_category_is_empty(shelf: Api) -> None:
    await shelf.database.write(execute, "DELETE FROM products")
    assert await names(shelf, f"/categories/{BOOKS}/products") == []


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("created_at", ["Kettle", "Espresso cup", "MUG", "100% cup_cake\\recipes"]),
        ("-created_at", NEWEST_FIRST),
        ("price", ["Espresso cup", "MUG", "100% cup_cake\\recipes", "Kettle"]),
        ("-price", ["Kettle", "100% cup_cake\\recipes", "MUG", "Espresso cup"]),
        ("name", ["100% cup_cake\\recipes", "Espresso cup", "Kettle", "MUG"]),
        ("-name", ["MUG", "Kettle", "Espresso cup", "100% cup_cake\\recipes"]),
    ],
)
async def test_a_list_is_sorted_as_asked_for(shelf: Api, sort: str, order: list[str]) -> None:
    await shelf.database.write(execute, "UPDATE products SET price = 9.98 WHERE name = 'MUG'")
    assert await names(shelf, sort=sort) == order


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "price", "-price", "name", "-name"])
async def test_pages_of_equal_products_neither_repeat_nor_skip_one(shelf: Api, sort: str) -> None:
    await make_many(shelf, BOOKS, 25)
    seen: list[str] = []
    for page in range(1, 7):
        answer = await page_of(shelf, sort=sort, page=page, page_size=5, category_id=BOOKS)
        seen += [product["id"] for product in answer["products"]]
    assert len(seen) == len(set(seen)) == 26


@pytest.mark.parametrize(
    ("asked", "found"), [("true", ["100% cup_cake\\recipes", "Espresso cup"]), ("false", ["MUG", "Kettle"])]
)
async def test_what_is_in_stock_and_what_is_not(shelf: Api, asked: str, found: list[str]) -> None:
    assert await names(shelf, in_stock=asked) == found


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "stock"},
        {"sort": " "},
        {"in_stock": "maybe"},
        {"subtree": "yes please"},
        {"count": "all"},
        {"q": "x" * 256},
    ],
    ids=lambda query: next(iter(query)),
)
async def test_a_value_that_a_parameter_does_not_have_is_refused(shelf: Api, query: dict[str, str]) -> None:
    answer = await shelf.get("/products", params=query)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), list(query))


async def test_filters_combine_with_and(shelf: Api) -> None:
    query = {"search": "cup", "min_price": "1", "max_price": "9", "category_id": CUPS, "in_stock": "true"}
    assert await names(shelf, **query) == ["Espresso cup"]
    assert await names(shelf, **query | {"category_id": BOOKS}) == []


@pytest.mark.parametrize(("deleted", "found"), [("only", ["Broken cup"]), ("with", ["Broken cup", *NEWEST_FIRST])])
@pytest.mark.parametrize("path", ["/products", f"/categories/{KITCHEN}/products"])
async def test_admins_list_deleted_products(shelf: Api, path: str, deleted: str, found: list[str]) -> None:
    headers = await shelf.admin_headers()
    products = (await shelf.get(path, params={"deleted": deleted}, headers=headers)).json()["data"]["products"]
    expected = [name for name in found if path == "/products" or name != NEWEST_FIRST[0]]
    assert [product["name"] for product in products] == expected
    assert ["deleted_at" in product for product in products] == [name == "Broken cup" for name in expected]


@pytest.mark.parametrize("deleted", ["only", "with", " ", "nonsense"])
@pytest.mark.parametrize("path", ["/products", f"/categories/{KITCHEN}/products"])
async def test_others_do_not_list_deleted_products(shelf: Api, path: str, deleted: str) -> None:
    user = await shelf.make_user()
    params = {"deleted": deleted}
    assert error_of(await shelf.get(path, params=params)) == (401, "MISSING_TOKEN")
    assert error_of(await shelf.get(path, params=params, headers=shelf.as_(user))) == (403, "FORBIDDEN")


async def test_a_total_is_exact_where_the_contract_says_so_and_an_estimate_elsewhere(shelf: Api) -> None:
    await make_many(shelf, BOOKS, 12_000)
    totals = {
        "": (12_004, None),
        f"?category_id={BOOKS}": (12_001, None),
        f"?category_id={BOOKS}&subtree=true": (12_001, None),
        f"?category_id={KITCHEN}&subtree=true": (3, None),
        "?search=spoon": (10_000, True),
        "?max_price=1": (10_000, True),
        "?in_stock=false": (10_000, True),
        f"?category_id={BOOKS}&search=spoon": (10_000, True),
        "?search=spoon&count=exact": (12_000, None),
        "?search=cup": (2, None),
    }
    for query, expected in totals.items():
        page = (await shelf.get(f"/products{query}")).json()["data"]
        assert (page["total_count"], page.get("total_is_estimate")) == expected, query


async def test_beyond_an_estimated_total_later_pages_still_answer(shelf: Api) -> None:
    await make_many(shelf, BOOKS, 10_001)
    page = await page_of(shelf, search="spoon", page=101, page_size=100)
    assert (len(page["products"]), page["total_count"], page["total_pages"]) == (1, 10_000, 100)
    assert page["total_is_estimate"] is True


async def test_ten_thousand_hits_are_counted_exactly(shelf: Api) -> None:
    await make_many(shelf, BOOKS, 10_000)
    page = await page_of(shelf, search="spoon")
    assert (page["total_count"], "total_is_estimate" in page) == (10_000, False)


async def test_of_a_parameter_given_twice_the_first_counts(shelf: Api) -> None:
    answer = await shelf.get("/products?page_size=1&page_size=2")
    assert answer.json()["data"]["page_size"] == 1
