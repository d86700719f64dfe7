"""What each request may cost the database, and the indexes that serve it: one table, of which everything is made.

`make test` explains the requests on a few ten thousand products, `make bench-plans` on a million, against the same
budgets: pages of the database that all statements of a request touch, from memory or not. No request scans a table or
sorts, but where its case says so. docs/database/INDEXES.md tells which index serves what from here.

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


def products(query: str, index: str, buffers: int, *, after: int = 0) -> Case:
    """Return the case of a page of 50 products, not counted."""
    return Case(f"GET /products?page_size=50&count=none{query}", (index,), buffers, after=after)


def users(query: str, *indexes: str, buffers: int, after: int = 0) -> Case:
    """Return the case of a page of 50 users, not counted; that an admin asks is seen first."""
    request = f"GET /users?page_size=50&count=none{query}"
    return Case(request, ("users_pkey", *indexes), buffers, admin=True, after=after)


def subtree(category: str, query: str, index: str, buffers: int, *, after: int = 0, large: str = "") -> Case:
    """Return the case of a page of 50 products in a category and below it, counted."""
    request = f"GET /categories/{{{category}}}/products?page_size=50{query}"
    whole, keys = ("category_closure_pkey", "list_counts_list_category_id_idx"), ("products_pkey",)
    return Case(
        request,
        (*whole, index, *keys),
        buffers,
        after=after,
        scans=("list_counts",),
        sorts=True,
        large=(*whole, large, *keys) if large else (),
    )


def found(query: str, index: str, buffers: int, *, large: tuple[str, ...] = ()) -> Case:
    """Return the case of a page of 50 products that a search found: all hits by its index, or along the order's."""
    keys = ("products_pkey",)
    walk = (*large, *keys) if len(large) == 1 else (large[0], *keys, *large[1:]) if large else ()
    return Case(f"GET /products?page_size=50&{query}", (index, *keys), buffers, sorts=True, large=walk)


NEW_PRODUCT = '{{"name": "A new cup", "price": 7.5, "category_id": "{leaf}", "sku": "NEW-1"}}'

