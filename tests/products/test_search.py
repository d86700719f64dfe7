"""Searching products: `search`, a text inside; `q`, words in any order, the best first; suggestions while typing."""

import unicodedata
from datetime import UTC, datetime
from typing import Any, LiteralString

import pytest
from tests.support.api import Api, error_of, fields_of
from tests.support.tables import analyze_products

from angidi.db.rows import execute, fetch_value
from angidi.pagination import pages as paging
from angidi.products.search import reading, repository, statements

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
        ("crèmeinstant", []),
        ("crème\ufeffinstant", []),
        ("Smart\u00adpho\u200bne", ["Smartphone"]),
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
        ("smart\u00adphone", ["Smartphone"]),
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


@pytest.mark.parametrize(
    ("q", "name", "highlight"),
    [
        ("lodz", "Łódź lamp", "<mark>Łódź</mark> lamp"),
        ("grosse", "Größe 40", "<mark>Größe</mark> 40"),
        ("softhyphen", "A soft\u00adhyphen", "A <mark>soft\u00adhyphen</mark>"),
        ("充電", "東京都USB充電器", "東京都USB<mark>充電</mark>器"),
        ("usb 東京", "東京都USB充電器", "<mark>東京</mark>都<mark>USB</mark>充電器"),
        ("οδος", "ΟΔΟΣ 1", "<mark>ΟΔΟΣ</mark> 1"),
        ("हिन्दी", "हिन्दी किताब", "<mark>हिन्दी</mark> किताब"),
    ],
)
async def test_words_are_marked_however_they_are_spelt(shop: Shop, q: str, name: str, highlight: str) -> None:
    await shop.api.make_product(shop.headers, shop.category, name=name)
    answer = await shop.api.get("/products", params={"q": q, "highlight": True})
    assert [product["highlight"]["name"] for product in answer.json()["data"]["products"]] == [highlight]


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


async def fill(shop: Shop, sql: LiteralString, parts: int = 3) -> None:
    """Make 3,000 products, in parts of a thousand that a statement has the time for."""
    for first in range(1, parts * 1_000, 1_000):
        await shop.api.database.write(execute, sql, {"category": shop.category, "first": first})
    await analyze_products(shop.api.database)


