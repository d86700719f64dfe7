"""Searching products: `search`, a text inside; `q`, words in any order, the best first; suggestions while typing."""

from datetime import UTC, datetime, timedelta
from math import comb
from random import Random
from typing import Any, LiteralString

import pytest
from tests.support.api import Api, error_of, fields_of

from angidi.db.rows import execute, fetch_value
from angidi.paging import COUNT_BOUND
from angidi.products import pages
from angidi.products.repository import Draw

NAMES = {
    "Red shoes": "For running",
    "Shoe rack, red": "Holds ten pairs",
    "Red scarf": "Goes with shoes",
    "Redwood shelf": "For shoes and more",
    "Café crème": "Instant coffee, 20% off_season \\ new",
    "Smartphone": "A phone that is smart",
}


class Shop:
    def __init__(self, api: Api, headers: dict[str, str], category: str) -> None:
        self.api = api
        self.headers = headers
        self.category = category

    async def names(self, **query: Any) -> list[str]:
        answer = await self.api.get("/products", params=query)
        assert answer.status_code == 200, answer.text
        return [product["name"] for product in answer.json()["data"]["products"]]


@pytest.fixture
async def shop(api: Api) -> Shop:
    headers = await api.admin_headers()
    category = (await api.make_category(headers))["id"]
    for name, description in NAMES.items():
        await api.make_product(headers, category, name=name, description=description)
    return Shop(api, headers, category)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("phone", ["Smartphone"]),
        ("SHOE", ["Redwood shelf", "Red scarf", "Shoe rack, red", "Red shoes"]),
        ("red s", ["Red scarf", "Red shoes"]),
        ("%", ["Café crème"]),
        ("0% off_s", ["Café crème"]),
        ("\\", ["Café crème"]),
        ("é", ["Café crème"]),
        ("CAFÉ", ["Café crème"]),
        ("cafe", []),
        ("oo", ["Redwood shelf"]),
        ("f", ["Café crème", "Redwood shelf", "Red scarf", "Red shoes"]),
        ("crème\x01instant", []),
        ("'; --", []),
        ("shoes red", []),
    ],
)
async def test_a_text_is_found_inside_name_or_description(shop: Shop, search: str, found: list[str]) -> None:
    assert await shop.names(search=search) == found


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("shoes red", ["Red shoes", "Redwood shelf", "Red scarf"]),
        ("red sho", ["Shoe rack, red", "Red shoes", "Red scarf"]),
        ("shoe", ["Shoe rack, red", "Red shoes", "Redwood shelf", "Red scarf"]),
        ("CAFE creme", ["Café crème"]),
        ("Cafe\u0301", ["Café crème"]),
        ("phone", ["Smartphone"]),
        ("martphone", []),
        ("20 off", ["Café crème"]),
        ("!!!", []),
        ("red & !shoes | :*", ["Red shoes", "Red scarf"]),
    ],
)
async def test_words_are_found_in_any_order_and_the_best_come_first(shop: Shop, q: str, found: list[str]) -> None:
    assert await shop.names(q=q) == found


async def test_a_blank_q_filters_nothing(shop: Shop) -> None:
    assert len(await shop.names(q="  ")) == len(NAMES)


async def test_a_hit_tells_how_relevant_it_is(shop: Shop) -> None:
    answer = await shop.api.get("/products", params={"q": "red sho"})
    relevance = {product["name"]: product["relevance"] for product in answer.json()["data"]["products"]}
    assert relevance == {"Red shoes": 1, "Shoe rack, red": 1, "Red scarf": 0}
    answer = await shop.api.get("/products", params={"q": "red", "sort": "price"})
    assert all("relevance" not in product for product in answer.json()["data"]["products"])


async def test_found_words_are_marked_on_request_and_everything_else_escaped(shop: Shop) -> None:
    await shop.api.make_product(shop.headers, shop.category, name="<b>Crème brûlée & co", description="brûler")
    answer = await shop.api.get("/products", params={"q": "creme bru", "highlight": True})
    (product,) = answer.json()["data"]["products"]
    assert product["highlight"] == {
        "name": "&lt;b&gt;<mark>Crème</mark> <mark>brûlée</mark> &amp; co",
        "description": "<mark>brûler</mark>",
    }


async def test_both_searches_combine_with_each_other_and_with_every_filter(shop: Shop) -> None:
    assert await shop.names(q="red", search="shoes", sort="name") == ["Red scarf", "Red shoes", "Redwood shelf"]
    assert await shop.names(q="red", category_id=shop.category, max_price=7) == []
    inside = {"category_id": shop.category, "subtree": True, "in_stock": True}
    assert await shop.names(q="shoes", min_price=7, **inside) == await shop.names(q="shoes") != []


async def test_a_deleted_product_is_not_found(shop: Shop) -> None:
    found = (await shop.api.get("/products", params={"q": "smartphone"})).json()["data"]["products"][0]
    await shop.api.delete(f"/products/{found['id']}", headers=shop.headers)
    assert await shop.names(q="smartphone") == await shop.names(search="smartphone") == []
    deleted = await shop.api.get("/products", params={"search": "martpho", "deleted": "only"}, headers=shop.headers)
    assert deleted.json()["data"]["total_count"] == 1