CASES = (
    Case("GET /products/{product}", ("products_pkey",), 5),
    products("", "idx_products_living_created_at", 70),
    products("&sort=created_at", "idx_products_living_created_at", 70),
    products("&sort=price", "idx_products_living_price", 70),
    products("&sort=-price", "idx_products_living_price", 70),
    products("&sort=name", "idx_products_living_name", 70),
    products("&sort=-name", "idx_products_living_name", 70),
    products("", "idx_products_living_created_at", 70, after=400),
    products("&sort=-price", "idx_products_living_price", 70, after=400),
    products("&sort=name", "idx_products_living_name", 70, after=400),
    products("&min_price=100&max_price=200&sort=price", "idx_products_living_price", 70),
    products("&in_stock=true&sort=price", "idx_products_living_price", 70),
    products("&category_id={leaf}", "idx_products_living_category_id_created_at", 70),
    products("&category_id={leaf}&sort=-price", "idx_products_living_category_id_price", 70),
    Case(
        "GET /products?page_size=50&count=none&deleted=only",
        ("users_pkey", "idx_products_deleted_created_at"),
        70,
        admin=True,
    ),
    Case("GET /products?page_size=50", ("list_counts_list_category_id_idx", "idx_products_living_created_at"), 75),
    Case(
        "GET /products?page_size=50&category_id={leaf}",
        ("list_counts_list_category_id_idx", "idx_products_living_category_id_created_at"),
        75,
    ),
    subtree("leaf", "", "idx_products_living_category_id_created_at", 300),
    subtree("branch", "", "idx_products_living_category_id_created_at", 300),
    subtree("root", "", "idx_products_living_created_at", 3_500),
    subtree("root", "", "idx_products_living_created_at", 3_500, after=5),
    subtree("root", "&sort=price", "idx_products_living_price", 3_500),
    subtree("branch", "&sort=-name", "idx_products_living_category_id_price", 25_000, large="idx_products_living_name"),
    found("search={unique_word}", "idx_products_fours", 1_200),
    found("search=walnut", "idx_products_fours", 3_500),
    found("search=walnut&sort=price", "idx_products_fours", 3_500),
    found("search=porcelain", "idx_products_fours", 12_000, large=("idx_products_living_created_at",)),
    found("search=porcelain&sort=name", "idx_products_fours", 12_000, large=("idx_products_living_name",)),
    Case(
        "GET /products?page_size=50&search=zq",
        ("idx_products_living_created_at", "idx_products_fours", "products_pkey"),
        400,
        sorts=True,
    ),
    found("search=nothing-has-this", "idx_products_fours", 200),
    found("q={unique_word}", "idx_products_words", 120),
    found("q=walnut", "idx_products_words", 3_500),
    found("q=porcelain", "idx_products_words", 13_000, large=("idx_products_living_created_at", "idx_products_words")),
    found("q=blue cup", "idx_products_words", 13_000, large=("idx_products_words", "idx_products_living_created_at")),
    found("q=porcelain&sort=price", "idx_products_words", 13_000, large=("idx_products_living_price",)),
    Case("GET /products/suggest?q=blue cu", ("idx_products_living_created_at", "products_pkey"), 450, sorts=True),
    Case("GET /categories?page_size=50&count=none", ("idx_categories_name_id",), 60),
    Case("GET /categories?page_size=50&count=none", ("idx_categories_name_id",), 60, after=10),
    Case("GET /categories?page_size=50&count=none&parent_id=root", ("idx_categories_name_id",), 60),
    Case(
        "GET /categories?page_size=50&count=none&parent_id={branch}",
        ("categories_parent_id_name_key",),
        10,
        sorts=True,
    ),
    Case("GET /categories?page_size=50", ("idx_categories_name_id",), 70, scans=("categories",)),
    Case("GET /categories/{leaf}", ("categories_pkey",), 30, scans=("categories",), sorts=True),
    users("", "idx_users_living_created_at", buffers=70),
    users("", "idx_users_living_created_at", buffers=70, after=50),
    users("&deleted=only", "idx_users_deleted_created_at", buffers=70),
    Case("GET /users?page_size=50&search={email}", ("users_pkey", "idx_users_fours"), 250, admin=True, sorts=True),
    Case(
        "GET /users?page_size=50&search=shop.example",
        ("users_pkey", "idx_users_fours"),
        1_300,
        admin=True,
        sorts=True,
        large=("users_pkey", "idx_users_living_created_at", "idx_users_fours"),
    ),
    Case(
        "GET /users?page_size=50",
        ("users_pkey", "list_counts_list_category_id_idx", "idx_users_living_created_at"),
        75,
        admin=True,
    ),
    Case("GET /users/{user}", ("users_pkey",), 10, admin=True),
    Case(
        "POST /users/login",
        ("users_email_living_key",),
        5,
        body='{{"email": "{email}", "password": "wrong"}}',
        status=401,
    ),
    Case(
        "PUT /users/{user}", ("users_pkey", "idx_users_living_admins"), 50, admin=True, body='{{"role": "moderator"}}'
    ),
    Case("DELETE /users/{user}", ("users_pkey", "idx_users_living_admins"), 50, admin=True, status=204),
    Case("POST /products", ("users_pkey",), 50, admin=True, body=NEW_PRODUCT, status=201),
    Case("PUT /products/{product}", ("users_pkey", "products_pkey"), 80, admin=True, body='{{"stock": 5}}'),
    Case("DELETE /products/{product}", ("users_pkey", "products_pkey"), 50, admin=True, status=204),
    Case(
        "POST /categories",
        ("users_pkey", "categories_pkey"),
        60,
        admin=True,
        body='{{"name": "New", "parent_id": "{branch}"}}',
        status=201,
        scans=("categories",),
        sorts=True,
    ),
)