@pytest.fixture
def low_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Totals are counted to 300, so that 3,000 products have many hits."""
    monkeypatch.setattr(paging, "COUNT_BOUND", 300)
    monkeypatch.setattr(reading, "COUNT_BOUND", 300)
    monkeypatch.setattr(statements, "COUNT_BOUND", 300)


@pytest.mark.usefixtures("low_bound")
async def test_a_common_word_is_found_in_the_same_order_however_it_is_read(shop: Shop) -> None:
    """More hits than are counted: class by class on walks, and gathered on later pages."""
    await fill(shop, MANY)
    first = await shop.api.get("/products", params={"q": "comm", "page_size": 100})
    page = first.json()["data"]
    assert (page["total_count"], page["total_is_estimate"]) == (300, True)
    expected = [f"Common thing {n}" for n in range(3_000, 0, -1) if n % 3 == 0]
    rest = [f"Item {n}" for n in range(3_000, 0, -1) if n % 3 == 1]
    assert [product["name"] for product in page["products"]] == expected[:100]
    for number in (10, 11, 12, 20):
        answer = await shop.api.get("/products", params={"q": "comm", "page": number, "page_size": 100})
        names = [product["name"] for product in answer.json()["data"]["products"]]
        assert names == (expected + rest)[(number - 1) * 100 : number * 100]
    tenth = await shop.api.get("/products", params={"q": "comm", "page": 10, "page_size": 95})
    following = await shop.api.get("/products", params={"q": "comm", "cursor": tenth.json()["data"]["next_cursor"]})
    names = [product["name"] for product in following.json()["data"]["products"]]
    assert names == (expected + rest)[950:1_045]


@pytest.mark.usefixtures("low_bound")
@pytest.mark.parametrize("search", ["common", "m", "co"])
async def test_a_common_text_is_found_newest_first(shop: Shop, search: str) -> None:
    await fill(shop, MANY)
    where = "strpos(lower(name) || chr(1) || lower(description), %(search)s) > 0"
    newest = (
        "SELECT array_agg(name) FROM (SELECT name FROM products WHERE {} ORDER BY created_at DESC, id DESC LIMIT 20) n"
    )
    expected = await shop.api.database.read(fetch_value, newest.format(where), {"search": search})
    assert await shop.names(search=search, page_size=20) == expected


@pytest.fixture
async def analyzed(shop: Shop) -> Shop:
    """The shop with 3,000 products more, of which two thirds are common."""
    await fill(shop, MANY)
    return shop


@pytest.mark.parametrize(
    "query", [{"search": "common"}, {"q": "common"}, {"q": "comm", "sort": "price", "page": 3}, {"min_price": 50}]
)
async def test_a_page_is_the_same_on_a_walk_and_gathered(
    analyzed: Shop, query: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered = (await analyzed.api.get("/products", params=query)).json()["data"]
    monkeypatch.setattr(reading, "COUNT_BOUND", 20)
    walked = (await analyzed.api.get("/products", params=query)).json()["data"]
    assert walked["products"] == gathered["products"] != []
    exact = (await analyzed.api.get("/products", params={**query, "count": "exact"})).json()["data"]
    assert (exact["total_count"], exact["products"]) == (gathered["total_count"], gathered["products"])


async def test_one_condition_with_many_hits_is_not_counted(analyzed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "COUNT_BOUND", 20)
    monkeypatch.setattr(repository, "count_products", None)  # to be called by nobody
    page = (await analyzed.api.get("/products", params={"q": "common"})).json()["data"]
    assert (page["total_count"], page["total_is_estimate"]) == (20, True)


@pytest.mark.parametrize(
    "query", [{"search": "Common thing", "max_price": 0.5}, {"q": "common", "sku": "X-1"}, {"q": "kind common one"}]
)
async def test_conditions_that_exclude_each_other_find_nothing(
    analyzed: Shop, query: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "COUNT_BOUND", 20)
    monkeypatch.setattr(reading, "WALK_ROWS", 100)
    page = (await analyzed.api.get("/products", params={**query, "in_stock": True})).json()["data"]
    assert (page["products"], page["total_count"]) == ([], 0)


WORDS = [
    ("Łódź", "lodz"),
    ("Smørrebrød", "smorrebrod"),
    ("Æbleskiver Œuvre", "aeble"),
    ("Æbleskiver Œuvre", "oeuvre"),
    ("Größe", "GROSSE"),
    ("Größe", "größe"),
    ("Đặng", "dang"),
    ("ΟΔΟΣ", "οδος"),
    ("οδος", "ΟΔΟΣ"),
    ("\uff26\uff55\uff4c\uff4c width", "full"),
    ("x\u0302y", "xy"),
    ("LAM-0001234", "0001234"),
    ("blue/green", "green"),
    ("10-20mm", "20mm"),
    ("USB-C cable", "usb-c"),
    ("soft\u00adhyphen", "softhyphen"),
    ("zero\u200bwidth", "zerowidth"),
    ("soft\u00adhyphen", "so\u00adfthyph\u200be"),
    ("cafe\u00ad\u0301s", "cafés"),
    ("\u0646\u0627\u0645\u0647\u200c\u0647\u0627", "\u0646\u0627\u0645\u0647\u0647\u0627"),
    ("Łyżka ΛΟΓΟΣ Großes Œuf smørrebrød", "lyzka λογος grosses oeuf smorrebrod"),
    ("東京都USB充電器", "充電"),
    ("東京都USB充電器", "電器 usb"),
    ("東京都USB充電器", "東京都"),
    ("東京都USB充電器", "器"),
    ("テスト商品", "商品"),
    ("กระเป๋าหนัง", "หนัง"),
    ("مُحَمَّد", "محمد"),
    ("हिन्दी किताब", "हिन्दी"),
]


@pytest.mark.parametrize(("name", "q"), WORDS)
async def test_words_are_compared_without_accents_case_and_format(shop: Shop, name: str, q: str) -> None:
    made = await shop.api.make_product(shop.headers, shop.category, name=name)
    assert await shop.names(q=q) == [made["name"]]


@pytest.mark.parametrize("name", ["G\u00f6ffel", "Go\u0308ffel", "Go\u00ad\u0308f\u00adfel"])
@pytest.mark.parametrize("search", ["g\u00f6ffel", "go\u0308ffel", "G\u00d6\u00adFF", "g\u200bo\u0308f"])
async def test_a_text_is_found_in_whatever_form_it_is_written(shop: Shop, name: str, search: str) -> None:
    await shop.api.make_product(shop.headers, shop.category, name=name)
    assert len(await shop.names(search=search)) == 1
    assert await shop.names(search="goffel") == []


async def test_texts_that_grow_when_they_are_composed_are_taken(shop: Shop) -> None:
    """U+3316 becomes six characters of a script without blanks: 12,000 in a description, 1,530 in a query."""
    await shop.api.make_product(shop.headers, shop.category, description="\u3316" * 2_000)
    assert await shop.names(q="\u3316" * 255) == ["Espresso cup"]


@pytest.mark.parametrize("q", ["東都", "京東", "充器", "usbc", "lodź2"])
async def test_characters_that_do_not_stand_together_are_no_word(shop: Shop, q: str) -> None:
    await shop.api.make_product(shop.headers, shop.category, name="東京都USB充電器")
    assert await shop.names(q=q) == []


@pytest.fixture
async def with_skus(shop: Shop) -> Shop:
    """The shop with three SKUs, of which one begins with another."""
    for sku in ("CUP-080", "CUP-0801", "o'\\x y"):
        await shop.api.make_product(shop.headers, shop.category, name=f"Thing {sku}"[:8], sku=sku)
    return shop


@pytest.mark.parametrize(
    ("q", "skus"),
    [
        ("cup-080", ["CUP-080", "CUP-0801"]),
        (" CUP-08", ["CUP-0801", "CUP-080"]),
        ("cup-0801", ["CUP-0801"]),
        ("up-080", []),
        ("o'\\X", ["o'\\x y"]),
        ("o'\\x  y", []),
    ],
)
async def test_a_sku_is_found_by_its_beginning_and_the_whole_one_first(
    with_skus: Shop, q: str, skus: list[str]
) -> None:
    products = (await with_skus.api.get("/products", params={"q": q})).json()["data"]["products"]
    assert [product["sku"] for product in products] == skus


ODD_SKUS = ("RC-G-S", "RC-G-M", "0042", "N-2", "A.B/C", "T\u00fcr-1", "x'y&z|!", "\u8336-1", "A B", "v1.0:*")


@pytest.fixture
async def with_odd_skus(shop: Shop) -> Shop:
    """The shop with a rain coat for each odd SKU."""
    for sku in ODD_SKUS:
        await shop.api.make_product(shop.headers, shop.category, name=f"Rain coat {ODD_SKUS.index(sku)}", sku=sku)
    return shop


@pytest.mark.parametrize("sku", ODD_SKUS)
async def test_a_product_is_found_by_its_sku_however_odd(with_odd_skus: Shop, sku: str) -> None:
    name = f"Rain coat {ODD_SKUS.index(sku)}"
    spellings = [sku, sku.lower(), sku.upper(), unicodedata.normalize("NFD", sku), "\u200b".join(sku), f" {sku} "]
    for q in spellings:
        assert (await with_odd_skus.names(q=q))[0] == name, ascii(q)
        assert name in await with_odd_skus.names(q=q, min_price=1, category_id=with_odd_skus.category, sort="name")
    assert await with_odd_skus.names(sku=sku) == [name]
    found = (await with_odd_skus.api.get("/products/suggest", params={"q": sku})).json()["data"]["suggestions"]
    assert name in [suggestion["name"] for suggestion in found]


@pytest.mark.parametrize(
    ("q", "numbers"),
    [
        ("coat rc-g-s", [0]),
        ("rc-g-s coat", [0]),
        ("rain RC-G", [1, 0]),
        ("rc-g coat", []),
        ("shoe rc-g-s", []),
        ("0042 rain", [2]),
        ("coat a.b/", [4]),
        ("coat tu\u0308r-", [5]),
        ("x'y&z|! coat", [6]),
    ],
)
async def test_a_sku_may_stand_among_other_words(with_odd_skus: Shop, q: str, numbers: list[int]) -> None:
    assert await with_odd_skus.names(q=q) == [f"Rain coat {number}" for number in numbers]


async def test_a_query_that_is_longer_than_any_sku_is_taken(with_odd_skus: Shop) -> None:
    assert await with_odd_skus.names(q="\U0001f375" * 255) == []


async def test_a_changed_sku_is_found_at_once(with_skus: Shop) -> None:
    (found,) = (await with_skus.api.get("/products", params={"sku": "CUP-0801"})).json()["data"]["products"]
    await with_skus.api.put(f"/products/{found['id']}", headers=with_skus.headers, json={"sku": "MUG-1"})
    assert len(await with_skus.names(q="mug-1")) == 1
    assert len(await with_skus.names(q="cup-08")) == 1


@pytest.mark.parametrize(("sku", "hits"), [("CUP-080", 1), ("cup-080", 0), ("CUP-08", 0), ("", 9)])
async def test_sku_is_compared_exactly(with_skus: Shop, sku: str, hits: int) -> None:
    page = (await with_skus.api.get("/products", params={"sku": sku})).json()["data"]
    assert (len(page["products"]), page["total_count"]) == (hits, hits)


async def test_what_parts_the_fields_is_looked_for_in_each_of_a_subtree_too(shop: Shop) -> None:
    for sort in ("name", "price"):
        path = f"/categories/{shop.category}/products"
        answer = await shop.api.get(path, params={"search": "\x01", "sort": sort, "page_size": 1})
        assert (answer.status_code, answer.json()["data"]["products"]) == (200, [])


async def test_pages_behind_the_last_one_are_empty_and_tell_the_total(shop: Shop) -> None:
    for query in ({"search": "red", "page": 9}, {"q": "red", "page": 9}, {"q": "none", "page": 9}):
        page = (await shop.api.get("/products", params=query)).json()["data"]
        assert (page["products"], page["total_count"]) == ([], 0 if query.get("q") == "none" else 4)


@pytest.mark.usefixtures("low_bound")
async def test_hits_that_are_all_old_are_found_too(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WALK_ROWS", 1_000)
    await fill(shop, MANY.replace("'a common one'", "'of a kind'"))
    newer = "UPDATE products SET name = 'Item' WHERE created_at > %(moment)s"
    await shop.api.database.write(execute, newer, {"moment": datetime(2020, 1, 1, 20, tzinfo=UTC)})
    assert (await shop.names(search="common thing"))[0] == "Common thing 1200"
    assert (await shop.names(q="common"))[0] == "Common thing 1200"


LONG = MANY.replace("'of a kind'", "repeat('a description of many words ' || n, 40)").replace(
    "'a common one'", "repeat('a description of few words ' || n, 40)"
)


@pytest.mark.usefixtures("low_bound")
async def test_long_descriptions_of_which_the_planner_knows_nothing_are_walked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ANALYZE leaves them out, so that the planner expects a handful of hits of any `search`."""
    await shop.api.database.write(execute, "DELETE FROM products")
    await fill(shop, LONG)
    monkeypatch.setattr(repository, "gather", None)  # to be called by nobody
    assert (await shop.names(search="description of"))[0] == "Common thing 3000"


@pytest.mark.usefixtures("low_bound")
async def test_a_letter_that_is_everywhere_is_found_in_a_small_subtree_too(shop: Shop) -> None:
    await fill(shop, MANY)
    small = (await shop.api.make_category(shop.headers, "Small"))["id"]
    await shop.api.make_product(shop.headers, small, name="Mug")
    assert await shop.names(search="m", category_id=small, subtree=True) == ["Mug"]
    assert await shop.names(search="m", page=400) == []


async def test_only_the_first_words_of_a_long_query_count(shop: Shop) -> None:
    assert await shop.names(q="red " * 32 + "xyz", sort="name") == await shop.names(q="red " * 32, sort="name")


async def test_a_link_that_a_proxy_would_refuse_is_left_out(shop: Shop) -> None:
    answer = await shop.api.get("/products", params={"page_size": 1, "x": "," * 2000})
    assert "next_cursor" in answer.json()["data"]
    assert "Link" not in answer.headers