async def test_a_change_is_found_at_once(shop: Shop) -> None:
    found = (await shop.api.get("/products", params={"q": "smartphone"})).json()["data"]["products"][0]
    await shop.api.put(f"/products/{found['id']}", headers=shop.headers, json={"name": "Tablet"})
    assert await shop.names(q="tablet") == await shop.names(search="able") == ["Tablet"]


async def test_a_name_in_a_language_without_spaces_can_be_stored_and_found(shop: Shop) -> None:
    name = "漢" * 255
    await shop.api.make_product(shop.headers, shop.category, name=name, description="あ" * 2000)
    assert await shop.names(search="漢漢") == await shop.names(q="漢") == [name]


async def test_names_are_suggested_while_typing(shop: Shop) -> None:
    await shop.api.make_product(shop.headers, shop.category, name="Red shoes")
    answer = await shop.api.get("/products/suggest", params={"q": "sho re"})
    suggestions = answer.json()["data"]["suggestions"]
    assert [(each["name"], each["highlight"]) for each in suggestions] == []
    answer = await shop.api.get("/products/suggest", params={"q": "red sh"})
    suggestions = answer.json()["data"]["suggestions"]
    assert [(each["name"], each["highlight"]) for each in suggestions] == [
        ("Red shoes", "<mark>Red</mark> <mark>shoes</mark>"),
        ("Shoe rack, red", "<mark>Shoe</mark> rack, <mark>red</mark>"),
    ]


@pytest.mark.parametrize("q", ["", "?!"])
async def test_nothing_typed_suggests_nothing(shop: Shop, q: str) -> None:
    answer = await shop.api.get("/products/suggest", params={"q": q})
    assert (answer.status_code, answer.json()["data"]) == (200, {"suggestions": []})


async def test_more_suggestions_than_there_may_be_are_refused(shop: Shop) -> None:
    answer = await shop.api.get("/products/suggest", params={"q": "red", "limit": 21})
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["limit"])


MANY = """
INSERT INTO products (name, description, price, category_id, created_at)
SELECT CASE WHEN mod(n, 3) = 0 THEN 'Common thing ' ELSE 'Item ' END || n,
       CASE WHEN mod(n, 3) = 1 THEN 'a common one' ELSE 'of a kind' END,
       mod(n, 100), %(category)s, timestamptz '2020-01-01' + n * interval '1 minute'
  FROM generate_series(%(first)s::integer, %(first)s + 999) AS n
"""


async def fill(shop: Shop, sql: LiteralString, parts: int = 31) -> None:
    """Make 31,000 products, in parts of a thousand that a statement has the time for."""
    for first in range(1, parts * 1_000, 1_000):
        await shop.api.database.write(execute, sql, {"category": shop.category, "first": first})


async def test_a_common_word_is_found_in_the_same_order_however_it_is_read(shop: Shop) -> None:
    """More hits than are counted: tier by tier on walks, where the newest are no hits at all."""
    await fill(shop, MANY)
    first = await shop.api.get("/products", params={"q": "comm", "page_size": 100})
    page = first.json()["data"]
    assert (page["total_count"], page["total_is_estimate"]) == (10_000, True)
    expected = [f"Common thing {n}" for n in range(31_000, 0, -1) if n % 3 == 0]
    assert [product["name"] for product in page["products"]] == expected[:100]
    last = await shop.api.get("/products", params={"q": "comm", "page": 104, "page_size": 100})
    names = [product["name"] for product in last.json()["data"]["products"]]
    rest = [f"Item {n}" for n in range(31_000, 0, -1) if n % 3 == 1]
    assert names == (expected + rest)[10_300:10_400]
    following = await shop.api.get("/products", params={"q": "comm", "cursor": last.json()["data"]["next_cursor"]})
    names = [product["name"] for product in following.json()["data"]["products"]]
    assert names == (expected + rest)[10_400:10_500]


@pytest.mark.parametrize("search", ["common", "m", "co"])
async def test_a_common_text_is_found_newest_first(shop: Shop, search: str) -> None:
    await fill(shop, MANY)
    where = "strpos(lower(name) || chr(1) || lower(description), %(search)s) > 0"
    newest = (
        "SELECT array_agg(name) FROM (SELECT name FROM products WHERE {} ORDER BY created_at DESC, id DESC LIMIT 20) n"
    )
    expected = await shop.api.database.read(fetch_value, newest.format(where), {"search": search})
    assert await shop.names(search=search, page_size=20) == expected


