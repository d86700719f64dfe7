"""Conditions of a list of products, in SQL.

The alias of `products` is `p`; that of `product_search`, which only `search` and `q` need, is `s`.
"""

from operator import attrgetter
from typing import LiteralString, NamedTuple

from angidi.products.models import ProductQuery

NOT_DELETED: dict[str | None, LiteralString] = {
    None: "p.deleted_at IS NULL",
    "only": "p.deleted_at IS NOT NULL",
    "with": "true",
}
"""Condition by the value of `deleted`."""

# Each is added if its parameter is given. Except for `sku` and the bounds of prices, no index is assumed to have its
# rows in the order of the list.
FILTERS: dict[str, LiteralString] = {
    "min_price": "p.price >= %(min_price)s",
    "max_price": "p.price <= %(max_price)s",
    "sku": "p.sku = %(sku)s",
}
BOUNDS = frozenset({"min_price", "max_price"})
IN_STOCK: dict[bool, LiteralString] = {True: "p.stock > 0", False: "p.stock = 0"}
IN_CATEGORY: LiteralString = "p.category_id = %(category_id)s"

# An array, because the planner knows its length. For a subquery it assumes ten ids.
IN_SUBTREE: LiteralString = "p.category_id = ANY (%(category_ids)s::uuid[])"

SEARCH: LiteralString = "s.document LIKE search_pattern(%(search)s)"
Q: LiteralString = "s.words @@ words_query(%(q)s, '', ':*')"

IN_NAME_WHOLE: LiteralString = "s.words @@ words_query(%(q)s, '=', '')"
IN_NAME: LiteralString = "s.words @@ words_query(%(q)s, '=', ':*')"
HITS_BY_RELEVANCE: dict[int, LiteralString] = {
    2: IN_NAME_WHOLE,
    1: f"{IN_NAME} AND NOT {IN_NAME_WHOLE}",
    0: f"{Q} AND NOT {IN_NAME}",
}
"""Condition of hits of `q` by relevance: all words in the name; the last one as a prefix; otherwise."""

RELEVANCE: LiteralString = f"({IN_NAME_WHOLE})::integer + ({IN_NAME})::integer"


_PARAMETERS = ("category_id", *FILTERS, "search", "q")


class Selection(NamedTuple):
    """The filters of a list.

    `category_ids` is the subtree as a PostgreSQL array, if the query asks for one; `words` is the condition of hits of
    `q`, and `relevance` is set if all hits have the same.
    """

    query: ProductQuery
    category_ids: str | None = None
    words: LiteralString = Q
    relevance: int | None = None

    @property
    def filters(self) -> list[str]:
        """The names of those in `FILTERS` that are given."""
        return [name for name in FILTERS if getattr(self.query, name) not in (None, "")]

    @property
    def is_search(self) -> bool:
        """Whether `product_search` is needed."""
        return bool(self.query.search or self.query.q)

    @property
    def is_unfiltered(self) -> bool:
        """Whether there is no filter except a category, `search` and `q`."""
        return not self.filters and self.query.in_stock is None and self.query.deleted is None

    @property
    def is_whole(self) -> bool:
        """Whether this is the whole list or a category's, without further filters."""
        return self.is_unfiltered and not self.is_search

    @property
    def is_one_condition(self) -> bool:
        """Whether `search` or `q` is the only filter, so that the planner's estimate is reliable."""
        is_alone = bool(self.query.search) != bool(self.query.q)
        return is_alone and self.is_unfiltered and self.query.category_id is None

    @property
    def is_read_in_order(self) -> bool:
        """Whether one statement reads a page at a bounded cost.

        Either an index has the rows in the order of the list, or there are few rows.
        """
        query, by = self.query, self.query.order.removeprefix("-")
        if self.is_search:
            return False
        # A SKU matches few rows. There are few deleted rows, or no index has their order.
        if query.sku or query.deleted:
            return True
        if self.category_ids or query.in_stock is not None or not BOUNDS.issuperset(self.filters):
            return False
        if self.filters:
            return by == "price"
        # No index has a category's products by name.
        return query.category_id is None or by != "name"

    def of_relevance(self, relevance: int) -> "Selection":
        """Return the selection of the hits of one relevance."""
        return self._replace(words=HITS_BY_RELEVANCE[relevance], relevance=relevance)

    def conditions(self) -> list[LiteralString]:
        """Return all conditions."""
        query = self.query
        found: list[LiteralString] = [NOT_DELETED[query.deleted], *self.category_condition()]
        found.extend(map(FILTERS.__getitem__, self.filters))
        if query.in_stock is not None:
            found.append(IN_STOCK[query.in_stock])
        if query.search:
            found.append(SEARCH)
        if query.q:
            found.append(self.words)
        return found

    def walk_conditions(self) -> list[LiteralString]:
        """Return the conditions of the index scan of a walk; the others filter its result."""
        query = self.query
        found: list[LiteralString] = [NOT_DELETED[query.deleted]]
        if query.order in {"price", "-price"}:
            found.extend(FILTERS[name] for name in self.filters if name in BOUNDS)
        if self.category_ids is None and query.order not in {"name", "-name"}:
            found.extend(self.category_condition())
        return found

    def category_condition(self) -> list[LiteralString]:
        """Return the condition on the category."""
        if self.query.category_id is None:
            return []
        return [IN_CATEGORY] if self.category_ids is None else [IN_SUBTREE]

    def parameters(self) -> dict[str, object]:
        """Return the values of all conditions."""
        values: dict[str, object] = dict(zip(_PARAMETERS, attrgetter(*_PARAMETERS)(self.query), strict=True))
        return values | {"category_ids": self.category_ids}
