"""What each request may cost the database, and the indexes that serve it: one table, of which everything is made.

`make test` explains the requests on a few ten thousand products, `make bench-plans` on a million, against the same
budgets: pages of the database that all statements of a request touch, from memory or not. Whoever reads an index alone
touches the visibility map again for rows that lie far apart: at a million products up to half a page for each row. No
request scans a table or sorts, but where its case says so. docs/database/INDEXES.md tells which index serves what from
here.

To add a case, write the request (names in braces are those of `catalogue.PLACES`), run
`make test ARGS='tests/plans -k "<a part of the request>"'`, and see whether what it found is what should be.
"""

from typing import NamedTuple


class Case(NamedTuple):
    """A request, each index that its statements read in the order of reading, and the pages that they may touch.

    `after` is a page whose `next_cursor` the request goes on from; `scans` names small tables that are read in full;
    `sorts` is whether rows may be sorted: few by nature, or those that a search has found. `large` is what is read in a
    large catalogue, where the service goes another way there.
    """

    request: str
    indexes: tuple[str, ...]
    buffers: int
    admin: bool = False
    body: str = ""
    status: int = 200
    after: int = 0
    scans: tuple[str, ...] = ()
    sorts: bool = False
    large: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return f"{self.request} by cursor, after page {self.after}" if self.after else self.request


KEYS = ("products_pkey",)
"""The rows of a page are looked up by their ids, which an index gave, and so sorted once more."""


def products(query: str, index: str, *, after: int = 0) -> Case:
    """Return the case of a page of 50 products, not counted, along an index."""
    return Case(f"GET /products?page_size=50&count=none{query}", (index,), 70, after=after)


def users(query: str, *indexes: str, buffers: int, after: int = 0) -> Case:
    """Return the case of a page of 50 users, not counted; that an admin asks is seen first."""
    request = f"GET /users?page_size=50&count=none{query}"
    return Case(request, ("users_pkey", *indexes), buffers, admin=True, after=after)


def subtree(category: str, query: str, index: str, buffers: int, large: tuple[str, ...], *, after: int = 0) -> Case:
    """Return the case of a page of 50 products in a category and those below it, counted: all hits by an index."""
    request = f"GET /categories/{{{category}}}/products?page_size=50{query}"
    whole = ("category_closure_pkey", "list_counts_pkey")
    return Case(request, (*whole, index, *KEYS), buffers, after=after, sorts=True, large=(*whole, *large))


def found(query: str, *indexes: str, buffers: int, scans: tuple[str, ...] = (), large: tuple[str, ...] = ()) -> Case:
    """Return the case of a page of 50 products that a search found: all hits by its index, or along the order's.

    Which of the hits are not deleted, and what they are sorted by, may be read from the order's index alone.
    """
    return Case(f"GET /products?page_size=50&{query}", (*indexes, *KEYS), buffers, sorts=True, scans=scans, large=large)


def orders(query: str, *indexes: str, buffers: int = 700, after: int = 0) -> Case:
    """Return the case of a page of 50 orders, which an index gives; items and history are read of these only."""
    whole = ("orders_pkey", "order_items_pkey", "order_history_pkey")
    request = f"GET /orders?page_size=50{query}"
    return Case(request, ("users_pkey", *indexes, *whole), buffers, admin=True, after=after, sorts=True)


NEW_PRODUCT = '{{"name": "A new cup", "price": 7.5, "category_id": "{leaf}", "sku": "NEW-1"}}'