@pytest.mark.parametrize("query", [{"search": "common"}, {"q": "common"}, {"q": "comm", "sort": "price", "page": 3}])
async def test_many_hits_that_a_draw_proves_are_shown_without_being_counted(
    pool_api: Api, query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draw proves of a few thousand products that they hold 20 hits, as of a million that they hold 10,000."""
    headers = await pool_api.admin_headers()
    shop = Shop(pool_api, headers, (await pool_api.make_category(headers))["id"])
    await fill(shop, MANY, parts=3)
    counted = (await shop.api.get("/products", params=query)).json()["data"]
    monkeypatch.setattr(pages, "COUNT_BOUND", 20)
    drawn = (await shop.api.get("/products", params=query)).json()["data"]
    assert (counted["total_count"], drawn["total_count"], drawn["total_is_estimate"]) == (2_000, 10_000, True)
    assert drawn["products"] == counted["products"]
    exact = (await shop.api.get("/products", params={**query, "count": "exact"})).json()["data"]
    assert (exact["total_count"], exact["products"]) == (2_000, counted["products"])


@pytest.mark.parametrize("size", [9_000, 20_000, 100_000, 1_000_000, 20_000_000])
def test_a_draw_proves_nothing_that_chance_might_bring_about(size: int) -> None:
    """Were no more pages to have hits than are counted, so many of those drawn had one once in 10^13 times at most."""
    share = min(1.0, COUNT_BOUND / size)
    enough = [hits for hits in range(pages.DRAWS + 1) if pages.proves_many(Draw(size, hits))]
    fewest = min(enough, default=pages.DRAWS + 1)
    assert enough == [*range(fewest, pages.DRAWS + 1)]
    chance = (comb(pages.DRAWS, k) * share**k * (1 - share) ** (pages.DRAWS - k) for k in enough)
    assert sum(chance) < 1e-13


MISSED = """
SELECT count(*) FILTER (WHERE NOT fours(body) @@ fours_of(term, %(step)s))
  FROM unnest(%(bodies)s::text[], %(terms)s::text[]) AS pair (body, term)
"""


@pytest.mark.parametrize("step", [1, 4])
async def test_the_index_misses_no_text_that_a_term_is_part_of(api: Api, step: int) -> None:
    luck = Random(5)
    bodies = ["".join(luck.choices("ab \x01'\\&!:*é茶\t", k=luck.randint(1, 30))) for _ in range(3_000)]
    starts = [luck.randrange(len(body)) for body in bodies]
    terms = [body[start : start + luck.randint(1, 12)] for body, start in zip(bodies, starts, strict=True)]
    assert await api.database.read(fetch_value, MISSED, {"bodies": bodies, "terms": terms, "step": step}) == 0
    assert (
        await api.database.read(fetch_value, MISSED, {"bodies": bodies, "terms": [*terms[1:], "a"], "step": step})
        > 1_000
    )


async def test_what_parts_the_fields_is_looked_for_in_each_of_a_subtree_too(shop: Shop) -> None:
    for sort in ("name", "price"):
        path = f"/categories/{shop.category}/products"
        answer = await shop.api.get(path, params={"search": "\x01", "sort": sort, "page_size": 1})
        assert (answer.status_code, answer.json()["data"]["products"]) == (200, [])


async def test_pages_behind_the_last_one_are_empty_and_tell_the_total(shop: Shop) -> None:
    for query in ({"search": "red", "page": 9}, {"q": "red", "page": 9}, {"q": "none", "page": 9}):
        page = (await shop.api.get("/products", params=query)).json()["data"]
        assert (page["products"], page["total_count"]) == ([], 0 if query.get("q") == "none" else 4)


async def test_hits_that_are_all_old_are_found_too(shop: Shop) -> None:
    await fill(shop, MANY.replace("'a common one'", "'of a kind'"))
    newer = "UPDATE products SET name = 'Item' WHERE created_at > %(moment)s AND created_at <= %(moment)s + '14 hours'"
    for hours in range(0, 364, 14):
        moment = datetime(2020, 1, 8, tzinfo=UTC) + timedelta(hours=hours)
        await shop.api.database.write(execute, newer, {"moment": moment})
    assert (await shop.names(search="common thing"))[0] == "Common thing 10080"
    assert (await shop.names(q="common"))[0] == "Common thing 10080"


async def test_a_letter_that_is_everywhere_is_found_in_a_small_subtree_too(shop: Shop) -> None:
    await fill(shop, MANY)
    small = (await shop.api.make_category(shop.headers, "Small"))["id"]
    await shop.api.make_product(shop.headers, small, name="Mug")
    assert await shop.names(search="m", category_id=small, subtree=True) == ["Mug"]
    assert await shop.names(search="m", page=3_200) == []


async def test_only_the_first_words_of_a_long_query_count(shop: Shop) -> None:
    assert await shop.names(q="red " * 32 + "xyz", sort="name") == await shop.names(q="red " * 32, sort="name")


async def test_a_link_that_a_proxy_would_refuse_is_left_out(shop: Shop) -> None:
    answer = await shop.api.get("/products", params={"page_size": 1, "x": "," * 2000})
    assert "next_cursor" in answer.json()["data"]
    assert "Link" not in answer.headers