CASES = (
    Case("GET /products/{product}", ("products_pkey",), 5),
    products("", "products_created_at_active_idx"),
    products("&sort=created_at", "products_created_at_active_idx"),
    products("&sort=price", "products_price_active_idx"),
    products("&sort=-price", "products_price_active_idx"),
    products("&sort=name", "products_name_active_idx"),
    products("&sort=-name", "products_name_active_idx"),
    products("", "products_created_at_active_idx", after=400),
    products("&sort=-price", "products_price_active_idx", after=400),
    products("&sort=name", "products_name_active_idx", after=400),
    products("&min_price=100&max_price=200&sort=price", "products_price_active_idx"),
    Case("GET /products?page_size=50&count=none&in_stock=true&sort=price", ("products_price_active_idx",), 70),
    products("&category_id={leaf}", "products_category_id_created_at_active_idx"),
    products("&category_id={leaf}&sort=-price", "products_category_id_price_active_idx"),
    Case("GET /products?page_size=50&count=none&page=300", ("products_created_at_active_idx", *KEYS), 350, sorts=True),
    Case(
        "GET /products?page_size=50&count=none&deleted=only",
        ("users_pkey", "products_created_at_deleted_idx"),
        75,
        admin=True,
    ),
    Case("GET /products?page_size=50", ("list_counts_pkey", "products_created_at_active_idx"), 75),
    Case(
        "GET /products?page_size=50&category_id={leaf}",
        ("list_counts_pkey", "products_category_id_created_at_active_idx"),
        75,
    ),
    Case(
        "GET /categories/{leaf}/products?page_size=50",
        ("category_closure_pkey", "list_counts_pkey", "products_category_id_created_at_active_idx"),
        85,
    ),
    subtree("branch", "", "products_category_id_created_at_active_idx", 800, ("products_created_at_active_idx",)),
    subtree("root", "", "products_category_id_created_at_active_idx", 4_000, ("products_created_at_active_idx",)),
    subtree(
        "root", "", "products_category_id_created_at_active_idx", 4_000, ("products_created_at_active_idx",), after=5
    ),
    subtree(
        "root",
        "&sort=price",
        "products_category_id_price_active_idx",
        180_000,
        ("products_price_active_idx", "products_category_id_price_active_idx", *KEYS),
    ),
    subtree(
        "branch",
        "&sort=-name",
        "products_category_id_idx",
        35_000,
        ("products_name_active_idx", "products_category_id_idx", *KEYS),
    ),
    found("search={unique_word}", "product_search_document_idx", buffers=300),
    found("search={selective}", "products_created_at_active_idx", "product_search_document_idx", buffers=16_000),
    found("search={selective}&sort=price", "products_price_active_idx", "product_search_document_idx", buffers=150_000),
    found(
        "search={frequent}",
        "products_created_at_active_idx",
        "product_search_document_idx",
        buffers=2_600,
        large=("products_created_at_active_idx", "product_search_pkey"),
    ),
    found(
        "search={frequent}&sort=name",
        "product_search_document_idx",
        buffers=33_000,
        scans=("products",),
        large=("products_name_active_idx", "product_search_pkey"),
    ),
    found(
        "search=zq",
        "products_created_at_active_idx",
        buffers=40_000,
        scans=("product_search",),
        large=("products_created_at_active_idx", "product_search_pkey"),
    ),
    found("search=nothing-has-this", "product_search_document_idx", buffers=1_100),
    found("q={unique_word}", "product_search_words_idx", buffers=70),
    found("q={selective}", "products_created_at_active_idx", "product_search_words_idx", buffers=15_000),
    found(
        "q={frequent}",
        "products_created_at_active_idx",
        "product_search_words_idx",
        buffers=13_000,
        large=("products_created_at_active_idx", "product_search_pkey"),
    ),
    found("q=wireless titan", "products_created_at_active_idx", "product_search_words_idx", buffers=13_000),
    found(
        "q={frequent}&sort=price",
        "products_price_active_idx",
        "product_search_words_idx",
        buffers=3_200,
        large=("products_price_active_idx", "product_search_pkey"),
    ),
    Case(
        "GET /products/suggest?q=wireless tit",
        ("products_created_at_active_idx", "product_search_pkey", "product_search_words_idx", *KEYS),
        20_000,
        sorts=True,
        large=("product_search_words_idx", "products_created_at_active_idx", *KEYS),
    ),
    Case("GET /categories?page_size=50&count=none", ("categories_name_id_idx",), 60),
    Case("GET /categories?page_size=50&count=none", ("categories_name_id_idx",), 60, after=10),
    Case("GET /categories?page_size=50&count=none&parent_id=root", ("categories_parent_id_name_key",), 60, sorts=True),
    Case(
        "GET /categories?page_size=50&count=none&parent_id={branch}",
        ("categories_parent_id_name_key",),
        10,
        sorts=True,
    ),
    Case("GET /categories?page_size=50", ("categories_name_id_idx",), 120, scans=("categories",)),
    Case("GET /categories/{leaf}", ("categories_pkey",), 30, scans=("categories",), sorts=True),
    users("", "users_created_at_active_idx", buffers=70),
    users("", "users_created_at_active_idx", buffers=70, after=50),
    users("&deleted=only", "users_created_at_deleted_idx", buffers=70),
    Case("GET /users?page_size=50&search={email}", ("users_pkey", "users_search_idx"), 250, admin=True, sorts=True),
    Case(
        "GET /users?page_size=50&search=shop.example",
        ("users_pkey",),
        1_600,
        admin=True,
        scans=("users",),
        sorts=True,
        large=("users_pkey", "users_created_at_active_idx", "users_search_idx"),
    ),
    Case(
        "GET /users?page_size=50",
        ("users_pkey", "list_counts_pkey", "users_created_at_active_idx"),
        75,
        admin=True,
    ),
    Case("GET /users/{user}", ("users_pkey",), 10, admin=True),
    Case(
        "POST /users/login",
        ("users_email_active_key",),
        25,
        body='{{"email": "{email}", "password": "wrong"}}',
        status=401,
    ),
    Case("PUT /users/{user}", ("users_pkey", "users_admin_active_idx"), 50, admin=True, body='{{"role": "moderator"}}'),
    Case("DELETE /users/{user}", ("users_pkey", "users_admin_active_idx"), 50, admin=True, status=204),
    Case("POST /products", ("users_pkey",), 50, admin=True, body=NEW_PRODUCT, status=201),
    Case("PUT /products/{product}", ("users_pkey", "products_pkey"), 80, admin=True, body='{{"stock": 5}}'),
    Case("DELETE /products/{product}", ("users_pkey", "products_pkey"), 50, admin=True, status=204),
    Case(
        "POST /categories",
        ("users_pkey", "categories_pkey", "categories_parent_id_name_key"),
        60,
        admin=True,
        body='{{"name": "New", "parent_id": "{branch}"}}',
        status=201,
        scans=("categories",),
        sorts=True,
    ),
    orders("&count=none", "orders_created_at_idx"),
    orders("&count=none", "orders_created_at_idx", after=20),
    orders("&count=none&page=100", "orders_created_at_idx"),
    orders("&from={since}&to={until}", "orders_created_at_idx"),
    orders("&status=returned", "orders_status_idx"),
    orders("&status=returned&from={since}&to={until}", "orders_status_idx"),
    orders("&user_id={buyer}&count=none", "orders_user_id_idx"),
    orders("&user_id={buyer}&status=delivered", "orders_user_id_status_idx"),
    orders("&user_id={buyer}&status=cancelled", "orders_user_id_status_idx"),
    orders("&number={number}", "orders_number_key"),
    Case(
        "GET /products/{product}/stock?page_size=50",
        ("users_pkey", "products_pkey", "stock_ledger_product_id_idx"),
        100,
        admin=True,
        sorts=True,
    ),
)
